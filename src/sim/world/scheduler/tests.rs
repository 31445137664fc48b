use super::*;
use crate::cloud::{Document, Rollback, Service, UpdateService};
use crate::model::ImageRef;
use crate::sim::Broken;
use crate::sim::samples::{REPOSITORY, pass, world};

const KEY: &str = "graasp-prod/graasp";

fn shown(world: &World) -> Service {
    world.shown_service(0, &world.regions[0].services[KEY])
}

fn update(world: &mut World, definition: Option<String>, desired: Option<u32>) -> Service {
    let (cluster, service) = ("graasp-prod".into(), "graasp".into());
    let update = UpdateService { cluster, service, definition, desired, rollback: None };
    world.update_service(0, &update, Actor::Tidegate).unwrap()
}

fn revision(world: &mut World, tag: &str) -> String {
    let newest: &Document = &world.regions[0].definitions["graasp"].last().unwrap().document;
    let image = ImageRef::new(format!("{REPOSITORY}:{tag}"));
    let document = newest.with_images(&[("core".into(), image)].into());
    world.register(0, &document).unwrap().arn
}

fn deploy(world: &mut World, tag: &str) -> Service {
    let arn = revision(world, tag);
    update(world, Some(arn), None)
}

#[test]
fn a_rolling_deployment_never_has_fewer_healthy_tasks_than_wanted() {
    let mut world = world();
    let old = shown(&world);
    let new = deploy(&mut world, "core-v2.25.0");
    assert_eq!(new.deployments.len(), 2);
    assert_eq!(new.deployments[0].rollout, Rollout::InProgress);
    for _ in 0..300 {
        pass(&mut world, 1);
        let healthy = world.person("production").healthy("graasp");
        assert!((2..=4).contains(&healthy), "{healthy}");
    }
    let now = shown(&world);
    assert_eq!((now.running, now.pending, now.deployments.len()), (2, 0, 1));
    assert_eq!(now.deployments[0].rollout, Rollout::Completed);
    assert_ne!(now.definition, old.definition);
}

#[test]
fn a_changed_count_alone_starts_no_deployment() {
    let mut world = world();
    let before = shown(&world);
    let after = update(&mut world, None, Some(4));
    assert_eq!((&after.deployments[0].id, after.desired), (&before.deployments[0].id, 4));
    pass(&mut world, 120);
    assert_eq!(shown(&world).running, 4);
    world.regions[0].targets.clear();
    update(&mut world, None, Some(0));
    assert_eq!(shown(&world).deployments[0].rollout, Rollout::Completed, "at 0/0 too");
}

#[test]
fn the_same_definition_starts_no_deployment() {
    let mut world = world();
    let before = shown(&world);
    let after = update(&mut world, Some(before.definition.clone()), None);
    assert_eq!(after.deployments, before.deployments);
}

#[test]
fn a_task_of_a_stopping_service_outlives_its_count() {
    let mut world = world();
    world.regions[0].targets.clear();
    update(&mut world, None, Some(0));
    pass(&mut world, 1);
    assert_eq!(shown(&world).running, 0, "no task is RUNNING");
    let alive = |world: &World| {
        let tasks = world.regions[0].tasks.values().filter(|task| task.service.as_deref() == Some(KEY));
        tasks.filter(|task| task.shown.status != TaskStatus::Stopped).count()
    };
    assert_eq!(alive(&world), 2, "and yet both still use the database");
    pass(&mut world, 120);
    assert_eq!(alive(&world), 0);
}

#[test]
fn the_breaker_rolls_back_to_the_last_completed_deployment() {
    let mut world = world();
    let old = shown(&world).definition;
    deploy(&mut world, "core-v2.25.0-missing");
    pass(&mut world, 1800);
    let now = shown(&world);
    assert_eq!(now.definition, old, "old code again");
    assert_eq!((now.running, now.deployments[0].rollout), (2, Rollout::Completed), "and it looks stable");
}

#[test]
fn without_rollback_the_deployment_stays_failed_and_the_old_tasks_stay_up() {
    let mut world = world();
    world.regions[0].services.get_mut(KEY).unwrap().rollback = Rollback::OFF;
    let new = deploy(&mut world, "core-v2.25.0-missing");
    pass(&mut world, 1800);
    let now = shown(&world);
    assert_eq!((now.definition, now.deployments[0].rollout), (new.definition, Rollout::Failed));
    assert_eq!((now.deployments[0].failed, now.running, now.deployments[1].running), (3, 2, 2));
}

#[test]
fn without_a_breaker_the_scheduler_tries_again_ever_more_slowly() {
    let mut world = world();
    world.regions[0].services.get_mut(KEY).unwrap().breaker = false;
    deploy(&mut world, "core-v2.25.0-missing");
    pass(&mut world, 3600);
    let now = shown(&world);
    assert_eq!(now.deployments[0].rollout, Rollout::InProgress);
    assert!((8..40).contains(&now.deployments[0].failed), "{}", now.deployments[0].failed);
}

#[test]
fn a_failed_image_pull_says_so_in_the_task() {
    let mut world = world();
    deploy(&mut world, "core-v2.25.0-missing");
    pass(&mut world, 120);
    let tasks = world.shown_tasks(0, &"graasp-prod".into(), |task| task.service.as_deref() == Some(KEY));
    let failed = tasks.iter().find(|task| task.stop_code.as_deref() == Some("TaskFailedToStart")).unwrap();
    assert!(failed.stopped_reason.as_ref().unwrap().starts_with("CannotPullContainerError"));
    assert_eq!(failed.started_at, None);
}

#[test]
fn an_unhealthy_or_crashing_image_fails_its_deployment() {
    for broken in [Broken::Unhealthy, Broken::Crashes { code: 1 }] {
        let mut world = world();
        world.script.broken.insert("core-v2.25.0".to_owned(), broken);
        world.regions[0].services.get_mut(KEY).unwrap().rollback = Rollback::OFF;
        deploy(&mut world, "core-v2.25.0");
        pass(&mut world, 1800);
        assert_eq!(shown(&world).deployments[0].rollout, Rollout::Failed, "{broken:?}");
    }
}

#[test]
fn a_task_that_dies_is_replaced() {
    let mut world = world();
    world.person("production").interrupt("graasp");
    pass(&mut world, 1);
    assert_eq!(world.person("production").healthy("graasp"), 1);
    pass(&mut world, 200);
    assert_eq!(world.person("production").healthy("graasp"), 2);
}

#[test]
fn stopped_tasks_are_shown_for_an_hour() {
    let mut world = world();
    world.regions[0].targets.clear();
    update(&mut world, None, Some(0));
    pass(&mut world, 3600);
    let count = |world: &World| {
        world.shown_tasks(0, &"graasp-prod".into(), |task| task.service.as_deref() == Some(KEY)).len()
    };
    assert_eq!(count(&world), 2);
    pass(&mut world, 200);
    assert_eq!(count(&world), 0);
}

#[test]
fn the_threshold_of_the_breaker_is_half_of_the_count_within_bounds() {
    for (desired, threshold) in [(0, 3), (2, 3), (6, 3), (7, 4), (25, 13), (1000, 200)] {
        assert_eq!(breaker_threshold(desired), threshold, "{desired}");
    }
}
