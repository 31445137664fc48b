//! Static sites: new files go up before the gate closes; what users see is switched with the services.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{SiteName, Version};
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{Facts, OpenInvalidation, SiteChange};
use crate::plan::report::WaitingReason;

pub(super) fn plan(facts: &Facts<'_>, goal: &Goal, draft: &mut Draft) {
    for change in &facts.sites {
        let SiteChange { name, site, source, version, seen, problem } = change;
        if goal.keeps_version(facts, site.source.keys().iter()) {
            finish(change, draft);
            continue;
        }
        if let Some(problem) = problem {
            draft.block(problem.clone());
            continue;
        }
        let Some(seen) = seen else { continue };
        let is_reverted = change.is_reverted();
        let is_staged = seen.marker.staged.as_ref().is_some_and(|staged| staged.source == *source);
        if !is_reverted && !is_staged {
            let kind = ActionKind::StageSite {
                site: (*name).clone(),
                source: source.clone(),
                version: version.clone(),
            };
            let reason = "first: new files only; no page names them yet";
            let words = Words::new("", format!("{version} new files"), reason);
            draft.act(Step::StageSites, &format!("site/{name}/stage"), name.as_str(), kind, words);
        }
        let reason = match (change.half_done(), is_reverted) {
            (Some(_), true) => {
                "puts the files back that an unfinished switch replaced: users may see both versions now"
            }
            (Some(_), false) => "a switch broke off: users may see files of both versions now",
            (None, true) => "drops a version that was uploaded and not switched",
            (None, false) if goal.is_release() => "with the services; entry points last",
            (None, false) => "files that change, then entry points",
        };
        switch(change, source, version, reason, draft);
    }
    invalidate(facts, draft);
}

/// The version is kept for now. A switch that has begun ends all the same: users must not see two versions for as long
/// as a window is closed.
fn finish(change: &SiteChange<'_>, draft: &mut Draft) {
    let Some(release) = change.half_done() else { return };
    if change.is_reverted() {
        let reason = "a switch broke off: users may see files of both versions until it is taken back";
        return switch(change, &change.source, &change.version, reason, draft);
    }
    let reason = "a switch broke off: users may see files of both versions until it is finished";
    switch(change, &release.source, &release.version, reason, draft);
}

fn switch(change: &SiteChange<'_>, source: &str, version: &Version, reason: &str, draft: &mut Draft) {
    let live = change.seen.and_then(|seen| seen.marker.live.as_ref());
    let before = live.map_or("unknown".to_owned(), |live| live.version.to_string());
    let name = change.name;
    let kind =
        ActionKind::SwitchSite { site: name.clone(), source: source.to_owned(), version: version.clone() };
    let words = Words::new(before, version.to_string(), reason);
    draft.act(Step::SwitchSites, &format!("site/{name}/switch"), name.as_str(), kind, words);
}

/// CloudFront is asked again once for all sites of a distribution; until then, the plan says what users may see.
fn invalidate(facts: &Facts<'_>, draft: &mut Draft) {
    let mut due: BTreeMap<&str, BTreeSet<SiteName>> = BTreeMap::new();
    let mut why: BTreeMap<&str, &str> = BTreeMap::new();
    for OpenInvalidation { site, distribution, pending } in &facts.invalidations {
        let at = pending.due_at();
        if at <= facts.now {
            due.entry(distribution).or_default().insert((*site).clone());
            why.insert(distribution, &pending.why);
            continue;
        }
        let message = format!(
            "site `{site}`: CloudFront did not accept the invalidation ({}); until it does, users may get files of the version before from its cache",
            pending.why
        );
        draft.wait(WaitingReason::Invalidation, message, Some(at));
    }
    for (distribution, sites) in due {
        let names: Vec<&str> = sites.iter().map(SiteName::as_str).collect();
        let words = Words::new(
            "",
            format!("invalidate {}", names.join(", ")),
            format!("CloudFront did not accept it before: {}", why[distribution]),
        );
        let kind = ActionKind::Invalidate { distribution: distribution.to_owned(), sites };
        draft.act(Step::Invalidate, &format!("site/{distribution}/invalidate"), distribution, kind, words);
    }
}
