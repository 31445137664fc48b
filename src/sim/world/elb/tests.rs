use super::*;
use crate::sim::samples::{PRODUCTION, listener, world};

const HEADER: (&str, &str) = ("x-maintenance-bypass", "secret-secret-secret");

/// Where a request goes: a priority, or 0 for the default action.
fn routed(world: &World, url: &str, header: Option<(&str, &str)>) -> u32 {
    let (host, path) = url.split_once('/').unwrap();
    match world.find_listener(0, &listener()).unwrap().route(host, &format!("/{path}"), header) {
        Routed::Rule(rule) => rule.priority,
        Routed::Default(action) => {
            assert_eq!(*action, RuleAction::Redirect);
            0
        }
    }
}

fn gate(world: &mut World, priorities: &[u32]) {
    for priority in priorities {
        let rules = &world.find_listener(0, &listener()).unwrap().rules;
        let rule = rules.iter().find(|rule| rule.priority == *priority).unwrap();
        let (arn, mut conditions) = (rule.arn.clone(), rule.conditions.clone());
        conditions.push(Condition::header(HEADER.0, HEADER.1));
        world.set_rule_conditions(0, &arn, &conditions, Actor::Tidegate).unwrap();
    }
}

#[test]
fn requests_go_to_the_first_rule_that_matches() {
    let world = world();
    for (url, priority) in [
        ("api.graasp.org/api/items", 1),
        ("api.graasp.org/items", 2),
        ("graasp.org/api/items", 7),
        ("graasp.org/", 8),
        ("GRAASP.org/admin", 8),
        ("library.graasp.org/", 30),
        ("go.graasp.org/", 50),
        ("association.graasp.org/", 56),
        ("unknown.org/", 0),
    ] {
        assert_eq!(routed(&world, url, None), priority, "{url}");
    }
}

#[test]
fn a_gated_rule_falls_through_to_the_next_that_matches() {
    let mut world = world();
    gate(&mut world, &[1, 2, 7]);
    assert_eq!(routed(&world, "api.graasp.org/api/items", None), 0, "the maintenance page");
    assert_eq!(routed(&world, "api.graasp.org/api/items", Some(HEADER)), 1);
    assert_eq!(routed(&world, "graasp.org/api/items", None), 8, "admin, not the maintenance page");
}

#[test]
fn header_values_are_compared_without_case_and_with_wildcards() {
    let condition = |value: &str| Condition::header("X-Bypass", value);
    let sent = |value: &'static str| Some(("x-bypass", value));
    assert!(holds(&condition("AbC"), "", "", sent("aBc")));
    assert!(holds(&condition("a*c?"), "", "", sent("abbcd")));
    assert!(!holds(&condition("abc"), "", "", sent("abcd")));
    assert!(!holds(&condition("abc"), "", "", None));
}

#[test]
fn paths_are_compared_with_case() {
    for (pattern, text, matched) in [
        ("/api/*", "/api/", true),
        ("/api/*", "/API/x", false),
        ("*a*b", "xaxaxb", true),
        ("*a*b", "xaxax", false),
        ("?", "", false),
        ("*", "", true),
    ] {
        assert_eq!(matches(pattern, text, false), matched, "{pattern} {text}");
    }
}

#[test]
fn a_rule_takes_five_values_of_at_most_128_characters() {
    let mut world = world();
    let arn = world.find_listener(0, &listener()).unwrap().rules[0].arn.clone();
    let values = |count: usize, length: usize| Condition {
        field: "host-header".to_owned(),
        header: None,
        values: vec!["x".repeat(length); count],
    };
    for (conditions, fits) in [
        (vec![values(5, 128)], true),
        (vec![values(3, 1), values(3, 1)], false),
        (vec![values(1, 129)], false),
        (vec![values(0, 1)], false),
        (vec![], false),
    ] {
        assert_eq!(world.set_rule_conditions(0, &arn, &conditions, Actor::Tidegate).is_ok(), fits);
    }
    let absent = world.set_rule_conditions(0, &"arn:none".into(), &[values(1, 1)], Actor::Tidegate);
    assert_eq!(absent.unwrap_err().kind, Kind::NotFound);
}

#[test]
fn an_open_route_is_one_gated_rule_without_the_header() {
    let mut world = world();
    assert!(world.open_route(PRODUCTION).is_some());
    // umami and admin are kept open; all others ask for the header.
    gate(&mut world, &[1, 2, 4, 7, 30, 50, 51, 52, 53, 54, 55, 56]);
    assert!(world.open_route(PRODUCTION).is_none());
    world.person(PRODUCTION).open_gate();
    assert_eq!(world.open_route(PRODUCTION).unwrap().by, Actor::Person);
}
