//! An attempt that is open, and one that failed.

use chrono::TimeDelta;

use super::assessment::Assessment;
use super::verdict::{OpenAttempt, SchemaView, Verdict};
use crate::model::{Instant, Version};
use crate::store::journal::{Attempt, LISTING_DELAY_MAX, Outcome, Recorded};

/// How often tidegate tries a migration that never ran: with the pauses between the attempts, for some
/// four minutes.
const UNSTARTED_ATTEMPTS_MAX: u32 = 5;

/// AWS refuses the signatures of a machine whose clock is further from its own
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>).
const CLOCKS_DIFFER_MAX: TimeDelta = TimeDelta::minutes(5);

impl Assessment<'_> {
    pub(super) fn in_flight(&self, attempt: &Attempt) -> SchemaView {
        let recorded = Some(attempt.from.clone());
        let open = |task: Option<String>| {
            let open = Box::new(OpenAttempt { attempt: attempt.clone(), task });
            SchemaView::new(recorded.clone(), Verdict::InFlight(open))
        };
        // Without an observation of the family nothing can be watched: the caller turns the verdict into a hold.
        let Some(family) = self.family else { return open(attempt.task.clone()) };
        let of_attempt = family
            .tasks
            .iter()
            .filter(|task| task.started_by == attempt.started_by || attempt.task.as_ref() == Some(&task.arn));
        let found = of_attempt.max_by_key(|task| (task.created_at, &task.arn));
        let age = self.facts.now - attempt.intended_at;
        match found {
            Some(task) => open(Some(task.arn.clone())),
            // An intent from the future was written by a machine with another time: how old it is, nobody can say, and
            // the client token of a request that is older than the list of stopped tasks protects against nothing.
            None if (-CLOCKS_DIFFER_MAX..=LISTING_DELAY_MAX).contains(&age) => open(attempt.task.clone()),
            None => SchemaView {
                lost: Some(attempt.clone()),
                ..SchemaView::new(recorded, Verdict::Hold(self.lost(attempt)))
            },
        }
    }

    pub(super) fn failed(&self, attempt: &Attempt, outcome: &Outcome, at: Instant) -> SchemaView {
        let wanted = self.wanted();
        let is_intact = self.is_intact(attempt, outcome);
        let aborted = self.facts.ledger.aborted.as_ref().is_some_and(|(version, _)| version == wanted);
        let recorded = self.facts.database.recorded.clone().unwrap_or_else(|| attempt.from.clone());
        let again = |number| Verdict::Due {
            from: attempt.from.clone(),
            to: wanted.clone(),
            attempt: number,
            doubt: (!is_intact).then(|| self.failure(attempt, outcome, at)),
        };
        let verdict = if *wanted == attempt.to {
            let by_itself =
                !outcome.reached_running && !outcome.unknown && attempt.number < UNSTARTED_ATTEMPTS_MAX;
            if is_intact && (aborted || self.was_given_up(wanted)) {
                return self.given_up(recorded);
            } else if aborted {
                Verdict::Hold(self.failure(attempt, outcome, at))
            } else if by_itself || self.facts.ledger.retry.is_some() {
                again(attempt.number + 1)
            } else if is_intact && self.goes_back_by_itself(outcome) {
                let give_up = self.give_up_after(attempt, outcome);
                return self.giving_up(give_up, recorded);
            } else {
                Verdict::Hold(self.failure(attempt, outcome, at))
            }
        } else if is_intact {
            return self.given_up(recorded);
        } else if self.is_newer_than(&attempt.to) && !aborted {
            again(self.attempts_made(wanted) + 1)
        } else {
            Verdict::Hold(self.failure(attempt, outcome, at))
        };
        SchemaView::new(Some(recorded), verdict)
    }

    /// The failed migration has changed nothing, and its version is no longer declared: its mark is removed.
    fn given_up(&self, recorded: Version) -> SchemaView {
        match self.compare(&recorded) {
            // The mark of the next attempt replaces it.
            due @ Verdict::Due { .. } => SchemaView::new(Some(recorded), due),
            _ => self.recording(recorded, Recorded::Unchanged),
        }
    }
}
