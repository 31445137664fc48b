//! A release from its beginning to its end: the images it pins, the wait for requests in flight, and the settings that
//! are restored when it is over. The steps between are those of the other parts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{ImageRef, State, Version, VersionKey};
use crate::plan::action::{ActionKind, StartService, Step};
use crate::plan::decide::{GiveUp, Goal, Work};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::Facts;

/// With metrics, the wait for requests ends at this multiple of `drain` at the latest.
const DRAIN_FACTOR_MAX: i32 = 5;

pub(super) fn begin(facts: &Facts<'_>, from: &Version, to: &Version, draft: &mut Draft) {
    if facts.ledger.release.as_ref().is_some_and(|release| release.to == *to) {
        return;
    }
    let mut pinned: BTreeMap<ImageRef, ImageRef> = BTreeMap::new();
    let mut is_unverified = false;
    let services = facts.services.values().map(|service| (&service.spec.images, &service.wanted));
    let migration = facts.spec.migration.iter().map(|spec| (&spec.images, &facts.migration.wanted));
    for (templates, wanted) in services.chain(migration) {
        for (container, template) in templates {
            if let (Some(image), Some(pin)) =
                (template.image(&facts.spec.versions), wanted.images.get(container))
            {
                pinned.insert(image, pin.clone());
            }
        }
        draft.unverified(&wanted.unverified);
        is_unverified |= !wanted.unverified.is_empty();
    }
    for what in &facts.database.limits.unverified {
        draft.note(format!("unverified: {what}"));
    }
    let kind = ActionKind::BeginRelease { from: from.clone(), to: to.clone(), images: pinned };
    let reason = match is_unverified {
        false => "preflight passed; images are pinned for the whole release",
        true => "preflight passed; images are unverified: a registry could not be read",
    };
    let words = Words::new(from.to_string(), to.to_string(), reason);
    draft.act(Step::Begin, "release/begin", facts.spec.name.as_str(), kind, words);
}

/// What goes live together with a release that is due and does not go live in this plan.
pub(super) fn note_together(facts: &Facts<'_>, goal: &Goal, draft: &mut Draft) {
    let Some(migration) = &facts.spec.migration else { return };
    let wanted = &facts.spec.versions[&migration.follows];
    let is_due = goal.recorded.as_ref().is_some_and(|recorded| recorded != wanted);
    if !is_due || goal.is_release() {
        return;
    }
    for key in &migration.together {
        let names = |mut keys: std::slice::Iter<'_, VersionKey>| keys.any(|other| other == key);
        let services = facts.services.values().filter(|service| !service.changes.is_empty());
        let waits =
            services.flat_map(|service| service.spec.images.values()).any(|image| names(image.keys().iter()))
                || facts.sites.iter().any(|change| names(change.site.source.keys().iter()));
        let keeps = goal.keeps_version(facts, std::iter::once(key));
        if let Some(version) = facts.spec.versions.get(key).filter(|_| waits && keeps) {
            draft.note(format!(
                "`{key}` {version} waits: it goes live together with `{}` {wanted} (`migration.together`)",
                migration.follows
            ));
        }
    }
}

/// Journaled before anything moves: from then on every pass leads back.
pub(super) fn give_up(facts: &Facts<'_>, give_up: &GiveUp, draft: &mut Draft) {
    let GiveUp { from, to, why } = give_up;
    let kind = ActionKind::GiveUpRelease { from: from.clone(), to: to.clone(), why: why.clone() };
    // The rest of it are AWS's ways out, which stand in the message of the block.
    let reason = why.lines().next().unwrap_or_default();
    let words = Words::new(to.to_string(), from.to_string(), reason);
    draft.act(Step::GiveUp, "release/give-up", facts.spec.name.as_str(), kind, words);
}

