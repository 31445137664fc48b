//! Static sites: new files ahead, then what changes, entry points last; then files that no page names are deleted.
//!
//! A page that is open while a release is switched still asks for the files it was built with. So files that the bucket
//! does not have are uploaded ahead, where no page names them yet; files that the live release has with other content
//! are replaced together with the entry points; and the files of the release before stay one release longer. While files
//! of two releases stand side by side, the marker says so. Only keys that a marker of ours names are ever deleted.

mod compare;
mod edges;
mod marker;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

pub(super) use edges::forget;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::{Comparison, Marker, Object, Release};
use crate::model::{SiteName, Version};
use crate::spec::SiteSpec;

/// Copies side by side: S3 takes thousands a second, our connection pool does not.
const COPIES_MAX: usize = 16;
/// Keys of one DeleteObjects call.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const DELETED_AT_ONCE_MAX: usize = 1000;

/// A release and the place that it goes to.
struct SiteSync<'a> {
    site: &'a SiteSpec,
    release: Release,
    from: (&'a str, &'a str),
    source: Vec<Object>,
    /// What the place holds, by key.
    there: BTreeMap<String, Object>,
    marker: Marker,
}

/// Uploads the files that the bucket does not have. Entry points and files that replace others stay for the switch.
pub(super) async fn stage(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteName,
    source: &str,
    version: &Version,
) -> Result<(), ActionError> {
    let sync = look(context, site, source, version).await?;
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
/// Before the first file is replaced the marker names every file that will be, so that whoever continues knows what the
/// edges have to forget. The final marker is last: after a crash before it everything here is done again.
pub(super) async fn switch(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteName,
    source: &str,
    version: &Version,
) -> Result<(), ActionError> {
    let sync = look(context, site, source, version).await?;
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

async fn look<'a>(
    context: &ActionContext<'a>,
    site: &SiteName,
    source: &'a str,
    version: &Version,
) -> Result<SiteSync<'a>, ActionError> {
    let site = declared(context, site)?;
    let from = source.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let from =
        from.ok_or_else(|| ActionError::refused(format!("`{source}` is not `s3://bucket/prefix/`")))?;
    let mut objects = context.read(|| context.cloud.objects(from.0, from.1)).await?;
    // What consoles make of a "folder": an empty object whose key is the prefix itself, or ends like one.
    objects.retain(|object| !object.key.is_empty() && !object.key.ends_with('/'));
    if objects.is_empty() {
        return Err(ActionError::refused(format!("`{source}` holds no files")));
    }
    let there = context.read(|| context.cloud.objects(&site.bucket, &site.prefix)).await?;
    let there = there.into_iter().map(|object| (object.key.clone(), object)).collect();
    let keys = objects.iter().map(|object| object.key.clone()).collect();
    let release = Release { source: source.to_owned(), version: version.clone(), keys };
    let marker = marker::read(context, site).await?.map(|(marker, _)| marker).unwrap_or_default();
    Ok(SiteSync { site, release, from, source: objects, there, marker })
}

fn declared<'a>(context: &ActionContext<'a>, site: &SiteName) -> Result<&'a SiteSpec, ActionError> {
    let declared = context.spec.sites.get(site);
    declared
        .ok_or_else(|| ActionError::refused(format!("the repository no longer declares the site `{site}`")))
}

impl SiteSync<'_> {
    /// A key of the site as a key of the bucket.
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.site.prefix)
    }

    /// Objects of the release that the bucket does not have like this.
    fn differing(&self, compared: &Comparison) -> Vec<&Object> {
        let differs = |object: &&Object| compared.differs(object, self.there.get(&object.key));
        self.source.iter().filter(differs).collect()
    }

    /// Keys of no release that we know: named, never deleted.
    fn name_strangers(&self, context: &ActionContext<'_>, id: &str) {
        let Marker { live, previous, staged, added, leftover, .. } = &self.marker;
        let releases = [live, previous, staged].into_iter().flatten().chain([&self.release]);
        let known: BTreeSet<&String> =
            releases.flat_map(|release| &release.keys).chain(added).chain(leftover).collect();
        let strangers: Vec<&String> = self.there.keys().filter(|key| !known.contains(key)).collect();
        if let Some(first) = strangers.first() {
            let text = format!(
                "{} files belong to no release, and tidegate does not delete them: {first}, …",
                strangers.len()
            );
            tracing::info!(action = id, "{text}");
            context.progress.action_progress(id, &text);
        }
    }

    /// Copies these objects of the release, and returns the ETags of the copies, in the same order.
    async fn copy(
        &self,
        context: &ActionContext<'_>,
        id: &str,
        objects: &[&Object],
    ) -> Result<Vec<String>, ActionError> {
        let (from_bucket, prefix) = self.from;
        let copies = objects.iter().enumerate().map(|(index, object)| {
            let (from_key, to) = (format!("{prefix}{}", object.key), self.key(&object.key));
            async move {
                let (from, to) = ((from_bucket, from_key.as_str()), (self.site.bucket.as_str(), to.as_str()));
                (index, context.write(|| context.cloud.copy_object(from, to)).await)
            }
        });
        let mut copies = stream::iter(copies).buffer_unordered(COPIES_MAX);
        let mut etags = vec![String::new(); objects.len()];
        let mut done = 0;
        while let Some((index, copied)) = copies.next().await {
            etags[index] = copied?;
            done += 1;
            context.progress.action_progress(id, &format!("{done}/{} files", objects.len()));
        }
        Ok(etags)
    }
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
