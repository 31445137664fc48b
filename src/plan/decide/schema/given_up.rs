//! A failure before the point of no return: the schema is as it was, so the old version comes back by itself.

use super::assessment::Assessment;
use super::verdict::{GiveUp, SchemaView, Verdict};
use crate::model::Version;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::spec::OnFailure;
use crate::store::journal::{Attempt, AttemptStatus, GivenUp, Outcome, Recorded};

/// A migration that is due and can never be sent, because a step before it has failed for good or its family is gone:
/// the release is given up. While the schema is in doubt nothing can be given up.
pub(super) fn instead_of_failing(assessment: &Assessment<'_>, view: SchemaView) -> SchemaView {
    let Verdict::Due { from, to, doubt: None, .. } = &view.verdict else { return view };
    let ledger = assessment.facts.ledger;
    if ledger.release.as_ref().is_none_or(|release| release.to != *to) {
        return view;
    }
    let failed = ledger.failed_step.as_ref().filter(|failed| failed.to == *to);
    let family = assessment.facts.migration.family.as_ref().and_then(|family| family.as_ref().err());
    let gone = family.filter(|why| why.reason == BlockedReason::Missing);
    let Some(why) = failed.map(|failed| &failed.why).or(gone.map(|gone| &gone.message)) else { return view };
    let give_up = GiveUp { from: from.clone(), to: to.clone(), why: why.clone() };
    let recorded = from.clone();
    assessment.giving_up(give_up, recorded)
}

impl Assessment<'_> {
    /// Whether this very version was given up, and nothing has happened since that begins its release again.
    pub(super) fn was_given_up(&self, wanted: &Version) -> bool {
        self.facts.ledger.given_up.as_ref().is_some_and(|given_up| given_up.to == *wanted)
    }

    /// Whether a migration that has changed nothing is followed by the old version without an operator.
    pub(super) fn goes_back_by_itself(&self, outcome: &Outcome) -> bool {
        !outcome.reached_running || self.migration.on_failure == OnFailure::Revert
    }

    /// The migration never ran, or it has failed and changed nothing.
    pub(super) fn give_up_after(&self, attempt: &Attempt, outcome: &Outcome) -> GiveUp {
        let Attempt { from, to, number, .. } = attempt;
        let reason = outcome.reason.as_deref().unwrap_or("AWS gave no reason");
        let why = match outcome.exit_code.filter(|_| outcome.reached_running) {
            Some(code) => {
                let last = outcome.log_tail.last().map(|line| format!("; its last line: {line}"));
                format!(
                    "the migration (attempt {number}) failed with exit code {code}, and it is declared atomic: {reason}{}",
                    last.unwrap_or_default()
                )
            }
            None => format!("the migration never ran, in {number} attempts: {reason}"),
        };
        GiveUp { from: from.clone(), to: to.clone(), why }
    }

    /// The release is given up. What a failed attempt left on the database's tags is removed, once users are back.
    pub(super) fn giving_up(&self, give_up: GiveUp, recorded: Version) -> SchemaView {
        let ended = self.facts.ledger.attempt.as_ref().filter(|attempt| {
            matches!(attempt.status, AttemptStatus::Ended { .. }) && attempt.resource_id == self.resource_id()
        });
        let record = ended.map(|_| (recorded.clone(), Recorded::Unchanged));
        SchemaView { record, ..SchemaView::new(Some(recorded), Verdict::GiveUp(give_up)) }
    }

    /// The release was given up, and its version is still declared.
    pub(super) fn stays_given_up(&self, given_up: &GivenUp) -> Blocked {
        let GivenUp { at, from, to, why } = given_up;
        given_up_because(
            self.facts.spec.name.as_str(),
            self.migration.follows.as_str(),
            from,
            to,
            Some(self.clock_time(*at)),
            why,
        )
    }
}

impl GiveUp {
    /// The same in the pass that gives the release up.
    pub(in crate::plan::decide) fn blocked(&self, environment: &str, follows: &str) -> Blocked {
        let GiveUp { from, to, why } = self;
        given_up_because(environment, follows, from, to, None, why)
    }
}

fn given_up_because(
    environment: &str,
    follows: &str,
    from: &Version,
    to: &Version,
    at: Option<String>,
    why: &str,
) -> Blocked {
    let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
    let message =
        format!("tidegate gave the release {from} → {to} up{at}: {why}\nthe schema stays at {from}");
    let hints = [
        format!(
            "after the cause is removed, begin the release again: tidegate retry {environment} --reason \"…\""
        ),
        format!("or fix forward: set `versions.{follows}` to a version newer than {to}"),
        format!("or stay on this version: set `versions.{follows}` to {from}"),
    ];
    blocked(BlockedReason::GivenUp, message, hints)
}
