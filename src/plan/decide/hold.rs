//! A hold: nothing moves until an operator decides, or until what was unreadable can be read again.

use super::decision::Decision;
use super::goal::{Frozen, Goal};
use crate::model::State;
use crate::plan::facts::Facts;
use crate::plan::report::{Blocked, PlannedState};
use crate::schedule::Because;

/// Holds the environment in a state. An environment that should be stopped is stopped all the same, unless a
/// migration task may still run.
pub(super) fn hold(
    facts: &Facts<'_>,
    decision: Decision,
    why: impl IntoIterator<Item = Blocked>,
    held_in: State,
) -> Decision {
    let why: Vec<Blocked> = why.into_iter().collect();
    let needs_operator = why.iter().any(|why| why.reason.is_hold());
    let migration_may_run = facts.migration.live_tasks.is_none_or(|live| live > 0);
    decision.blocked_by(why).with_goal(|goal| {
        let goal = Goal { frozen: Frozen::Everything, release_stays: true, ..goal };
        if goal.state == State::Stopped && !migration_may_run {
            return goal;
        }
        let goal = Goal { held: true, ..goal.in_state(held_in) };
        // What cannot be read now may be readable in the next pass: nothing moves, and no operator is needed yet.
        let planned = match needs_operator {
            true => PlannedState { because: Because::Hold, until: None, ..goal.planned },
            false => goal.planned,
        };
        Goal { planned, ..goal }
    })
}
