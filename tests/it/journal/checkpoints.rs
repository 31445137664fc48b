//! Checkpoints: what a reader reads does not grow with the journal, and no damage to a checkpoint changes what it reads.

use std::fs;
use std::path::PathBuf;

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tidegate::clock::Clock as _;
use tidegate::model::StoreId;
use tidegate::sim::SimClock;
use tidegate::store::journal::{
    Event, Journal, JournalError, read_events, read_events_since, read_ledger, read_whole_ledger,
};
use tidegate::store::{LocalStore, MemoryStore, Store, StoreError};

use super::counting::CountingStore;
use super::{begin, golden, shop, story};

/// Lines between two checkpoints of a local store.
const EVERY: u64 = 1_000;

/// A store whose journal has so many lines of the first format, as an older version has left it: no checkpoint.
fn of_years(lines: u64) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    drop(LocalStore::open(root.path()).unwrap().acquire(&shop(), "a test", begin()).unwrap());
    let text: String = (1..=lines).map(old_line).collect();
    fs::write(journal(&root), text).unwrap();
    root
}

fn old_line(sequence: u64) -> String {
    let event = format!(
        r#"{{"event":"corrected","resource":"service/web","field":"count","before":"{sequence}","after":"2"}}"#
    );
    let hours = TimeDelta::hours(2 * i64::try_from(sequence).unwrap());
    let at = serde_json::to_string(&(begin() - TimeDelta::days(9_000) + hours)).unwrap();
    let body = format!(r#"{{"sequence":{sequence},"fencing":1,"at":{at},"event":{event}"#);
    let digest = Sha256::digest(format!("{body}}}"));
    let sum: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{body},\"sum\":\"{sum}\"}}\n")
}

fn journal(root: &TempDir) -> PathBuf {
    root.path().join("environments/shop/journal.jsonl")
}

fn checkpoint(root: &TempDir, letter: &str) -> PathBuf {
    root.path().join(format!("environments/shop/checkpoint-{letter}.json"))
}

/// Records so many events, as a process that ends then.
fn record(store: &dyn Store, events: u64) {
    let clock = SimClock::new(begin());
    let lease = store.acquire(&shop(), "a test", begin()).unwrap().unwrap();
    let journal = Journal::open(store, &clock, &lease).unwrap();
    for _ in 0..events {
        journal.record(Event::OwnerClaimed).unwrap();
    }
}

#[test]
fn a_reader_reads_what_is_new_and_not_the_years() {
    const YEARS: u64 = 20_000;
    let root = of_years(YEARS);
    let first = CountingStore::open(root.path());
    record(&first, 0);
    assert_eq!(first.lines(), YEARS, "the first time all of it");
    record(&first, 10);
    assert_eq!(first.lines(), 0, "a process knows what it has read and written");

    let second = CountingStore::open(root.path());
    read_ledger(&second, &shop()).unwrap();
    assert_eq!(second.lines(), 10, "another process begins at the checkpoint");
    record(&first, 5);
    read_ledger(&second, &shop()).unwrap();
    read_ledger(&second, &shop()).unwrap();
    assert_eq!(second.lines(), 5, "and reads what others wrote once");

    record(&first, EVERY + EVERY / 2);
    let third = CountingStore::open(root.path());
    let ledger = read_ledger(&third, &shop()).unwrap();
    assert!(third.lines() < EVERY);
    assert_eq!(ledger, read_whole_ledger(&third, &shop()).unwrap());
    assert_eq!(third.lines(), YEARS + 15 + EVERY + EVERY / 2);
}

#[test]
fn what_happened_lately_is_read_from_a_checkpoint_before_it() {
    const YEARS: u64 = 5_000;
    let root = of_years(YEARS);
    let store = CountingStore::open(root.path());
    let clock = SimClock::new(begin());
    let lease = store.acquire(&shop(), "a test", begin()).unwrap().unwrap();
    let journal = Journal::open(&store, &clock, &lease).unwrap();
    let closed = Event::GateClosed { was_open: true, with: None };
    journal.record(closed.clone()).unwrap();
    for _ in 0..EVERY + 3 {
        clock.advance(std::time::Duration::from_secs(60));
        journal.record(Event::OwnerClaimed).unwrap();
    }
    store.lines();
    let events = read_events_since(&store, &shop(), clock.now()).unwrap();
    assert_eq!(events[0], (begin(), closed), "the gate is closed since before the checkpoint");
    assert_eq!((events.len(), store.lines()), (5, 4));
    // Before the newest checkpoint: the older one. Before both: all of it.
    assert_eq!(read_events_since(&store, &shop(), begin()).unwrap().len() as u64, EVERY + 4);
    let all = read_events_since(&store, &shop(), begin() - TimeDelta::days(8_999)).unwrap();
    assert_eq!(all.len() as u64, YEARS + EVERY + 4);
    assert_eq!(all, read_events(&store, &shop()).unwrap());
}

