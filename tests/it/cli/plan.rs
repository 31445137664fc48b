//! `plan`: the face of the tool, whole, and what it must never do.

use std::fs;

use super::place::{NOON, SATURDAY, WINDOW};
use super::{Ended, Machine};

/// Plans without a store: a world is thought up, and forgotten.
fn plan(environment: &str, dir: &str, at: &str, more: &[&str]) -> Ended {
    let machine = Machine::new();
    let fixed = ["plan", environment, "--dir", dir, "--cloud", "sim", "--at", at];
    let ended = machine.run(&[&fixed, more].concat());
    let left: Vec<_> = fs::read_dir(machine.home()).unwrap().collect();
    assert!(left.is_empty(), "a plan leaves nothing behind: {left:?}");
    assert_eq!(ended.err, "");
    ended
}

fn text(environment: &str, dir: &str, at: &str) -> String {
    let Ended { code, out, .. } = plan(environment, dir, at, &[]);
    assert_eq!(code, 0);
    let wide: Vec<_> = out.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "wider than 100 columns: {wide:#?}");
    out
}

#[test]
fn a_whole_release_of_production() {
    insta::assert_snapshot!(text("production", ".", WINDOW));
}

#[test]
fn production_outside_its_window() {
    insta::assert_snapshot!(text("production", ".", NOON));
}

#[test]
fn dev_at_the_weekend() {
    insta::assert_snapshot!(text("dev", ".", SATURDAY));
}

#[test]
fn staging_in_working_hours() {
    insta::assert_snapshot!(text("staging", ".", NOON));
}

#[test]
fn the_minimal_example() {
    insta::assert_snapshot!(text("shop", "examples/minimal", NOON));
}

#[test]
fn the_scheduled_example() {
    insta::assert_snapshot!(text("preview", "examples/scheduled", "2032-11-23T16:00:00Z"));
}

#[test]
fn the_migration_example() {
    insta::assert_snapshot!(text("library", "examples/migration", NOON));
}

#[test]
fn a_release_that_waits_for_its_window_in_a_pull_request() {
    insta::assert_snapshot!(plan("production", ".", NOON, &["--output", "markdown"]).out);
}

#[test]
fn a_release_for_a_pull_request() {
    insta::assert_snapshot!(plan("library", "examples/migration", NOON, &["--output", "markdown"]).out);
}

#[test]
fn a_plan_for_programs() {
    let ended = plan("library", "examples/migration", NOON, &["--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    for key in [
        "schema",
        "environment",
        "revision",
        "state",
        "actions",
        "blocked",
        "waiting",
        "drift",
        "expected_downtime_seconds",
    ] {
        assert!(json.get(key).is_some(), "{key}");
    }
    for key in ["id", "kind", "resource", "before", "after", "reason"] {
        assert!(json["actions"][0].get(key).is_some(), "{key}");
    }
    insta::assert_snapshot!(ended.out);
}

#[test]
fn pending_changes_have_an_exit_code_of_their_own() {
    assert_eq!(plan("shop", "examples/minimal", NOON, &["--exit-code"]).code, 3);
}

#[test]
fn colours_are_for_terminals() {
    let machine = Machine::new();
    let args = ["plan", "shop", "--dir", "examples/minimal", "--cloud", "sim", "--at", NOON];
    let plain = machine.run(&args).out;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let output = machine.command(&args).env("CLICOLOR_FORCE", "1").output().unwrap();
    let coloured = String::from_utf8(output.stdout).unwrap();
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}
