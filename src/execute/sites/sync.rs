//! A release and the place that it goes to, as both are now; and copying from the one to the other.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use super::marker;
use crate::cloud::{Comparison, Marker, Object, Release};
use crate::execute::context::ActionContext;
use crate::execute::error::ActionError;
use crate::model::{SiteName, Version};
use crate::spec::SiteSpec;

/// Copies side by side: S3 takes thousands a second, our connection pool does not.
const COPIES_MAX: usize = 16;

/// A release and the place that it goes to.
pub(super) struct SiteSync<'a> {
    pub(super) site: &'a SiteSpec,
    pub(super) release: Release,
    pub(super) from: (&'a str, &'a str),
    pub(super) source: Vec<Object>,
    /// What the place holds, by key.
    pub(super) there: BTreeMap<String, Object>,
    pub(super) marker: Marker,
}

pub(super) async fn look<'a>(
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

pub(super) fn declared<'a>(
    context: &ActionContext<'a>,
    site: &SiteName,
) -> Result<&'a SiteSpec, ActionError> {
    let declared = context.spec.sites.get(site);
    declared
        .ok_or_else(|| ActionError::refused(format!("the repository no longer declares the site `{site}`")))
}

impl SiteSync<'_> {
    /// A key of the site as a key of the bucket.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.site.prefix)
    }

    /// Objects of the release that the bucket does not have like this.
    pub(super) fn differing(&self, compared: &Comparison) -> Vec<&Object> {
        let differs = |object: &&Object| compared.differs(object, self.there.get(&object.key));
        self.source.iter().filter(differs).collect()
    }

    /// Keys of no release that we know: named, never deleted.
    pub(super) fn name_strangers(&self, context: &ActionContext<'_>, id: &str) {
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
    pub(super) async fn copy(
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
