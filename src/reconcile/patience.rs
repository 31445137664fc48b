//! How often a run tries what did not go, before it leaves it to a person or to the next run. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::execute::{ActionOutcome, ActionResult};
use crate::plan::{Action, BlockedReason, Plan, WaitingReason};

/// The same actions, done and planned again so often: reality does not take them.
const ROUNDS_MAX: u32 = 5;
/// Tries of an action that changed nothing: pauses of 15, 30, 60, 120 and 240 seconds, eight minutes in all.
/// Fargate's capacity comes back within minutes or not for long.
const TRIES_MAX: u32 = 6;
/// Times that something is left to itself and looked at again: a migration, every five minutes for a day.
const LEFT_MAX: u32 = 24 * 12;
/// Looks at something that cannot be read: pauses of 5 to 80 seconds, beyond the patience of each read.
const LOOKS_MAX: u32 = 6;
/// Waits for passing states: the longest of them, a database that starts, takes two hours at most.
const PASSING_MAX: Duration = Duration::from_secs(2 * 3600);
/// How often a passing state is looked at.
const PASSING_PAUSE: Duration = Duration::from_secs(15);

/// What a run does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Look and plan again after a pause.
    Again(Duration),
    /// Give up: what was tried and why that is enough.
    GiveUp(String),
}

/// What went wrong so far.
#[derive(Debug, Default)]
pub(super) struct RunPatience {
    rounds: BTreeMap<Vec<(String, String)>, u32>,
    tries: BTreeMap<String, u32>,
    failed: BTreeMap<(String, String), String>,
    looks: u32,
    left: u32,
    passing: Duration,
}

impl RunPatience {
    /// An action of this frontier that failed in this very run: once more would go the same way. To another
    /// end, after a newer commit, it may go better.
    pub(super) fn failed_before(&self, frontier: &[Action]) -> Option<String> {
        let failed = frontier.iter().find_map(|action| Some((action, self.failed.get(&aim(action))?)));
        failed.map(|(action, why)| format!("{}: {why}", action.id))
    }

    /// Weighs how a step ended.
    pub(super) fn after(&mut self, frontier: &[Action], outcomes: &[ActionOutcome]) -> Next {
        (self.looks, self.passing) = (0, Duration::ZERO);
        let mut tries_max = 0;
        let (mut again, mut left) = (None, None);
        for (action, outcome) in frontier.iter().zip(outcomes) {
            // Attempts at a migration have ids of their own; they are tries of the same.
            let tried = format!("{} {}", action.kind.as_str(), action.resource);
            match &outcome.result {
                ActionResult::Done => {
                    self.tries.remove(&tried);
                }
                ActionResult::Failed { why } => {
                    self.failed.insert(aim(action), why.clone());
                }
                ActionResult::Again { why } => {
                    let tries = self.tries.entry(tried).or_default();
                    *tries += 1;
                    tries_max = tries_max.max(*tries);
                    again = Some(format!("{}: {why}", outcome.id));
                }
                ActionResult::Left { what } => left = Some(what),
            }
        }
        if let Some(why) = again {
            return match tries_max >= TRIES_MAX {
                true => Next::GiveUp(format!("{why}; tried {tries_max} times")),
                false => Next::Again(doubled(15, tries_max)),
            };
        }
        if let Some(what) = left {
            // It goes on by itself: that is no round of a fight, but a run is something that people look at.
            self.left += 1;
            return match self.left >= LEFT_MAX {
                true => Next::GiveUp(format!("{what} is still to be watched; the next run does")),
                false => Next::Again(Duration::ZERO),
            };
        }
        self.after_round(frontier)
    }

    /// The same again and again: a stale answer at first, a fight after that. Steps that take turns are
    /// counted, too: two that undo each other would go on for ever.
    fn after_round(&mut self, frontier: &[Action]) -> Next {
        let this = frontier.iter().map(|action| (action.id.clone(), action.before.clone())).collect();
        let rounds = self.rounds.entry(this).or_default();
        *rounds += 1;
        match *rounds {
            1 => Next::Again(Duration::ZERO),
            2..=ROUNDS_MAX => Next::Again(doubled(2, *rounds - 1)),
            rounds => {
                let what = frontier.iter().map(|action| action.id.as_str()).collect::<Vec<_>>().join(", ");
                Next::GiveUp(format!("{what} was done {rounds} times and is still to be done"))
            }
        }
    }

    /// Nothing can be done now: whether looking again may help, and when. `None` = it will not.
    pub(super) fn idle(&mut self, plan: &Plan) -> Option<Duration> {
        let is_unreadable = plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::Unreadable);
        if is_unreadable {
            self.looks += 1;
            return (self.looks < LOOKS_MAX).then(|| doubled(5, self.looks));
        }
        let passes = plan.waiting.iter().any(|waiting| {
            matches!(
                waiting.reason,
                WaitingReason::Database | WaitingReason::Distribution | WaitingReason::Migration
            )
        });
        self.passing += PASSING_PAUSE;
        (passes && self.passing <= PASSING_MAX).then_some(PASSING_PAUSE)
    }
}

/// What an action does, and to what end.
fn aim(action: &Action) -> (String, String) {
    (action.id.clone(), action.after.clone())
}

/// `seconds`, doubled with every try after the first.
fn doubled(seconds: u64, tries: u32) -> Duration {
    Duration::from_secs(seconds << tries.saturating_sub(1).min(8))
}

#[cfg(test)]
mod tests;
