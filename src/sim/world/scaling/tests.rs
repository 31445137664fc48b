use super::*;
use crate::cloud::{Suspended, UpdateService};
use crate::sim::Actor;
use crate::sim::samples::{pass, world};

const KEY: &str = "graasp-prod/graasp";

fn set(world: &mut World, min: u32, max: u32, suspended: Suspended) -> Result<(), Refusal> {
    let target = ScalableTarget { min, max, suspended };
    world.set_scalable_target(0, &"graasp-prod".into(), &"graasp".into(), target, Actor::Tidegate)
}

fn desire(world: &mut World, desired: u32) {
    let (cluster, service) = ("graasp-prod".into(), "graasp".into());
    let update = UpdateService { cluster, service, definition: None, desired: Some(desired), rollback: None };
    world.update_service(0, &update, Actor::Tidegate).unwrap();
}

fn desired_after(world: &mut World, seconds: i64) -> u32 {
    pass(world, seconds);
    world.regions[0].services[KEY].desired
}

#[test]
fn the_minimum_fights_a_service_that_is_meant_to_be_at_zero() {
    let mut world = world();
    desire(&mut world, 0);
    assert_eq!(desired_after(&mut world, 10), 0);
    assert_eq!(desired_after(&mut world, 60), 2, "scaled out to the minimum again");
}

#[test]
fn suspending_alone_clamps_the_count_into_the_range() {
    let mut world = world();
    set(&mut world, 2, 8, Suspended::ALL).unwrap();
    pass(&mut world, 5);
    desire(&mut world, 0);
    assert_eq!(desired_after(&mut world, 120), 0, "suspended: nothing fights");
    set(&mut world, 2, 8, Suspended::ALL).unwrap();
    assert_eq!(desired_after(&mut world, 5), 2, "and yet registering clamps");
}

#[test]
fn a_minimum_of_zero_and_all_suspended_lets_a_service_sleep() {
    let mut world = world();
    set(&mut world, 0, 8, Suspended::ALL).unwrap();
    desire(&mut world, 0);
    assert_eq!(desired_after(&mut world, 86_400), 0);
}

#[test]
fn a_busy_service_moves_within_its_range_unless_suspended() {
    let mut world = world();
    world.script.busy.insert(KEY.to_owned());
    desire(&mut world, 2);
    let seen: std::collections::BTreeSet<u32> = (0..40).map(|_| desired_after(&mut world, 61)).collect();
    assert!(seen.len() > 2 && seen.iter().all(|count| (2..=8).contains(count)), "{seen:?}");
    set(&mut world, 2, 8, Suspended::ALL).unwrap();
    let still = desired_after(&mut world, 5);
    assert_eq!(desired_after(&mut world, 600), still);
}

#[test]
fn a_range_that_is_upside_down_is_refused() {
    let refusal = set(&mut world(), 3, 2, Suspended::NONE).unwrap_err();
    assert_eq!(refusal.kind, Kind::Invalid);
}
