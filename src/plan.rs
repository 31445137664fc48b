//! The planner: a pure function from what is wanted, what is, and what was begun, to ordered actions.
//!
//! A plan is always the *whole* way to the goal, for people to read; what is carried out is its first step
//! ([`Plan::frontier`]), after which reality is read and planned again. So a crash, a newer commit and a hand
//! in the console all meet the same code: the next pass.
//!
//! `schema` judges the database, `goal` decides what this pass works towards, the parts by concern add
//! actions, `contest` takes back what has become a fight, `audit` reads the result with other eyes.

mod action;
mod audit;
mod contest;
mod database;
mod downtime;
mod draft;
mod goal;
mod images;
mod input;
mod preflight;
mod report;
mod schema;
mod services;
mod sites;
mod traffic;

use std::collections::BTreeMap;

pub use action::{
    Action, ActionKind, Migration, MigrationStart, NewDefinition, Recorded, StartService, Step,
};
pub use audit::audit;
pub use input::{Expected, PlanningInput};
pub use report::{Blocked, BlockedReason, Drift, Plan, PlannedState, Waiting, WaitingReason};

use crate::model::{ImageRef, State};
use crate::observe::Observed;
use draft::{Draft, Words, blocked, unreadable};
use goal::{Goal, Work};

/// Plans the whole way from what is to what is wanted.
pub fn plan(input: &PlanningInput) -> Plan {
    let mut draft = Draft::default();
    if !may_act(input, &mut draft) {
        let state = PlannedState {
            declared: input.spec.state,
            effective: input.desired.state,
            because: input.desired.because,
            until: input.desired.until,
        };
        return finish(input, state, draft);
    }
    let schema = schema::assess(input);
    let first = schema.record.clone();
    let recorded_before = schema.recorded.clone();
    let goal = goal::decide(input, schema, &mut draft);
    if let (Some((version, how)), Some(Observed::Present(seen))) = (&first, &input.snapshot.database) {
        let tag = seen.database.tags.get(crate::cloud::tag::SCHEMA).map(|text| text.as_str().into());
        let from =
            tag.or(recorded_before.filter(|_| *how == Recorded::Migration)).unwrap_or_else(|| "none".into());
        database::record_first(seen, &from, version, *how, goal.is_release(), &mut draft);
    }
    let settled = is_settled(input, &goal);
    if let Some(Work::Run { from, to, .. }) = &goal.migration {
        begin(input, from, to, &mut draft);
    }
    sites::plan(input, &goal, &mut draft);
    let outlook = services::plan(input, &goal, settled, &mut draft);
    database::plan(input, &goal, outlook.moves || goal.is_release(), &mut draft);
    database::settle_rest(input, &mut draft);
    drain(input, &goal, &mut draft);
    traffic::plan(input, &goal, traffic::closed_in(&goal), outlook.all_up, settled, &mut draft);
    database::stop(input, &goal, outlook.all_down, &mut draft);
    tidy(input, &goal, outlook.all_up, &mut draft);
    services::newer_revisions(input, &mut draft);
    contest::yield_contested(input, &mut draft);
    claim(input, &mut draft);
    finish(input, goal.planned, draft)
}

/// The account, the cluster and its owner: without them nothing may be thought about.
fn may_act(input: &PlanningInput, draft: &mut Draft) -> bool {
    let spec = &input.spec;
    match &input.snapshot.account {
        Observed::Present(account) if *account == spec.account => {}
        Observed::Present(account) => {
            let message = format!(
                "the credentials belong to account {account}, `{}` is declared for {}",
                spec.name, spec.account
            );
            let hint = "use other credentials, or declare `aws.assume_role` in that account".to_owned();
            draft.block(blocked(BlockedReason::AccountMismatch, message, [hint]));
        }
        Observed::Unreadable { why } => draft.block(unreadable("the account of the credentials", why)),
        Observed::Absent => draft.block(unreadable("the account of the credentials", "no answer")),
    }
    match &input.snapshot.owner {
        Observed::Present(Some(owner)) if *owner != input.store && input.ledger.take_over.is_none() => {
            let message = format!("cluster `{}` belongs to another store of tidegate: {owner}", spec.cluster);
            let hint = format!(
                "two must not act on one environment; if the other is gone: tidegate apply {} --take-over --reason \"…\"",
                spec.name
            );
            draft.block(blocked(BlockedReason::OwnedByAnother, message, [hint]));
        }
        Observed::Present(_) => {}
        Observed::Absent => {
            let message = format!("cluster `{}` does not exist in {}", spec.cluster, spec.region);
            draft.block(blocked(
                BlockedReason::Missing,
                message,
                ["correct `cluster` or `aws.region`".to_owned()],
            ));
        }
        Observed::Unreadable { why } => draft.block(unreadable(&format!("cluster `{}`", spec.cluster), why)),
    }
    draft.blocked.is_empty()
}

