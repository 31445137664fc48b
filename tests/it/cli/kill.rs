//! SIGKILL at any moment, for real: the process, its files, its locks. Whoever comes next ends in the same
//! world as if nothing had happened.
//!
//! The test looks at the files that the program writes, and kills it after the so-manieth change: a world
//! saved, a line of the journal, a step of the history. `crash` does the same at every effect, in one process
//! and without files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use super::place::{NOON, Place, WINDOW};
use crate::rig::program;

fn start(place: &Place, environment: &str) -> Child {
    let mut command = program(place.machine.home(), &place.args(&["apply", environment]));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The world's file, the lengths of its log and of the journal: they change with every effect and with every line.
fn seen(place: &Place, environment: &str) -> (u64, u64, u64) {
    let journal = place.store().join("environments").join(environment).join("journal.jsonl");
    let world = fs::metadata(place.store().join("sim/world.json")).map_or(0, |file| file.ino());
    let length = |path| fs::metadata(path).map_or(0, |file| file.len());
    (world, length(place.store().join("sim/world.log")), length(journal))
}

/// Runs it and kills it when its files have changed `changes` times, if it lives that long.
fn run_and_kill(place: &Place, environment: &str, changes: usize) -> ExitStatus {
    let mut child = start(place, environment);
    let mut last = seen(place, environment);
    let mut count = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        let now = seen(place, environment);
        count += usize::from(now != last);
        last = now;
        if count >= changes {
            child.kill().unwrap();
            return child.wait().unwrap();
        }
        // The moment need not be exact; the other process needs the processor.
        std::thread::park_timeout(Duration::from_micros(100));
    }
}

fn lines(place: &Place, environment: &str) -> usize {
    let journal = place.store().join("environments").join(environment).join("journal.jsonl");
    fs::read_to_string(journal).map_or(0, |text| text.lines().count())
}

fn undisturbed(dir: &str, environment: &str, now: &str) -> BTreeMap<String, String> {
    let place = Place::new(dir, now);
    let ended = place.run(&["apply", environment]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    place.world().portrait()
}

fn assert_as_if_nothing_happened(place: &Place, environment: &str, expected: &BTreeMap<String, String>) {
    let ended = place.run(&["apply", environment]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    let world = place.world();
    assert_eq!(world.portrait(), *expected);
    assert_eq!(world.effects.len(), 1, "the migration has its effect once");
    let violations: Vec<String> = world.violations_by_tidegate().iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{violations:#?}");
    let planned = place.run(&["plan", environment, "--exit-code"]);
    assert_eq!(planned.code, 0, "{}", planned.out);
}

/// Kills one process at each of `moments`, and lets a second one finish.
fn killed_once(dir: &str, environment: &str, now: &str, moments: impl Iterator<Item = usize>) -> usize {
    let expected = undisturbed(dir, environment, now);
    let mut lengths = BTreeSet::new();
    for changes in moments {
        let place = Place::new(dir, now);
        let status = run_and_kill(&place, environment, changes);
        if status.signal().is_none() {
            assert_eq!(status.code(), Some(0));
            break;
        }
        lengths.insert(lines(&place, environment));
        assert_as_if_nothing_happened(&place, environment, &expected);
    }
    lengths.len()
}

#[test]
fn killed_at_any_moment_of_a_release() {
    let places = killed_once("examples/migration", "library", NOON, (1..).step_by(3));
    assert!(places >= 6, "the journal had only {places} different lengths");
}

#[test]
fn killed_in_the_middle_of_a_release_of_production() {
    let places = killed_once(".", "production", WINDOW, (12..).step_by(24));
    assert!(places >= 3, "the journal had only {places} different lengths");
}

#[test]
fn killed_again_and_again() {
    let expected = undisturbed("examples/migration", "library", NOON);
    let place = Place::new("examples/migration", NOON);
    let mut deaths = 0;
    // Each process gets a little further: two changes are a world that was saved and the line about it.
    while run_and_kill(&place, "library", 6).signal().is_some() {
        deaths += 1;
        assert!(deaths < 100, "it never comes to its end");
    }
    assert!(deaths >= 4, "{deaths}");
    assert_as_if_nothing_happened(&place, "library", &expected);
    let history = place.json(&["history", "library", "--limit", "100"], 0);
    let interrupted =
        history["runs"].as_array().unwrap().iter().filter(|run| run["outcome"] == "interrupted");
    assert!(interrupted.count() > 0);
}
