use super::*;
use crate::bench::a_tuesday;
use crate::cloud::{Container, ContainerStatus, Controller, Rollback, Strategy};
use crate::model::Digest;

const OURS: &str = "ecs-svc/2";
const WANTED: &str = "arn:task-definition/web:8";

fn at(seconds: i64) -> Instant {
    a_tuesday() + chrono::TimeDelta::seconds(seconds)
}

/// A new definition, asked for at second 0.
fn rolled() -> Asked {
    Asked {
        deployment: OURS.to_owned(),
        created_at: at(0),
        definition: WANTED.to_owned(),
        is_new: true,
        at: at(0),
    }
}

/// Another count, on a deployment from an hour ago.
fn scaled() -> Asked {
    Asked { created_at: at(-3600), is_new: false, ..rolled() }
}

fn deployment() -> Deployment {
    Deployment {
        id: OURS.to_owned(),
        primary: true,
        definition: WANTED.to_owned(),
        rollout: Rollout::Completed,
        rollout_reason: "ECS deployment ecs-svc/2 completed.".to_owned(),
        desired: 2,
        running: 2,
        failed: 0,
        created_at: at(0),
        paused: None,
    }
}

/// A service whose two tasks are up.
pub(in crate::execute) fn service() -> Service {
    Service {
        name: "web".into(),
        desired: 2,
        running: 2,
        pending: 0,
        controller: Controller::Ecs,
        strategy: Strategy::Rolling,
        definition: WANTED.to_owned(),
        deployments: vec![deployment()],
        rollback: Rollback::OFF,
        target_groups: vec!["tg".to_owned()],
        status: Default::default(),
        express: false,
        hooks: Vec::new(),
        placement: Default::default(),
        pace: Default::default(),
        events: Vec::new(),
    }
}

fn task(number: u32) -> Task {
    Task {
        arn: format!("arn:task/{number}"),
        definition: WANTED.to_owned(),
        started_by: OURS.to_owned(),
        status: TaskStatus::Running,
        created_at: at(1),
        started_at: Some(at(20)),
        stopped_at: None,
        stop_code: None,
        stopped_reason: None,
        containers: vec![Container {
            name: "web".into(),
            status: ContainerStatus::Running,
            runtime_id: Some("4f7c".to_owned()),
            exit_code: None,
            reason: None,
            digest: Some(Digest::new("sha256:1")),
        }],
        healthy: true,
        ill: Vec::new(),
    }
}

fn stopped(number: u32, code: &str, reason: &str, exit_code: Option<i32>) -> Task {
    let mut task = task(number);
    (task.status, task.healthy) = (TaskStatus::Stopped, false);
    task.stopped_at = Some(at(i64::from(number)));
    task.stop_code = Some(code.to_owned());
    task.stopped_reason = Some(reason.to_owned());
    task.containers[0].exit_code = exit_code;
    task
}

fn crashed(number: u32) -> Task {
    stopped(number, "EssentialContainerExited", "Essential container in task exited", Some(1))
}

fn running() -> Vec<Task> {
    vec![task(1), task(2)]
}

/// The verdict at second 100, in one line.
fn verdict(asked: &Asked, service: &Service, tasks: &[Task]) -> String {
    match judge(asked, service, tasks, None) {
        Verdict::Up => "up".to_owned(),
        Verdict::Well(seen) => format!("well: {seen}"),
        Verdict::NotYet(seen) => format!("not yet: {seen}"),
        Verdict::Failed(why) => format!("failed: {why}"),
    }
}

/// The verdict on a roll whose reality was changed a little.
fn after(change: impl FnOnce(&mut Service, &mut Vec<Task>)) -> String {
    let (mut service, mut tasks) = (service(), running());
    change(&mut service, &mut tasks);
    verdict(&rolled(), &service, &tasks)
}

#[test]
fn a_roll_is_up_when_its_own_deployment_is_complete_full_and_healthy() {
    assert_eq!(verdict(&rolled(), &service(), &running()), "up");
}

#[test]
fn stable_alone_lies_at_zero_of_zero() {
    let at_zero = |service: &mut Service, tasks: &mut Vec<Task>| {
        (service.desired, service.running) = (0, 0);
        tasks.clear();
    };
    assert_eq!(after(at_zero), "not yet: running 0/0, healthy 0/0");
}

#[test]
fn stable_alone_lies_after_a_rollback() {
    let back = Deployment {
        id: "ecs-svc/3".to_owned(),
        definition: "arn:task-definition/web:7".to_owned(),
        rollout_reason: "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.".to_owned(),
        created_at: at(60),
        ..deployment()
    };
    let failed = Deployment {
        primary: false,
        rollout: Rollout::Failed,
        rollout_reason: "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
        ..deployment()
    };
    // While the failed deployment is still listed, its own words are the reason.
    let listed = after(|service, _| service.deployments = vec![back.clone(), failed.clone()]);
    assert_eq!(
        listed,
        "failed: ECS deployment circuit breaker: tasks failed to start; \
         AWS rolled back to the deployment before"
    );
    let older = Deployment { created_at: at(-3600), ..back.clone() };
    let went_back = after(|service, _| service.deployments = vec![failed.clone(), older.clone()]);
    assert_eq!(went_back, listed, "to the deployment that was there before");
    let forgotten = after(|service, _| service.deployments = vec![back]);
    assert!(forgotten.starts_with("failed: another deployment took its place"), "{forgotten}");
}

