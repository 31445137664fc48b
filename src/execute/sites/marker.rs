//! The marker of a site: what it becomes, and writing it over nothing but what was read.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::cloud::{CloudError, Comparison, Kind, Marker, PendingInvalidation, Release};
use crate::execute::context::ActionContext;
use crate::execute::error::ActionError;
use crate::spec::SiteSpec;

/// A marker that changes under our context is written by another process with the same permissions.
const MARKER_MAX: Duration = Duration::from_secs(60);

/// The marker after staging. What was added for another release that never went live is left for the next switch.
pub(super) fn staged(
    marker: &Marker,
    release: &Release,
    compared: &Comparison,
    added: &BTreeSet<String>,
) -> Marker {
    let is_again = marker.staged.as_ref().is_some_and(|staged| staged.source == release.source);
    let (kept, dropped) = if is_again { (Some(&marker.added), None) } else { (None, Some(&marker.added)) };
    Marker {
        staged: Some(release.clone()),
        compared: Some(compared.clone()),
        added: kept.into_iter().flatten().chain(added).cloned().collect(),
        leftover: dropped.into_iter().flatten().chain(&marker.leftover).cloned().collect(),
        ..marker.clone()
    }
}

/// The marker after the switch. The same release again changes nothing about the one before it.
pub(super) fn switched(
    marker: &Marker,
    release: &Release,
    invalidation: Option<&PendingInvalidation>,
) -> Marker {
    let is_same = marker.live.as_ref().is_some_and(|live| live.source == release.source);
    let is_staged = marker.staged.as_ref().is_some_and(|staged| staged.source == release.source);
    // Pages of a switch that was taken back may be open in browsers: what they load stays for one switch.
    let leftover = if is_staged { BTreeSet::new() } else { marker.added.clone() };
    Marker {
        live: Some(release.clone()),
        previous: if is_same { marker.previous.clone() } else { marker.live.clone() },
        leftover,
        invalidation: invalidation.cloned(),
        ..Marker::default()
    }
}

/// Keys that this switch deletes: those of the release before the one that is live now, and those that were added for
/// releases that never went live, unless a release that stays has them.
pub(super) fn stale(marker: &Marker, release: &Release) -> Vec<String> {
    let is_same = marker.live.as_ref().is_some_and(|live| live.source == release.source);
    // The same release again moves nothing up, so the release before stays what it is.
    let previous = marker.previous.as_ref();
    let (before, stays) = if is_same { (None, previous) } else { (previous, None) };
    let stays = stays.into_iter().chain(&marker.live).chain([release]);
    let stays: BTreeSet<&String> = stays.flat_map(|release| &release.keys).collect();
    let gone: BTreeSet<&String> =
        before.into_iter().flat_map(|release| &release.keys).chain(&marker.leftover).collect();
    gone.difference(&stays).map(|key| (*key).clone()).collect()
}

pub(super) async fn read(
    context: &ActionContext<'_>,
    site: &SiteSpec,
) -> Result<Option<(Marker, String)>, ActionError> {
    context.read(|| context.cloud.site_marker(&site.bucket, &site.prefix)).await
}

/// Replaces the marker unless another process replaced it meanwhile; then reads it again.
pub(super) async fn write(
    context: &ActionContext<'_>,
    id: &str,
    site: &SiteSpec,
    change: impl Fn(&Marker) -> Marker,
) -> Result<(), ActionError> {
    let SiteSpec { bucket, prefix, .. } = site;
    let place = if prefix.is_empty() { bucket.clone() } else { format!("{bucket}/{prefix}") };
    let mut wait = context.wait(id, format!("the marker of `{place}`"), MARKER_MAX);
    loop {
        let (found, etag) = read(context, site).await?.unzip();
        let found = found.unwrap_or_default();
        let wanted = change(&found);
        if wanted == found {
            return Ok(());
        }
        context.journal.verify()?;
        match context.cloud.put_site_marker(bucket, prefix, &wanted, etag.as_deref()).await {
            Ok(()) => return Ok(()),
            Err(CloudError { kind: Kind::Conflict, .. }) => wait.pause("changed meanwhile").await?,
            Err(error) if error.kind.is_transient() => wait.pause(&error.message).await?,
            Err(error) => return Err(error.into()),
        }
    }
}
