//! Static sites: assets first, entry points last, then files that no page names are deleted.
//!
//! A page that is open while a release is switched still asks for the files it was built with. So assets are
//! staged ahead, entry points are switched in one go, and the files of the release before stay one release
//! longer. Only keys that a marker of ours names are ever deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::context::ActionContext;
use super::error::ActionError;
use super::invalidation;
use crate::cloud::{CloudError, Kind, Marker, Object, Release};
use crate::model::{SiteName, Version};
use crate::spec::SiteSpec;

/// Copies side by side: S3 takes thousands a second, our connection pool does not.
const COPIES_MAX: usize = 16;
/// Keys of one DeleteObjects call.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const DELETED_AT_ONCE_MAX: usize = 1000;
/// A marker that changes under our context is written by another process with the same permissions.
const MARKER_MAX: Duration = Duration::from_secs(60);

/// What is needed to fill a bucket from a release.
struct SiteSync<'a> {
    site: &'a SiteSpec,
    release: Release,
    from: (&'a str, &'a str),
    source: Vec<Object>,
    there: Vec<Object>,
}

/// Copies a release's assets; entry points stay.
pub(super) async fn stage(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteName,
    source: &str,
    version: &Version,
) -> Result<(), ActionError> {
    let filling = look(context, site, source, version).await?;
    filling.copy(context, id, &filling.differing(|key| !is_entry_point(key))).await?;
    let release = filling.release.clone();
    write_marker(context, id, &filling.site.bucket, |marker| Marker {
        staged: Some(release.clone()),
        ..marker.clone()
    })
    .await
}

/// Copies entry points, deletes what has become stale, asks for an invalidation, and writes the marker.
///
/// The marker is last: after a crash before it everything here is done again, the invalidation too.
pub(super) async fn switch(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteName,
    source: &str,
    version: &Version,
) -> Result<(), ActionError> {
    let filling = look(context, site, source, version).await?;
    let bucket = &filling.site.bucket;
    filling.copy(context, id, &filling.differing(|key| !is_entry_point(key))).await?;
    let mut entries = filling.differing(is_entry_point);
    // A service worker comes last: its arrival makes browsers ask for the pages that it lists.
    entries.sort_by_key(|object| (is_service_worker(&object.key), object.key.clone()));
    for entry in entries {
        filling.copy(context, id, &[entry]).await?;
    }
    let marker = marker(context, bucket).await?.map(|(marker, _)| marker);
    let stale = stale(marker.as_ref(), &filling.release);
    filling.name_strangers(context, id, marker.as_ref());
    for keys in stale.chunks(DELETED_AT_ONCE_MAX) {
        context.write(|| context.cloud.delete_objects(bucket, keys)).await?;
    }
    invalidate(context, filling.site, marker.as_ref(), &filling.release).await?;
    let release = filling.release.clone();
    write_marker(context, id, bucket, |marker| switched(marker, &release)).await
}

async fn look<'a>(
    context: &ActionContext<'a>,
    site: &SiteName,
    source: &'a str,
    version: &Version,
) -> Result<SiteSync<'a>, ActionError> {
    let declared = context.spec.sites.get(site);
    let declared = declared.ok_or_else(|| {
        ActionError::refused(format!("the repository no longer declares the site `{site}`"))
    })?;
    let from = source.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let from =
        from.ok_or_else(|| ActionError::refused(format!("`{source}` is not `s3://bucket/prefix/`")))?;
    let mut objects = context.read(|| context.cloud.objects(from.0, from.1)).await?;
    // What consoles make of a "folder": an empty object whose key is the prefix itself, or ends like one.
    objects.retain(|object| !object.key.is_empty() && !object.key.ends_with('/'));
    if objects.is_empty() {
        return Err(ActionError::refused(format!("`{source}` holds no files")));
    }
    let there = context.read(|| context.cloud.objects(&declared.bucket, "")).await?;
    let keys = objects.iter().map(|object| object.key.clone()).collect();
    let release = Release { source: source.to_owned(), version: version.clone(), keys };
    Ok(SiteSync { site: declared, release, from, source: objects, there })
}

