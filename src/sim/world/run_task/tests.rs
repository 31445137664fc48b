use super::*;
use crate::cloud::TaskStatus;
use crate::sim::samples::{PRODUCTION, pass, world};
use crate::sim::{Outcome, Schema};

fn request(world: &World, token: &str) -> RunTask {
    RunTask {
        cluster: "graasp-prod".into(),
        definition: world.regions[0].definitions["migrate"].last().unwrap().arn.clone(),
        network_of: "graasp".into(),
        placement: Default::default(),
        client_token: token.to_owned(),
        started_by: "tidegate-1".to_owned(),
        tags: [("to".to_owned(), "v2.24.0".to_owned())].into(),
    }
}

fn family(world: &World) -> Vec<Task> {
    world.shown_tasks(0, &"graasp-prod".into(), |task| task.family.as_str() == "migrate")
}

#[test]
fn a_task_runs_and_its_exit_code_is_seen() {
    let mut world = world();
    let request = request(&world, "a");
    let task = world.run_task(0, &request).unwrap();
    assert_eq!(task.status, TaskStatus::Provisioning);
    pass(&mut world, 600);
    let ended = family(&world).remove(0);
    assert_eq!((ended.status, ended.containers[0].exit_code), (TaskStatus::Stopped, Some(0)));
    assert_eq!(ended.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert!(ended.started_at < ended.stopped_at);
}

#[test]
fn the_same_token_gives_the_same_task_for_a_day() {
    let mut world = world();
    let request = request(&world, "a");
    let first = world.run_task(0, &request).unwrap();
    pass(&mut world, 60);
    let second = world.run_task(0, &request).unwrap();
    assert_eq!((first.arn.clone(), family(&world).len()), (second.arn, 1));
    pass(&mut world, 7200);
    assert_eq!(world.run_task(0, &request).unwrap().arn, first.arn, "even when it is no longer shown");
    pass(&mut world, 86_400);
    assert_ne!(world.run_task(0, &request).unwrap().arn, first.arn);
}

#[test]
fn a_token_with_other_parameters_is_a_conflict() {
    let mut world = world();
    let request = request(&world, "a");
    world.run_task(0, &request).unwrap();
    let other = RunTask { started_by: "tidegate-2".to_owned(), ..request };
    assert_eq!(world.run_task(0, &other).unwrap_err().kind, Kind::Conflict);
}

#[test]
fn no_capacity_starts_nothing_and_leaves_the_token_free() {
    let mut world = world();
    world.script.migration("v2.24.0", [Outcome::NoCapacity]);
    let request = request(&world, "a");
    assert_eq!(world.run_task(0, &request).unwrap_err().kind, Kind::Capacity);
    assert!(family(&world).is_empty());
    assert!(world.run_task(0, &request).is_ok());
}

#[test]
fn a_task_that_never_starts_has_a_code_and_a_reason() {
    let mut world = world();
    world.script.migration("v2.24.0", [Outcome::NeverStarts]);
    let request = request(&world, "a");
    world.run_task(0, &request).unwrap();
    pass(&mut world, 120);
    let task = family(&world).remove(0);
    assert_eq!((task.status, task.started_at), (TaskStatus::Stopped, None));
    assert_eq!(task.stop_code.as_deref(), Some("TaskFailedToStart"));
    assert_eq!(world.schema(PRODUCTION), Some(&Schema::At("v2.24.0".into())));
}

#[test]
fn bad_parameters_are_refused() {
    let mut world = world();
    let good = request(&world, "a");
    for bad in [
        RunTask { client_token: "x".repeat(65), ..good.clone() },
        RunTask { client_token: "with space".to_owned(), ..good.clone() },
        RunTask { started_by: "v1.2.3".to_owned(), ..good.clone() },
        RunTask { started_by: "x".repeat(129), ..good.clone() },
        RunTask { definition: "arn:aws:ecs:x:y:task-definition/migrate:999".to_owned(), ..good.clone() },
    ] {
        assert_eq!(world.run_task(0, &bad).unwrap_err().kind, Kind::Invalid, "{bad:?}");
    }
}
