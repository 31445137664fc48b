//! Static sites whose live version differs from the declared one.

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

/// The sites that do not show the declared version, by name.
pub(super) fn sites(input: &PlanningInput) -> Vec<SiteChange<'_>> {
    let changed = input.spec.sites.iter().filter_map(|(name, site)| {
        let source = site.source.render(&input.spec.versions)?;
        let version = site.source.keys().first().and_then(|key| input.spec.versions.get(key)).cloned();
        let version = version.unwrap_or_else(|| Version::new("fixed"));
        let (seen, problem) = match input.snapshot.sites.get(name) {
            Some(Observed::Present(seen)) => {
                // A staged version may be live in part: the marker is written before and after a switch, not within.
                let is_whole = seen.marker.staged.is_none();
                if is_whole && seen.marker.live.as_ref().is_some_and(|live| live.source == source) {
                    return None;
                }
                (Some(seen), (seen.release_exists == Some(false)).then(|| missing_release(name, &source)))
            }
            Some(Observed::Unreadable { why }) => (None, Some(unreadable(&format!("site `{name}`"), why))),
            Some(Observed::Absent) | None => (None, Some(missing_bucket(name, &site.bucket))),
        };
        Some(SiteChange { name, site, source, version, seen, problem })
    });
    changed.collect()
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
