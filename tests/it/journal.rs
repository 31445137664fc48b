//! The journal as a format: lines of every format that was ever written stay readable, and add up to the same.
//!
//! `tests/journals/format-N` holds the golden files of a format: `every-event.jsonl` is the story in `story.rs`, written
//! by a version of tidegate that wrote format N; the others come from runs of that version. They are never written anew.
//! Only the newest format may grow: `TIDEGATE_TEST_UPDATE=1` writes its story anew when an event is added.

mod checkpoints;
mod counting;
mod story;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tidegate::model::{EnvironmentName, Instant};
use tidegate::sim::SimClock;
use tidegate::store::journal::{Event, Journal, OperatorCommand, read_events, read_ledger};
use tidegate::store::{LocalStore, Store};

const NEWEST: &str = "format-2";

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/journals")
}

fn shop() -> EnvironmentName {
    "shop".into()
}

fn begin() -> Instant {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

/// A store whose journal is this file.
fn store_with(file: &Path) -> (TempDir, LocalStore) {
    let root = tempfile::tempdir().unwrap();
    let store = LocalStore::open(root.path()).unwrap();
    drop(store.acquire(&shop(), "a test", begin()).unwrap());
    fs::copy(file, root.path().join("environments/shop/journal.jsonl")).unwrap();
    (root, store)
}

/// The story as this version writes it.
fn written() -> String {
    let root = tempfile::tempdir().unwrap();
    let store = LocalStore::open(root.path()).unwrap();
    let clock = SimClock::new(begin());
    let lease = store.acquire(&shop(), "a test", begin()).unwrap().unwrap();
    let journal = Journal::open(&store, &clock, &lease).unwrap();
    for event in story::every_event() {
        clock.advance(Duration::from_secs(10));
        journal.record(event).unwrap();
    }
    fs::read_to_string(root.path().join("environments/shop/journal.jsonl")).unwrap()
}

/// The folders of the formats.
fn formats() -> Vec<PathBuf> {
    files(&golden()).into_iter().filter(|path| path.is_dir()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn this_version_writes_the_newest_format_as_it_always_did() {
    let file = golden().join(NEWEST).join("every-event.jsonl");
    let text = written();
    if std::env::var("TIDEGATE_TEST_UPDATE").is_ok() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(file).unwrap());
}

#[test]
fn every_format_tells_the_same_story() {
    let (_root, newest) = store_with(&golden().join(NEWEST).join("every-event.jsonl"));
    let told = story::every_event();
    for folder in formats() {
        let (_root, store) = store_with(&folder.join("every-event.jsonl"));
        let events = read_events(&store, &shop()).unwrap();
        let known = events.len();
        let kinds: BTreeSet<_> = events.iter().map(|(_, event)| kind(event)).collect();
        if folder.ends_with(NEWEST) {
            let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
            assert!(missing.is_empty(), "no golden line for {missing:?}");
        }
        for ((_, event), expected) in events.iter().zip(&told) {
            assert_eq!(event, expected, "{}", folder.display());
        }
        assert!(known <= told.len(), "{}: lines that the story does not have", folder.display());
        if known == told.len() {
            let (one, other) =
                (read_ledger(&store, &shop()).unwrap(), read_ledger(&newest, &shop()).unwrap());
            assert_eq!(one, other, "{}", folder.display());
        }
    }
}

#[test]
fn every_golden_journal_is_read_whole_and_continued() {
    for folder in formats() {
        for file in files(&folder) {
            let (root, store) = store_with(&file);
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert_eq!(read_events(&store, &shop()).unwrap().len(), lines, "{}", file.display());
            let before = read_ledger(&store, &shop()).unwrap();
            assert_ne!(before, Default::default(), "{}", file.display());
            let lease = store.acquire(&shop(), "a test", begin()).unwrap().unwrap();
            let clock = SimClock::new("2027-01-01T00:00:00Z".parse().unwrap());
            let journal = Journal::open(&store, &clock, &lease).unwrap();
            assert_eq!(journal.ledger(), before);
            journal.record(Event::OwnerClaimed).unwrap();
            let again = LocalStore::open_existing(root.path()).unwrap();
            assert_eq!(read_events(&again, &shop()).unwrap().len(), lines + 1, "{}", file.display());
            assert_eq!(read_ledger(&again, &shop()).unwrap(), journal.ledger());
        }
    }
}

/// A new kind of event needs its word here, its place in the story, and a golden line.
const KINDS: &[&str] = &[
    "release-begun",
    "gate-closed",
    "drained",
    "gate-opened",
    "snapshot-intent",
    "snapshot-taken",
    "migration-intent",
    "migration-task",
    "migration-running",
    "migration-ended",
    "migration-overdue",
    "schema-recorded",
    "settled",
    "code-started",
    "start-failed",
    "checks-passed",
    "release-finished",
    "step-failed",
    "release-given-up",
    "rollback-borrowed",
    "rollback-restored",
    "scaling-borrowed",
    "scaling-restored",
    "corrected",
    "converged",
    "owner-claimed",
    "override-ended",
    "suspension-ended",
    "found-awake",
    "database-stopped",
    "retry",
    "abort",
    "stop-migration",
    "record-schema",
    "ignore-window",
    "take-over",
    "override",
    "clear-override",
    "suspend",
    "resume",
];

fn kind(event: &Event) -> &'static str {
    match event {
        Event::ReleaseBegun { .. } => "release-begun",
        Event::GateClosed { .. } => "gate-closed",
        Event::Drained => "drained",
        Event::GateOpened => "gate-opened",
        Event::SnapshotIntent { .. } => "snapshot-intent",
        Event::SnapshotTaken { .. } => "snapshot-taken",
        Event::MigrationIntent { .. } => "migration-intent",
        Event::MigrationTask { .. } => "migration-task",
        Event::MigrationRunning { .. } => "migration-running",
        Event::MigrationEnded { .. } => "migration-ended",
        Event::MigrationOverdue { .. } => "migration-overdue",
        Event::SchemaRecorded { .. } => "schema-recorded",
        Event::Settled => "settled",
        Event::CodeStarted { .. } => "code-started",
        Event::StartFailed { .. } => "start-failed",
        Event::ChecksPassed => "checks-passed",
        Event::ReleaseFinished { .. } => "release-finished",
        Event::StepFailed { .. } => "step-failed",
        Event::ReleaseStalled { .. } => "release-stalled",
        Event::ReleaseResumed { .. } => "release-resumed",
        Event::ReleaseGivenUp { .. } => "release-given-up",
        Event::RollbackBorrowed { .. } => "rollback-borrowed",
        Event::RollbackRestored { .. } => "rollback-restored",
        Event::ScalingBorrowed { .. } => "scaling-borrowed",
        Event::ScalingRestored { .. } => "scaling-restored",
        Event::Corrected { .. } => "corrected",
        Event::Converged { .. } => "converged",
        Event::OwnerClaimed => "owner-claimed",
        Event::Requested(request) => match request.command {
            OperatorCommand::Retry => "retry",
            OperatorCommand::Abort { .. } => "abort",
            OperatorCommand::StopMigration { .. } => "stop-migration",
            OperatorCommand::RecordSchema { .. } => "record-schema",
            OperatorCommand::IgnoreWindow => "ignore-window",
            OperatorCommand::TakeOver => "take-over",
            OperatorCommand::Override { .. } => "override",
            OperatorCommand::ClearOverride => "clear-override",
            OperatorCommand::Suspend { .. } => "suspend",
            OperatorCommand::Resume => "resume",
        },
        Event::OverrideEnded { .. } => "override-ended",
        Event::SuspensionEnded { .. } => "suspension-ended",
        Event::FoundAwake { .. } => "found-awake",
        Event::DatabaseStopped { .. } => "database-stopped",
    }
}
