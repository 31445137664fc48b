//! `apply`: to its end, and how it says so.

use serde_json::Value;

use super::place::{NOON, Place, SATURDAY, WINDOW};

fn assert_keys(of: &Value, keys: &[&str]) {
    for key in keys {
        assert!(of.get(key).is_some(), "{key} in {of:#}");
    }
}

#[test]
fn a_release_of_production_from_plan_to_history() {
    let place = Place::new(".", WINDOW);
    let applied = place.run(&["apply", "production"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    insta::assert_snapshot!("the_release_of_production", format!("{}---\n{}", applied.out, applied.err));
    let world = place.world();
    assert!(world.violations_by_tidegate().is_empty());
    assert_eq!(world.effects.len(), 1);
    insta::assert_snapshot!(
        "production_after_its_release",
        place.transcript(&[
            &["plan", "production", "--exit-code"],
            &["apply", "production"],
            &["status", "production"],
            &["history", "production"],
        ])
    );
}

#[test]
fn every_example_comes_to_rest() {
    for (dir, environment) in [
        ("examples/minimal", "shop"),
        ("examples/scheduled", "preview"),
        ("examples/migration", "library"),
        (".", "staging"),
    ] {
        let place = Place::new(dir, NOON);
        assert_eq!(place.run(&["apply", environment]).code, 0, "{environment}");
        let again = place.run(&["plan", environment, "--exit-code"]);
        assert_eq!(again.code, 0, "{environment}: {}", again.out);
        assert!(place.world().violations_by_tidegate().is_empty(), "{environment}");
    }
}

#[test]
fn a_closed_window_has_an_exit_code_of_its_own_and_can_be_ignored() {
    let place = Place::new(".", NOON);
    let waits = place.run(&["apply", "production"]);
    assert_eq!(waits.code, 3, "{}", waits.err);
    insta::assert_snapshot!(waits.out);
    let run = place.json(&["apply", "production", "--ignore-window", "--reason", "it is urgent"], 0);
    assert_eq!(run["outcome"], "converged");
    assert_eq!(run["requests"][0]["wish"], "ignore-window");
    assert_eq!(run["requests"][0]["reason"], "it is urgent");
}

#[test]
fn a_cluster_is_taken_over_once_by_a_persons_word() {
    let place = Place::new("examples/minimal", NOON);
    let other = || {
        place.edit(|world| {
            let clusters = world.regions.iter_mut().flat_map(|region| region.clusters.values_mut());
            for tags in clusters {
                tags.insert("tidegate:owner".to_owned(), "6f1c1f5e-0000-4000-8000-00000000000f".to_owned());
            }
        });
    };
    other();
    let said = place.transcript(&[
        &["apply", "shop"],
        &["apply", "shop", "--take-over", "--reason", "the other host is gone"],
    ]);
    insta::assert_snapshot!(said);
    other();
    let again = place.json(&["apply", "shop"], 1);
    assert_eq!(again["blocked"][0]["reason"], "owned-by-another");
}

#[test]
fn a_bump_that_waits_for_the_morning_is_no_failure() {
    let place = Place::new(".", SATURDAY);
    let ended = place.run(&["apply", "dev"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    insta::assert_snapshot!(ended.out);
}

#[test]
fn time_can_run_out_and_the_next_run_goes_on() {
    let place = Place::new("examples/migration", NOON);
    let ended = place.run(&["apply", "library", "--timeout", "3m"]);
    assert_eq!(ended.code, 1);
    insta::assert_snapshot!(ended.out);
    assert_eq!(place.run(&["apply", "library"]).code, 0);
    assert_eq!(place.world().effects.len(), 1);
}

#[test]
fn a_run_for_programs() {
    let place = Place::new("examples/migration", NOON);
    let run = place.json(&["apply", "library"], 0);
    assert_keys(
        &run,
        &["schema", "id", "environment", "revision", "started_at", "finished_at", "outcome", "steps"],
    );
    assert_keys(&run["steps"][0], &["step", "started_at", "finished_at", "outcome", "actions"]);
    let history = place.json(&["history", "library"], 0);
    assert_eq!((&history["schema"], &history["environment"]), (&"tidegate/v1".into(), &"library".into()));
    assert_eq!(history["runs"], Value::from(vec![run]));
}

#[test]
fn an_observed_environment_is_only_looked_at() {
    let place = Place::new("examples/minimal", NOON);
    place.machine.write(
        "repo/environments/shop.yaml",
        &include_str!("../../../examples/minimal/environments/shop.yaml")
            .replace("name: shop", "name: shop\nmode: observe"),
    );
    let repo = place.machine.home().join("repo").display().to_string();
    let before = place.world().portrait();
    let args = ["--dir", repo.as_str(), "--cloud", "sim", "--store"];
    let store = place.store().display().to_string();
    for (verb, says) in [("plan", "tidegate carries out none of this"), ("apply", "nothing was changed")] {
        let ended = place.machine.run(&[&[verb, "shop"], &args[..], &[store.as_str()]].concat());
        assert_eq!(ended.code, 0);
        assert!(ended.out.contains(says), "{}", ended.out);
    }
    assert_eq!(place.world().portrait(), before);
}
