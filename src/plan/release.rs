//! A release from its beginning to its end: the digests it is made of, the wait for requests in flight, what is
//! given back when it is over. The steps between are the other parts'.

use std::collections::BTreeMap;
use std::time::Duration;

use super::draft::{Draft, Words};
use super::goal::{Goal, Work};
use super::{images, traffic};
use crate::model::{ImageRef, State, Version};
use crate::plan::{ActionKind, PlanningInput, StartService, Step};

/// With metrics, the wait for requests ends at this multiple of `drain` at the latest.
const DRAIN_FACTOR_MAX: i32 = 5;

pub(super) fn begin(input: &PlanningInput, from: &Version, to: &Version, draft: &mut Draft) {
    if input.ledger.release.as_ref().is_some_and(|release| release.to == *to) {
        return;
    }
    let mut pinned: BTreeMap<ImageRef, ImageRef> = BTreeMap::new();
    let migration = input.spec.migration.as_ref().map(|migration| &migration.images);
    for templates in input.spec.services.values().map(|service| &service.images).chain(migration) {
        let wanted = images::wanted(input, templates);
        for (container, template) in templates {
            if let (Some(image), Some(pin)) =
                (template.image(&input.spec.versions), wanted.images.get(container))
            {
                pinned.insert(image, pin.clone());
            }
        }
        draft.unverified(&wanted.unverified);
    }
    let kind = ActionKind::BeginRelease { from: from.clone(), to: to.clone(), images: pinned };
    let words = Words::new(
        from.to_string(),
        to.to_string(),
        "preflight has passed; images are pinned for the whole release",
    );
    draft.act(Step::Begin, "release/begin", input.spec.name.as_str(), kind, words);
}

/// Requests in flight get their time before services stop, once after the gate has closed.
pub(super) fn drain(input: &PlanningInput, goal: &Goal, closed_in: Option<State>, draft: &mut Draft) {
    let Some(maintenance) = &input.spec.maintenance else { return };
    let stops = draft.actions.iter().any(|action| matches!(action.step, Step::StopServices(_)));
    if !stops || goal.held || maintenance.drain.is_zero() || closed_in.is_none() {
        return;
    }
    let was_open = !traffic::is_closed(input);
    if !was_open && input.ledger.drained_at.is_some() {
        return;
    }
    // Closed, and not in the journal: the process that closed it has died since, or it was never ours. Nobody
    // knows since when, so the wait begins now.
    let since = input.ledger.gate_closed_at.filter(|_| !was_open).unwrap_or(input.now);
    let drain = chrono::TimeDelta::from_std(maintenance.drain).unwrap_or_default();
    let (until, at_most_until) = (since + drain, since + drain * DRAIN_FACTOR_MAX);
    // A release also knocks at the gate from outside, whenever it was closed.
    let knocks = goal.is_release() && !input.spec.checks.is_empty();
    if at_most_until <= input.now && !knocks {
        return;
    }
    let left = (until - input.now).to_std().unwrap_or_default();
    let left = Duration::from_secs(left.as_secs());
    let after = match left.is_zero() {
        true => "until requests have run out".to_owned(),
        false => format!("at least {}", humantime::format_duration(left)),
    };
    let kind = ActionKind::Drain { until, at_most_until };
    let words = Words::new("", after, "requests in flight finish");
    draft.act(Step::Drain, "gate/drain", "maintenance", kind, words);
}

/// What was borrowed is given back once everything is up, and then the release is over. With rollbacks on, a
/// service that has not come up yet would go back to code from before the schema.
pub(super) fn tidy(input: &PlanningInput, goal: &Goal, all_up: bool, draft: &mut Draft) {
    let is_over = goal.is_release() || input.ledger.release.is_some();
    let nothing = !is_over && input.ledger.rollback_borrowed.is_empty();
    if goal.held || goal.release_stays || !all_up || nothing {
        return;
    }
    let mut borrowed = input.ledger.rollback_borrowed.clone();
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

    let (to, is_reached) = match (&goal.migration, &input.ledger.release) {
        (Some(Work::Run { to, .. }), _) => (to.clone(), true),
        (Some(Work::Watch(flight)), _) => (flight.attempt.to.clone(), true),
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
    draft.act(Step::Tidy, "release/finish", input.spec.name.as_str(), kind, words);
}
