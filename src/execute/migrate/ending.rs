//! How a migration ended, from its stopped task. Pure.

use std::collections::BTreeSet;

use crate::cloud::{Document, ENDED_BY_ITSELF, Task};
use crate::model::ContainerName;
use crate::plan::Migration;
use crate::spec::MigrationSpec;
use crate::store::journal::Outcome;

/// Characters of a logged line that are kept.
const LINE_CHARS_MAX: usize = 500;

/// The outcome of a task that has stopped. `ran` = it was seen RUNNING before.
pub(super) fn of(
    task: &Task,
    counted: &BTreeSet<ContainerName>,
    ran: bool,
    log_tail: Vec<String>,
) -> Outcome {
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
        reached_running: ran || task.started_at.is_some(),
        unknown: false,
        exit_code: worst,
        stop_code: task.stop_code.clone(),
        reason: task.stopped_reason.clone(),
        log_tail: log_tail.into_iter().map(|line| line.chars().take(LINE_CHARS_MAX).collect()).collect(),
    }
}

/// Nobody saw it end.
pub(super) fn unknown(reached_running: bool) -> Outcome {
    Outcome {
        succeeded: false,
        reached_running,
        unknown: true,
        exit_code: None,
        stop_code: None,
        reason: Some("the task is not listed any more, and nobody saw it stop".to_owned()),
        log_tail: Vec::new(),
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
        Some(code) => format!("{what} ended with exit code {code}: {reason}"),
        None => format!("{what} was stopped: {reason}"),
    }
}

#[cfg(test)]
mod tests;
