//! One tidegate at a time: others wait, and go when they are asked to.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Stdio};

use tidegate::store::{Lease, LocalStore, Store as _};

use super::place::{NOON, Place};
use crate::rig::program;

/// The daemon, as far as others see it.
fn daemon(place: &Place) -> Lease {
    let store = LocalStore::open(place.store()).unwrap();
    store.acquire(&"library".into(), "daemon on host-7", NOON.parse().unwrap()).unwrap().unwrap()
}

fn start(place: &Place, args: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let mut command = program(place.machine.home(), &place.args(args));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let talk = BufReader::new(child.stderr.take().unwrap());
    (child, talk)
}

fn line(talk: &mut BufReader<ChildStderr>) -> String {
    let mut line = String::new();
    talk.read_line(&mut line).unwrap();
    line
}

fn end(child: Child, talk: &mut BufReader<ChildStderr>) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let mut rest = String::new();
    talk.read_to_string(&mut rest).unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap() + &rest)
}

fn terminate(child: &Child) {
    assert_cmd::Command::new("kill").arg(child.id().to_string()).assert().success();
}

#[test]
fn whoever_waits_too_long_is_told_who_acts() {
    let place = Place::new("examples/migration", NOON);
    let lease = daemon(&place);
    insta::assert_snapshot!(
        place.transcript(&[&["apply", "library", "--timeout", "3s"], &["status", "library"],])
    );
    drop(lease);
    let world = File::open(place.store().join("sim/lock")).unwrap();
    world.lock().unwrap();
    insta::assert_snapshot!(
        "the_world_is_taken",
        place.transcript(&[&["apply", "library", "--timeout", "3s"]])
    );
}

#[test]
fn apply_begins_as_soon_as_the_other_has_ended() {
    let place = Place::new("examples/migration", NOON);
    let lease = daemon(&place);
    let (child, mut talk) = start(&place, &["apply", "library"]);
    assert_eq!(
        line(&mut talk),
        "waiting: `library` is locked by daemon on host-7 since Tue 2032-11-23 11:00 UTC\n"
    );
    drop(lease);
    let (code, said) = end(child, &mut talk);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn whoever_waits_goes_when_asked_to() {
    let place = Place::new("examples/migration", NOON);
    let _lease = daemon(&place);
    let (child, mut talk) = start(&place, &["apply", "library"]);
    line(&mut talk);
    terminate(&child);
    let (code, said) = end(child, &mut talk);
    assert_eq!(code, Some(1));
    assert!(said.contains("interrupted while waiting for the lock; nothing was changed"), "{said}");
}

#[test]
fn a_run_ends_after_the_step_in_hand_and_the_next_one_goes_on() {
    let place = Place::new("examples/migration", NOON);
    let folder = place.store().join("environments/library");
    std::fs::create_dir_all(&folder).unwrap();
    // The program holds this lock for a moment when it takes the lease, and when it saves what a step did:
    // whoever takes it between the two stops the program in its first step.
    let section = File::create(folder.join("lock")).unwrap();
    section.lock().unwrap();
    // A process begins a log of the world with a line of its own; each effect adds one.
    let log = || std::fs::read_to_string(place.store().join("sim/world.log")).unwrap_or_default();
    let head = |log: &str| log.lines().next().map(str::to_owned);
    let built = head(&log());
    let has_effect = || {
        let log = log();
        head(&log) != built && log.matches('\n').count() > 1
    };
    let (child, mut talk) = start(&place, &["apply", "library"]);
    while !folder.join("lease.json").exists() {
        section.unlock().unwrap();
        std::thread::yield_now();
        section.lock().unwrap();
    }
    while !has_effect() {
        std::thread::yield_now();
    }
    terminate(&child);
    section.unlock().unwrap();
    let (code, said) = end(child, &mut talk);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("stopped after 0 s: "), "{said}");
    assert_eq!(place.run(&["apply", "library"]).code, 0);
    assert_eq!(place.world().effects.len(), 1);
}
