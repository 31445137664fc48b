//! The schema version on the database's tag, and the end of an attempt whose task is gone.

use crate::model::Version;
use crate::observe::DatabaseSeen;
use crate::plan::action::{ActionKind, Step};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::Facts;
use crate::store::journal::{Attempt, Recorded};

/// Records a version that is true already: before anything else happens, because what follows depends on it. The
/// mark of a migration that changed nothing is only tidied up: AWS's refusal to remove it must keep no user out.
pub(in crate::plan::steps) fn record_present(
    facts: &Facts<'_>,
    version: &Version,
    how: Recorded,
    draft: &mut Draft,
) {
    let Ok(seen) = &facts.database.seen else { return };
    let reason = match how {
        Recorded::FirstContact => "first contact: this is the version that runs",
        Recorded::Migration => "the migration succeeded",
        Recorded::Person => "an operator recorded it",
        Recorded::Unchanged => "the failed migration changed nothing; its mark is removed",
    };
    // Where the tag is gone, the attempt knows the version before the migration.
    let attempt = facts.ledger.attempt.as_ref().filter(|_| how == Recorded::Migration);
    let before = facts.database.recorded.as_ref().or(attempt.map(|attempt| &attempt.from));
    let before = before.map_or("none", Version::as_str);
    let words = Words::new(before, version.to_string(), reason);
    let step = if how == Recorded::Unchanged { Step::Tidy } else { Step::RecordPresent };
    record(step, "schema/record-present", seen, version, how, words, draft);
}

/// Records a version on the tag.
pub(super) fn record(
    step: Step,
    id: &str,
    seen: &DatabaseSeen,
    version: &Version,
    how: Recorded,
    words: Words,
    draft: &mut Draft,
) {
    let resource_id = seen.database.resource_id.clone();
    let kind = ActionKind::RecordSchema { version: version.clone(), resource_id, how };
    draft.act(step, id, &seen.database.identifier, kind, words);
}

/// AWS no longer lists the task of an attempt: the journal notes that its result is unknown, and an operator can
/// decide.
pub(in crate::plan::steps) fn write_off(attempt: &Attempt, draft: &mut Draft) {
    let kind =
        ActionKind::EndLostMigration { attempt: attempt.number, reached_running: attempt.reached_running };
    let words = Words::new("running", "unknown", "AWS no longer lists the task");
    let id = format!("migration/{}/{}/lost", attempt.to, attempt.number);
    draft.act(Step::Record, &id, attempt.to.to_string(), kind, words);
}
