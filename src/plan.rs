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
mod grace;
mod images;
mod input;
mod preflight;
mod release;
mod report;
mod schema;
mod services;
mod sites;
mod traffic;
mod window;

pub use crate::store::journal::Recorded;
pub use action::{Action, ActionKind, Migration, MigrationStart, NewDefinition, StartService, Step};
pub use audit::audit;
pub use input::{Expected, PlanningInput};
pub use preflight::{Topic, preflight};
pub use report::{Awake, Blocked, BlockedReason, Drift, Plan, PlannedState, Waiting, WaitingReason};

use crate::observe::Observed;
use draft::{Draft, Words, blocked, unreadable};
use goal::Work;

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
    let present = schema.record.clone();
    let lost = schema.lost.clone();
    let goal = goal::decide(input, schema, &mut draft);
    if let Some((version, how)) = &present {
        let from = input.ledger.attempt.as_ref().map(|attempt| &attempt.from);
        let from = from.filter(|_| *how == Recorded::Migration);
        database::record_present(input, version, *how, from, &mut draft);
    }
    if let Some(attempt) = &lost {
        database::write_off(attempt, &mut draft);
    }
    if let Some(Work::Run { from, to, .. }) = &goal.migration {
        release::begin(input, from, to, &mut draft);
    }
    sites::plan(input, &goal, &mut draft);
    let outlook = services::plan(input, &goal, &mut draft);
    database::plan(input, &goal, outlook.moves || goal.is_release(), &mut draft);
    database::settle_rest(input, &mut draft);
    let closed_in = traffic::closed_in(input, &goal, outlook.moves);
    release::drain(input, &goal, closed_in, &mut draft);
    traffic::plan(input, &goal, closed_in, outlook.all_up, &mut draft);
    database::stop(input, &goal, outlook.all_down, &mut draft);
    release::tidy(input, &goal, outlook.all_up, &mut draft);
    if traffic::is_stuck(input, closed_in) {
        draft.actions.retain(|action| action.step <= Step::CloseGate || action.only_watches());
    }
    services::newer_revisions(input, &mut draft);
    services::note_unmanaged(input, &mut draft);
    contest::yield_contested(input, &mut draft);
    claim(input, &mut draft);
    finish(input, goal.planned, draft)
}

/// The account, the cluster, its owner, and a gate that can be opened again: without them nothing may be thought about.
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
    // A migration under way is watched all the same: its end is seen now or never.
    if let Some(taken_away) = traffic::taken_away(input).filter(|_| !input.ledger.migration_in_flight()) {
        draft.block(taken_away);
    }
    draft.blocked.is_empty()
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
        mode: input.mode,
        state,
        expected_downtime_seconds: downtime,
        actions: draft.actions,
        blocked: draft.blocked,
        waiting: draft.waiting,
        drift: draft.drift,
        awake: draft.awake,
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