#[test]
fn no_damage_to_a_checkpoint_changes_what_is_read() {
    let root = of_years(EVERY + 7);
    let store = LocalStore::open(root.path()).unwrap();
    record(&store, EVERY + 3);
    let whole = read_whole_ledger(&store, &shop()).unwrap();
    let sound = ["a", "b"].map(|letter| fs::read(checkpoint(&root, letter)).unwrap());
    let mut damaged: Vec<[Option<Vec<u8>>; 2]> = Vec::new();
    let [a, b] = sound.clone();
    for cut in [0, 1, a.len() / 2, a.len() - 2, a.len() - 1] {
        damaged.push([Some(a[..cut].to_vec()), Some(b.clone())]);
        damaged.push([Some(a.clone()), Some(b[..cut.min(b.len())].to_vec())]);
        damaged.push([Some(a[..cut].to_vec()), Some(b[..cut.min(b.len())].to_vec())]);
    }
    for place in (0..a.len().min(b.len())).step_by(37) {
        let flipped = |text: &[u8]| {
            let mut text = text.to_vec();
            text[place] ^= 4;
            Some(text)
        };
        damaged.push([flipped(&a), Some(b.clone())]);
        damaged.push([Some(a.clone()), flipped(&b)]);
        damaged.push([flipped(&a), flipped(&b)]);
    }
    damaged.extend([
        [None, None],
        [None, Some(b.clone())],
        [Some(a.clone()), None],
        [Some(b.clone()), Some(a.clone())],
        [Some(b.clone()), Some(b.clone())],
        [Some(b"{}".to_vec()), Some(b"null".to_vec())],
    ]);
    for (number, files) in damaged.into_iter().enumerate() {
        for (letter, text) in ["a", "b"].into_iter().zip(files) {
            match text {
                Some(text) => fs::write(checkpoint(&root, letter), text).unwrap(),
                None => fs::remove_file(checkpoint(&root, letter)).unwrap_or_default(),
            }
        }
        // What a writer that was killed leaves beside it.
        fs::write(root.path().join("environments/shop/checkpoint-a.json.tmp"), "{\"half").unwrap();
        let store = LocalStore::open(root.path()).unwrap();
        assert_eq!(read_ledger(&store, &shop()).unwrap(), whole, "damage {number}");
        // The next process that writes mends it.
        record(&store, 0);
    }
}

#[test]
fn a_journal_without_the_line_of_its_checkpoint_is_refused() {
    let root = of_years(EVERY + 7);
    record(&LocalStore::open(root.path()).unwrap(), 0);
    let text = fs::read_to_string(journal(&root)).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let other: String = (1..=EVERY + 20).map(|line| old_line(line + 1)).collect();
    for missing in [lines[..900].concat(), lines[..1006].concat(), String::new(), other] {
        fs::write(journal(&root), missing).unwrap();
        let store = LocalStore::open(root.path()).unwrap();
        let error = read_ledger(&store, &shop()).unwrap_err();
        assert!(matches!(error, JournalError::Store(StoreError::LinesMissing { line: 1007, .. })), "{error}");
        assert!(error.hint().contains("checkpoint-a.json"), "{}", error.hint());
        let lease = store.acquire(&shop(), "a test", begin()).unwrap().unwrap();
        let clock = SimClock::new(begin());
        assert!(Journal::open(&store, &clock, &lease).is_err(), "no process acts on half a memory");
    }
    // The way out that the hint names.
    fs::write(journal(&root), lines[..900].concat()).unwrap();
    for letter in ["a", "b"] {
        fs::remove_file(checkpoint(&root, letter)).unwrap_or_default();
    }
    read_ledger(&LocalStore::open(root.path()).unwrap(), &shop()).unwrap();
}

#[test]
fn a_journal_that_was_replaced_is_read_anew() {
    let root = of_years(20);
    let store = LocalStore::open(root.path()).unwrap();
    let before = read_ledger(&store, &shop()).unwrap();
    fs::copy(journal(&of_years(12)), journal(&root)).unwrap();
    let after = read_ledger(&store, &shop()).unwrap();
    assert_ne!(after, before);
    assert_eq!(after, read_whole_ledger(&store, &shop()).unwrap());
}

#[test]
fn the_form_of_a_checkpoint_is_as_it_was() {
    let store = MemoryStore::new(StoreId::new("6f1c1f5e-0000-4000-8000-000000000001"));
    let clock = SimClock::new(begin());
    let lease = store.acquire(&shop(), "a test", begin()).unwrap().unwrap();
    let journal = Journal::open(&store, &clock, &lease).unwrap();
    let mut found = Vec::new();
    for event in story::every_event() {
        clock.advance(std::time::Duration::from_secs(10));
        journal.record(event).unwrap();
        // Every ledger of the story survives being written down.
        assert_eq!(read_ledger(&store.clone(), &shop()).unwrap(), journal.ledger());
        let newest = store.checkpoints(&shop()).unwrap().into_iter().next();
        found.extend(newest.map(|checkpoint| checkpoint.encode()).filter(|text| found.last() != Some(text)));
    }
    assert!(found.len() >= 3, "a checkpoint every sixteen lines");
    let text = found.join("\n") + "\n";
    // Another form needs another number, in `wire/ledger.rs` and in this name.
    let file = golden().join("checkpoints-2.jsonl");
    if std::env::var("TIDEGATE_TEST_UPDATE").is_ok() {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(file).unwrap());
}
