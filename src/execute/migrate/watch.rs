//! Watching a migration task to its end, however long that takes.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::context::ActionContext;
use super::super::error::ActionError;
use super::super::wait::delta;
use super::ending;
use crate::cloud::{Task, TaskStatus};
use crate::model::Instant;
use crate::plan::Migration;
use crate::spec::MigrationSpec;
use crate::store::journal::{Event, LISTING_DELAY_MAX, Outcome};

/// After this long the run looks at everything else, and goes on watching: somebody may have opened the gate.
const LOOK_AROUND_AFTER: Duration = Duration::from_secs(5 * 60);
/// After [`LISTING_DELAY_MAX`], one answer without the task is still no proof that AWS has lost it.
const MISSING_FOR: TimeDelta = TimeDelta::minutes(5);
/// A task that is missed is looked for to the end before anybody looks around: 45 minutes, five more, and some.
const MISSED_MAX: Duration = Duration::from_secs(3600);
/// Lines that are kept of its log.
const LOG_LINES: usize = 20;

/// Watches until the task has stopped, or is lost.
pub(super) async fn watch(
    hands: &ActionContext<'_>,
    id: &str,
    declared: &MigrationSpec,
    migration: &Migration,
    arn: &str,
) -> Result<Outcome, ActionError> {
    let cluster = &hands.spec.cluster;
    let mut wait = hands.wait(id, "the migration to end", MISSED_MAX);
    let mut missing_since: Option<Instant> = None;
    let begun_at = hands.clock.now();
    loop {
        let now = hands.clock.now();
        let (intended_at, ran) = hands.journal.ask(|ledger| {
            let attempt = ledger.attempt.as_ref();
            (attempt.map_or(now, |a| a.intended_at), attempt.is_some_and(|a| a.reached_running))
        });
        let tasks = hands.read(|| hands.cloud.family_tasks(cluster, &declared.task)).await?;
        let seen = match tasks.into_iter().find(|task| task.arn == arn) {
            Some(task) => {
                missing_since = None;
                if !ran && (task.started_at.is_some() || task.status == TaskStatus::Running) {
                    hands.record(Event::MigrationRunning { attempt: migration.attempt })?;
                }
                if task.status == TaskStatus::Stopped {
                    return outcome(hands, declared, &task, ran).await;
                }
                words(task.status).to_owned()
            }
            None => {
                let since = *missing_since.get_or_insert(now);
                if now - intended_at > LISTING_DELAY_MAX && now - since > MISSING_FOR {
                    return Ok(ending::unknown(ran));
                }
                "not listed".to_owned()
            }
        };
        say_when_overdue(hands, id, migration, now - intended_at)?;
        if missing_since.is_none() && now - begun_at >= delta(LOOK_AROUND_AFTER) {
            return Err(ActionError::Left("the migration, which goes on,".to_owned()));
        }
        match wait.pause(&seen).await {
            Err(ActionError::Deadline { what, .. }) => return Err(ActionError::Left(what)),
            paused => paused?,
        }
    }
}

async fn outcome(
    hands: &ActionContext<'_>,
    declared: &MigrationSpec,
    task: &Task,
    ran: bool,
) -> Result<Outcome, ActionError> {
    let mut counted = ending::named(declared, task);
    if counted.is_empty() {
        let definition = hands.read(|| hands.cloud.task_definition(&task.definition)).await?;
        counted = ending::essential(&definition.document);
    }
    // A log that cannot be read does not change how the migration ended.
    let log = hands.read(|| hands.cloud.log_tail(&task.arn, LOG_LINES)).await.unwrap_or_default();
    Ok(ending::of(task, &counted, ran, log))
}

/// Looks for an attempt that was not found when this was planned, long enough to be sure. `true` = it is gone.
pub(super) async fn is_gone(
    hands: &ActionContext<'_>,
    id: &str,
    declared: &MigrationSpec,
    started_by: &str,
    arn: Option<&str>,
) -> Result<bool, ActionError> {
    let mut wait = hands.wait(id, "the lost migration", MISSED_MAX);
    let since = hands.clock.now();
    loop {
        let tasks = hands.read(|| hands.cloud.family_tasks(&hands.spec.cluster, &declared.task)).await?;
        if tasks.iter().any(|task| task.started_by == started_by || Some(task.arn.as_str()) == arn) {
            return Ok(false);
        }
        if hands.clock.now() - since > MISSING_FOR {
            return Ok(true);
        }
        wait.pause("not listed").await?;
    }
}

/// Once an attempt: a person is told, the task goes on.
fn say_when_overdue(
    hands: &ActionContext<'_>,
    id: &str,
    migration: &Migration,
    age: TimeDelta,
) -> Result<(), ActionError> {
    let is_said = hands.journal.ask(|ledger| ledger.attempt.as_ref().is_some_and(|attempt| attempt.overdue));
    if is_said || age <= delta(migration.timeout) {
        return Ok(());
    }
    let limit = humantime::format_duration(migration.timeout);
    hands.progress.action_progress(id, &format!("longer than {limit}; it goes on and is watched"));
    hands.record(Event::MigrationOverdue { attempt: migration.attempt })
}

fn words(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => "starting",
        TaskStatus::Running => "running",
        TaskStatus::Deactivating | TaskStatus::Stopping | TaskStatus::Deprovisioning => "stopping",
        TaskStatus::Stopped => "stopped",
    }
}
