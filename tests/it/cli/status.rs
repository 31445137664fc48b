//! `status` and `history`: their fixed shape, and what they say when there is nothing to say.

use super::Machine;
use super::place::{NOON, Place};

#[test]
fn a_status_has_its_fixed_keys() {
    let place = Place::new(".", NOON);
    let all = place.json(&["status"], 0);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let one = place.json(&["status", "production"], 0);
    for key in [
        "environment",
        "revision",
        "state",
        "versions",
        "schema_version",
        "gate",
        "services",
        "database",
        "conditions",
        "next_change",
    ] {
        assert!(one.get(key).is_some(), "{key}");
    }
    assert_eq!(all[1], one);
    insta::assert_snapshot!(serde_json::to_string_pretty(&one["conditions"]).unwrap());
}

#[test]
fn all_environments_before_anything_was_done() {
    let place = Place::new(".", NOON);
    insta::assert_snapshot!(place.transcript(&[&["status"], &["history", "dev"]]));
}

#[test]
fn a_status_needs_no_store() {
    let machine = Machine::new();
    for verb in ["status", "history"] {
        let ended = machine.run(&[verb, "shop", "--dir", "examples/minimal", "--cloud", "sim"]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert_eq!(std::fs::read_dir(machine.home()).unwrap().count(), 0, "{verb}");
    }
}

#[test]
fn an_environment_that_is_declared_no_more_keeps_its_history() {
    let place = Place::new("examples/minimal", NOON);
    assert_eq!(place.run(&["apply", "shop"]).code, 0);
    let store = place.store().display().to_string();
    let args = ["history", "shop", "--dir", "examples/migration", "--store", &store];
    let ended = place.machine.run(&args);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("converged"), "{}", ended.out);
}

#[test]
fn the_newest_runs_come_first_and_no_more_than_asked_for() {
    let place = Place::new("examples/minimal", NOON);
    for count in [1_u32, 2, 3] {
        assert_eq!(place.run(&["apply", "shop"]).code, 0);
        place.edit(|world| {
            for service in world.regions.iter_mut().flat_map(|region| region.services.values_mut()) {
                service.desired = 5 + count;
            }
        });
    }
    let runs = place.json(&["history", "shop", "--limit", "2"], 0);
    let runs = runs["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    let started = |index: usize| runs[index]["started_at"].as_str().unwrap().to_owned();
    assert!(started(0) >= started(1));
}
