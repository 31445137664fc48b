//! What people set for a while: overrides and suspensions, and what they start in an environment's sleep.

use super::place::{NOON, Place, SATURDAY};

#[test]
fn a_weekend_with_an_override() {
    let place = Place::new(".", SATURDAY);
    place.run(&["apply", "dev"]);
    insta::assert_snapshot!(place.transcript(&[
        &["override", "dev"],
        &["override", "dev", "restricted", "--until", "22:00", "--reason", "load test"],
        &["override", "dev", "running", "--for", "3h", "--reason", "load test, with users"],
        &["override"],
        &["plan", "dev"],
        &["apply", "dev"],
        &["status", "dev"],
        &["override", "dev", "--clear", "--reason", "seen enough"],
        &["override", "dev", "--clear"],
        &["history", "dev"],
    ]));
}

#[test]
fn an_override_for_programs() {
    let place = Place::new(".", SATURDAY);
    let set = ["override", "dev", "running", "--until", "2032-11-27T20:00:00Z", "--reason", "load test"];
    let set = place.json(&set, 0);
    assert_eq!(set["override"]["until"], "2032-11-27T21:00:00+01:00");
    let shown = place.json(&["override", "dev"], 0);
    assert_eq!(shown, set);
    let plan = place.json(&["plan", "dev"], 0);
    assert_eq!(
        (&plan["state"]["effective"], &plan["state"]["because"]),
        (&"running".into(), &"override".into())
    );
    assert_eq!(plan["state"]["until"], "2032-11-27T21:00:00+01:00");
    assert_eq!(plan["override"]["who"], "ann@laptop");
    let status = place.json(&["status", "dev"], 0);
    assert_eq!(status["override"], plan["override"]);
    assert_eq!(status["next_change"]["at"], "2032-11-27T21:00:00+01:00");
    let days = ["schedule", "dev", "--from", "2032-11-27T11:00:00Z", "--days", "1"];
    assert_eq!(
        place.json(&days, 0),
        serde_json::json!([{"at": "2032-11-27T21:00:00+01:00", "state": "stopped", "because": "schedule"}])
    );
    assert!(place.json(&["override"], 0).as_array().unwrap().len() == 3);
}

#[test]
fn a_suspended_environment_says_so_everywhere() {
    let place = Place::new("examples/migration", NOON);
    insta::assert_snapshot!(place.transcript(&[
        &["suspend", "library", "--reason", "an audit of the database", "--for", "2d"],
        &["plan", "library"],
        &["apply", "library"],
        &["status", "library"],
        &["resume", "library"],
        &["resume", "library"],
        &["history", "library"],
    ]));
    assert!(place.world().effects.is_empty());
}

#[test]
fn what_somebody_starts_at_the_weekend_comes_with_the_way_to_keep_it() {
    let place = Place::new(".", SATURDAY);
    place.run(&["apply", "dev"]);
    place.edit(|world| world.person("dev").scale("umami", 1));
    insta::assert_snapshot!(place.transcript(&[&["status", "dev"], &["plan", "dev"], &["apply", "dev"]]));
}

#[test]
fn what_is_asked_for_wrongly() {
    let place = Place::new(".", SATURDAY);
    insta::assert_snapshot!(place.transcript(&[
        &["override", "dev", "running", "--for", "3h"],
        &["override", "dev", "running", "--reason", "load test"],
        &["override", "dev", "up", "--for", "3h", "--reason", "load test"],
        &["override", "dev", "running", "--for", "3", "--reason", "load test"],
        &["override", "dev", "running", "--until", "tonight", "--reason", "load test"],
        &["override", "dev", "running", "--until", "2030-01-01T00:00:00Z", "--reason", "load test"],
        &["override", "dev", "running", "--until", "22:00", "--for", "3h", "--reason", "load test"],
        &["override", "dev", "running", "--clear"],
        &["override", "--clear"],
        &["override", "dve"],
        &["suspend", "dev"],
        &["resume", "dev"],
    ]));
}
