//! Sending a migration task: RunTask until there is a task of this attempt, or until it is certain that there is none.
//!
//! RunTask is never repeated blindly: after a lost answer the task is searched for by its `startedBy` first, and the
//! same token then gives the same task.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>

use std::cell::Cell;
use std::collections::BTreeMap;

use super::super::context::{ActionContext, WRITE};
use super::super::error::ActionError;
use super::conclude;
use crate::cloud::{CloudError, Kind, Placement, RunTask, Task, tag};
use crate::plan::{Migration, MigrationStart};
use crate::retry::retry;
use crate::spec::MigrationSpec;
use crate::store::journal::Outcome;

/// Sends RunTask until there is a task of this attempt, or until it is certain that there is none.
pub(super) async fn send(
    context: &ActionContext<'_>,
    declared: &MigrationSpec,
    migration: &Migration,
    definition: &str,
    placement: &Placement,
) -> Result<String, ActionError> {
    let mark = format!("{}/{}/{}", migration.from, migration.to, migration.attempt);
    let target = context.database()?;
    let is_resent = matches!(migration.start, MigrationStart::Resend { .. });
    let marked = context.write(|| context.cloud.tag_database(target, tag::MIGRATING, Some(&mark))).await;
    match marked {
        // Nothing was sent: the attempt is over, instead of waiting for a task that cannot come.
        Err(ActionError::Cloud(error)) if !is_resent => {
            return Err(not_started(context, migration, error).await?);
        }
        marked => marked?,
    }
    let request = RunTask {
        cluster: context.spec.cluster.clone(),
        definition: definition.to_owned(),
        network_of: declared.network.clone(),
        placement: placement.clone(),
        client_token: migration.client_token.clone(),
        started_by: migration.started_by.clone(),
        tags: BTreeMap::from([(tag::MIGRATING.to_owned(), mark)]),
    };
    // From the second process on, an earlier one may have sent it: a refusal proves nothing.
    let may_be_sent = Cell::new(is_resent);
    let attempt = || async {
        let looked = async {
            let found = match may_be_sent.get() {
                true => find(context, declared, migration).await?,
                false => None,
            };
            if found.is_none() {
                context.journal.verify()?;
            }
            Ok::<_, ActionError>(found)
        };
        match looked.await {
            Ok(Some(task)) => Ok(Ok(task.arn)),
            Ok(None) => {
                let sent = context.cloud.run_task(&request).await;
                let is_doubtful =
                    |error: &CloudError| matches!(error.kind, Kind::AnswerLost | Kind::Conflict);
                may_be_sent.set(may_be_sent.get() || sent.as_ref().is_err_and(is_doubtful));
                sent.map(|task| Ok(task.arn))
            }
            Err(error) => Ok(Err(error)),
        }
    };
    match retry(context.clock, WRITE, |error: &CloudError| error.kind.is_transient(), attempt).await {
        Ok(sent) => sent,
        Err(error) if concludes(error.kind, may_be_sent.get()) => {
            Err(not_started(context, migration, error).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a refusal proves that no task exists. `failures[]` always does: the token would have answered with
/// the task. Any other does as long as nothing was sent that could have arrived.
pub(super) fn concludes(kind: Kind, may_be_sent: bool) -> bool {
    match kind {
        Kind::Capacity => true,
        Kind::NotFound
        | Kind::AccessDenied
        | Kind::Credentials
        | Kind::InvalidState
        | Kind::Invalid
        | Kind::Throttled
        | Kind::Unavailable => !may_be_sent,
        Kind::AnswerLost | Kind::Conflict => false,
    }
}

/// There is no task: the attempt is over and has changed nothing.
async fn not_started(
    context: &ActionContext<'_>,
    migration: &Migration,
    error: CloudError,
) -> Result<ActionError, ActionError> {
    let outcome = Outcome {
        succeeded: false,
        reached_running: false,
        unclear: false,
        unknown: false,
        exit_code: None,
        stop_code: None,
        reason: Some(error.to_string()),
        log_tail: Vec::new(),
        log_unread: None,
    };
    match conclude::end(context, migration, outcome).await {
        Err(ended) => Ok(ended),
        Ok(()) => Ok(ActionError::refused("the migration ended before it began")),
    }
}

/// A task of this attempt, RUNNING or STOPPED.
async fn find(
    context: &ActionContext<'_>,
    declared: &MigrationSpec,
    migration: &Migration,
) -> Result<Option<Task>, ActionError> {
    let cluster = &context.spec.cluster;
    let tasks = context.read(|| context.cloud.family_tasks(cluster, &declared.task)).await?;
    Ok(tasks.into_iter().find(|task| task.started_by == migration.started_by))
}
