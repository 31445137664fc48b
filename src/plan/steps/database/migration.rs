//! The migration: sent, sent again, watched or stopped.

use super::record::record;
use super::settle::settle;
use super::snapshot::take;
use super::token::token;
use crate::model::Mode;
use crate::observe::DatabaseSeen;
use crate::plan::action::{ActionKind, Migration, MigrationStart, Step};
use crate::plan::decide::Work;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::Facts;
use crate::spec::MigrationSpec;
use crate::store::journal::Recorded;

pub(super) fn migrate(facts: &Facts<'_>, seen: &DatabaseSeen, work: &Work, draft: &mut Draft) {
    let Some(spec) = &facts.spec.migration else { return };
    let (from, to) = match work {
        Work::Run { from, to, .. } => (from, to),
        Work::Watch(open) => (&open.attempt.from, &open.attempt.to),
    };
    if let Some(why) = stop_requested(facts, work) {
        let migration = attempt(facts, spec, seen, work);
        let id = format!("migration/{to}/{}/stop", migration.attempt);
        let words = Words::new("running", "stopped", why);
        return draft.act(Step::Migrate, &id, spec.task.as_str(), ActionKind::Migrate(migration), words);
    }
    if matches!(work, Work::Run { .. }) && spec.snapshot.take {
        take(facts, seen, from, to, draft);
    }
    let migration = attempt(facts, spec, seen, work);
    if let (Work::Run { .. }, Some(placed)) = (work, &facts.migration.placement) {
        placed.note.iter().for_each(|note| draft.note(note.clone()));
    }
    let again = format!("retry: attempt {}", migration.attempt);
    let reason = match migration.start {
        MigrationStart::Send { .. } if migration.attempt > 1 => again.as_str(),
        MigrationStart::Send { .. } if spec.snapshot.take => "once, after the snapshot is available",
        MigrationStart::Send { .. } => "once, while only the database is up",
        MigrationStart::Resend { .. } => {
            "the request was sent and no task is found: the same request again, which AWS carries out once"
        }
        MigrationStart::Adopt { .. } | MigrationStart::Stop { .. } => {
            "already running: tidegate watches it to its end"
        }
    };
    let id = format!("migration/{to}/{}", migration.attempt);
    let words = Words::new(from.to_string(), to.to_string(), reason);
    draft.act(Step::Migrate, &id, spec.task.as_str(), ActionKind::Migrate(migration), words);
    let words = Words::new(from.to_string(), to.to_string(), "after the migration succeeds");
    record(Step::Record, "schema/record", seen, to, Recorded::Migration, words, draft);
    if !spec.settle.is_zero() {
        let until = facts.now + chrono::TimeDelta::from_std(spec.settle).unwrap_or_default();
        settle(facts, until, spec, draft);
    }
}

fn attempt(facts: &Facts<'_>, spec: &MigrationSpec, seen: &DatabaseSeen, work: &Work) -> Migration {
    let resource_id = &seen.database.resource_id;
    match work {
        Work::Watch(open) => Migration {
            from: open.attempt.from.clone(),
            to: open.attempt.to.clone(),
            attempt: open.attempt.number,
            resource_id: open.attempt.resource_id.clone(),
            start: match (&open.task, stop_requested(facts, work)) {
                (Some(task), Some(why)) => MigrationStart::Stop { task: task.clone(), why },
                (Some(task), None) => MigrationStart::Adopt { task: task.clone() },
                (None, _) => MigrationStart::Resend {
                    definition: open.attempt.definition.clone(),
                    placement: open.attempt.placement.clone(),
                },
            },
            client_token: open.attempt.client_token.clone(),
            started_by: open.attempt.started_by.clone(),
            timeout: spec.timeout,
        },
        Work::Run { from, to, attempt } => {
            let images = facts.migration.wanted.images.clone();
            let pinned: Vec<&str> = images.values().map(|image| image.as_str()).collect();
            let number = attempt.to_string();
            let family = facts.migration.family.as_ref().and_then(|family| family.as_ref().ok());
            let template = family.map(|family| family.newest.arn.clone()).unwrap_or_default();
            let placed = facts.migration.placement.as_ref();
            let placement = placed.map(|placed| placed.placement.clone()).unwrap_or_default();
            Migration {
                from: from.clone(),
                to: to.clone(),
                attempt: *attempt,
                resource_id: resource_id.clone(),
                start: MigrationStart::Send { template, images: images.clone(), placement },
                client_token: token(&[resource_id, to.as_str(), &pinned.join(" "), &number]),
                started_by: token(&[resource_id, to.as_str(), &number]),
                timeout: spec.timeout,
            }
        }
    }
}

/// Who requested the stop of the running task, and why. In mode `observe` the task is only watched.
fn stop_requested(facts: &Facts<'_>, work: &Work) -> Option<String> {
    let Work::Watch(open) = work else { return None };
    let request = open.attempt.stop.as_ref().filter(|_| facts.input.mode == Mode::Enforce)?;
    open.task.as_ref().map(|_| format!("requested by {}: {}", request.who, request.reason))
}
