//! Static sites: new files ahead, then what changes, entry points last; then files that no page names are deleted.
//!
//! A page that is open while a release is switched still asks for the files it was built with. So files that the bucket
//! does not have are uploaded ahead, where no page names them yet; files that the live release has with other content
//! are replaced together with the entry points; and the files of the release before stay one release longer. While files
//! of two releases stand side by side, the marker says so. Only keys that a marker of ours names are ever deleted.

mod compare;
mod edges;
mod marker;
mod sync;

use std::collections::BTreeSet;

pub(super) use edges::forget;
use sync::SiteSync;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::{Marker, Object};
use crate::model::{SiteName, Version};

/// Keys of one DeleteObjects call.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const DELETED_AT_ONCE_MAX: usize = 1000;

/// Uploads the files that the bucket does not have. Entry points and files that replace others stay for the switch.
pub(super) async fn stage(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteName,
    source: &str,
    version: &Version,
) -> Result<(), ActionError> {
    let sync = sync::look(context, site, source, version).await?;
    let mut compared = compare::compare(context, id, &sync).await?;
    let is_new = |object: &&Object| !sync.there.contains_key(&object.key) && !is_entry_point(&object.key);
    let new: Vec<&Object> = sync.source.iter().filter(is_new).collect();
    let copies = sync.copy(context, id, &new).await?;
    for (object, copy) in new.iter().zip(copies) {
        if object.etag != copy {
            compared.same.insert(object.key.clone(), (object.etag.clone(), copy));
        }
    }
    let added: BTreeSet<String> = new.iter().map(|object| object.key.clone()).collect();
    let change = |found: &Marker| marker::staged(found, &sync.release, &compared, &added);
    marker::write(context, id, sync.site, change).await
}

/// Replaces what differs, entry points last; deletes what has become stale, asks for an invalidation, writes the marker.
///
/// Before the first file is replaced the marker names every file that will be, so that the next
/// process knows what the edges have to forget. The final marker is last: after a crash before it everything here is done again.
pub(super) async fn switch(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteName,
    source: &str,
    version: &Version,
) -> Result<(), ActionError> {
    let sync = sync::look(context, site, source, version).await?;
    let compared = match &sync.marker {
        Marker { compared: Some(compared), staged: Some(staged), .. } if staged.source == source => {
            compared.clone()
        }
        _ => compare::compare(context, id, &sync).await?,
    };
    let differing = sync.differing(&compared);
    let replaced = differing.iter().filter(|object| {
        // A page that is new may be known at the edges as missing.
        sync.there.contains_key(&object.key) || is_entry_point(&object.key)
    });
    let mut replaced: BTreeSet<String> = replaced.map(|object| object.key.clone()).collect();
    replaced.extend(sync.marker.switching.iter().flatten().cloned());
    if !replaced.is_empty() {
        let switching = Some(replaced.clone());
        let change = |found: &Marker| Marker { switching: switching.clone(), ..found.clone() };
        marker::write(context, id, sync.site, change).await?;
    }
    for wave in waves(&sync, &differing) {
        sync.copy(context, id, &wave).await?;
    }
    sync.name_strangers(context, id);
    let full_keys: Vec<String> =
        marker::stale(&sync.marker, &sync.release).iter().map(|key| sync.key(key)).collect();
    for keys in full_keys.chunks(DELETED_AT_ONCE_MAX) {
        context.write(|| context.cloud.delete_objects(&sync.site.bucket, keys)).await?;
    }
    let invalidation = edges::invalidate(context, id, &sync, replaced).await?;
    let change = |found: &Marker| marker::switched(found, &sync.release, invalidation.as_ref());
    marker::write(context, id, sync.site, change).await
}

/// What differs, in the order of a switch: files that the bucket does not have, files that it has otherwise, pages, the
/// first page of the site. A service worker comes last: its arrival makes browsers ask for the pages that it lists.
fn waves<'s>(sync: &SiteSync<'_>, differing: &[&'s Object]) -> [Vec<&'s Object>; 5] {
    let mut waves: [Vec<&Object>; 5] = Default::default();
    for object in differing {
        let wave = match object.key.as_str() {
            key if is_service_worker(key) => 4,
            "index.html" => 3,
            key if is_entry_point(key) => 2,
            key if sync.there.contains_key(key) => 1,
            _ => 0,
        };
        waves[wave].push(object);
    }
    waves
}

/// What users ask for by a name that stays: it decides which assets they see.
fn is_entry_point(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key).to_lowercase();
    let is_manifest = name.ends_with(".webmanifest")
        || (name.ends_with(".json") && (name.contains("manifest") || name == "version.json"));
    name.ends_with(".html") || name.ends_with(".htm") || is_manifest || is_service_worker(key)
}

fn is_service_worker(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key).to_lowercase();
    let stem = name.strip_suffix(".js").or_else(|| name.strip_suffix(".mjs"));
    stem.is_some_and(|stem| ["sw", "service-worker", "serviceworker", "registersw"].contains(&stem))
}

#[cfg(test)]
mod tests;
