//! When a run tries again, and when it gives up and leaves the rest to an operator or to the next run. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::execute::{ActionOutcome, ActionResult};
use crate::model::Instant;
use crate::plan::{Action, BlockedReason, Plan, WaitingReason};
use crate::retry::{Backoff, Jitter};

/// Passes with the same actions, before tidegate concludes that something keeps reverting them. Pauses of up to 2, 4, 8
/// and 16 seconds: a stale answer of AWS is over by then.
const REPEAT: Backoff = Backoff { first: Duration::from_secs(2), tries_max: 5, time_max: Duration::MAX };
/// Tries of an action that changed nothing: pauses of up to 15, 30, 60, 120 and 240 seconds, eight minutes in all.
/// Fargate's capacity comes back within minutes or not for long.
const TRY: Backoff = Backoff { first: Duration::from_secs(15), tries_max: 6, time_max: Duration::MAX };
/// Times that a run continues to wait for something, a migration for example: every five minutes for a day.
const WATCHES_MAX: u32 = 24 * 12;
/// Observations of something that is unreadable: pauses of up to 5 to 80 seconds, beyond the retries of each read.
const OBSERVE: Backoff = Backoff { first: Duration::from_secs(5), tries_max: 6, time_max: Duration::MAX };
/// Waits for passing states: the longest of them, a database that starts, takes two hours at most.
const PASSING_MAX: Duration = Duration::from_secs(2 * 3600);
/// How often a passing state is observed.
const PASSING_PAUSE: Duration = Duration::from_secs(15);

/// What a run does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Observe and plan again after a pause.
    Again(Duration),
    /// Give up; the text says what was tried and why that is enough.
    GiveUp(String),
}

/// Failures and repetitions of a run so far.
#[derive(Debug)]
pub(super) struct RunPatience {
    jitter: Jitter,
    /// How often the same actions (id and state before) were the first step.
    repeats: BTreeMap<Vec<(String, String)>, u32>,
    tries: BTreeMap<String, u32>,
    failed: BTreeMap<(String, String), String>,
    unreadable: u32,
    watches: u32,
    passing: Duration,
}

impl RunPatience {
    /// For a run that begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            jitter: Jitter::from(now),
            repeats: BTreeMap::new(),
            tries: BTreeMap::new(),
            failed: BTreeMap::new(),
            unreadable: 0,
            watches: 0,
            passing: Duration::ZERO,
        }
    }

    /// An action of this frontier that failed in this very run: another try would fail in the same way. With
    /// another aim, after a newer commit, it may succeed.
    pub(super) fn failed_before(&self, frontier: &[Action]) -> Option<String> {
        let failed = frontier.iter().find_map(|action| Some((action, self.failed.get(&aim(action))?)));
        failed.map(|(action, why)| format!("{}: {why}", action.id))
    }

    /// Judges how a step ended.
    pub(super) fn after(&mut self, frontier: &[Action], outcomes: &[ActionOutcome]) -> Next {
        (self.unreadable, self.passing) = (0, Duration::ZERO);
        let mut tries_max = 0;
        let (mut again, mut waits_for) = (None, None);
        for (action, outcome) in frontier.iter().zip(outcomes) {
            // Attempts at a migration have ids of their own; they are tries of the same action.
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
                ActionResult::Unfinished { what } => waits_for = Some(what),
            }
        }
        if let Some(why) = again {
            return match TRY.pause(tries_max, &mut self.jitter) {
                Some(pause) => Next::Again(pause),
                None => Next::GiveUp(format!("{why}; tried {tries_max} times")),
            };
        }
        if let Some(what) = waits_for {
            // It continues in AWS, so this is no repetition; but a run is something that people look at.
            self.watches += 1;
            return match self.watches >= WATCHES_MAX {
                true => Next::GiveUp(format!("still waiting for {what}; the next run continues")),
                false => Next::Again(Duration::ZERO),
            };
        }
        self.after_repeat(frontier)
    }

    /// The same first step again and again: a stale answer of AWS at first, after that something that reverts it.
    /// Steps that alternate are counted, too: two that undo each other would never end.
    fn after_repeat(&mut self, frontier: &[Action]) -> Next {
        let this = frontier.iter().map(|action| (action.id.clone(), action.before.clone())).collect();
        let repeats = self.repeats.entry(this).or_default();
        *repeats += 1;
        if *repeats == 1 {
            return Next::Again(Duration::ZERO);
        }
        match REPEAT.pause(*repeats - 1, &mut self.jitter) {
            Some(pause) => Next::Again(pause),
            None => {
                let what = frontier.iter().map(|action| action.id.as_str()).collect::<Vec<_>>().join(", ");
                Next::GiveUp(format!(
                    "{what} was applied {repeats} times without effect; something keeps reverting it"
                ))
            }
        }
    }

    /// No action can be carried out now: the pause until another observation may help. `None` = none will.
    pub(super) fn idle(&mut self, plan: &Plan) -> Option<Duration> {
        let is_unreadable = plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::Unreadable);
        if is_unreadable {
            self.unreadable += 1;
            return OBSERVE.pause(self.unreadable, &mut self.jitter);
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

#[cfg(test)]
mod tests;
