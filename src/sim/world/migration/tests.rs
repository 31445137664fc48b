use super::*;
use crate::cloud::{LogTail, TaskStatus};
use crate::model::ImageRef;
use crate::sim::Sidecar;
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

/// Sends a migration to v2.25.0 as tidegate does, and lets it end.
fn sent(world: &mut World, started_by: &str, token: &str) {
    let newest = world.regions[0].definitions["migrate"].last().unwrap();
    let image = ImageRef::new(format!("{REPOSITORY}:migrate-v2.25.0"));
    let document = newest.document.with_images(&[("migrate".into(), image)].into());
    let request = crate::cloud::RunTask {
        cluster: "graasp-prod".into(),
        definition: world.register(0, &document).unwrap().arn,
        network_of: "graasp".into(),
        placement: Default::default(),
        client_token: token.to_owned(),
        started_by: started_by.to_owned(),
        tags: Default::default(),
    };
    world.run_task(0, &request).unwrap();
    pass(world, 600);
}

/// A world in which each migration fails without a change, and that hears of requests.
fn failing() -> World {
    let mut world = world();
    world.script.migration("v2.25.0", vec![Outcome::Exit { code: 1, partial: false }; 4]);
    world.requests = Some(Default::default());
    world
}

fn runs_without_a_request(world: &World) -> Vec<&str> {
    let once = world.violations.iter().filter(|violation| violation.promise == Promise::MigratesOnce);
    once.map(|violation| violation.detail.as_str()).collect()
}

#[test]
fn a_migration_that_works_again_was_asked_for_or_breaks_a_promise() {
    let mut world = failing();
    sent(&mut world, "tidegate-1", "token-1");
    assert_eq!(runs_without_a_request(&world), Vec::<&str>::new(), "the first time");
    world.is_asked(&PRODUCTION.into());
    sent(&mut world, "tidegate-2", "token-2");
    assert_eq!(runs_without_a_request(&world), Vec::<&str>::new(), "asked for");
    sent(&mut world, "tidegate-3", "token-3");
    assert!(runs_without_a_request(&world)[0].contains("again, without a request"));
    assert_eq!(world.runs.len(), 3);
}

#[test]
fn a_migration_that_works_twice_in_one_attempt_breaks_a_promise_whatever_its_task_shows() {
    let mut world = failing();
    // Each task is PENDING to its end.
    world.person(PRODUCTION).add_container("migrate", "proxy", Some(Sidecar::NeverUp));
    sent(&mut world, "tidegate-1", "token-1");
    let tasks = world.shown_tasks(0, &"graasp-prod".into(), |task| task.family.as_str() == "migrate");
    assert_eq!((tasks[0].started_at, tasks[0].containers[0].exit_code), (None, Some(1)));
    assert_eq!((tasks[0].containers[1].exit_code, &tasks[0].containers[1].runtime_id), (None, &None));
    world.is_asked(&PRODUCTION.into());
    sent(&mut world, "tidegate-1", "token-2");
    assert!(runs_without_a_request(&world)[0].contains("twice in one attempt"));
}

#[test]
fn a_container_that_cannot_be_pulled_takes_the_one_that_works_with_it() {
    let mut world = world();
    world.person(PRODUCTION).add_container("migrate", "proxy", Some(Sidecar::PullFails { seconds: 10 }));
    let task = migrate(&mut world, "v2.25.0");
    pass(&mut world, 300);
    let id = world.task_id(0, &task).unwrap();
    let shown = &world.regions[0].tasks[&id].shown;
    assert_eq!((shown.stop_code.as_deref(), shown.started_at), (Some("TaskFailedToStart"), None));
    assert_eq!(shown.containers[0].exit_code, Some(143));
    assert!(shown.containers[1].reason.as_ref().unwrap().starts_with("CannotPullContainerError"));
    assert_eq!(world.runs.len(), 1);
    // The program wrote nothing after its end.
    assert!(log(&world, &task, 9).iter().all(|line| !line.contains("commit")));
}
