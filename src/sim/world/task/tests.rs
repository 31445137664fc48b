use super::*;
use crate::model::Instant;
use crate::sim::samples::{PRODUCTION, pass, world};

/// Instants at which the only task of a service entered each status, in seconds after `from`.
fn statuses(world: &mut World, service: &str, from: Instant) -> Vec<(TaskStatus, i64)> {
    let key = format!("graasp-prod/{service}");
    let mut seen: Vec<(TaskStatus, i64)> = Vec::new();
    for _ in 0..400 {
        let mut tasks = world.regions[0].tasks.values().filter(|task| task.service.as_ref() == Some(&key));
        let status = tasks.next_back().unwrap().shown.status;
        if seen.last().is_none_or(|(last, _)| *last != status) {
            seen.push((status, (world.now() - from).num_seconds()));
        }
        pass(world, 1);
    }
    seen
}

#[test]
fn a_task_goes_through_every_status_on_its_way_up_and_down() {
    use TaskStatus::*;
    let mut world = world();
    let from = world.now();
    world.person(PRODUCTION).scale("graasp-library", 2);
    let up: Vec<TaskStatus> =
        statuses(&mut world, "graasp-library", from).into_iter().map(|(status, _)| status).collect();
    assert_eq!(up, [Provisioning, Pending, Activating, Running]);
    world.person(PRODUCTION).scale("graasp-library", 1);
    let down: Vec<TaskStatus> =
        statuses(&mut world, "graasp-library", from).into_iter().map(|(status, _)| status).collect();
    assert_eq!(down, [Deactivating, Stopping, Deprovisioning, Stopped], "the youngest goes first");
}

#[test]
fn a_worker_may_finish_its_job_within_its_stop_timeout() {
    let mut longest = 0;
    for _ in 0..10 {
        let mut world = world();
        world.dice = crate::sim::Dice::new(longest);
        let from = world.now();
        world.person(PRODUCTION).scale("workers", 0);
        let stopped = statuses(&mut world, "workers", from).pop().unwrap();
        assert_eq!(stopped.0, TaskStatus::Stopped);
        assert!(stopped.1 <= 120 + 12, "{stopped:?}");
        longest = longest.max(stopped.1.unsigned_abs());
    }
    assert!(longest > 15 + 12, "longer than the default allows: {longest} s");
}

#[test]
fn arns_look_like_aws_and_lead_back() {
    let world = world();
    for (id, task) in &world.regions[0].tasks {
        let arn = &task.shown.arn;
        assert!(arn.starts_with("arn:aws:ecs:eu-central-2:592217263685:task/graasp-prod/"), "{arn}");
        assert_eq!(world.task_id(0, arn), Some(*id));
    }
    assert_eq!(world.task_id(0, "arn:aws:ecs:x:y:task/z/0000000000000001"), None);
}
