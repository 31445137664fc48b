//! Which containers of a migration task count, and noting at once that one of them has run.

use std::collections::BTreeSet;

use super::super::context::ActionContext;
use super::super::error::ActionError;
use super::ending;
use crate::cloud::{Task, Witness};
use crate::model::ContainerName;
use crate::spec::MigrationSpec;
use crate::store::journal::{AttemptStatus, Event};

/// The containers of the task that count: those that `migration.images` names. Where the task has none of them (the
/// declaration has changed since), the essential ones of its definition. Where that cannot be read, all of them.
pub(super) async fn counted(
    context: &ActionContext<'_>,
    declared: &MigrationSpec,
    task: &Task,
) -> BTreeSet<ContainerName> {
    let named = ending::named(declared, task);
    if !named.is_empty() {
        return named;
    }
    let definition = context.read(|| context.cloud.task_definition(&task.definition)).await;
    match definition.map(|definition| ending::essential(&definition.document)) {
        Ok(essential) if !essential.is_empty() => essential,
        _ => task.containers.iter().map(|container| container.name.clone()).collect(),
    }
}

/// Journals once that the task has run, as soon as an answer shows it: a later answer may show less.
pub(super) fn note(context: &ActionContext<'_>, attempt: u32, witness: Witness) -> Result<(), ActionError> {
    let is_noted =
        context.journal.ask(|ledger| ledger.attempt.as_ref().is_some_and(|attempt| attempt.reached_running));
    match witness {
        Witness::HasRun if !is_noted => context.record(Event::MigrationRunning { attempt }),
        _ => Ok(()),
    }
}

/// Before another attempt is sent: whether AWS shows by now that the one before, which counted as never run, has a task
/// that may have run.
///
/// # Errors
/// Then that is journaled, and nothing is sent.
pub(super) async fn refute(context: &ActionContext<'_>, declared: &MigrationSpec) -> Result<(), ActionError> {
    let before = context.journal.ask(|ledger| {
        let attempt = ledger.attempt.as_ref()?;
        let AttemptStatus::Ended { outcome, .. } = &attempt.status else { return None };
        let never_ran = !outcome.reached_running && !outcome.unknown && !outcome.succeeded;
        never_ran.then(|| (attempt.number, attempt.started_by.clone(), attempt.task.clone()))
    });
    let Some((number, started_by, arn)) = before else { return Ok(()) };
    let tasks = context.read(|| context.cloud.family_tasks(&context.spec.cluster, &declared.task)).await?;
    for task in tasks.iter().filter(|task| task.started_by == started_by || arn.as_ref() == Some(&task.arn)) {
        if task.has_run(&counted(context, declared, task).await) != Witness::NeverRan {
            context.record(Event::MigrationRunning { attempt: number })?;
            return Err(ActionError::refused(format!(
                "attempt {number} counted as never run, and AWS shows now that its task `{}` may have run; nothing was sent",
                task.arn
            )));
        }
    }
    Ok(())
}
