use super::*;
use crate::model::Instant;

const STATUSES: [TaskStatus; 8] = [
    TaskStatus::Provisioning,
    TaskStatus::Pending,
    TaskStatus::Activating,
    TaskStatus::Running,
    TaskStatus::Deactivating,
    TaskStatus::Stopping,
    TaskStatus::Deprovisioning,
    TaskStatus::Stopped,
];
const STOP_CODES: [Option<&str>; 8] = [
    None,
    Some("TaskFailedToStart"),
    Some("EssentialContainerExited"),
    Some("UserInitiated"),
    Some("ServiceSchedulerInitiated"),
    Some("SpotInterruption"),
    Some("TerminationNotice"),
    Some("SomethingNew"),
];

fn container(
    name: &str,
    status: ContainerStatus,
    runtime_id: Option<&str>,
    exit_code: Option<i32>,
) -> Container {
    let runtime_id = runtime_id.map(str::to_owned);
    Container { name: name.into(), status, runtime_id, exit_code, reason: None, digest: None }
}

/// Every state of one container.
fn containers(name: &str) -> Vec<Container> {
    let mut all = Vec::new();
    for status in [
        ContainerStatus::Pending,
        ContainerStatus::Running,
        ContainerStatus::Stopped,
        ContainerStatus::Unknown,
    ] {
        for runtime_id in [None, Some("4f7c")] {
            for exit_code in [None, Some(0), Some(1)] {
                all.push(container(name, status, runtime_id, exit_code));
            }
        }
    }
    all
}

fn task(status: TaskStatus, started: bool, stop_code: Option<&str>, containers: Vec<Container>) -> Task {
    Task {
        arn: String::new(),
        definition: String::new(),
        started_by: String::new(),
        status,
        created_at: Instant::UNIX_EPOCH,
        started_at: started.then_some(Instant::UNIX_EPOCH),
        stopped_at: None,
        stop_code: stop_code.map(str::to_owned),
        stopped_reason: None,
        containers,
        healthy: false,
        ill: Vec::new(),
    }
}

/// Each container in each state, in each task. The oracle is written the other way round: by what must never be said.
fn product(mut judge: impl FnMut(&Task, &[&Container])) {
    for status in STATUSES {
        for started in [false, true] {
            for stop_code in STOP_CODES {
                for migrate in containers("migrate") {
                    for beside in containers("proxy") {
                        let all = vec![migrate.clone(), beside.clone()];
                        judge(&task(status, started, stop_code, all), &[&migrate, &beside]);
                    }
                }
            }
        }
    }
}

fn counted(names: &[&str]) -> BTreeSet<ContainerName> {
    names.iter().map(|name| ContainerName::new(*name)).collect()
}

/// What shows by itself that a program has worked.
fn evidence(container: &Container) -> bool {
    match (container.exit_code, container.status, &container.runtime_id) {
        (Some(_), _, _) | (None, ContainerStatus::Running, _) => true,
        (None, ContainerStatus::Stopped, Some(_)) => true,
        (None, ContainerStatus::Stopped | ContainerStatus::Pending | ContainerStatus::Unknown, _) => false,
    }
}

#[test]
fn any_evidence_of_a_counted_container_means_that_it_has_run() {
    product(|task, containers| {
        let migrate = containers[0];
        let is_shown = task.started_at.is_some()
            || [TaskStatus::Running, TaskStatus::Deactivating].contains(&task.status)
            || evidence(migrate);
        let judged = task.has_run(&counted(&["migrate"]));
        assert_eq!(judged == Witness::HasRun, is_shown, "{task:?}");
    });
}

#[test]
fn never_ran_is_said_only_of_a_stopped_task_that_shows_no_trace_and_says_why() {
    let mut by_code = BTreeSet::new();
    product(|task, containers| {
        let [migrate, beside] = containers else { unreachable!() };
        if task.has_run(&counted(&["migrate"])) != Witness::NeverRan {
            return;
        }
        assert_eq!((task.status, task.started_at), (TaskStatus::Stopped, None));
        assert_eq!((&migrate.runtime_id, migrate.exit_code), (&None, None));
        assert!([ContainerStatus::Pending, ContainerStatus::Stopped].contains(&migrate.status), "{task:?}");
        by_code.insert(task.stop_code.clone());
        let code = task.stop_code.as_deref().expect("a task that says nothing proves nothing");
        assert!(
            !["SpotInterruption", "TerminationNotice", "SomethingNew"].contains(&code),
            "the last report of a host that went away may be lost: {task:?}"
        );
        assert!(
            code != ENDED_BY_ITSELF || evidence(beside),
            "something ended, and not the other one: {task:?}"
        );
    });
    assert_eq!(by_code.len(), 4, "users are not locked out for nothing: {by_code:?}");
}

#[test]
fn what_the_other_containers_show_decides_nothing_about_those_that_count() {
    product(|task, containers| {
        let alone = Task { containers: vec![containers[0].clone()], ..task.clone() };
        let (beside, without) = (task.has_run(&counted(&["migrate"])), alone.has_run(&counted(&["migrate"])));
        let by_itself = task.stop_code.as_deref() == Some(ENDED_BY_ITSELF);
        assert!(beside == without || (by_itself && beside == Witness::NeverRan), "{task:?}");
    });
}

#[test]
fn of_several_that_count_one_that_ran_is_enough_and_all_must_show_that_they_did_not() {
    product(|task, containers| {
        let both = task.has_run(&counted(&["migrate", "proxy"]));
        let each = ["migrate", "proxy"].map(|name| task.has_run(&counted(&[name])));
        if each.contains(&Witness::HasRun) {
            assert_eq!(both, Witness::HasRun, "{task:?} {containers:?}");
        }
        if both == Witness::NeverRan {
            assert_eq!(each, [Witness::NeverRan; 2], "{task:?}");
        }
    });
}

#[test]
fn a_task_that_does_not_show_what_counts_proves_nothing() {
    let stopped = |containers| task(TaskStatus::Stopped, false, Some("TaskFailedToStart"), containers);
    let pending = |name| container(name, ContainerStatus::Pending, None, None);
    assert_eq!(stopped(vec![pending("migrate")]).has_run(&counted(&["migrate"])), Witness::NeverRan);
    for (containers, names) in [
        (vec![], vec!["migrate"]),
        (vec![pending("renamed")], vec!["migrate"]),
        (vec![pending("migrate")], vec!["migrate", "second"]),
        (vec![pending("migrate")], vec![]),
    ] {
        assert_eq!(stopped(containers).has_run(&counted(&names)), Witness::CannotTell, "{names:?}");
    }
}
