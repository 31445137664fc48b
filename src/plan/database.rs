//! The database and the migration on it: start, snapshot, migrate, record, settle, and stop last of all.

mod attempt;

use std::collections::BTreeSet;
use std::time::Duration;

use super::draft::{Draft, Words, blocked, unreadable};
use super::goal::{Goal, Work};
use super::{grace, preflight};
use crate::cloud::{DatabaseStatus, DbSnapshot, SnapshotStatus, TaskStatus, tag};
use crate::model::{Instant, State, Version};
use crate::observe::{DatabaseSeen, Observed};
use crate::plan::{ActionKind, Blocked, BlockedReason, PlanningInput, Recorded, Step, WaitingReason};
use crate::spec::MigrationSpec;
use crate::store::journal::Attempt;

/// Snapshots of ours begin like this, and carry our tag.
pub(super) const SNAPSHOT_PREFIX: &str = "tidegate-";

/// Whether something may be started that uses the database, once it is available: not on one that nobody can
/// see, and not on one that only a person can bring back.
pub(super) fn can_be_used(input: &PlanningInput) -> bool {
    match &input.snapshot.database {
        None => true,
        Some(Observed::Present(seen)) => !matches!(seen.database.status, DatabaseStatus::Broken(_)),
        Some(Observed::Absent | Observed::Unreadable { .. }) => false,
    }
}

/// The declared database, or why it cannot be seen.
pub(super) fn seen(input: &PlanningInput) -> Result<&DatabaseSeen, Blocked> {
    let name = input.spec.database.as_ref().map_or("", |database| database.target.identifier());
    match &input.snapshot.database {
        Some(Observed::Present(seen)) => Ok(seen),
        Some(Observed::Unreadable { why }) => Err(unreadable(&format!("database `{name}`"), why)),
        Some(Observed::Absent) | None => {
            let message = format!("database `{name}` does not exist in {}", input.spec.region);
            let hint = "correct `database:`, or create it".to_owned();
            Err(blocked(BlockedReason::Missing, message, [hint]))
        }
    }
}

/// What keeps the database up, if it is to sleep.
pub(super) fn unstoppable(seen: &DatabaseSeen) -> Option<Blocked> {
    let why = seen.database.unstoppable.as_ref()?;
    let message = format!("database `{}` cannot be stopped: {why}", seen.database.identifier);
    let hint = "use `state: db-only` for hours without services, or remove what keeps it up".to_owned();
    Some(blocked(BlockedReason::Database, message, [hint]))
}

pub(super) fn plan(input: &PlanningInput, goal: &Goal, needs_database: bool, draft: &mut Draft) {
    if input.spec.database.is_none() {
        return;
    }
    let seen = match seen(input) {
        Ok(seen) => seen,
        Err(why) => return draft.block(why),
    };
    if goal.state.database_up() || goal.is_release() {
        start(goal, seen, needs_database, draft);
    }
    if let Some(work) = &goal.migration {
        attempt::migrate(input, seen, work, draft);
    }
    prune(input, goal, seen, draft);
}

fn start(goal: &Goal, seen: &DatabaseSeen, needs_database: bool, draft: &mut Draft) {
    let name = &seen.database.identifier;
    let status = &seen.database.status;
    let reason = match status {
        DatabaseStatus::Available => return,
        DatabaseStatus::Broken(word) => return draft.block(preflight::broken_database(name, word)),
        DatabaseStatus::Busy(_) if !needs_database => return,
        DatabaseStatus::Busy(word) => {
            draft.wait(WaitingReason::Database, format!("database `{name}` is {word}"), None);
            "until it is done"
        }
        DatabaseStatus::Stopped | DatabaseStatus::Starting | DatabaseStatus::Stopping => {
            "before anything that uses it"
        }
    };
    let words = Words::new(status.to_string(), "available", reason);
    draft.act(Step::StartDatabase, "database/start", name, ActionKind::StartDatabase, words);
    if goal.is_settled("database") && *status == DatabaseStatus::Stopped {
        draft.corrects("status", "available", status.to_string());
    }
}

