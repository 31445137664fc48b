//! The migration task: sent at most once an attempt, found again after anything, watched to its end.
//!
//! The order is the contract. The definition is registered, because the intent names it; the intent is
//! journaled; the database is tagged; RunTask is sent. Whoever comes after a crash finds at least the intent,
//! and a task by its `startedBy`. RunTask is never repeated blindly: a lost answer is looked for first, and
//! the same token then gives the same task.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>

mod ending;
mod watch;

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::{ActionContext, TRIES_MAX};
use super::definition;
use super::error::ActionError;
use crate::cloud::{CloudError, Kind, RunTask, Task, TaskStatus, tag};
use crate::model::Mode;
use crate::plan::{Migration, MigrationStart};
use crate::spec::MigrationSpec;
use crate::store::journal::{Event, Outcome};

/// Brings one attempt about, or adopts it, and watches it to its end.
pub(super) async fn migrate(
    hands: &ActionContext<'_>,
    id: &str,
    migration: &Migration,
) -> Result<(), ActionError> {
    let declared = hands.spec.migration.as_ref();
    let declared = declared.ok_or_else(|| ActionError::refused("no migration is declared any more"))?;
    let task = match &migration.start {
        MigrationStart::Send { template, images } => {
            let definition = definition::with_images(hands, template, images, None).await?.arn;
            intend(hands, migration, &definition)?;
            send(hands, declared, migration, &definition).await?
        }
        MigrationStart::Resend { definition } => send(hands, declared, migration, definition).await?,
        MigrationStart::Adopt { task } => task.clone(),
        MigrationStart::Stop { task, why } => {
            stop(hands, declared, task, why).await?;
            task.clone()
        }
    };
    let is_known = hands.journal.ask(|ledger| {
        ledger.attempt.as_ref().is_some_and(|attempt| attempt.task.as_deref() == Some(task.as_str()))
    });
    if !is_known {
        hands.record(Event::MigrationTask { attempt: migration.attempt, task: task.clone() })?;
    }
    let outcome = watch::watch(hands, id, declared, migration, &task).await?;
    end(hands, migration, outcome).await
}

fn intend(hands: &ActionContext<'_>, migration: &Migration, definition: &str) -> Result<(), ActionError> {
    let Migration { from, to, attempt, resource_id, start: _, client_token, started_by, timeout: _ } =
        migration;
    hands.record(Event::MigrationIntent {
        resource_id: resource_id.clone(),
        from: from.clone(),
        to: to.clone(),
        attempt: *attempt,
        client_token: client_token.clone(),
        started_by: started_by.clone(),
        definition: definition.to_owned(),
    })
}

/// Asks for the end of a task, unless it is coming to one.
async fn stop(
    hands: &ActionContext<'_>,
    declared: &MigrationSpec,
    arn: &str,
    why: &str,
) -> Result<(), ActionError> {
    let cluster = &hands.spec.cluster;
    let tasks = hands.read(|| hands.cloud.family_tasks(cluster, &declared.task)).await?;
    let found = tasks.iter().find(|task| task.arn == arn);
    if found.is_some_and(|task| task.status <= TaskStatus::Running) {
        hands.write(|| hands.cloud.stop_task(cluster, arn, why)).await?;
    }
    Ok(())
}

/// Sends RunTask until there is a task of this attempt, or until it is certain that there is none.
async fn send(
    hands: &ActionContext<'_>,
    declared: &MigrationSpec,
    migration: &Migration,
    definition: &str,
) -> Result<String, ActionError> {
    let mark = format!("{}/{}/{}", migration.from, migration.to, migration.attempt);
    let target = hands.database()?;
    hands.write(|| hands.cloud.tag_database(target, tag::MIGRATING, Some(&mark))).await?;
    let request = RunTask {
        cluster: hands.spec.cluster.clone(),
        definition: definition.to_owned(),
        network_of: declared.network.clone(),
        client_token: migration.client_token.clone(),
        started_by: migration.started_by.clone(),
        tags: BTreeMap::from([(tag::MIGRATING.to_owned(), mark)]),
    };
    // From the second process on, an earlier one may have sent it: nothing is concluded from a refusal.
    let mut may_be_sent = matches!(migration.start, MigrationStart::Resend { .. });
    let mut pause = Duration::from_secs(1);
    for tries in 1.. {
        if may_be_sent && let Some(task) = find(hands, declared, migration).await? {
            return Ok(task.arn);
        }
        hands.journal.verify()?;
        let error = match hands.cloud.run_task(&request).await {
            Ok(task) => return Ok(task.arn),
            Err(error) => error,
        };
        may_be_sent |= matches!(error.kind, Kind::AnswerLost | Kind::Conflict);
        if error.kind.is_transient() && tries < TRIES_MAX {
            hands.clock.sleep(pause).await;
            pause *= 2;
            continue;
        }
        return Err(match concludes(error.kind, may_be_sent) {
            true => not_started(hands, migration, error).await?,
            false => error.into(),
        });
    }
    unreachable!("the last try returns")
}

