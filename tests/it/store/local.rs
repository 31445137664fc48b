//! The store in a local directory: what a crash leaves, who may read, what is not touched.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tempfile::TempDir;

use tidegate::model::{EnvironmentName, RunId};
use tidegate::sim::SimClock;
use tidegate::store::journal::Journal;
use tidegate::store::{LocalStore, RUNS_KEPT_MAX, Store, StoreError, no_store};

use super::contract::{Bench, acquire, at, contract, production};

impl Bench for TempDir {
    fn new() -> Self {
        tempfile::tempdir().unwrap()
    }

    fn open(&self) -> Box<dyn Store> {
        Box::new(LocalStore::open(self.path().join("store")).unwrap())
    }

    fn break_lease(&self, environment: &EnvironmentName) {
        let folder = self.path().join("store/environments").join(environment.as_str());
        fs::remove_file(folder.join("lease.lock")).unwrap();
    }
}

contract!(TempDir);

fn place(store: &TempDir, file: &str) -> std::path::PathBuf {
    store.path().join("store/environments/production").join(file)
}

#[test]
fn what_a_crash_left_of_a_line_is_said_and_then_removed() {
    let bench = TempDir::new().unwrap();
    let store = bench.open();
    let lease = acquire(&*store);
    store.append(&lease, at(1), &json!("one")).unwrap();
    let journal = place(&bench, "journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    fs::OpenOptions::new().append(true).open(&journal).unwrap().write_all(b"{\"sequence\":2,\"fen").unwrap();

    let log = bench.open().read_log(&production()).unwrap();
    assert_eq!(log.lines.len(), 1);
    let warning = log.unfinished.unwrap().to_string();
    assert!(
        warning.ends_with("journal.jsonl:2: the last line was cut off after 18 bytes and does not count"),
        "{warning}"
    );
    assert_ne!(fs::read(&journal).unwrap(), whole, "reading repairs nothing");

    // Also for a process that knew where the journal ended.
    assert_eq!(store.append(&lease, at(2), &json!("two")).unwrap().sequence, 2);
    let log = store.read_log(&production()).unwrap();
    assert_eq!((log.lines.len(), log.unfinished), (2, None));
    assert!(fs::read(&journal).unwrap().starts_with(&whole));
}

#[test]
fn a_damaged_line_in_the_middle_stops_everything_and_says_where() {
    let bench = TempDir::new().unwrap();
    let store = bench.open();
    let lease = acquire(&*store);
    for n in 0..3 {
        store.append(&lease, at(n), &json!({"n": n})).unwrap();
    }
    drop(lease);
    let journal = place(&bench, "journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap().replace("{\"n\":1}", "{\"n\":7}");
    fs::write(&journal, text).unwrap();

    let error = store.read_log(&production()).unwrap_err();
    assert!(error.to_string().contains("journal.jsonl:2: the line is not what was written"), "{error}");
    assert!(error.hint().contains("record-schema"), "{}", error.hint());
    // A lease needs only the number in the last line; the journal under it cannot be opened.
    let (lease, clock) = (acquire(&*store), SimClock::new(at(9)));
    assert!(Journal::open(&*store, &clock, &lease).is_err(), "no process acts on half a memory");
}

#[test]
fn a_crash_between_writing_and_renaming_leaves_the_old_content() {
    let bench = TempDir::new().unwrap();
    let store = bench.open();
    store.put_record(&production(), "override", Some(&json!("old"))).unwrap();
    let fencing = acquire(&*store).fencing();
    store.save_run(&production(), &RunId::new("r1"), &json!("old")).unwrap();
    for unfinished in
        ["records/override.json.tmp", "records/other.json.tmp", "lease.json.tmp", "runs/r2.json.tmp"]
    {
        fs::write(place(&bench, unfinished), "{\"half").unwrap();
    }
    fs::write(bench.path().join("store/store.json.tmp"), "{\"half").unwrap();

    let again = bench.open();
    assert_eq!(again.id(), store.id());
    assert_eq!(
        again.list_records(&production()).unwrap(),
        BTreeMap::from([("override".into(), json!("old"))])
    );
    assert_eq!(again.list_runs(&production(), 9).unwrap().len(), 1);
    assert_eq!(acquire(&*again).fencing(), fencing + 1);
    again.put_record(&production(), "override", Some(&json!("new"))).unwrap();
    assert_eq!(store.get_record(&production(), "override").unwrap(), Some(json!("new")));
    assert!(!place(&bench, "records/override.json.tmp").exists(), "the next write takes it away");
}

#[test]
fn fencing_outlives_the_loss_of_its_file() {
    let bench = TempDir::new().unwrap();
    let store = bench.open();
    for _ in 0..3 {
        let lease = acquire(&*store);
        store.append(&lease, at(0), &json!("x")).unwrap();
    }
    fs::remove_file(place(&bench, "lease.json")).unwrap();
    assert_eq!(acquire(&*store).fencing(), 4);
}

#[test]
fn asking_who_holds_the_lease_never_keeps_anybody_from_taking_it() {
    let bench = TempDir::new().unwrap();
    drop(acquire(&*bench.open()));
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let store = bench.open();
            for _ in 0..300 {
                store.lease_holder(&production()).unwrap();
            }
        });
        let store = bench.open();
        while !asking.is_finished() {
            drop(acquire(&*store));
        }
    });
}

