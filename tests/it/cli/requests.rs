//! A migration fails, and a person decides.

use tidegate::sim::Outcome;

use super::place::{NOON, Place};

/// The first migration leaves a mess behind.
fn failed() -> Place {
    let place = Place::new("examples/migration", NOON);
    place.edit(|world| world.script.migration("v5.0.0", [Outcome::Exit { code: 1, partial: true }]));
    let run = place.json(&["apply", "library"], 1);
    assert_eq!(run["outcome"], "held");
    assert_eq!(run["downtime_seconds"], serde_json::Value::Null);
    place
}

#[test]
fn a_failed_migration_is_held_and_explains_itself() {
    let place = failed();
    insta::assert_snapshot!(place.transcript(&[
        &["apply", "library"],
        &["plan", "library"],
        &["status", "library"],
        &["history", "library"],
    ]));
    let plan = place.json(&["plan", "library"], 0);
    assert_eq!(plan["blocked"][0]["reason"], "migration-failed");
    assert_eq!(plan["state"]["because"], "hold");
    assert_eq!(plan["expected_downtime_seconds"], serde_json::Value::Null);
    let status = place.json(&["status", "library"], 0);
    let failed = status["conditions"].as_array().unwrap().iter().find(|one| one["type"] == "Failed").unwrap();
    assert_eq!((&failed["status"], &failed["reason"]), (&true.into(), &"held".into()));
}

#[test]
fn retry_runs_it_once_more() {
    let place = failed();
    place.edit(|world| world.script.migrations.clear());
    insta::assert_snapshot!(
        place.transcript(&[
            &["retry", "library", "--reason", "the table was cleaned up"],
            &["apply", "library"],
        ])
    );
    let runs = place.json(&["history", "library"], 0);
    assert_eq!(runs["runs"][0]["requests"][0]["reason"], "the table was cleaned up");
    assert_eq!(runs["runs"][0]["outcome"], "converged");
}

#[test]
fn a_recorded_version_ends_the_hold() {
    let place = failed();
    insta::assert_snapshot!(place.transcript(&[
        &["record-schema", "library", "v5.0.0", "--reason", "the rest was done by hand"],
        &["apply", "library"],
        &["status", "library"],
    ]));
}

#[test]
fn a_release_is_given_up_before_its_migration_runs() {
    let place = Place::new("examples/migration", NOON);
    // While the snapshot is taken, the release is in progress and nothing has happened to the schema.
    assert_eq!(place.run(&["apply", "library", "--timeout", "3m"]).code, 1);
    insta::assert_snapshot!(place.transcript(&[
        &["abort", "library", "--reason", "not today"],
        &["apply", "library"],
        &["status", "library"],
        &["abort", "library", "--reason", "again"],
    ]));
    assert!(place.world().effects.is_empty());
}

#[test]
fn a_release_that_fails_for_good_is_given_up_by_tidegate() {
    let place = Place::new("examples/migration", NOON);
    place.edit(|world| world.script.migration("v5.0.0", vec![Outcome::NoCapacity; 60]));
    assert_eq!(place.run(&["apply", "library"]).code, 1);
    insta::assert_snapshot!(place.transcript(&[
        &["status", "library"],
        &["history", "library"],
        &["abort", "library", "--reason", "not today"],
        &["retry", "library", "--reason", "there is room again"],
    ]));
    assert!(place.world().effects.is_empty());
}

#[test]
fn a_version_that_may_be_a_typing_error_is_doubted_and_can_be_withdrawn() {
    let place = failed();
    insta::assert_snapshot!(place.transcript(&[
        &["record-schema", "library", "9.9.9", "--reason", "restored"],
        &["record-schema", "library", "v50.0.0", "--reason", "restored"],
        &["record-schema", "library", "v5.0.0", "--reason", "a typing error before"],
        &["apply", "library"],
    ]));
    assert!(!place.json(&["history", "library"], 0).to_string().contains("v50.0.0"), "it was withdrawn");
}

#[test]
fn two_people_hear_of_each_other() {
    let place = failed();
    insta::assert_snapshot!(place.transcript(&[
        &["retry", "library", "--reason", "once more"],
        &["retry", "library", "--reason", "once more, really"],
        &["record-schema", "library", "v4.0.0", "--reason", "restored the snapshot"],
    ]));
}
