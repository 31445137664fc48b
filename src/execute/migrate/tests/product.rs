//! Every state in which a task can stop, watched live, found by its `startedBy`, adopted after a restart, or stopped by an
//! operator: a migration that ran, or may have run, is not sent again, and nothing old starts on what it may have left.

use super::*;
use crate::cloud::{ContainerStatus, Task};
use crate::plan::BlockedReason;
use crate::sim::Sidecar;
use crate::store::journal::{OperatorCommand, OperatorRequest};

/// How tidegate comes to see the end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// It watches.
    Live,
    /// Another process finds the task by its `startedBy`.
    Found,
    /// Another process knows the task from the journal.
    Restarted,
    /// An operator asked for the task to be stopped.
    StopRequested,
}

const WAYS: [Way; 4] = [Way::Live, Way::Found, Way::Restarted, Way::StopRequested];
const STOP_CODES: [Option<&str>; 7] = [
    None,
    Some("TaskFailedToStart"),
    Some("EssentialContainerExited"),
    Some("UserInitiated"),
    Some("SpotInterruption"),
    Some("TerminationNotice"),
    Some("SomethingNew"),
];

/// What DescribeTasks shows at the end.
#[derive(Clone, Copy, Debug)]
struct End {
    stop_code: Option<&'static str>,
    started: bool,
    container: ContainerStatus,
    runtime_id: bool,
    exit_code: Option<i32>,
}

/// The oracle: whether an operator who reads this answer could swear that nothing happened. `None` = they could not,
/// and could not swear the opposite either.
fn never_ran(end: End) -> Option<bool> {
    let End { stop_code, started, container, runtime_id, exit_code } = end;
    if started || exit_code.is_some() || container == ContainerStatus::Running {
        return Some(false);
    }
    match (container, runtime_id, stop_code) {
        (ContainerStatus::Stopped, true, _) => Some(false),
        (ContainerStatus::Stopped | ContainerStatus::Pending, false, Some(code))
            if ["TaskFailedToStart", "UserInitiated"].contains(&code) =>
        {
            Some(true)
        }
        _ => None,
    }
}

fn ends() -> Vec<End> {
    let mut all = Vec::new();
    for stop_code in STOP_CODES {
        for container in [
            ContainerStatus::Pending,
            ContainerStatus::Running,
            ContainerStatus::Stopped,
            ContainerStatus::Unknown,
        ] {
            for runtime_id in [false, true] {
                for exit_code in [None, Some(1)] {
                    for started in [false, true] {
                        all.push(End { stop_code, started, container, runtime_id, exit_code });
                    }
                }
            }
        }
    }
    all
}

/// A bench whose migration task stays PENDING, without a container that runs.
fn pending() -> Bench {
    let bench = Bench::with(|spec| spec.migration.as_mut().unwrap().atomic = false).begun();
    bench.cloud.with(|world| world.script.sidecars.insert("migrate".into(), Sidecar::NeverUp));
    bench
}

fn show(bench: &Bench, change: impl FnOnce(&mut Task)) {
    bench.cloud.with(|world| {
        let mut tasks = world.regions[0].tasks.values_mut();
        change(&mut tasks.find(|task| task.service.is_none()).expect("the task was sent").shown);
    });
}

fn stopped(bench: &Bench, end: End) {
    let now = bench.now();
    show(bench, |task| {
        task.status = TaskStatus::Stopped;
        task.stopped_at = Some(now);
        task.started_at = end.started.then_some(now);
        task.stop_code = end.stop_code.map(str::to_owned);
        let container = &mut task.containers[0];
        container.status = end.container;
        container.runtime_id = end.runtime_id.then(|| "4f7c".to_owned());
        container.exit_code = end.exit_code;
    });
}

/// The task is sent and watched for a while, and then the process goes.
fn watched_for_a_while(bench: &Bench) {
    let leaves = async {
        bench.after(40).await;
        bench.leave(true);
    };
    let left = bench.act_while(ActionKind::Migrate(planned(bench)), leaves);
    assert!(matches!(left, ActionResult::Unfinished { .. }), "{left:?}");
    bench.leave(false);
}

/// Sent by a process that died before it heard the answer.
fn sent_unheard(bench: &Bench) {
    let migration = intended(bench);
    let request = RunTask {
        placement: Default::default(),
        cluster: "shop".into(),
        definition: bench.ledger().attempt.unwrap().definition,
        network_of: "web".into(),
        client_token: migration.client_token,
        started_by: migration.started_by,
        tags: BTreeMap::new(),
    };
    bench.clock.block_on(bench.port().run_task(&request)).unwrap();
    bench.clock.block_on(bench.after(40));
}

