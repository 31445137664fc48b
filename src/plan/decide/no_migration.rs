//! The code fits the schema. A release may still be on its way up, and a start may have failed in it.

use super::decision::Decision;
use super::goal::{Frozen, Goal};
use super::{hold, windows};
use crate::model::State;
use crate::plan::facts::{Facts, try_again};
use crate::plan::report::{BlockedReason, WaitingReason, blocked};
use crate::schedule::{AppliesTo, Because};
use crate::store::journal::Release;

pub(super) fn decide(facts: &Facts<'_>, goal: Goal) -> Decision {
    match &facts.ledger.release {
        Some(release) => in_release(facts, goal, release),
        None if facts.has_pending_bump() => bump(facts, goal),
        None => Decision::towards(goal),
    }
}

/// New versions without a migration: they wait for the environment to wake, or for their window.
fn bump(facts: &Facts<'_>, goal: Goal) -> Decision {
    if goal.state == State::Stopped {
        let until = goal.planned.until;
        return Decision::towards(Goal { frozen: Frozen::Everything, ..goal }).waiting_for(
            WaitingReason::Asleep,
            "new versions are applied when the environment wakes",
            until,
        );
    }
    let all = facts.spec.windows.as_ref().is_some_and(|windows| windows.applies_to == AppliesTo::All);
    match windows::wait_for(facts, windows::Work::Rolling).filter(|_| all) {
        Some(waiting) => Decision::towards(Goal { frozen: Frozen::Everything, ..goal }).waiting(waiting),
        None => Decision::towards(goal),
    }
}

fn in_release(facts: &Facts<'_>, goal: Goal, release: &Release) -> Decision {
    let failed = facts.services.values().find_map(|service| Some((service, service.failed_as_wanted?)));
    if let Some((service, failed)) = failed {
        let goes_back = goal.recorded.as_ref() != Some(&release.to);
        let when = match goes_back {
            true => format!("on the way back from the release of {}", release.to),
            false => format!("after the migration to {}", release.to),
        };
        let message = format!(
            "`{}` did not start{} {when}: {}\nusers see the maintenance page until it does",
            service.name,
            service.wanted.on(),
            failed.words()
        );
        let name = &facts.spec.name;
        let forward = match goes_back {
            true => "or fix forward: set a newer version in git",
            false => {
                "or fix forward: set a newer version in git; tidegate never starts old code on the new schema"
            }
        };
        let hints =
            [format!("{}: tidegate retry {name} --reason \"…\"", try_again(failed)), forward.to_owned()];
        let why = blocked(BlockedReason::StartFailed, message, hints);
        return hold::hold(facts, Decision::towards(goal), [why], State::Restricted);
    }
    if is_schedules_stop(facts) { finish_first(facts, goal) } else { Decision::towards(goal) }
}

/// The schedule stops the environment, not an operator.
pub(super) fn is_schedules_stop(facts: &Facts<'_>) -> bool {
    let desired = &facts.input.desired;
    desired.state == State::Stopped && matches!(desired.because, Because::Schedule | Because::Calendar)
}

/// The schedule never interrupts a release: the environment stays in its declared state until the release is over.
pub(super) fn finish_first(facts: &Facts<'_>, goal: Goal) -> Decision {
    Decision::towards(goal.in_state(facts.spec.state)).waiting_for(
        WaitingReason::Release,
        "a release is in progress; the schedule stops the environment after it",
        None,
    )
}
