//! Static sites whose live version differs from the declared one, and what the edges still have to forget.

use crate::cloud::{Marker, PendingInvalidation, Release};
use crate::model::{SiteName, Version};
use crate::observe::{Observed, SiteSeen};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};
use crate::spec::SiteSpec;

/// A site that does not show the declared version.
#[derive(Debug)]
pub(in crate::plan) struct SiteChange<'a> {
    pub name: &'a SiteName,
    pub site: &'a SiteSpec,
    /// The declared source, rendered.
    pub source: String,
    pub version: Version,
    /// `None` = the site could not be read.
    pub seen: Option<&'a SiteSeen>,
    /// Why the site cannot be switched.
    pub problem: Option<Blocked>,
}

/// An invalidation that CloudFront has not accepted yet.
#[derive(Debug)]
pub(in crate::plan) struct OpenInvalidation<'a> {
    pub site: &'a SiteName,
    /// As declared.
    pub distribution: &'a str,
    pub pending: &'a PendingInvalidation,
}

impl SiteChange<'_> {
    /// The release whose switch began and did not end. Until then users may see files of two releases.
    pub(in crate::plan) fn half_done(&self) -> Option<&Release> {
        let Marker { live, staged, switching, .. } = &self.seen?.marker;
        switching.as_ref().and(staged.as_ref().or(live.as_ref()))
    }

    /// Whether the declared release is live already, and another one has come in between.
    pub(in crate::plan) fn is_reverted(&self) -> bool {
        let live = self.seen.and_then(|seen| seen.marker.live.as_ref());
        live.is_some_and(|live| live.source == self.source)
    }
}

/// The sites that do not show the declared version, by name.
pub(super) fn sites(input: &PlanningInput) -> Vec<SiteChange<'_>> {
    let changed = input.spec.sites.iter().filter_map(|(name, site)| {
        let source = site.source.render(&input.spec.versions)?;
        let version = site.source.keys().first().and_then(|key| input.spec.versions.get(key)).cloned();
        let version = version.unwrap_or_else(|| Version::new("fixed"));
        let (seen, problem) = match input.snapshot.sites.get(name) {
            Some(Observed::Present(seen)) => {
                // A staged version may be live in part.
                let is_whole = seen.marker.staged.is_none() && seen.marker.switching.is_none();
                if is_whole && seen.marker.live.as_ref().is_some_and(|live| live.source == source) {
                    return None;
                }
                (Some(seen), problem(name, site, &source, seen))
            }
            Some(Observed::Unreadable { why }) => (None, Some(unreadable(&format!("site `{name}`"), why))),
            Some(Observed::Absent) | None => (None, Some(missing_bucket(name, &site.bucket))),
        };
        Some(SiteChange { name, site, source, version, seen, problem })
    });
    changed.collect()
}

/// What CloudFront has not accepted, by site. A site that declares no distribution any longer has nothing to ask for.
pub(super) fn invalidations(input: &PlanningInput) -> Vec<OpenInvalidation<'_>> {
    let open = input.spec.sites.iter().filter_map(|(name, site)| {
        let seen = input.snapshot.sites.get(name)?.present()?;
        let pending = seen.marker.invalidation.as_ref()?;
        Some(OpenInvalidation { site: name, distribution: site.distribution.as_deref()?, pending })
    });
    open.collect()
}

fn problem(name: &SiteName, site: &SiteSpec, source: &str, seen: &SiteSeen) -> Option<Blocked> {
    if seen.release_exists == Some(false) {
        return Some(missing_release(name, source));
    }
    let distribution = site.distribution.as_ref().filter(|_| seen.distribution.is_none())?;
    let message = format!("distribution `{distribution}` of site `{name}` does not exist");
    Some(blocked(BlockedReason::Missing, message, ["create it, or correct `sites`".to_owned()]))
}

fn missing_release(name: &SiteName, source: &str) -> Blocked {
    let message = format!("site `{name}` asks for `{source}`, which does not exist");
    blocked(
        BlockedReason::ReleaseMissing,
        message,
        ["upload the release first, or correct `versions`".to_owned()],
    )
}

fn missing_bucket(name: &SiteName, bucket: &str) -> Blocked {
    let message = format!("bucket `{bucket}` of site `{name}` does not exist");
    blocked(BlockedReason::Missing, message, ["create it, or correct `sites`".to_owned()])
}
