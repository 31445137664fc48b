//! What people do in the console that a release must not begin with, and how they put it right again.

use chrono::TimeDelta;
use serde_json::json;
use tidegate::cloud::{LifecycleHook, ServiceStatus, TaskStatus};
use tidegate::model::Instant;
use tidegate::sim::{Dice, SimTask, World};
use tidegate::spec::EnvironmentSpec;

const REWRITES: &str =
    "function handler(event) { event.request.uri = '/shop' + event.request.uri; return event.request; }";
/// A service that no declaration names.
const UNDECLARED: &str = "legacy";
/// A family that no service runs.
const REPORT: &str = "report";
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
    /// A service gets a hook by which each of its deployments waits for a person.
    Pause(&'static str),
    /// A service that no declaration names runs code of the platform.
    Undeclared,
    /// A task of no service runs code of the platform.
    Report,
    /// And that task ends.
    ReportEnds,
}

/// At most one change and its end, somewhere between two instants. With dice of its own: the other happenings of a seed stay as they
/// are.
pub fn drawn(dice: &mut Dice, begins: Instant, ends: Instant) -> Vec<(Instant, Change)> {
    let span = (ends - begins).num_seconds().max(1).unsigned_abs();
    let at = begins + TimeDelta::seconds(i64::try_from(dice.below(span)).expect("weeks"));
    let service = if dice.chance(0.5) { "library" } else { "admin" };
    let change = match dice.below(14) {
        0 => Change::Delete(service),
        1 => Change::Hook(if dice.chance(0.5) { "web" } else { "workers" }),
        2 => Change::Code,
        3 => Change::Instances,
        4 => Change::Pause(["web", "workers", "library"][usize::try_from(dice.below(3)).expect("below 3")]),
        5 => Change::Undeclared,
        6 => Change::Report,
        _ => return Vec::new(),
    };
    let mut changes = vec![(at, change)];
    if matches!(change, Change::Report) {
        let minutes = i64::try_from(3 + dice.below(120)).expect("hours");
        changes.push((at + TimeDelta::minutes(minutes), Change::ReportEnds));
    }
    changes
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
        Change::Hook(service) => add_hook(world, &key(service), "AWS_LAMBDA", "POST_SCALE_UP", true),
        Change::Pause(service @ "library") => {
            add_hook(world, &key(service), "PAUSE", "PRE_SCALE_UP", true);
        }
        Change::Pause(service) => add_hook(world, &key(service), "PAUSE", "POST_SCALE_UP", false),
        Change::Undeclared if is_shop(spec) && !has_undeclared(world, spec) => {
            let mut spec = spec.clone();
            spec.versions.insert("core".into(), "v1.4.0".into());
            world.person(name).create_undeclared(&spec, "workers", UNDECLARED);
        }
        Change::Report if is_shop(spec) => {
            world.person(name).run_task(REPORT, "registry.shop.example/shop:report-v1.4.0");
        }
        Change::ReportEnds => world.person(name).stop_family(REPORT),
        Change::Undeclared | Change::Report => {}
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

/// No code of the platform runs outside the declared services.
pub fn stop_strangers(world: &mut World, spec: &EnvironmentSpec) -> String {
    let is_there = has_undeclared(world, spec);
    let mut person = world.person(spec.name.as_str());
    if is_there {
        person.scale(UNDECLARED, 0);
    }
    person.stop_family(REPORT);
    "stop what is not declared".to_owned()
}

/// Every deployment that waits for a person continues.
pub fn continue_deployments(world: &mut World, spec: &EnvironmentSpec) -> String {
    for service in spec.services.keys() {
        let key = format!("{}/{service}", spec.cluster);
        let found = world.regions.iter().find_map(|region| region.services.get(&key));
        if found.is_some_and(|found| found.deployments[0].pause.is_some()) {
            world.person(spec.name.as_str()).continue_deployment(service.as_str());
        }
    }
    "continue the deployments".to_owned()
}

/// Whether old code runs where nothing declares it.
pub fn has_strangers(world: &World, spec: &EnvironmentSpec) -> bool {
    let is_stray = |task: &SimTask| match &task.service {
        Some(service) => *service == format!("{}/{UNDECLARED}", spec.cluster),
        None => task.family.as_str() == REPORT,
    };
    let mut tasks = world.regions.iter().flat_map(|region| region.tasks.values());
    tasks.any(|task| task.shown.status != TaskStatus::Stopped && is_stray(task))
}

fn has_undeclared(world: &World, spec: &EnvironmentSpec) -> bool {
    let key = format!("{}/{UNDECLARED}", spec.cluster);
    world.regions.iter().any(|region| region.services.contains_key(&key))
}

fn is_shop(spec: &EnvironmentSpec) -> bool {
    spec.services.contains_key("workers")
}

fn add_hook(world: &mut World, key: &str, kind: &str, stage: &str, rolls_back: bool) {
    let found = world.regions.iter_mut().find_map(|region| region.services.get_mut(key));
    let hook = LifecycleHook { kind: kind.to_owned(), stages: vec![stage.to_owned()], rolls_back };
    found.into_iter().for_each(|found| found.hooks.push(hook.clone()));
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