#[test]
fn an_older_deployment_is_an_older_answer_and_a_newer_one_took_our_place() {
    let other = |seconds| {
        after(|service, _| {
            service.deployments[0].id = "ecs-svc/9".to_owned();
            service.deployments[0].created_at = at(seconds);
        })
    };
    assert_eq!(other(-3600), "not yet: not begun yet");
    assert!(other(30).starts_with("failed: another deployment took its place"));
}

#[test]
fn without_a_primary_deployment_nothing_is_concluded() {
    assert_eq!(after(|service, _| service.deployments.clear()), "not yet: no deployment yet");
    assert_eq!(after(|service, _| service.deployments[0].primary = false), "not yet: no deployment yet");
}

#[test]
fn a_failed_rollout_has_failed_even_with_every_task_running() {
    let failed = |tasks: Vec<Task>| {
        after(|service, seen| {
            service.deployments[0].rollout = Rollout::Failed;
            service.deployments[0].rollout_reason = "tasks failed to start.".to_owned();
            *seen = tasks;
        })
    };
    assert_eq!(failed(running()), "failed: tasks failed to start");
    assert_eq!(
        failed(vec![crashed(40), crashed(50)]),
        "failed: tasks failed to start (last task: Essential container in task exited: web exited 1)"
    );
}

#[test]
fn whatever_is_missing_is_waited_for() {
    type Bend = fn(&mut Service, &mut Vec<Task>);
    let cases: [(&str, Bend, &str); 7] = [
        ("a task is pending", |s, t| (s.running, _) = (1, t.truncate(1)), "running 1/2, healthy 1/2"),
        ("targets are unhealthy", |_, t| t[1].healthy = false, "running 2/2, healthy 1/2"),
        ("old tasks still drain", |s, _| s.running = 3, "running 3/2, healthy 2/2"),
        (
            "tasks are of another deployment",
            |_, t| t[0].started_by = "old".into(),
            "running 2/2, healthy 1/2",
        ),
        ("a task is on its way down", |_, t| t[0].status = TaskStatus::Stopping, "running 2/2, healthy 1/2"),
        (
            "the rollout goes on",
            |s, _| s.deployments[0].rollout = Rollout::InProgress,
            "running 2/2, healthy 2/2",
        ),
        (
            "the definition is not ours",
            |s, _| s.deployments[0].definition = "other".into(),
            "running 2/2, healthy 2/2",
        ),
    ];
    for (claim, bend, seen) in cases {
        assert_eq!(after(bend), format!("not yet: {seen}"), "{claim}");
    }
}

#[test]
fn a_count_alone_must_look_well_for_half_a_minute() {
    let judged = |well_for: Option<u64>| {
        judge(&scaled(), &service(), &running(), well_for.map(std::time::Duration::from_secs))
    };
    let seen = "running 2/2, healthy 2/2".to_owned();
    assert_eq!(judged(None), Verdict::Well(seen.clone()));
    assert_eq!(judged(Some(29)), Verdict::Well(seen));
    assert_eq!(judged(Some(30)), Verdict::Up);
}

#[test]
fn three_tasks_that_died_since_we_asked_end_a_change_of_count() {
    let judged = |tasks: &[Task]| verdict(&scaled(), &service(), tasks);
    let two = [task(1), crashed(40), crashed(50)];
    assert!(judged(&two).starts_with("not yet"), "{}", judged(&two));
    let pull = stopped(60, "TaskFailedToStart", "CannotPullContainerError: not found", None);
    let three = [task(1), crashed(40), crashed(50), pull];
    assert_eq!(
        judged(&three),
        "failed: 3 tasks stopped since the start was requested (last task: CannotPullContainerError: not found)"
    );
}

#[test]
fn only_deaths_of_this_start_count() {
    let ill = |number| {
        let reason = "Task failed ELB health checks in (target-group tg)";
        stopped(number, "ServiceSchedulerInitiated", reason, Some(143))
    };
    let scaled_in =
        |number| stopped(number, "ServiceSchedulerInitiated", "Scaling activity initiated by …", Some(143));
    let spot = |number| stopped(number, "SpotInterruption", "Your Spot Task was interrupted.", Some(143));
    let earlier = |number| Task { stopped_at: Some(at(-5)), ..crashed(number) };
    let of_others = |number| Task { started_by: "ecs-svc/1".to_owned(), ..crashed(number) };
    type Death<'a> = (&'a str, &'a dyn Fn(u32) -> Task, bool);
    let cases: [Death; 6] = [
        ("its program ended", &crashed, true),
        ("a health check found it ill", &ill, true),
        ("scaled in", &scaled_in, false),
        ("taken back by Spot", &spot, false),
        ("dead before we asked", &earlier, false),
        ("of another deployment", &of_others, false),
    ];
    for (claim, death, counts) in cases {
        let said = verdict(&scaled(), &service(), &[death(10), death(20), death(30)]);
        assert_eq!(said.starts_with("failed"), counts, "{claim}: {said}");
    }
}

#[test]
fn a_roll_leaves_counting_to_the_circuit_breaker_and_ends_where_there_is_none() {
    let deaths = |many: u32| (1..=many).map(crashed).collect::<Vec<_>>();
    let in_progress = |desired: u32| {
        let mut service = service();
        service.desired = desired;
        service.deployments[0].rollout = Rollout::InProgress;
        service
    };
    for (desired, patience) in [(2, 6), (10, 10), (1000, 400)] {
        let judged = |many| verdict(&rolled(), &in_progress(desired), &deaths(many));
        assert!(judged(patience - 1).starts_with("not yet"), "{desired}");
        assert!(judged(patience).starts_with("failed"), "{desired}");
    }
}