/// The database stops last, and only when nothing can be using it.
pub(super) fn stop(input: &PlanningInput, goal: &Goal, everything_stops: bool, draft: &mut Draft) {
    if goal.state != State::Stopped || goal.is_release() {
        return;
    }
    let Some(Observed::Present(seen)) = &input.snapshot.database else { return };
    let name = &seen.database.identifier;
    if seen.database.status == DatabaseStatus::Stopped {
        return;
    }
    if !goal.left_alone.is_empty() {
        return draft.drift(name, "status", "stopped", seen.database.status.to_string());
    }
    if let Some(unstoppable) = unstoppable(seen) {
        return draft.block(unstoppable);
    }
    if let DatabaseStatus::Broken(word) = &seen.database.status {
        return draft.block(preflight::broken_database(name, word));
    }
    let tasks = input
        .snapshot
        .migration
        .as_ref()
        .and_then(|seen| seen.present())
        .map(|seen| seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).count());
    if !everything_stops
        || tasks.is_some_and(|live| live > 0)
        || (input.spec.migration.is_some() && tasks.is_none())
    {
        draft.wait(
            WaitingReason::Database,
            format!("database `{name}` stops once every task that may use it is gone"),
            None,
        );
        return;
    }
    let status = seen.database.status.to_string();
    let is_drift = goal.is_settled("database");
    let reason = match grace::started_by_aws(input) {
        _ if !is_drift => "last: after every task is gone".to_owned(),
        Some(stopped_at) => format!(
            "AWS has started it: it does so 7 days after a stop, which was on {}",
            stopped_at.format("%Y-%m-%d")
        ),
        None if input.ledger.database_stopped.is_some() => {
            "somebody started it while the environment sleeps".to_owned()
        }
        None => "AWS starts a stopped database after 7 days, if nobody has before".to_owned(),
    };
    draft.act(
        Step::StopDatabase,
        "database/stop",
        name,
        ActionKind::StopDatabase,
        Words::new(status.clone(), "stopped", reason),
    );
    if is_drift {
        draft.corrects("status", "stopped", status);
    }
}

/// Records what is true already, before anything else is done.
pub(super) fn record_present(
    input: &PlanningInput,
    version: &Version,
    how: Recorded,
    before: Option<&Version>,
    draft: &mut Draft,
) {
    let Some(Observed::Present(seen)) = &input.snapshot.database else { return };
    let reason = match how {
        Recorded::FirstContact => "first contact: this is the version that runs",
        Recorded::Migration => "the migration has succeeded",
        Recorded::Person => "a person says so",
        Recorded::Unchanged => "the failed migration has changed nothing; its mark is taken away",
    };
    let tagged = seen.database.tags.get(tag::SCHEMA).map(|text| Version::new(text.as_str()));
    let before = tagged.as_ref().or(before).map_or("none", Version::as_str);
    let words = Words::new(before, version.to_string(), reason);
    record(Step::RecordPresent, "schema/record-present", seen, version, how, words, draft);
}

fn record(
    step: Step,
    id: &str,
    seen: &DatabaseSeen,
    version: &Version,
    how: Recorded,
    words: Words,
    draft: &mut Draft,
) {
    let resource_id = seen.database.resource_id.clone();
    let kind = ActionKind::RecordSchema { version: version.clone(), resource_id, how };
    draft.act(step, id, &seen.database.identifier, kind, words);
}

/// The task of an attempt is gone: that nobody knows its end is written down, so that a person can decide.
pub(super) fn write_off(attempt: &Attempt, draft: &mut Draft) {
    let kind =
        ActionKind::EndLostMigration { attempt: attempt.number, reached_running: attempt.reached_running };
    let words = Words::new("under way", "nobody knows", "its task is not listed any more");
    let id = format!("migration/{}/{}/lost", attempt.to, attempt.number);
    draft.act(Step::Record, &id, attempt.to.to_string(), kind, words);
}

/// The rest of the wait after a migration that is recorded already.
pub(super) fn settle_rest(input: &PlanningInput, draft: &mut Draft) {
    let (Some(spec), Some(since)) = (&input.spec.migration, input.ledger.settling_since) else { return };
    // Another migration follows, and a wait of its own after it.
    if draft.actions.iter().any(|action| action.step == Step::Settle) {
        return;
    }
    let until = since + chrono::TimeDelta::from_std(spec.settle).unwrap_or_default();
    if until > input.now {
        settle(input, until, spec, draft);
    }
}

fn settle(input: &PlanningInput, until: Instant, spec: &MigrationSpec, draft: &mut Draft) {
    let left = (until - input.now).to_std().unwrap_or_default();
    let after = humantime::format_duration(Duration::from_secs(left.as_secs())).to_string();
    draft.act(
        Step::Settle,
        "migration/settle",
        spec.task.as_str(),
        ActionKind::Settle { until },
        Words::new("", after, "before services start"),
    );
}