#[test]
fn opened_for_reading_nothing_is_made_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("absent");
    let store = LocalStore::open_existing(&root).unwrap();
    assert_eq!(store.id(), no_store());
    assert!(store.environments().unwrap().is_empty());
    assert_eq!(store.lease_holder(&production()).unwrap(), None);
    for result in [
        store.acquire(&production(), "a test", at(0)).map(drop),
        store.put_record(&production(), "override", None),
        store.save_run(&production(), &RunId::new("r"), &json!(1)),
    ] {
        assert!(matches!(result, Err(StoreError::ReadOnly { .. })));
    }
    assert!(!root.exists());

    let written = LocalStore::open(&root).unwrap();
    let _lease = acquire(&written);
    let read = LocalStore::open_existing(&root).unwrap();
    assert_eq!(read.id(), written.id());
    assert_eq!(read.lease_holder(&production()).unwrap().unwrap().holder, "a test");
}

#[test]
fn everything_is_for_this_user_alone() {
    let bench = TempDir::new().unwrap();
    let store = bench.open();
    store.append(&acquire(&*store), at(0), &json!("x")).unwrap();
    store.put_record(&production(), "override", Some(&json!("x"))).unwrap();
    let mut folders = vec![bench.path().join("store")];
    while let Some(folder) = folders.pop() {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
            }
        }
    }
}

#[test]
fn a_store_of_another_format_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let text = r#"{"schema":"tidegate-store/v9","id":"x"}"#;
    fs::write(folder.path().join("store.json"), text).unwrap();
    let error = LocalStore::open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("`tidegate-store/v9`"), "{error}");
    fs::write(folder.path().join("store.json"), "{\n  nonsense").unwrap();
    let error = LocalStore::open_existing(folder.path()).err().unwrap();
    assert!(error.to_string().contains("store.json:2: "), "{error}");
}

#[test]
fn old_runs_make_room_for_new_ones() {
    let bench = TempDir::new().unwrap();
    let store = bench.open();
    store.save_run(&production(), &RunId::new("r0000"), &json!(0)).unwrap();
    for number in 1..RUNS_KEPT_MAX {
        fs::write(place(&bench, &format!("runs/r{number:04}.json")), "1").unwrap();
    }
    store.save_run(&production(), &RunId::new("r9999"), &json!(2)).unwrap();
    let runs = store.list_runs(&production(), usize::MAX).unwrap();
    assert_eq!((runs.len(), runs[0].id.as_str()), (RUNS_KEPT_MAX, "r9999"));
    assert_eq!(runs.last().unwrap().id.as_str(), "r0001");
}
