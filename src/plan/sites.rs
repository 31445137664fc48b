//! Static sites: assets go up before the gate closes, entry points are switched with the services.

use super::draft::{Draft, Words, blocked, unreadable};
use super::goal::{Goal, keeps_version};
use crate::model::{SiteName, Version};
use crate::observe::{Observed, SiteSeen};
use crate::plan::{ActionKind, Blocked, BlockedReason, PlanningInput, Step};
use crate::spec::SiteSpec;

/// A site that does not show what is wanted.
pub(super) struct Change<'a> {
    pub name: &'a SiteName,
    pub site: &'a SiteSpec,
    pub source: String,
    pub version: Version,
    /// `None` = it could not be read.
    pub seen: Option<&'a SiteSeen>,
    /// Why it cannot be switched.
    pub problem: Option<Blocked>,
}

pub(super) fn changed(input: &PlanningInput) -> impl Iterator<Item = Change<'_>> {
    input.spec.sites.iter().filter_map(move |(name, site)| {
        let source = site.source.render(&input.spec.versions)?;
        let version = site.source.keys().first().and_then(|key| input.spec.versions.get(key)).cloned();
        let version = version.unwrap_or_else(|| Version::new("fixed"));
        let (seen, problem) = match input.snapshot.sites.get(name) {
            Some(Observed::Present(seen)) => {
                // What is staged may be switched in part: a marker is written before and after, not in between.
                let is_whole = seen.marker.staged.is_none();
                if is_whole && seen.marker.live.as_ref().is_some_and(|live| live.source == source) {
                    return None;
                }
                (Some(seen), (seen.release_exists == Some(false)).then(|| missing_release(name, &source)))
            }
            Some(Observed::Unreadable { why }) => (None, Some(unreadable(&format!("site `{name}`"), why))),
            Some(Observed::Absent) | None => (None, Some(missing_bucket(name, &site.bucket))),
        };
        Some(Change { name, site, source, version, seen, problem })
    })
}

fn missing_release(name: &SiteName, source: &str) -> Blocked {
    let message = format!("site `{name}` asks for `{source}`, where there is nothing");
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

pub(super) fn plan(input: &PlanningInput, goal: &Goal, draft: &mut Draft) {
    for change in changed(input) {
        let keys = change.site.source.keys().iter().map(|key| key.as_str()).collect();
        if keeps_version(input, goal.frozen, keys) {
            continue;
        }
        let (seen, problem) = (change.seen, change.problem);
        if let Some(problem) = problem {
            draft.block(problem);
            continue;
        }
        let Some(seen) = seen else { continue };
        let (name, source, version) = (change.name, change.source, change.version);
        let before = seen.marker.live.as_ref().map_or("unknown".to_owned(), |live| live.version.to_string());
        let is_taken_back = seen.marker.live.as_ref().is_some_and(|live| live.source == source);
        if !is_taken_back && seen.marker.staged.as_ref().is_none_or(|staged| staged.source != source) {
            let kind = ActionKind::StageSite {
                site: name.clone(),
                source: source.clone(),
                version: version.clone(),
            };
            let words =
                Words::new("", format!("{version} assets"), "ahead of everything: nobody sees them yet");
            draft.act(Step::StageSites, &format!("site/{name}/stage"), name.as_str(), kind, words);
        }
        let reason = if is_taken_back {
            "a switch to another version was begun, and is not wanted any more"
        } else if goal.is_release() {
            "with the services"
        } else {
            "entry points last"
        };
        let kind = ActionKind::SwitchSite { site: name.clone(), source, version: version.clone() };
        let words = Words::new(before, version.to_string(), reason);
        draft.act(Step::SwitchSites, &format!("site/{name}/switch"), name.as_str(), kind, words);
    }
}
