use serde_json::json;

use super::*;
use crate::cloud::{Rollback, Suspended};
use crate::sim::samples::{PRODUCTION, REPOSITORY, listener, pass, world};

fn service<'a>(world: &'a World, name: &str) -> &'a SimService {
    &world.regions[0].services[&format!("graasp-prod/{name}")]
}

#[test]
fn what_a_person_changed_is_marked() {
    let mut world = world();
    assert_eq!(service(&world, "redis").by, Actor::Aws);
    world.person(PRODUCTION).scale("redis", 2);
    assert_eq!((service(&world, "redis").by, service(&world, "redis").desired), (Actor::Person, 2));
}

#[test]
fn a_forced_deployment_replaces_what_runs() {
    let mut world = world();
    let before = service(&world, "umami").primary().clone();
    world.person(PRODUCTION).redeploy("umami");
    pass(&mut world, 300);
    let after = service(&world, "umami").primary();
    assert_eq!((&after.definition, after.rollout), (&before.definition, Rollout::Completed));
    assert_ne!(after.id, before.id);
}

#[test]
fn a_revision_of_terraform_is_newer_and_runs_nowhere() {
    let mut world = world();
    let running = service(&world, "graasp").primary().definition.clone();
    world.person(PRODUCTION).revise("graasp", "cpu", json!("2048"));
    let newest = world.regions[0].definitions["graasp"].last().unwrap();
    assert_ne!(newest.arn, running);
    assert_eq!(newest.document.expose()["cpu"], "2048");
    assert_eq!(service(&world, "graasp").primary().definition, running);
}

#[test]
fn terraform_takes_away_what_it_does_not_know() {
    let mut world = world();
    world.person(PRODUCTION).tag_database(tag::SCHEMA, Some("v2.24.0"));
    let gated = [Condition::header("x-maintenance-bypass", "secret-secret-secret")];
    world.person(PRODUCTION).set_rule(30, &gated);
    world.person(PRODUCTION).terraform_applies(&[("graasp", 1)]);
    let tags = &world.regions[0].databases["graasp-prod"].shown.tags;
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["managed-by"]);
    assert_eq!(service(&world, "graasp").desired, 1);
    let rules = &world.find_listener(0, &listener()).unwrap().rules;
    assert!(rules.iter().all(|rule| !rule.asks_for("x-maintenance-bypass")));
}

#[test]
fn an_alarm_rolls_back_only_where_that_is_switched_on() {
    for (alarms, rolled_back) in [(true, true), (false, false)] {
        let mut world = world();
        let old = service(&world, "graasp").primary().definition.clone();
        let key = "graasp-prod/graasp";
        let rollback = Rollback { circuit_breaker: false, alarms };
        world.regions[0].services.get_mut(key).unwrap().rollback = rollback;
        world.person(PRODUCTION).deploy("graasp", "core", &format!("{REPOSITORY}:core-v2.25.0"));
        pass(&mut world, 10);
        world.person(PRODUCTION).alarm("graasp");
        pass(&mut world, 600);
        assert_eq!(service(&world, "graasp").primary().definition == old, rolled_back);
    }
}

#[test]
fn other_doings_leave_their_traces() {
    let mut world = world();
    let target = ScalableTarget { min: 1, max: 4, suspended: Suspended::NONE };
    let mut person = world.person(PRODUCTION);
    person.set_target("graasp", target);
    person.modify_database();
    person.put_file("graasp-prod-client", "notes.txt");
    person.rotate_secret("/graasp/prod/maintenance-secret", "another-secret-another");
    let region = &world.regions[0];
    assert_eq!(region.targets["graasp-prod/graasp"].shown, target);
    assert_eq!(region.databases["graasp-prod"].shown.status.to_string(), "modifying");
    assert_eq!(region.secrets["/graasp/prod/maintenance-secret"], "another-secret-another");
    assert!(world.buckets["graasp-prod-client"].objects.contains_key("notes.txt"));
    pass(&mut world, 401);
    assert_eq!(world.regions[0].databases["graasp-prod"].shown.status.to_string(), "available");
}