/// Lets the attempt come to this end, seen in this way.
fn lives_through(way: Way, end: End) -> Bench {
    let bench = pending();
    match way {
        Way::Live => {
            let ends = async {
                bench.after(40).await;
                stopped(&bench, end);
            };
            bench.act_while(ActionKind::Migrate(planned(&bench)), ends);
            return bench;
        }
        Way::Found => sent_unheard(&bench),
        Way::Restarted | Way::StopRequested => watched_for_a_while(&bench),
    }
    if way == Way::StopRequested {
        let command = OperatorCommand::StopMigration { attempt: 1 };
        let (who, reason) = ("ann@laptop".to_owned(), "seen to".to_owned());
        bench.journaled([Event::Requested(OperatorRequest { who, reason, command })]);
    }
    stopped(&bench, end);
    bench.act(ActionKind::Migrate(planned(&bench)));
    bench
}

/// What the next plan would change without being asked.
fn acts_on(bench: &Bench) -> Vec<&'static str> {
    let acting = |kind: &ActionKind| {
        let is_old_code = matches!(kind, ActionKind::StartService(start) if start.follows_migration);
        is_old_code || matches!(kind, ActionKind::Migrate(_) | ActionKind::RecordSchema { .. })
    };
    bench.plan().actions.iter().filter(|action| acting(&action.kind)).map(|a| a.kind.as_str()).collect()
}

#[test]
fn a_migration_that_ran_or_may_have_run_is_not_sent_again_in_any_state() {
    let (mut again, mut held) = (0, 0);
    for way in WAYS {
        for end in ends() {
            let bench = lives_through(way, end);
            let claim = format!("{way:?} {end:?}: {:?}", outcome(&bench));
            assert_eq!(bench.count(RUN_TASK), 1, "{claim}");
            let truth = never_ran(end);
            let Outcome { succeeded, reached_running, unclear, .. } = outcome(&bench);
            assert!(!succeeded, "{claim}");
            assert_eq!(reached_running, truth != Some(true), "{claim}");
            assert_eq!(unclear, truth.is_none(), "{claim}");
            if truth == Some(true) {
                again += 1;
                continue;
            }
            held += 1;
            assert_eq!(acts_on(&bench), Vec::<&str>::new(), "{claim}");
            let reasons: Vec<_> = bench.plan().blocked.iter().map(|blocked| blocked.reason).collect();
            assert!(reasons.contains(&BlockedReason::MigrationFailed), "{claim}: {reasons:?}");
            // The process that died before it heard the answer of RunTask is only played here: it marked nothing.
            assert_eq!(migrating(&bench).is_some(), way != Way::Found, "{claim}: the mark stays");
        }
    }
    assert!(again >= 4 * WAYS.len() && held > 400, "{again} {held}");
}

#[test]
fn what_was_seen_once_is_remembered_whatever_is_shown_later() {
    let nothing = End {
        stop_code: Some("TaskFailedToStart"),
        started: false,
        container: ContainerStatus::Pending,
        runtime_id: false,
        exit_code: None,
    };
    for shows in [
        End { container: ContainerStatus::Running, ..nothing },
        End { container: ContainerStatus::Stopped, runtime_id: true, ..nothing },
        End { exit_code: Some(0), ..nothing },
        End { started: true, ..nothing },
    ] {
        for way in WAYS {
            let bench = pending();
            let sees = async {
                bench.after(30).await;
                stopped(&bench, shows);
                show(&bench, |task| task.status = TaskStatus::Pending);
                bench.after(30).await;
                match way {
                    Way::Live => stopped(&bench, nothing),
                    _ => bench.leave(true),
                }
            };
            bench.act_while(ActionKind::Migrate(planned(&bench)), sees);
            bench.leave(false);
            if way != Way::Live {
                assert!(bench.ledger().attempt.unwrap().reached_running, "journaled at once: {shows:?}");
                stopped(&bench, nothing);
                bench.act(ActionKind::Migrate(planned(&bench)));
            }
            assert!(outcome(&bench).reached_running, "{way:?} {shows:?}");
            assert_eq!((bench.count(RUN_TASK), acts_on(&bench)), (1, vec![]), "{way:?} {shows:?}");
        }
    }
}

#[test]
fn an_answer_that_comes_late_still_counts() {
    let never = End {
        stop_code: Some("TaskFailedToStart"),
        started: false,
        container: ContainerStatus::Stopped,
        runtime_id: false,
        exit_code: None,
    };
    // Within the looks that a stopped task gets.
    let bench = pending();
    let late = async {
        bench.after(40).await;
        stopped(&bench, never);
        bench.after(12).await;
        stopped(&bench, End { exit_code: Some(1), runtime_id: true, ..never });
    };
    bench.act_while(ActionKind::Migrate(planned(&bench)), late);
    assert!(outcome(&bench).reached_running);
    // After the attempt counted as never run, before the next one is sent.
    let bench = lives_through(Way::Live, never);
    assert!(!outcome(&bench).reached_running);
    let next = planned(&bench);
    assert_eq!(next.attempt, 2);
    stopped(&bench, End { exit_code: Some(1), runtime_id: true, ..never });
    let why = failure(bench.act(ActionKind::Migrate(next)));
    assert!(why.contains("attempt 1 counted as never run"), "{why}");
    assert_eq!((bench.count(RUN_TASK), acts_on(&bench)), (1, vec![]));
    assert!(outcome(&bench).reached_running);
}
