//! What people do in the console that a release must not begin with, and how they put it right again.

use chrono::TimeDelta;
use serde_json::json;
use tidegate::cloud::{LifecycleHook, ServiceStatus};
use tidegate::model::Instant;
use tidegate::sim::{Dice, World};
use tidegate::spec::EnvironmentSpec;

const REWRITES: &str =
    "function handler(event) { event.request.uri = '/shop' + event.request.uri; return event.request; }";
const RETURNS: &str = "function handler(event) { return event.request; }";

/// One such change.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// A service is deleted with its tasks.
    Delete(&'static str),
    /// A service gets a hook by which AWS rolls back.
    Hook(&'static str),
    /// The function of the gate gets other code.
    Code,
    /// The migration's family requires instances, and the cluster has none.
    Instances,
}

/// At most one change, somewhere between two instants. With dice of its own: the other happenings of a seed stay as they
/// are.
pub fn drawn(dice: &mut Dice, begins: Instant, ends: Instant) -> Option<(Instant, Change)> {
    let span = (ends - begins).num_seconds().max(1).unsigned_abs();
    let at = begins + TimeDelta::seconds(i64::try_from(dice.below(span)).expect("weeks"));
    let service = if dice.chance(0.5) { "library" } else { "admin" };
    let change = match dice.below(10) {
        0 => Change::Delete(service),
        1 => Change::Hook(if dice.chance(0.5) { "web" } else { "workers" }),
        2 => Change::Code,
        3 => Change::Instances,
        _ => return None,
    };
    Some((at, change))
}

/// Makes the change where there is something to change.
pub fn make(world: &mut World, spec: &EnvironmentSpec, change: Change) {
    let key = |service: &str| format!("{}/{service}", spec.cluster);
    let name = spec.name.as_str();
    match change {
        Change::Delete(service) => {
            let found = world.regions.iter().find_map(|region| region.services.get(&key(service)));
            if found.is_some_and(|found| found.status == ServiceStatus::Active) {
                world.person(name).delete_service(service);
            }
        }
        Change::Hook(service) => {
            let mut regions = world.regions.iter_mut();
            let found = regions.find_map(|region| region.services.get_mut(&key(service)));
            let stages = vec!["POST_SCALE_UP".to_owned()];
            let hook = LifecycleHook { kind: "AWS_LAMBDA".to_owned(), stages, rolls_back: true };
            found.into_iter().for_each(|found| found.hooks.push(hook.clone()));
        }
        Change::Code => write(world, spec, REWRITES),
        Change::Instances => require(world, spec, "EC2"),
    }
}

/// Every service that AWS lets a person create again is there again; the tasks of the others are still stopping.
pub fn create_services(world: &mut World, spec: &EnvironmentSpec) -> String {
    let mut created = Vec::new();
    for service in spec.services.keys() {
        let key = format!("{}/{service}", spec.cluster);
        let found = world.regions.iter().find_map(|region| region.services.get(&key));
        if found.is_none_or(|found| found.status == ServiceStatus::Inactive) {
            world.person(spec.name.as_str()).create_service(spec, service.as_str());
            created.push(service.as_str());
        }
    }
    if created.is_empty() { "wait".to_owned() } else { format!("create {}", created.join(", ")) }
}

/// No service has a hook.
pub fn remove_hooks(world: &mut World, spec: &EnvironmentSpec) -> String {
    let services = world.regions.iter_mut().flat_map(|region| region.services.values_mut());
    services.filter(|service| service.cluster == spec.cluster).for_each(|service| service.hooks.clear());
    "remove the hooks".to_owned()
}

/// The function does what it would do without tidegate: nothing.
pub fn empty_function(world: &mut World, spec: &EnvironmentSpec) -> String {
    write(world, spec, RETURNS);
    "empty the function".to_owned()
}

/// The migration's family allows Fargate.
pub fn allow_fargate(world: &mut World, spec: &EnvironmentSpec) -> String {
    require(world, spec, "FARGATE");
    "allow Fargate".to_owned()
}

fn write(world: &mut World, spec: &EnvironmentSpec, code: &str) {
    let gate = spec.maintenance.as_ref().and_then(|maintenance| maintenance.cloudfront.as_ref());
    let Some(function) = gate.map(|gate| gate.function.as_str()) else { return };
    if world.regions.iter().any(|region| region.functions.contains_key(function)) {
        world.person(spec.name.as_str()).write_function(function, Some(code), Some(code), "by hand");
    }
}

fn require(world: &mut World, spec: &EnvironmentSpec, compatibility: &str) {
    let Some(family) = spec.migration.as_ref().map(|migration| migration.task.as_str()) else { return };
    if world.regions.iter().any(|region| region.definitions.contains_key(family)) {
        world.person(spec.name.as_str()).revise(family, "requiresCompatibilities", json!([compatibility]));
    }
}