fn snapshot(input: &PlanningInput, seen: &DatabaseSeen, from: &Version, to: &Version, draft: &mut Draft) {
    let resource_id = &seen.database.resource_id;
    let begun = input.ledger.snapshot.as_ref().filter(|snapshot| {
        snapshot.resource_id == *resource_id && snapshot.from == *from && snapshot.to == *to
    });
    let there = |identifier: &str| seen.snapshots.iter().find(|snapshot| snapshot.identifier == identifier);
    let identifier = match begun {
        Some(begun) => match there(&begun.identifier).map(|snapshot| snapshot.status) {
            Some(SnapshotStatus::Available) if begun.taken => return,
            Some(SnapshotStatus::Available | SnapshotStatus::Creating) => begun.identifier.clone(),
            None if !begun.taken => begun.identifier.clone(),
            Some(SnapshotStatus::Failed) | None => snapshot_name(input, seen, from, to),
        },
        None => snapshot_name(input, seen, from, to),
    };
    let kind = ActionKind::TakeSnapshot { identifier: identifier.clone(), tag: format!("{from}/{to}") };
    let words = Words::new("", identifier, "before the migration");
    draft.act(Step::Snapshot, "database/snapshot", &seen.database.identifier, kind, words);
}

/// Letters, digits and single hyphens, at most 255.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>
fn snapshot_name(input: &PlanningInput, seen: &DatabaseSeen, from: &Version, to: &Version) -> String {
    let key = (seen.database.resource_id.clone(), from.clone(), to.clone());
    let number = input.ledger.snapshots_made.get(&key).copied().unwrap_or(0) + 1;
    let text = format!("{SNAPSHOT_PREFIX}{}-{from}-to-{to}-{number}", seen.database.identifier);
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(letter.to_ascii_lowercase()),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    // A repeated first contact with another store must not meet a name that is taken.
    if seen.snapshots.iter().any(|snapshot| snapshot.identifier == name) {
        name = format!(
            "{name}-{}",
            &attempt::token(&[&seen.database.resource_id, &input.now.to_rfc3339()])[9..17]
        );
    }
    name
}

/// Ours, oldest first: manual, our prefix, our tag.
fn ours(seen: &DatabaseSeen) -> Vec<&DbSnapshot> {
    let mut ours: Vec<&DbSnapshot> = seen
        .snapshots
        .iter()
        .filter(|snapshot| {
            snapshot.manual
                && snapshot.identifier.starts_with(SNAPSHOT_PREFIX)
                && snapshot.tags.contains_key(tag::SNAPSHOT)
                && snapshot.status == SnapshotStatus::Available
        })
        .collect();
    ours.sort_by_key(|snapshot| (snapshot.created_at, &snapshot.identifier));
    ours
}

fn prune(input: &PlanningInput, goal: &Goal, seen: &DatabaseSeen, draft: &mut Draft) {
    let Some(spec) = &input.spec.migration else { return };
    if goal.held || (input.ledger.release.is_none() && !goal.is_release()) {
        return;
    }
    let recorded = match &goal.migration {
        Some(Work::Run { to, .. }) => Some(to.as_str()),
        Some(Work::Watch(flight)) => Some(flight.attempt.to.as_str()),
        None => seen.database.tags.get(tag::SCHEMA).map(String::as_str),
    };
    let ours = ours(seen);
    let coming = draft.actions.iter().any(|action| action.step == Step::Snapshot);
    let excess = (ours.len() + usize::from(coming)).saturating_sub(spec.snapshot.keep as usize);
    let mut kept = BTreeSet::new();
    for end in [0, 1] {
        // `<from>/<to>`: the newest that shows the recorded schema, and the newest that shows the one before.
        let newest =
            ours.iter().rev().find(|snapshot| snapshot.tags[tag::SNAPSHOT].split('/').nth(end) == recorded);
        kept.extend(newest.map(|snapshot| &snapshot.identifier));
    }
    let identifiers: Vec<String> = ours
        .iter()
        .filter(|snapshot| !kept.contains(&snapshot.identifier))
        .take(excess)
        .map(|snapshot| snapshot.identifier.clone())
        .collect();
    if !identifiers.is_empty() {
        let words = Words::new(identifiers.join(" "), "", format!("{} are kept", spec.snapshot.keep));
        let kind = ActionKind::PruneSnapshots { identifiers };
        draft.act(Step::Tidy, "database/prune", &seen.database.identifier, kind, words);
    }
}
