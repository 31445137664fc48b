//! The middle floor: what follows from the facts. First the schema's verdict, then windows, grace and the goal.
//!
//! Every decision is a value that the next one starts from. Nothing here makes actions.

mod back;
mod decision;
mod due;
mod goal;
mod grace;
mod hold;
mod no_migration;
mod schema;
mod watch;
mod windows;

use std::collections::BTreeSet;

pub(super) use decision::Decision;
use goal::Frozen;
pub(super) use goal::{Goal, Work};
use schema::Verdict;
pub(super) use schema::{GiveUp, fits};

use super::facts::Facts;
use crate::model::State;
use crate::spec::DeclaredThen;

/// Decides what this pass works towards.
pub(super) fn decide(facts: &Facts<'_>) -> Decision {
    let schema = schema::assess(facts);
    let desired = Goal::desired(facts, schema.recorded);
    let decision = match schema.verdict {
        Verdict::Fits => no_migration::decide(facts, desired),
        Verdict::KeepCode(why) => back::decide(facts, desired, why),
        Verdict::GiveUp(give_up) => back::give_up(facts, desired, give_up),
        Verdict::Forbidden(why) => {
            let goal = Goal { frozen: Frozen::Followers, code_forbidden: true, ..desired };
            Decision::towards(goal).blocked_by([why])
        }
        Verdict::Hold(why) => hold::hold(facts, Decision::towards(desired), [why], State::DbOnly),
        Verdict::InFlight(attempt) => watch::decide(facts, desired, attempt),
        Verdict::Due { from, to, attempt, doubt } => {
            due::decide(facts, desired, Work::Run { from, to, attempt }, doubt)
        }
    };
    let decision = decision.with_goal(|goal| Goal { settled: settled(facts, &goal), ..goal });
    let grace = grace::judge(facts, &decision.goal);
    let decision = decision.with_goal(|goal| Goal { in_grace: grace.in_grace, ..goal }).noting(grace.note);
    let decision = grace.waiting.into_iter().fold(decision, Decision::waiting);
    Decision {
        blocked: schema.doubt.into_iter().chain(decision.blocked).collect(),
        awake: grace.awake,
        record: schema.record,
        lost: schema.lost,
        ..decision
    }
}

/// The parts of the declaration in which every difference is drift.
fn settled(facts: &Facts<'_>, goal: &Goal) -> BTreeSet<String> {
    let reached = facts.ledger.converged.as_ref().filter(|reached| reached.state == goal.state);
    let Some(reached) = reached.filter(|_| !goal.is_disturbed(facts)) else { return BTreeSet::new() };
    let then = DeclaredThen { versions: &reached.versions, fingerprints: &reached.declaration };
    then.unchanged_parts(facts.spec)
}
