//! The migration task: sent at most once an attempt, found again after a crash, watched to its end.
//!
//! The order is the contract. The definition is registered, because the intent names it; the intent is
//! journaled; the database is tagged; RunTask is sent. After a crash the next process finds at least the intent,
//! and a task by its `startedBy`. RunTask is never repeated blindly: a lost answer is looked for first, and
//! the same token then gives the same task.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>

mod conclude;
mod ending;
mod send;
mod watch;
mod witness;

use super::context::ActionContext;
use super::definition;
use super::error::ActionError;
use crate::cloud::{Placement, TaskStatus};
use crate::plan::{Migration, MigrationStart};
use crate::spec::MigrationSpec;
use crate::store::journal::Event;

/// Brings one attempt about, or adopts it, and watches it to its end.
pub(super) async fn migrate(
    context: &ActionContext<'_>,
    id: &str,
    migration: &Migration,
) -> Result<(), ActionError> {
    let declared = context.spec.migration.as_ref();
    let declared =
        declared.ok_or_else(|| ActionError::refused("the repository no longer declares a migration"))?;
    let task = match &migration.start {
        MigrationStart::Send { template, images, placement } => {
            witness::refute(context, declared).await?;
            let definition = definition::with_images(context, template, images, None).await?.arn;
            intend(context, migration, &definition, placement)?;
            send::send(context, declared, migration, &definition, placement).await?
        }
        MigrationStart::Resend { definition, placement } => {
            let placement = match placement {
                Some(placement) => placement.clone(),
                None => {
                    let found = context.read(|| context.cloud.task_definition(definition)).await?;
                    Placement::unjournaled(&found.document)
                }
            };
            send::send(context, declared, migration, definition, &placement).await?
        }
        MigrationStart::Adopt { task } => task.clone(),
        MigrationStart::Stop { task, why } => {
            stop(context, declared, migration.attempt, task, why).await?;
            task.clone()
        }
    };
    let is_known = context.journal.ask(|ledger| {
        ledger.attempt.as_ref().is_some_and(|attempt| attempt.task.as_deref() == Some(task.as_str()))
    });
    if !is_known {
        context.record(Event::MigrationTask { attempt: migration.attempt, task: task.clone() })?;
    }
    let outcome = watch::watch(context, id, declared, migration, &task).await?;
    conclude::end(context, migration, outcome).await
}

fn intend(
    context: &ActionContext<'_>,
    migration: &Migration,
    definition: &str,
    placement: &Placement,
) -> Result<(), ActionError> {
    let Migration { from, to, attempt, resource_id, start: _, client_token, started_by, timeout: _ } =
        migration;
    context.record(Event::MigrationIntent {
        resource_id: resource_id.clone(),
        from: from.clone(),
        to: to.clone(),
        attempt: *attempt,
        client_token: client_token.clone(),
        started_by: started_by.clone(),
        definition: definition.to_owned(),
        placement: Some(placement.clone()),
    })
}

/// Asks for the end of a task, unless it is coming to one. Whether it has run is noted before.
async fn stop(
    context: &ActionContext<'_>,
    declared: &MigrationSpec,
    attempt: u32,
    arn: &str,
    why: &str,
) -> Result<(), ActionError> {
    let cluster = &context.spec.cluster;
    let tasks = context.read(|| context.cloud.family_tasks(cluster, &declared.task)).await?;
    let Some(found) = tasks.iter().find(|task| task.arn == arn) else { return Ok(()) };
    witness::note(context, attempt, found.has_run(&witness::counted(context, declared, found).await))?;
    if found.status <= TaskStatus::Running {
        context.write(|| context.cloud.stop_task(cluster, arn, why)).await?;
    }
    Ok(())
}

/// Journals that the end of an attempt is unknown, after searching for its task once more, and for longer. If the task
/// is found after all, the next pass adopts it.
pub(super) async fn write_off(
    context: &ActionContext<'_>,
    id: &str,
    attempt: u32,
    reached_running: bool,
) -> Result<(), ActionError> {
    let declared = context.spec.migration.as_ref();
    let declared =
        declared.ok_or_else(|| ActionError::refused("the repository no longer declares a migration"))?;
    let known = context.journal.ask(|ledger| {
        let attempt = ledger.attempt.as_ref();
        attempt.map(|attempt| (attempt.started_by.clone(), attempt.task.clone()))
    });
    let (started_by, task) = known.unwrap_or_default();
    if watch::is_gone(context, id, declared, &started_by, task.as_deref()).await? {
        context.record(Event::MigrationEnded { attempt, outcome: ending::unknown(reached_running) })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