/// Requests in flight get their time before services stop, once after the gate has closed.
pub(super) fn drain(facts: &Facts<'_>, goal: &Goal, closed_in: Option<State>, draft: &mut Draft) {
    let Some(maintenance) = &facts.spec.maintenance else { return };
    let stops = draft.actions.iter().any(|action| matches!(action.step, Step::StopServices(_)));
    // Without a listener no request arrives.
    if !stops || goal.held || closed_in.is_none() || facts.gate.missing.is_some() {
        return;
    }
    // A gate of which a part cannot be closed has drained once all the same.
    let closes = draft.actions.iter().any(|action| action.step == Step::CloseGate);
    let was_open = !facts.gate.is_closed;
    if facts.ledger.drained_at.is_some() && !(was_open && closes) {
        return;
    }
    // Closed, and not in the journal: the process that closed it has died since, or tidegate did not close it. Since
    // when it is closed is unknown, so the wait begins now.
    let since = facts.ledger.gate_closed_at.filter(|_| !was_open).unwrap_or(facts.now);
    // A time in the future is from a machine whose clock was ahead: it must not lock users out for longer.
    let since = since.min(facts.now);
    let drain = chrono::TimeDelta::from_std(maintenance.drain).unwrap_or_default();
    let (until, at_most_until) = (since + drain, since + drain * DRAIN_FACTOR_MAX);
    // A gate that closes now is tested from outside, whatever `drain` says; a release tests one that was closed long ago,
    // too.
    let knocks = (goal.is_release() || was_open) && !facts.spec.checks.is_empty();
    if at_most_until <= facts.now && !knocks {
        return;
    }
    let left = (until - facts.now).to_std().unwrap_or_default();
    let left = Duration::from_secs(left.as_secs());
    let after = match left.is_zero() {
        _ if maintenance.drain.is_zero() => "tested from outside".to_owned(),
        true => "until no request is in flight".to_owned(),
        false => format!("at least {}", humantime::format_duration(left)),
    };
    let kind = ActionKind::Drain { until, at_most_until };
    let reason = match maintenance.drain.is_zero() {
        true => "users must be kept out before anything stops",
        false => "requests in flight finish",
    };
    let words = Words::new("", after, reason);
    draft.act(Step::Drain, "gate/drain", "maintenance", kind, words);
}

/// Rollback settings are restored once everything is up, and then the release is over. With rollbacks on, AWS would
/// return a service that is not up yet to code from before the migration.
pub(super) fn tidy(facts: &Facts<'_>, goal: &Goal, all_up: bool, draft: &mut Draft) {
    let is_over = goal.is_release() || facts.ledger.release.is_some();
    let nothing = !is_over && facts.ledger.rollback_borrowed.is_empty();
    if goal.held || goal.release_stays || !all_up || nothing {
        return;
    }
    let mut borrowed = facts.ledger.rollback_borrowed.clone();
    for action in &draft.actions {
        if let ActionKind::StartService(StartService { service, rollback_off: Some(was), .. }) = &action.kind
        {
            borrowed.entry(service.clone()).or_insert(*was);
        }
    }
    for (service, rollback) in borrowed {
        let kind = ActionKind::RestoreRollback { service: service.clone(), rollback };
        let words = Words::new("off", "on", "automatic rollbacks as they were");
        draft.act(Step::Tidy, &format!("service/{service}/rollback"), service.as_str(), kind, words);
    }

    let (to, is_reached) = match (&goal.migration, &facts.ledger.release) {
        (Some(Work::Run { to, .. }), _) => (to.clone(), true),
        (Some(Work::Watch(open)), _) => (open.attempt.to.clone(), true),
        (None, Some(release)) => (release.to.clone(), goal.recorded.as_ref() == Some(&release.to)),
        (None, None) => return,
    };
    let words = match (is_reached, &goal.recorded) {
        (false, Some(recorded)) => {
            Words::new(to.to_string(), recorded.to_string(), "the release is given up: the schema stays")
        }
        _ => Words::new("", to.to_string(), "the release is over"),
    };
    let kind = ActionKind::FinishRelease { to };
    draft.act(Step::Tidy, "release/finish", facts.spec.name.as_str(), kind, words);
}
