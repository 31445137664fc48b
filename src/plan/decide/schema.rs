//! The schema of the database, the code that is declared, and what lies between them: the heart of a release.
//!
//! The database's tag is the truth; the journal knows which attempts were begun. Whatever is in doubt holds: tidegate
//! never guesses an answer that it does not have.

mod assessment;
mod attempt;
mod compare;
mod compatible;
mod failure;
mod given_up;
mod refusal;
mod settled;
mod verdict;

use assessment::Assessment;
pub(in crate::plan) use compatible::fits;
pub(in crate::plan) use verdict::{GiveUp, OpenAttempt};
pub(super) use verdict::{SchemaView, Verdict};

use crate::plan::facts::Facts;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::store::journal::{AttemptStatus, Recorded};

/// Judges what the schema allows the code to do.
pub(super) fn assess(facts: &Facts<'_>) -> SchemaView {
    let (Some(migration), Some(family)) = (&facts.spec.migration, &facts.migration.family) else {
        return undeclared(facts);
    };
    let database = match &facts.database.seen {
        Ok(database) => *database,
        Err(why) => return unseen(facts, why.clone()),
    };
    let assessment = Assessment { facts, migration, database, family: family.as_ref().ok().copied() };
    let view = given_up::instead_of_failing(&assessment, judge(&assessment));
    match family {
        Ok(_) => view,
        Err(why) => with_unseen_family(facts, view, why.clone()),
    }
}

fn judge(assessment: &Assessment<'_>) -> SchemaView {
    let ledger = assessment.facts.ledger;
    if !ledger.migration_in_flight()
        && let Some((version, _)) = &ledger.record_requested
    {
        return assessment.recording(version.clone(), Recorded::Person);
    }
    match ledger.attempt.as_ref().map(|attempt| (attempt, &attempt.status)) {
        // Even if another database stands in its place now: a task may be running.
        Some((attempt, AttemptStatus::Open)) => assessment.in_flight(attempt),
        Some((attempt, AttemptStatus::Ended { outcome, at }))
            if attempt.resource_id == assessment.resource_id() =>
        {
            match outcome.succeeded {
                true => assessment.recording(attempt.to.clone(), Recorded::Migration),
                false => assessment.failed(attempt, outcome, *at),
            }
        }
        // Another database stands in its place; as a rule, it was restored from a snapshot.
        Some((_, AttemptStatus::Ended { .. } | AttemptStatus::Closed)) | None => assessment.settled(),
    }
}

/// Without an observation of the family no migration begins, and none that runs can be watched.
fn with_unseen_family(facts: &Facts<'_>, view: SchemaView, why: Blocked) -> SchemaView {
    match view.verdict {
        Verdict::Due { .. } | Verdict::InFlight(_) if facts.migration.is_undecided => {
            SchemaView { verdict: Verdict::Hold(why), ..view }
        }
        Verdict::Due { .. } | Verdict::InFlight(_) => SchemaView { verdict: Verdict::KeepCode(why), ..view },
        _ => SchemaView { doubt: Some(why), ..view },
    }
}

/// Without a migration every new version rolls, unless an attempt is undecided: removing the declaration decides
/// nothing.
fn undeclared(facts: &Facts<'_>) -> SchemaView {
    let attempt = facts.ledger.attempt.as_ref();
    let Some(attempt) = attempt.filter(|attempt| attempt.status != AttemptStatus::Closed) else {
        return SchemaView::new(None, Verdict::Fits);
    };
    let message = format!(
        "`migration` is no longer declared, and the result of the migration {} → {} is undecided",
        attempt.from, attempt.to
    );
    let hint = "declare `migration` again until its result is decided".to_owned();
    SchemaView::new(None, Verdict::Hold(blocked(BlockedReason::OutcomeUnknown, message, [hint])))
}

/// The database cannot be read. In the middle of a release nothing moves until it can.
fn unseen(facts: &Facts<'_>, why: Blocked) -> SchemaView {
    let verdict = if facts.migration.is_undecided { Verdict::Hold(why) } else { Verdict::Forbidden(why) };
    SchemaView::new(None, verdict)
}
