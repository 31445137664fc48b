//! Watching a migration task to its end, however long that takes.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;

use super::super::context::ActionContext;
use super::super::error::ActionError;
use super::super::wait::delta;
use super::{ending, witness};
use crate::clock::Monotonic;
use crate::cloud::{LogTail, Task, TaskStatus, Witness};
use crate::model::ContainerName;
use crate::plan::Migration;
use crate::spec::MigrationSpec;
use crate::store::journal::{Event, LISTING_DELAY_MAX, Outcome};

/// After this long the run observes everything else, then continues to watch: someone may have opened the gate.
const LOOK_AROUND_AFTER: Duration = Duration::from_secs(5 * 60);
/// After [`LISTING_DELAY_MAX`], one answer without the task is still no proof that AWS has lost it.
const MISSING_FOR: Duration = Duration::from_secs(5 * 60);
/// The search for a missing task is not interrupted by other observations: 45 minutes, five more, and a margin.
const MISSED_MAX: Duration = Duration::from_secs(3600);
/// Lines that are kept of a container's log.
const LOG_LINES: usize = 20;
/// Containers of which the log is kept. As a rule one counts.
const LOGS_MAX: usize = 3;
/// How often a stopped task that does not show everything is looked at again before it is judged.
const LOOKS_AGAIN: u32 = 3;

/// Watches until the task has stopped, or is lost.
pub(super) async fn watch(
    context: &ActionContext<'_>,
    id: &str,
    declared: &MigrationSpec,
    migration: &Migration,
    arn: &str,
) -> Result<Outcome, ActionError> {
    let cluster = &context.spec.cluster;
    let mut wait = context.wait(id, "the migration to end", MISSED_MAX);
    let mut missing_since: Option<Monotonic> = None;
    let begun_at = context.clock.monotonic();
    let mut looks_left = LOOKS_AGAIN;
    loop {
        let now = context.clock.monotonic();
        let (intended_at, ran) = context.journal.ask(|ledger| {
            let attempt = ledger.attempt.as_ref();
            (attempt.map(|a| a.intended_at), attempt.is_some_and(|a| a.reached_running))
        });
        let age =
            intended_at.map_or(TimeDelta::zero(), |at| context.clock.now() - context.clock.in_present(at));
        let tasks = context.read(|| context.cloud.family_tasks(cluster, &declared.task)).await?;
        let seen = match tasks.into_iter().find(|task| task.arn == arn) {
            Some(task) => {
                missing_since = None;
                let counted = witness::counted(context, declared, &task).await;
                let seen = task.has_run(&counted);
                witness::note(context, migration.attempt, seen)?;
                if task.status == TaskStatus::Stopped {
                    if looks_left == 0 || ending::is_whole(&task, &counted) {
                        return Ok(outcome(context, &task, &counted, ran).await);
                    }
                    looks_left -= 1;
                }
                words(task.status, seen).to_owned()
            }
            None => {
                let since = *missing_since.get_or_insert(now);
                if age > LISTING_DELAY_MAX && now.since(since) > MISSING_FOR {
                    return Ok(ending::unknown(ran));
                }
                "not listed".to_owned()
            }
        };
        say_when_overdue(context, id, migration, age)?;
        if missing_since.is_none() && now.since(begun_at) >= LOOK_AROUND_AFTER {
            return Err(ActionError::Interrupted("the migration".to_owned()));
        }
        match wait.pause(&seen).await {
            Err(ActionError::Deadline { what, .. }) => return Err(ActionError::Interrupted(what)),
            paused => paused?,
        }
    }
}

async fn outcome(
    context: &ActionContext<'_>,
    task: &Task,
    counted: &BTreeSet<ContainerName>,
    ran: bool,
) -> Outcome {
    let log = match !ran && task.has_run(counted) == Witness::NeverRan {
        true => ending::Log::default(),
        false => log(context, task, counted).await,
    };
    ending::of(task, counted, ran, log)
}

/// The log of the containers that count; of several, the ones that failed come last. A log that cannot be read does not
/// change how the migration ended, and is reported.
async fn log(context: &ActionContext<'_>, task: &Task, counted: &BTreeSet<ContainerName>) -> ending::Log {
    let mut shown: Vec<_> = task.containers.iter().filter(|shown| counted.contains(&shown.name)).collect();
    shown.sort_by_key(|container| container.exit_code != Some(0));
    let (mut lines, mut unread) = (Vec::new(), Vec::new());
    for container in shown.into_iter().rev().take(LOGS_MAX).rev() {
        let name = &container.name;
        match context.read(|| context.cloud.log_tail(task, name, LOG_LINES)).await {
            Ok(LogTail::Lines(found)) => lines.extend(found),
            Ok(LogTail::Unread(why)) => unread.push(why),
            Err(error) => unread.push(format!("container `{name}`: {error}")),
        }
    }
    ending::Log { lines, unread: (!unread.is_empty()).then(|| unread.join("; ")) }
}

/// Searches for the task of an attempt that the plan did not find, long enough to be sure. `true` = AWS no longer lists it.
pub(super) async fn is_gone(
    context: &ActionContext<'_>,
    id: &str,
    declared: &MigrationSpec,
    started_by: &str,
    arn: Option<&str>,
) -> Result<bool, ActionError> {
    let mut wait = context.wait(id, "the lost migration", MISSED_MAX);
    let since = context.clock.monotonic();
    loop {
        let tasks =
            context.read(|| context.cloud.family_tasks(&context.spec.cluster, &declared.task)).await?;
        if tasks.iter().any(|task| task.started_by == started_by || Some(task.arn.as_str()) == arn) {
            return Ok(false);
        }
        if context.clock.monotonic().since(since) > MISSING_FOR {
            return Ok(true);
        }
        wait.pause("not listed").await?;
    }
}

/// Reports once an attempt that the migration takes too long. tidegate does not stop the task.
fn say_when_overdue(
    context: &ActionContext<'_>,
    id: &str,
    migration: &Migration,
    age: TimeDelta,
) -> Result<(), ActionError> {
    let is_said =
        context.journal.ask(|ledger| ledger.attempt.as_ref().is_some_and(|attempt| attempt.overdue));
    if is_said || age <= delta(migration.timeout) {
        return Ok(());
    }
    let limit = humantime::format_duration(migration.timeout);
    context
        .progress
        .action_progress(id, &format!("running for longer than {limit}; tidegate keeps watching"));
    context.record(Event::MigrationOverdue { attempt: migration.attempt })
}

/// A container may run in a task that is still starting.
fn words(status: TaskStatus, seen: Witness) -> &'static str {
    match status {
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating
            if seen == Witness::HasRun =>
        {
            "running"
        }
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => "starting",
        TaskStatus::Running => "running",
        TaskStatus::Deactivating | TaskStatus::Stopping | TaskStatus::Deprovisioning => "stopping",
        TaskStatus::Stopped => "stopped",
    }
}
