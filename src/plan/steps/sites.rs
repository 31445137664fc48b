//! Static sites: assets go up before the gate closes, entry points are switched with the services.

use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{Facts, SiteChange};

pub(super) fn plan(facts: &Facts<'_>, goal: &Goal, draft: &mut Draft) {
    for change in &facts.sites {
        let SiteChange { name, site, source, version, seen, problem } = change;
        if goal.keeps_version(facts, site.source.keys().iter()) {
            continue;
        }
        if let Some(problem) = problem {
            draft.block(problem.clone());
            continue;
        }
        let Some(seen) = seen else { continue };
        let before = seen.marker.live.as_ref().map_or("unknown".to_owned(), |live| live.version.to_string());
        let is_reverted = seen.marker.live.as_ref().is_some_and(|live| live.source == *source);
        if !is_reverted && seen.marker.staged.as_ref().is_none_or(|staged| staged.source != *source) {
            let kind = ActionKind::StageSite {
                site: (*name).clone(),
                source: source.clone(),
                version: version.clone(),
            };
            let words = Words::new("", format!("{version} assets"), "first: users do not see them yet");
            draft.act(Step::StageSites, &format!("site/{name}/stage"), name.as_str(), kind, words);
        }
        let reason = if is_reverted {
            "reverts an unfinished switch to another version"
        } else if goal.is_release() {
            "with the services"
        } else {
            "entry points last"
        };
        let kind = ActionKind::SwitchSite {
            site: (*name).clone(),
            source: source.clone(),
            version: version.clone(),
        };
        let words = Words::new(before, version.to_string(), reason);
        draft.act(Step::SwitchSites, &format!("site/{name}/switch"), name.as_str(), kind, words);
    }
}
