//! The planner: a pure function from the declaration, the observation and the ledger to ordered actions.
//!
//! A plan is always the *whole* way to the goal, for people to read. Only its first step is carried out
//! ([`Plan::frontier`]); then tidegate observes and plans again. So a crash, a newer commit and a change in the
//! console all meet the same code: the next pass.
//!
//! The planner has three floors, and nothing imports upwards. `facts` says what is, each fact once. `decide` says what
//! follows, by value. `steps` says how, as actions. Above them, `contest` drops corrections that have become a fight,
//! `downtime` estimates how long users are locked out, and `audit` reads the result by rules that do not know how it
//! was made. Below them lie the words that all floors share: `action`, `report`, `draft` and `input`.

mod action;
mod audit;
mod contest;
mod decide;
mod downtime;
mod draft;
mod facts;
mod input;
mod report;
mod steps;

pub use action::{Action, ActionKind, Migration, MigrationStart, Need, NewDefinition, StartService, Step};
pub use facts::preflight::Topic;
pub use input::{Expected, PlanningInput};
pub use report::{Awake, Blocked, BlockedReason, Drift, Plan, PlannedState, Waiting, WaitingReason};

pub use crate::store::journal::Recorded;

use draft::Draft;
use facts::Facts;
use report::blocked;

/// Plans the whole way from what is to what is declared.
pub fn plan(input: &PlanningInput) -> Plan {
    let facts = Facts::of(input);
    let obstacles = facts.obstacles();
    if !obstacles.is_empty() {
        let state = PlannedState {
            declared: input.spec.state,
            effective: input.desired.state,
            because: input.desired.because,
            until: input.desired.until,
        };
        return finish(&facts, state, Draft { blocked: obstacles, ..Draft::default() });
    }
    let decision = decide::decide(&facts);
    let mut draft = steps::build(&facts, &decision);
    contest::yield_contested(&facts, &mut draft);
    steps::claim(&facts, &mut draft);
    finish(&facts, decision.goal.planned, draft)
}

/// Checks everything that a release needs, whether or not one is due. A part that is not declared is no topic.
pub fn preflight(input: &PlanningInput) -> Vec<Topic> {
    facts::preflight::topics(&Facts::of(input))
}

fn finish(facts: &Facts<'_>, state: PlannedState, mut draft: Draft) -> Plan {
    let input = facts.input;
    draft.actions.sort_by(|one, other| one.step.cmp(&other.step).then_with(|| one.id.cmp(&other.id)));
    let downtime = downtime::estimate(&draft.actions, &input.expected, input.now, facts.gate.is_closed);
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
    if let Some(why) = &input.snapshot.refused {
        // Each resource is unreadable for this one reason.
        plan.blocked.retain(|blocked| blocked.reason != BlockedReason::Unreadable);
        plan.blocked.insert(0, report::refused(why, &input.spec));
    }
    let broken = audit::audit(facts, &plan);
    if !broken.is_empty() {
        plan.actions.clear();
        let message = format!("internal safety check failed; no action will be taken: {}", broken.join("; "));
        let hint =
            "this is a defect of tidegate; please report it with the output of `tidegate plan ENV --output json`"
                .to_owned();
        plan.blocked.push(blocked(BlockedReason::UnsafePlan, message, [hint]));
    }
    plan
}