impl SiteSync<'_> {
    /// Objects of the release that the bucket does not have with this content.
    fn differing(&self, chosen: impl Fn(&str) -> bool) -> Vec<&Object> {
        let there: BTreeSet<(&str, &str)> =
            self.there.iter().map(|object| (object.key.as_str(), object.etag.as_str())).collect();
        let differs = |object: &&Object| !there.contains(&(object.key.as_str(), object.etag.as_str()));
        self.source.iter().filter(|object| chosen(&object.key)).filter(differs).collect()
    }

    /// Keys of no release that we know: named, never deleted.
    fn name_strangers(&self, context: &ActionContext<'_>, id: &str, marker: Option<&Marker>) {
        let releases = marker.into_iter().flat_map(|marker| [&marker.live, &marker.previous, &marker.staged]);
        let known: BTreeSet<&String> =
            releases.flatten().chain([&self.release]).flat_map(|release| &release.keys).collect();
        let strangers: Vec<&str> = self
            .there
            .iter()
            .map(|object| &object.key)
            .filter(|key| !known.contains(key))
            .map(String::as_str)
            .collect();
        if let Some(first) = strangers.first() {
            let text = format!(
                "{} files belong to no release, and tidegate does not delete them: {first}, …",
                strangers.len()
            );
            tracing::info!(action = id, "{text}");
            context.progress.action_progress(id, &text);
        }
    }

    async fn copy(
        &self,
        context: &ActionContext<'_>,
        id: &str,
        objects: &[&Object],
    ) -> Result<(), ActionError> {
        let (from_bucket, prefix) = self.from;
        let copies = objects.iter().map(|object| {
            let (from_key, to) = (format!("{prefix}{}", object.key), object.key.clone());
            async move {
                let to = (self.site.bucket.as_str(), to.as_str());
                context.write(|| context.cloud.copy_object((from_bucket, from_key.as_str()), to)).await
            }
        });
        let mut copies = stream::iter(copies).buffer_unordered(COPIES_MAX);
        let mut done = 0;
        while let Some(copied) = copies.next().await {
            copied?;
            done += 1;
            context.progress.action_progress(id, &format!("{done}/{} files", objects.len()));
        }
        Ok(())
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

/// The marker after the switch. The same release again changes nothing about the one before it.
fn switched(marker: &Marker, release: &Release) -> Marker {
    let is_same = marker.live.as_ref().is_some_and(|live| live.source == release.source);
    Marker {
        live: Some(release.clone()),
        previous: if is_same { marker.previous.clone() } else { marker.live.clone() },
        staged: None,
    }
}

/// Keys of the release before the one that is live now, which neither that nor the new one has.
fn stale(marker: Option<&Marker>, release: &Release) -> Vec<String> {
    let Some(Marker { live: Some(live), previous: Some(previous), staged: _ }) = marker else {
        return Vec::new();
    };
    if live.source == release.source {
        return Vec::new();
    }
    let stays = |key: &&String| live.keys.contains(*key) || release.keys.contains(*key);
    previous.keys.iter().filter(|key| !stays(key)).cloned().collect()
}

/// Entry points, and what both releases call by the same name. At first contact that is unknown: everything.
async fn invalidate(
    context: &ActionContext<'_>,
    site: &SiteSpec,
    marker: Option<&Marker>,
    release: &Release,
) -> Result<(), ActionError> {
    let Some(distribution) = &site.distribution else { return Ok(()) };
    let paths = match marker.and_then(|marker| marker.live.as_ref()) {
        Some(live) => invalidation::paths(
            release.keys.iter().filter(|key| is_entry_point(key) || live.keys.contains(*key)),
        ),
        None => vec!["/*".to_owned()],
    };
    if paths.is_empty() {
        return Ok(());
    }
    let names = std::slice::from_ref(distribution);
    let found = context.read(|| context.cloud.distributions(names)).await?;
    let Some(found) = found.get(distribution) else {
        return Err(ActionError::refused(format!("the distribution `{distribution}` does not exist")));
    };
    context.write(|| context.cloud.invalidate(&found.id, &paths)).await
}

async fn marker(context: &ActionContext<'_>, bucket: &str) -> Result<Option<(Marker, String)>, ActionError> {
    context.read(|| context.cloud.site_marker(bucket)).await
}

/// Replaces the marker unless another process replaced it meanwhile; then reads it again.
async fn write_marker(
    context: &ActionContext<'_>,
    id: &str,
    bucket: &str,
    change: impl Fn(&Marker) -> Marker,
) -> Result<(), ActionError> {
    let mut wait = context.wait(id, format!("the marker of `{bucket}`"), MARKER_MAX);
    loop {
        let (found, etag) = marker(context, bucket).await?.unzip();
        let found = found.unwrap_or_default();
        let wanted = change(&found);
        if wanted == found {
            return Ok(());
        }
        context.journal.verify()?;
        match context.cloud.put_site_marker(bucket, &wanted, etag.as_deref()).await {
            Ok(()) => return Ok(()),
            Err(CloudError { kind: Kind::Conflict, .. }) => wait.pause("changed meanwhile").await?,
            Err(error) if error.kind.is_transient() => wait.pause(&error.message).await?,
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
