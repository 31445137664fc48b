//! How a migration ended, from its stopped task. Pure.

use std::collections::BTreeSet;

use crate::cloud::{Document, ENDED_BY_ITSELF, Task, Witness};
use crate::model::ContainerName;
use crate::plan::Migration;
use crate::spec::MigrationSpec;
use crate::store::journal::Outcome;

/// Characters of a logged line that are kept.
const LINE_CHARS_MAX: usize = 500;

/// The logs of the containers that count.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Their last lines.
    pub(super) lines: Vec<String>,
    /// Why a log could not be read.
    pub(super) unread: Option<String>,
}

/// The outcome of a task that has stopped. `ran` = it was seen to have run before.
pub(super) fn of(task: &Task, counted: &BTreeSet<ContainerName>, ran: bool, log: Log) -> Outcome {
    let witness = if ran { Witness::HasRun } else { task.has_run(counted) };
    let codes: Vec<Option<i32>> = task
        .containers
        .iter()
        .filter(|container| counted.contains(&container.name))
        .map(|container| container.exit_code)
        .collect();
    let worst = codes.iter().flatten().find(|code| **code != 0).or(codes.iter().flatten().next()).copied();
    let all_zero = !codes.is_empty() && codes.iter().all(|code| *code == Some(0));
    Outcome {
        succeeded: all_zero && task.stop_code.as_deref() == Some(ENDED_BY_ITSELF),
        reached_running: witness != Witness::NeverRan,
        unclear: witness == Witness::CannotTell,
        unknown: false,
        exit_code: worst,
        stop_code: task.stop_code.clone(),
        reason: task.reasons(),
        log_tail: log.lines.into_iter().map(|line| line.chars().take(LINE_CHARS_MAX).collect()).collect(),
        log_unread: log.unread,
    }
}

/// Whether a stopped task shows all that AWS can know of it. What is missing may follow in a later answer: DescribeTasks
/// is eventually consistent.
pub(super) fn is_whole(task: &Task, counted: &BTreeSet<ContainerName>) -> bool {
    let mut shown = task.containers.iter().filter(|container| counted.contains(&container.name));
    task.stop_code.is_some() && shown.all(|container| container.exit_code.is_some())
}

/// AWS no longer lists the task, so its end is unknown.
pub(super) fn unknown(reached_running: bool) -> Outcome {
    Outcome {
        succeeded: false,
        reached_running,
        unclear: false,
        unknown: true,
        exit_code: None,
        stop_code: None,
        reason: Some("AWS no longer lists the task, and its end was not seen".to_owned()),
        log_tail: Vec::new(),
        log_unread: None,
    }
}

/// Containers of the task that the declaration names: their exit codes count. A log router beside the
/// migration is essential as a rule, and is killed when the migration ends.
pub(super) fn named(declared: &MigrationSpec, task: &Task) -> BTreeSet<ContainerName> {
    let present = task.containers.iter().map(|container| &container.name);
    present.filter(|name| declared.images.contains_key(*name)).cloned().collect()
}

/// Without a declared one, the essential containers count.
pub(super) fn essential(document: &Document) -> BTreeSet<ContainerName> {
    let essential = document
        .containers()
        .filter(|container| container.get("essential").and_then(serde_json::Value::as_bool).unwrap_or(true));
    essential.filter_map(|container| Some(ContainerName::new(container.get("name")?.as_str()?))).collect()
}

/// The outcome in words.
pub(super) fn said(migration: &Migration, outcome: &Outcome) -> String {
    let Migration { from, to, attempt, .. } = migration;
    let what = format!("the migration {from} → {to}, attempt {attempt},");
    let reason = outcome.reason.as_deref().unwrap_or("no reason given");
    if outcome.unknown {
        return format!("{what} is lost: {reason}");
    }
    match outcome.exit_code {
        _ if !outcome.reached_running => format!("{what} never ran: {reason}"),
        None if outcome.unclear => {
            format!("{what} may have run; AWS does not show whether it did: {reason}")
        }
        Some(code) => format!("{what} ended with exit code {code}: {reason}"),
        None => format!("{what} was stopped: {reason}"),
    }
}

#[cfg(test)]
mod tests;