/// Whether a refusal proves that no task exists. `failures[]` always does: the token would have answered with
/// the task. Any other does as long as nothing was sent that could have arrived.
fn concludes(kind: Kind, may_be_sent: bool) -> bool {
    match kind {
        Kind::Capacity => true,
        Kind::NotFound | Kind::AccessDenied | Kind::InvalidState | Kind::Invalid => !may_be_sent,
        Kind::Throttled | Kind::Unavailable | Kind::AnswerLost | Kind::Conflict => false,
    }
}

/// No task came to be: the attempt is over and has changed nothing.
async fn not_started(
    hands: &ActionContext<'_>,
    migration: &Migration,
    error: CloudError,
) -> Result<ActionError, ActionError> {
    let outcome = Outcome {
        succeeded: false,
        reached_running: false,
        unknown: false,
        exit_code: None,
        stop_code: None,
        reason: Some(error.message),
        log_tail: Vec::new(),
    };
    match end(hands, migration, outcome).await {
        Err(ended) => Ok(ended),
        Ok(()) => Ok(ActionError::refused("the migration ended without having begun")),
    }
}

/// A task of this attempt, RUNNING or STOPPED.
async fn find(
    hands: &ActionContext<'_>,
    declared: &MigrationSpec,
    migration: &Migration,
) -> Result<Option<Task>, ActionError> {
    let cluster = &hands.spec.cluster;
    let tasks = hands.read(|| hands.cloud.family_tasks(cluster, &declared.task)).await?;
    Ok(tasks.into_iter().find(|task| task.started_by == migration.started_by))
}

/// Journals that nobody knows how an attempt ended, after looking for its task once more, and for longer. Found
/// after all, it is adopted by the next pass.
pub(super) async fn write_off(
    hands: &ActionContext<'_>,
    id: &str,
    attempt: u32,
    reached_running: bool,
) -> Result<(), ActionError> {
    let declared = hands.spec.migration.as_ref();
    let declared = declared.ok_or_else(|| ActionError::refused("no migration is declared any more"))?;
    let known = hands.journal.ask(|ledger| {
        let attempt = ledger.attempt.as_ref();
        attempt.map(|attempt| (attempt.started_by.clone(), attempt.task.clone()))
    });
    let (started_by, task) = known.unwrap_or_default();
    if watch::is_gone(hands, id, declared, &started_by, task.as_deref()).await? {
        hands.record(Event::MigrationEnded { attempt, outcome: ending::unknown(reached_running) })?;
    }
    Ok(())
}

/// Journals how the attempt ended.
async fn end(hands: &ActionContext<'_>, migration: &Migration, outcome: Outcome) -> Result<(), ActionError> {
    let attempt = migration.attempt;
    hands.record(Event::MigrationEnded { attempt, outcome: outcome.clone() })?;
    if outcome.succeeded {
        return Ok(());
    }
    let said = ending::said(migration, &outcome);
    if outcome.reached_running || outcome.unknown {
        return Err(ActionError::Refused(said));
    }
    // Nothing has happened to the schema: the mark would be a lie. In observe mode nothing is written.
    if hands.spec.mode == Mode::Enforce {
        let target = hands.database()?;
        hands.write(|| hands.cloud.tag_database(target, tag::MIGRATING, None)).await?;
    }
    Err(ActionError::Again(said))
}

#[cfg(test)]
mod tests;