/// Whether this state with these versions was reached before: then every difference is drift.
fn is_settled(input: &PlanningInput, goal: &Goal) -> bool {
    !goal.held
        && input.ledger.converged.as_ref().is_some_and(|converged| {
            converged.state == goal.state && converged.versions == input.spec.versions
        })
}

fn begin(input: &PlanningInput, from: &crate::model::Version, to: &crate::model::Version, draft: &mut Draft) {
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
        let notes = wanted
            .unverified
            .iter()
            .map(|(image, why)| format!("unverified: `{image}` could not be looked up: {why}"));
        draft.notes.extend(notes);
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
fn drain(input: &PlanningInput, goal: &Goal, draft: &mut Draft) {
    /// With metrics, the wait ends at this multiple of `drain` at the latest.
    const DRAIN_FACTOR_MAX: i32 = 5;
    let Some(maintenance) = &input.spec.maintenance else { return };
    let stops = draft.actions.iter().any(|action| matches!(action.step, Step::StopServices(_)));
    if !stops || goal.held || maintenance.drain.is_zero() || input.ledger.drained_at.is_some() {
        return;
    }
    let was_open = !traffic::is_closed(input);
    // A gate that was never open to us, with no closing of ours: nobody is inside.
    if !was_open && input.ledger.gate_closed_at.is_none() {
        return;
    }
    let since = input.ledger.gate_closed_at.filter(|_| !was_open).unwrap_or(input.now);
    let drain = chrono::TimeDelta::from_std(maintenance.drain).unwrap_or_default();
    let kind = ActionKind::Drain { until: since + drain, at_most_until: since + drain * DRAIN_FACTOR_MAX };
    let words = Words::new(
        "",
        humantime::format_duration(maintenance.drain).to_string(),
        "requests in flight finish",
    );
    draft.act(Step::Drain, "gate/drain", "maintenance", kind, words);
}

/// What was borrowed is given back once everything is up, and then the release is over.
fn tidy(input: &PlanningInput, goal: &Goal, all_up: bool, draft: &mut Draft) {
    if goal.held
        || !all_up
        || !(goal.is_release()
            || input.ledger.release.is_some()
            || !input.ledger.rollback_borrowed.is_empty())
    {
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
    if goal.release_stays {
        return;
    }
    let to = match (&goal.migration, &input.ledger.release) {
        (Some(Work::Run { to, .. }), _) => to.clone(),
        (Some(Work::Watch(flight)), _) => flight.attempt.to.clone(),
        (None, Some(release)) => release.to.clone(),
        (None, None) => return,
    };
    // Behind a gate that cannot open the release is not over.
    let plans = |step: Step| draft.actions.iter().any(|action| action.step == step);
    let closed = traffic::may_be_closed(input) || plans(Step::CloseGate);
    let stuck = goal.state == State::Running && closed && !plans(Step::OpenGate);
    if !stuck {
        let kind = ActionKind::FinishRelease { to: to.clone() };
        draft.act(
            Step::Tidy,
            "release/finish",
            input.spec.name.as_str(),
            kind,
            Words::new("", to.to_string(), "the release is over"),
        );
    }
}

/// The cluster is claimed before the first write, and only then.
fn claim(input: &PlanningInput, draft: &mut Draft) {
    let owner = input.snapshot.owner.present().and_then(|owner| owner.as_ref());
    if draft.actions.is_empty() || owner == Some(&input.store) {
        return;
    }
    let before = owner.map_or("nobody".to_owned(), |owner| owner.to_string());
    let kind = ActionKind::ClaimOwner { store: input.store.clone() };
    let words = Words::new(before, input.store.to_string(), "so that no other tidegate acts here");
    draft.act(Step::Claim, "cluster/claim", input.spec.cluster.as_str(), kind, words);
}

fn finish(input: &PlanningInput, state: PlannedState, mut draft: Draft) -> Plan {
    draft.actions.sort_by(|one, other| one.step.cmp(&other.step).then_with(|| one.id.cmp(&other.id)));
    let closed = traffic::is_closed(input);
    let downtime = downtime::estimate(&draft.actions, &input.expected, input.now, closed);
    let mut plan = Plan {
        revision: input.revision.clone(),
        mode: input.spec.mode,
        state,
        expected_downtime_seconds: downtime,
        actions: draft.actions,
        blocked: draft.blocked,
        waiting: draft.waiting,
        drift: draft.drift,
        notes: draft.notes,
    };
    let broken = audit(input, &plan);
    if !broken.is_empty() {
        plan.actions.clear();
        let message =
            format!("the plan would break a rule of its own, and nothing is done: {}", broken.join("; "));
        let hint =
            "this is a defect of tidegate: please report it with `tidegate plan --output json`".to_owned();
        plan.blocked.push(blocked(BlockedReason::UnsafePlan, message, [hint]));
    }
    plan
}
