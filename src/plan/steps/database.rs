//! The database: started first, stopped last, and the migration on it.

mod migration;
mod record;
mod settle;
mod snapshot;
mod token;

pub(super) use record::{record_present, write_off};
pub(super) use settle::settle_rest;

use crate::cloud::DatabaseStatus;
use crate::model::State;
use crate::observe::DatabaseSeen;
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::Facts;
use crate::plan::report::WaitingReason;

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
const BACKING_UP: &str = "backing-up";

pub(super) fn plan(facts: &Facts<'_>, goal: &Goal, needs_database: bool, draft: &mut Draft) {
    if facts.spec.database.is_none() {
        return;
    }
    let seen = match &facts.database.seen {
        Ok(seen) => seen,
        Err(why) => return draft.block(why.clone()),
    };
    if goal.state.database_up() || goal.is_release() {
        start(facts, goal, seen, needs_database, draft);
    }
    if let Some(work) = &goal.migration {
        migration::migrate(facts, seen, work, draft);
    }
    snapshot::prune(facts, goal, seen, draft);
}

fn start(facts: &Facts<'_>, goal: &Goal, seen: &DatabaseSeen, needs_database: bool, draft: &mut Draft) {
    let name = &seen.database.identifier;
    let status = &seen.database.status;
    let reason = match status {
        DatabaseStatus::Available => return,
        DatabaseStatus::Broken(_) => {
            return facts.database.broken.iter().for_each(|broken| draft.block(broken.clone()));
        }
        DatabaseStatus::Busy(_) if !needs_database => return,
        // It serves while a snapshot of it is taken; only the next snapshot and a migration wait for the end.
        DatabaseStatus::Busy(word) if word == BACKING_UP && !goal.is_release() => return,
        DatabaseStatus::Busy(word) => {
            draft.wait(WaitingReason::Database, format!("database `{name}` is {word}"), None);
            "until AWS is done with it"
        }
        DatabaseStatus::Stopped | DatabaseStatus::Starting | DatabaseStatus::Stopping => {
            "before the services that use it"
        }
    };
    let words = Words::new(status.to_string(), "available", reason);
    draft.act(Step::StartDatabase, "database/start", name, ActionKind::StartDatabase, words);
    if goal.is_settled("database") && *status == DatabaseStatus::Stopped {
        draft.corrects("status", "available", status.to_string());
    }
}

/// The database stops last, and only when nothing can be using it.
pub(super) fn stop(facts: &Facts<'_>, goal: &Goal, everything_stops: bool, draft: &mut Draft) {
    if goal.state != State::Stopped || goal.is_release() {
        return;
    }
    let Ok(seen) = &facts.database.seen else { return };
    let name = &seen.database.identifier;
    if seen.database.status == DatabaseStatus::Stopped {
        return;
    }
    if !goal.in_grace.is_empty() {
        return draft.drift(name, "status", "stopped", seen.database.status.to_string());
    }
    if let Some(obstacle) = facts.database.unstoppable.as_ref().or(facts.database.broken.as_ref()) {
        return draft.block(obstacle.clone());
    }
    let migration_may_run = match facts.migration.live_tasks {
        Some(live) => live > 0,
        None => facts.spec.migration.is_some(),
    };
    let strangers = &facts.strangers;
    if strangers.unreadable.is_some() && facts.spec.migration.is_some() {
        return;
    }
    let is_used = !strangers.old_code.is_empty();
    if !everything_stops || migration_may_run || is_used {
        let by = if is_used { format!(": {}", strangers.named()) } else { String::new() };
        return draft.wait(WaitingReason::Database, format!("{}{by}", waits(name)), None);
    }
    let status = seen.database.status.to_string();
    let is_drift = goal.is_settled("database");
    draft.act(
        Step::StopDatabase,
        "database/stop",
        name,
        ActionKind::StopDatabase,
        Words::new(status.clone(), "stopped", stop_reason(facts, is_drift)),
    );
    if is_drift {
        draft.corrects("status", "stopped", status);
    }
}

/// Why the database does not stop yet.
pub(in crate::plan) fn waits(name: &str) -> String {
    format!("database `{name}` stops once every task that may use it has stopped")
}

fn stop_reason(facts: &Facts<'_>, is_drift: bool) -> String {
    match facts.database.started_by_aws {
        _ if !is_drift => "last: after every task has stopped".to_owned(),
        Some(stopped_at) => {
            format!(
                "AWS started it again 7 days after it was stopped on {}",
                stopped_at.with_timezone(&facts.spec.zone()).format("%a %Y-%m-%d")
            )
        }
        None if facts.ledger.database_stopped.is_some() => {
            "started outside tidegate while the environment sleeps".to_owned()
        }
        None => "started by AWS, 7 days after a stop, or by someone outside tidegate".to_owned(),
    }
}
