//! The end of an attempt: journaled, and for an attempt that never ran the mark on the database is removed.

use super::super::context::ActionContext;
use super::super::error::ActionError;
use super::ending;
use crate::cloud::tag;
use crate::model::Mode;
use crate::plan::Migration;
use crate::store::journal::{Event, Outcome};

/// Journals how the attempt ended.
pub(super) async fn end(
    context: &ActionContext<'_>,
    migration: &Migration,
    outcome: Outcome,
) -> Result<(), ActionError> {
    let attempt = migration.attempt;
    context.record(Event::MigrationEnded { attempt, outcome: outcome.clone() })?;
    if outcome.succeeded {
        return Ok(());
    }
    let said = ending::said(migration, &outcome);
    if outcome.reached_running || outcome.unknown {
        return Err(ActionError::Refused(said));
    }
    // The schema is unchanged, and the mark would say otherwise. In observe mode nothing is written.
    if context.spec.mode == Mode::Enforce {
        let target = context.database()?;
        context.write(|| context.cloud.tag_database(target, tag::MIGRATING, None)).await?;
    }
    Err(ActionError::Again(said))
}
