use super::*;
use crate::cloud::{LogTail, TaskStatus};
use crate::model::ImageRef;
use crate::sim::samples::{PRODUCTION, REPOSITORY, pass, world};

/// A migration to `to`, by hand.
fn migrate(world: &mut World, to: &str) -> String {
    let newest = world.regions[0].definitions["migrate"].last().unwrap();
    let image = ImageRef::new(format!("{REPOSITORY}:migrate-{to}"));
    let document = newest.document.with_images(&[("migrate".into(), image)].into());
    world.register(0, &document).unwrap();
    world.person(PRODUCTION).run_migration();
    let tasks = world.shown_tasks(0, &"graasp-prod".into(), |task| task.family.as_str() == "migrate");
    tasks.last().unwrap().arn.clone()
}

fn log(world: &World, task: &str, lines: usize) -> Vec<String> {
    match world.log_tail(0, task, &"migrate".into(), lines) {
        LogTail::Lines(lines) => lines,
        unread @ LogTail::Unread(_) => panic!("{unread:?}"),
    }
}

fn schema(world: &World) -> Schema {
    world.schema(PRODUCTION).unwrap().clone()
}

fn at(version: &str) -> Schema {
    Schema::At(Version::from(version))
}

#[test]
fn a_success_changes_the_schema_and_is_written_down() {
    let mut world = world();
    let task = migrate(&mut world, "v2.25.0");
    pass(&mut world, 600);
    assert_eq!(schema(&world), at("v2.25.0"));
    let effect = &world.effects[0];
    assert_eq!((&effect.from, effect.to.as_str(), &effect.task), (&at("v2.24.0"), "v2.25.0", &task));
    assert!(log(&world, &task, 1)[0].contains("applied successfully"));
    assert_eq!(log(&world, &task, 3).len(), 3);
}

#[test]
fn a_failure_changes_nothing_or_leaves_something_behind() {
    for (partial, after) in
        [(false, at("v2.24.0")), (true, Schema::Between("v2.24.0".into(), "v2.25.0".into()))]
    {
        let mut world = world();
        world.script.migration("v2.25.0", [Outcome::Exit { code: 3, partial }]);
        let task = migrate(&mut world, "v2.25.0");
        pass(&mut world, 600);
        assert_eq!((schema(&world), world.effects.len()), (after, 0));
        assert!(log(&world, &task, 5).iter().any(|line| line.starts_with("error:")));
        migrate(&mut world, "v2.25.0");
        pass(&mut world, 600);
        assert_eq!(schema(&world), at("v2.25.0"), "the script ends, the next attempt succeeds");
    }
}

#[test]
fn a_hanging_migration_runs_until_it_is_stopped() {
    let mut world = world();
    world.script.migration("v2.25.0", [Outcome::Hangs]);
    let task = migrate(&mut world, "v2.25.0");
    pass(&mut world, 7200);
    let id = world.task_id(0, &task).unwrap();
    assert_eq!(world.regions[0].tasks[&id].shown.status, TaskStatus::Running);
    world.person(PRODUCTION).stop_one_offs();
    pass(&mut world, 120);
    let stopped = &world.regions[0].tasks[&id].shown;
    assert_eq!((stopped.status, stopped.stop_code.as_deref()), (TaskStatus::Stopped, Some("UserInitiated")));
    assert_eq!(schema(&world), at("v2.24.0"));
}

#[test]
fn a_migration_without_its_database_fails() {
    let mut world = world();
    world.person(PRODUCTION).stop_database();
    pass(&mut world, 600);
    let task = migrate(&mut world, "v2.25.0");
    pass(&mut world, 300);
    assert_eq!(schema(&world), at("v2.24.0"));
    assert!(log(&world, &task, 1)[0].contains("ECONNREFUSED"));
}

#[test]
fn the_same_migration_twice_is_a_broken_promise() {
    let mut world = world();
    for _ in 0..2 {
        migrate(&mut world, "v2.25.0");
        pass(&mut world, 600);
    }
    let twice: Vec<_> = world.violations.iter().filter(|v| v.promise == Promise::MigratesOnce).collect();
    assert_eq!((twice.len(), twice[0].by), (1, Actor::Person));
}

#[test]
fn after_a_restored_snapshot_the_same_migration_may_come_again() {
    let mut world = world();
    world.person(PRODUCTION).take_snapshot("before");
    pass(&mut world, 300);
    migrate(&mut world, "v2.25.0");
    pass(&mut world, 600);
    world.person(PRODUCTION).restore_snapshot("before");
    assert_eq!(schema(&world), at("v2.24.0"));
    migrate(&mut world, "v2.25.0");
    pass(&mut world, 600);
    assert!(world.violations.iter().all(|violation| violation.promise != Promise::MigratesOnce));
}
