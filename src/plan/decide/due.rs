//! A migration must run first: whether its release may begin now.

use super::decision::Decision;
use super::goal::{Frozen, Goal, Work};
use super::no_migration::{finish_first, is_schedules_stop};
use super::{hold, windows};
use crate::model::State;
use crate::plan::facts::{Facts, preflight};
use crate::plan::report::{Blocked, WaitingReason};
use crate::schedule::AppliesTo;

/// `doubt`: an earlier attempt ended badly; until this one runs, everything is held.
pub(super) fn decide(facts: &Facts<'_>, goal: Goal, work: Work, doubt: Option<Blocked>) -> Decision {
    let has_begun = match (&work, &facts.ledger.release) {
        (Work::Run { to, .. }, Some(release)) => release.to == *to,
        _ => false,
    };
    let decision = match goal.state {
        State::Stopped if has_begun && is_schedules_stop(facts) => finish_first(facts, goal),
        State::Stopped => return wait_for_waking(goal),
        _ => Decision::towards(goal),
    };
    if has_begun { resume(facts, decision, work) } else { begin(facts, decision, work, doubt) }
}

fn wait_for_waking(goal: Goal) -> Decision {
    let until = goal.planned.until;
    Decision::towards(Goal { frozen: Frozen::Everything, ..goal }).waiting_for(
        WaitingReason::Asleep,
        "the release begins when the environment wakes",
        until,
    )
}

/// The release has begun: nothing but an unreadable part stops it.
fn resume(facts: &Facts<'_>, decision: Decision, work: Work) -> Decision {
    let unread = facts.unreadable_on_the_way();
    match unread.is_empty() {
        true => decision.with_migration(work),
        false => hold::hold(facts, decision, unread, State::DbOnly),
    }
}

/// The release begins after a preflight without problems, and in its window.
fn begin(facts: &Facts<'_>, decision: Decision, work: Work, doubt: Option<Blocked>) -> Decision {
    let problems = preflight::problems(facts);
    if !problems.is_empty() {
        let decision =
            decision.blocked_by(problems).with_goal(|goal| Goal { frozen: Frozen::Everything, ..goal });
        // The way out of a hold may be blocked; the hold remains.
        return match doubt {
            Some(doubt) => hold::hold(facts, decision, [doubt], State::DbOnly),
            None => decision,
        };
    }
    // Users who are locked out already do not wait: neither for a window nor for AWS.
    let may_wait = doubt.is_none() && decision.goal.state == State::Running && !facts.gate.is_closed;
    if let Some(passing) = facts.database.limits.passing.as_ref().filter(|_| may_wait) {
        let message = format!("{passing}; the release begins, and the gate closes, when AWS is done with it");
        let decision = decision.waiting_for(WaitingReason::Database, message, None);
        return decision.with_goal(|goal| Goal { frozen: Frozen::Followers, ..goal });
    }
    let Some(waiting) = windows::wait_for(facts, windows::Work::Gated).filter(|_| may_wait) else {
        return decision.with_migration(work);
    };
    let applies_to = facts.spec.windows.as_ref().map(|windows| windows.applies_to);
    let frozen = if applies_to == Some(AppliesTo::All) { Frozen::Everything } else { Frozen::Followers };
    decision.waiting(waiting).with_goal(|goal| Goal { frozen, ..goal })
}
