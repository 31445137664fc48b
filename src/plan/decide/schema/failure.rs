//! A migration that did not end well: how it failed, and the ways out, with their commands.

use super::assessment::Assessment;
use crate::cloud::Cause;
use crate::model::Instant;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::store::journal::{Attempt, Outcome};

/// How many of the task's last log lines are shown: the last ones say why it failed.
const LOG_LINES_SHOWN: usize = 3;
/// AWS's words for a task of which a container ended. They say nothing that the exit code does not say.
const EXITED: &str = "Essential container in task exited";

/// How the migration is run again: as it is, or after what stands in its way is changed.
fn again(outcome: &Outcome) -> String {
    match outcome.cause().and_then(Cause::remedy) {
        Some(remedy) => format!("{remedy}; then run the migration again"),
        None => "run the same migration again".to_owned(),
    }
}

impl Assessment<'_> {
    /// The attempt failed.
    pub(super) fn failure(&self, attempt: &Attempt, outcome: &Outcome, at: Instant) -> Blocked {
        if outcome.unknown {
            return self.lost(attempt);
        }
        let code = outcome.exit_code.map_or("no exit code".to_owned(), |code| format!("exit code {code}"));
        let reason = outcome.reason.as_deref().unwrap_or("no reason given");
        let how = if !outcome.reached_running {
            format!("its task never ran: {reason}")
        } else if outcome.unclear {
            format!("AWS does not show whether its task ran ({reason}); it may have changed the schema")
        } else if outcome.ended_by_itself() && reason == EXITED {
            code
        } else if outcome.ended_by_itself() {
            format!("{code} ({reason})")
        } else {
            format!("its task was killed ({reason}), {code}; it may have committed before that")
        };
        let mut message = format!(
            "the migration {} → {} (attempt {}) failed at {}: {how}",
            attempt.from,
            attempt.to,
            attempt.number,
            self.clock_time(at)
        );
        for line in outcome.log_tail.iter().rev().take(LOG_LINES_SHOWN).rev() {
            message.push_str("\n  | ");
            message.push_str(line);
        }
        if let Some(why) = &outcome.log_unread {
            message.push_str("\nits log could not be read: ");
            message.push_str(why);
        }
        let is_intact = self.is_intact(attempt, outcome);
        if !is_intact && self.has_changed_nothing(outcome) {
            message.push_str("\nan earlier attempt may have changed the schema");
        }
        message.push_str(self.what_users_see());
        let why_intact = is_intact.then_some(if outcome.reached_running {
            "the migration is declared atomic: it changed nothing"
        } else {
            "the migration never ran, so nothing has changed"
        });
        let mut ways = self.ways_forward(attempt, &again(outcome));
        ways.extend(why_intact.map(|why| {
            format!("or go back: set `versions.{}` to {} ({why})", self.migration.follows, attempt.from)
        }));
        if outcome.reached_running || !is_intact {
            ways.extend(self.ways_by_hand());
        } else {
            ways.push(format!(
                "or give the release up: tidegate abort {} --reason \"…\"",
                self.facts.spec.name
            ));
        }
        blocked(BlockedReason::MigrationFailed, message, ways)
    }

    /// AWS no longer lists the task, and its end was not observed.
    pub(super) fn lost(&self, attempt: &Attempt) -> Blocked {
        let mut message = format!(
            "the migration {} → {} (attempt {}) started at {}, but AWS no longer lists its task: the result is unknown",
            attempt.from,
            attempt.to,
            attempt.number,
            self.clock_time(attempt.intended_at)
        );
        message.push_str(self.what_users_see());
        let mut ways = vec![format!(
            "check the database, then record its schema version: tidegate record-schema {} VERSION --reason \"…\"",
            self.facts.spec.name
        )];
        let again = self.ways_forward(attempt, "if running the migration twice is safe");
        ways.extend(again.into_iter().enumerate().map(|(index, way)| match index {
            0 => format!("or, {way}"),
            _ => way,
        }));
        ways.extend(self.way_back());
        blocked(BlockedReason::OutcomeUnknown, message, ways)
    }

    fn what_users_see(&self) -> &'static str {
        match &self.facts.spec.maintenance {
            Some(_) => "\nusers see the maintenance page; the services stay down",
            None => "\nthe services stay down",
        }
    }

    pub(super) fn ways_forward(&self, attempt: &Attempt, again: &str) -> Vec<String> {
        let (follows, tried) = (&self.migration.follows, &attempt.to);
        let first = match self.wanted() == tried {
            true => String::new(),
            false => format!("set `versions.{follows}` to {tried}, then "),
        };
        vec![
            format!("{again}: {first}tidegate retry {} --reason \"…\"", self.facts.spec.name),
            format!("or fix forward: set `versions.{follows}` to a version newer than {tried}"),
        ]
    }

    fn ways_by_hand(&self) -> Vec<String> {
        let say = format!(
            "or check the database, then record its schema version: tidegate record-schema {} VERSION --reason \"…\"",
            self.facts.spec.name
        );
        std::iter::once(say).chain(self.way_back()).collect()
    }

    fn way_back(&self) -> Option<String> {
        let snapshot = self.facts.ledger.snapshot.as_ref()?;
        Some(format!(
            "or restore the snapshot `{}`, which was taken before the migration",
            snapshot.identifier
        ))
    }
}
