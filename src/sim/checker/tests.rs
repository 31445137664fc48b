use super::*;
use crate::cloud::{Condition, UpdateService};
use crate::sim::samples::{PRODUCTION, database, graasp, listener, pass, world};

fn promises(world: &World) -> Vec<(Promise, Actor)> {
    let mut seen: Vec<_> = world.violations.iter().map(|v| (v.promise, v.by)).collect();
    seen.dedup();
    seen
}

fn scale(world: &mut World, service: &str, desired: u32) {
    let (cluster, service) = ("graasp-prod".into(), ServiceName::new(service));
    let update = UpdateService { cluster, service, definition: None, desired: Some(desired), rollback: None };
    world.update_service(0, &update, Actor::Tidegate).unwrap();
    world.check();
}

fn close_gate(world: &mut World) {
    let rules: Vec<_> = world.find_listener(0, &listener()).unwrap().shown().rules;
    for rule in rules {
        let mut conditions = rule.conditions;
        conditions.push(Condition::header("x-maintenance-bypass", "secret-secret-secret"));
        world.set_rule_conditions(0, &rule.arn, &conditions, Actor::Tidegate).unwrap();
    }
}

#[test]
fn a_world_as_declared_keeps_every_promise() {
    let mut world = world();
    pass(&mut world, 86_400);
    assert_eq!(promises(&world), []);
}

#[test]
fn a_database_that_stops_under_its_tasks_is_seen_once() {
    let mut world = world();
    world.stop_database(0, &database(), Actor::Tidegate).unwrap();
    pass(&mut world, 3600);
    assert_eq!(promises(&world), [(Promise::DatabaseOutlivesItsTasks, Actor::Tidegate)]);
    assert_eq!(world.violations.len(), 10, "one for each service, two tasks of graasp in one breath");
}

#[test]
fn tasks_that_only_drain_still_use_the_database() {
    let mut world = world();
    for name in graasp().services.keys() {
        scale(&mut world, name.as_str(), 0);
    }
    pass(&mut world, 1);
    world.stop_database(0, &database(), Actor::Tidegate).unwrap();
    world.check();
    assert_eq!(promises(&world), [(Promise::DatabaseOutlivesItsTasks, Actor::Tidegate)]);
}

#[test]
fn a_persons_doing_is_told_apart() {
    let mut world = world();
    world.person(PRODUCTION).stop_database();
    pass(&mut world, 3600);
    assert!(!world.violations.is_empty());
    assert!(world.violations_by_tidegate().is_empty());
    world.start_database(0, &database(), Actor::Tidegate).unwrap();
    pass(&mut world, 3600);
    assert!(world.violations_by_tidegate().is_empty(), "putting it right is no new breach");
}

#[test]
fn a_migration_beside_running_code_and_an_open_gate_breaks_three_promises() {
    let mut world = world();
    world.person(PRODUCTION).run_migration();
    pass(&mut world, 600);
    let seen: BTreeSet<Promise> = promises(&world).into_iter().map(|(promise, _)| promise).collect();
    // The old version again: the schema fits, but it ran twice.
    assert_eq!(
        seen,
        [Promise::MigratesOnce, Promise::NoCodeDuringMigration, Promise::ClosedDuringMigration].into()
    );
}

#[test]
fn old_code_on_a_new_schema_is_seen_behind_a_closed_gate_too() {
    for open in [true, false] {
        let mut world = world();
        if !open {
            close_gate(&mut world);
        }
        world.regions[0].databases.get_mut("graasp-prod").unwrap().schema = Schema::At("v2.25.0".into());
        world.check();
        let seen: BTreeSet<Promise> = promises(&world).into_iter().map(|(promise, _)| promise).collect();
        assert!(seen.contains(&Promise::CodeFitsSchema));
        assert_eq!(seen.contains(&Promise::NeverOpenOnAForeignSchema), open);
    }
}

#[test]
fn code_fits_what_its_declaration_says_it_fits() {
    let fits = |spec: &EnvironmentSpec, code: &str, schema: &str| {
        let watch = Watch::of(spec, 0, None);
        watch.migration.unwrap().fits(&code.into(), &Schema::At(schema.into()))
    };
    let mut spec = graasp();
    assert!(fits(&spec, "v2.25.0", "v2.25.0"));
    assert!(!fits(&spec, "v2.25.1", "v2.25.0"));
    spec.migration.as_mut().unwrap().needed_for = NeededFor::Levels([Level::Major, Level::Minor].into());
    assert!(fits(&spec, "v2.25.1", "v2.25.0"), "a patch needs no migration");
    assert!(!fits(&spec, "v2.26.0", "v2.25.0"));
    assert!(!fits(&spec, "nightly", "v2.25.0"));
    spec.migration.as_mut().unwrap().allow_schema = Some("v2.26.0".into());
    assert!(fits(&spec, "v2.25.0", "v2.26.0"), "acknowledged");
    let watch = Watch::of(&spec, 0, None);
    spec.migration.as_mut().unwrap().allow_schema = None;
    let later = Watch::of(&spec, 0, Some(&watch));
    assert!(
        later.migration.unwrap().fits(&"v2.25.0".into(), &Schema::At("v2.26.0".into())),
        "and it stays so"
    );
}

#[test]
fn half_a_migration_fits_no_code() {
    let watch = Watch::of(&graasp(), 0, None).migration.unwrap();
    assert!(!watch.fits(&"v2.24.0".into(), &Schema::Between("v2.24.0".into(), "v2.25.0".into())));
}
