//! A journal that holds every kind of event, with every word that stands in one.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::cloud::{Placement, ProviderShare, Rollback, ScalableTarget, Suspended};
use tidegate::model::{ImageRef, Revision, ServiceName, State, Version};
use tidegate::store::journal::{Event, GateParts, OperatorCommand, OperatorRequest, Outcome, Recorded};

/// A year in the life of an environment, in an order in which it can happen.
pub(super) fn every_event() -> Vec<Event> {
    [
        quiet_days(),
        a_release_with_a_retry(),
        a_release_that_is_given_up(),
        what_aws_said(),
        a_failed_step(),
        where_a_task_is_placed(),
    ]
    .concat()
}

fn quiet_days() -> Vec<Event> {
    let until = "2026-12-24T22:00:00Z".parse().unwrap();
    vec![
        Event::OwnerClaimed,
        schema("v1.0.0", Recorded::FirstContact),
        converged("v1.0.0", &[("whole", "00112233445566ff"), ("service/web", "8899aabbccddeeff")]),
        Event::Corrected {
            resource: "service/web".to_owned(),
            field: "count".to_owned(),
            before: "3 \"tasks\"\n".to_owned(),
            after: "2".to_owned(),
        },
        asked(OperatorCommand::Override { state: State::Restricted, until }),
        asked(OperatorCommand::ClearOverride),
        asked(OperatorCommand::Override { state: State::Stopped, until }),
        Event::OverrideEnded { why: "its end has come".to_owned() },
        asked(OperatorCommand::Suspend { until: Some(until) }),
        Event::SuspensionEnded { why: "its end has come".to_owned() },
        asked(OperatorCommand::Suspend { until: None }),
        asked(OperatorCommand::Resume),
        Event::FoundAwake { parts: BTreeSet::from(["database".to_owned(), "service/web".to_owned()]) },
        Event::FoundAwake { parts: BTreeSet::new() },
        Event::DatabaseStopped { resource_id: database() },
        asked(OperatorCommand::TakeOver),
        asked(OperatorCommand::IgnoreWindow),
    ]
}

fn a_release_with_a_retry() -> Vec<Event> {
    let killed = Outcome {
        succeeded: false,
        reached_running: true,
        unclear: false,
        unknown: false,
        exit_code: Some(137),
        stop_code: Some("UserInitiated".to_owned()),
        reason: Some("stopped by ann@laptop: it hangs".to_owned()),
        log_tail: vec!["ALTER TABLE item".to_owned(), "über 9000 rows".to_owned()],
        log_unread: None,
    };
    let mut events = begun(
        "v1.0.0",
        "v1.1.0",
        GateParts {
            header: "x-bypass".to_owned(),
            load_balancer: Some("shop:443".to_owned()),
            function: Some("shop-gate".to_owned()),
        },
    );
    events.extend([
        Event::ScalingBorrowed {
            service: service("web"),
            was: ScalableTarget {
                min: 2,
                max: 6,
                suspended: Suspended { dynamic_in: false, dynamic_out: true, scheduled: false },
            },
        },
        Event::SnapshotIntent {
            identifier: "tidegate-shop-v1-1-0-1".to_owned(),
            resource_id: database(),
            from: version("v1.0.0"),
            to: version("v1.1.0"),
        },
        Event::SnapshotTaken { identifier: "tidegate-shop-v1-1-0-1".to_owned() },
        intent("v1.0.0", "v1.1.0", 1),
        Event::MigrationTask { attempt: 1, task: task(1) },
        Event::MigrationRunning { attempt: 1 },
        Event::MigrationOverdue { attempt: 1 },
        asked(OperatorCommand::StopMigration { attempt: 1 }),
        Event::MigrationEnded { attempt: 1, outcome: killed },
        asked(OperatorCommand::Retry),
        intent("v1.0.0", "v1.1.0", 2),
        Event::MigrationTask { attempt: 2, task: task(2) },
        Event::MigrationRunning { attempt: 2 },
        Event::MigrationEnded {
            attempt: 2,
            outcome: Outcome {
                succeeded: true,
                reached_running: true,
                unclear: false,
                unknown: false,
                exit_code: Some(0),
                stop_code: Some("EssentialContainerExited".to_owned()),
                reason: None,
                log_tail: Vec::new(),
                log_unread: None,
            },
        },
        schema("v1.1.0", Recorded::Migration),
        Event::Settled,
        Event::RollbackBorrowed {
            service: service("web"),
            was: Rollback { circuit_breaker: true, alarms: false },
        },
        Event::CodeStarted { service: service("web") },
        Event::StartFailed {
            service: service("web"),
            images: vec![image("shop/web:v1.1.0")],
            why: "a container exited with code 1".to_owned(),
            said: Vec::new(),
        },
        asked(OperatorCommand::Retry),
        Event::CodeStarted { service: service("web") },
        Event::ChecksPassed,
        Event::ScalingRestored { service: service("web") },
        Event::GateOpened,
        Event::RollbackRestored { service: service("web") },
        Event::ReleaseFinished { to: version("v1.1.0") },
        converged("v1.1.0", &[]),
    ]);
    events
}

fn a_release_that_is_given_up() -> Vec<Event> {
    let lost = Outcome {
        succeeded: false,
        reached_running: false,
        unclear: false,
        unknown: true,
        exit_code: None,
        stop_code: None,
        reason: None,
        log_tail: Vec::new(),
        log_unread: None,
    };
    let mut events = begun(
        "v1.1.0",
        "v2.0.0",
        GateParts { header: "x-bypass".to_owned(), load_balancer: None, function: None },
    );
    events.extend([
        intent("v1.1.0", "v2.0.0", 1),
        Event::MigrationEnded { attempt: 1, outcome: lost },
        asked(OperatorCommand::Abort { version: version("v2.0.0") }),
        asked(OperatorCommand::RecordSchema { version: version("v1.1.0") }),
        schema("v1.1.0", Recorded::Person),
        intent("v1.1.0", "v2.0.0", 2),
        Event::MigrationEnded {
            attempt: 2,
            outcome: Outcome {
                succeeded: false,
                reached_running: false,
                unclear: false,
                unknown: false,
                exit_code: None,
                stop_code: Some("TaskFailedToStart".to_owned()),
                reason: Some("CannotPullContainerError".to_owned()),
                log_tail: Vec::new(),
                log_unread: None,
            },
        },
        schema("v1.1.0", Recorded::Unchanged),
        Event::ChecksPassed,
        Event::GateOpened,
        Event::ReleaseFinished { to: version("v2.0.0") },
    ]);
    events
}

/// Fields that older lines do not have.
fn what_aws_said() -> Vec<Event> {
    let unclear = Outcome {
        succeeded: false,
        reached_running: true,
        unclear: true,
        unknown: false,
        exit_code: None,
        stop_code: Some("TerminationNotice".to_owned()),
        reason: Some("Host EC2 (instance i-0abc) terminated.".to_owned()),
        log_tail: Vec::new(),
        log_unread: Some("the container `migrate` has no log driver (`logConfiguration`)".to_owned()),
    };
    vec![
        Event::ReleaseBegun {
            from: version("v1.1.0"),
            to: version("v2.0.0"),
            images: BTreeMap::new(),
            revision: Revision::worktree(),
        },
        Event::StartFailed {
            service: service("web"),
            images: vec![image("shop/web:v1.1.0")],
            why: "2 tasks stopped".to_owned(),
            said: vec!["(service web) was unable to place a task.".to_owned()],
        },
        intent("v1.1.0", "v2.0.0", 3),
        Event::MigrationEnded { attempt: 3, outcome: unclear },
    ]
}

fn a_failed_step() -> Vec<Event> {
    let why = "database/snapshot: SnapshotQuotaExceeded: \"100\" snapshots".to_owned();
    let mut events = begun(
        "v1.1.0",
        "v2.1.0",
        GateParts { header: "x-bypass".to_owned(), load_balancer: None, function: None },
    );
    events.extend([
        Event::ReleaseStalled { to: version("v2.1.0"), why: why.clone() },
        Event::ReleaseResumed { to: version("v2.1.0") },
        Event::ReleaseStalled { to: version("v2.1.0"), why: why.clone() },
        Event::StepFailed { to: version("v2.1.0"), why: why.clone() },
        Event::ReleaseGivenUp { from: version("v1.1.0"), to: version("v2.1.0"), why },
        Event::ChecksPassed,
        Event::GateOpened,
        Event::ReleaseFinished { to: version("v2.1.0") },
    ]);
    events
}

/// A field that older lines do not have. The last attempt is open, so that a checkpoint holds its place, too.
fn where_a_task_is_placed() -> Vec<Event> {
    let refused = Outcome {
        succeeded: false,
        reached_running: false,
        unclear: false,
        unknown: false,
        exit_code: None,
        stop_code: Some("TaskFailedToStart".to_owned()),
        reason: Some("RESOURCE:MEMORY".to_owned()),
        log_tail: Vec::new(),
        log_unread: None,
    };
    let share = |name: &str, base| ProviderShare { name: name.to_owned(), weight: 1, base };
    let providers = vec![share("spare", 0), share("shop", 1)];
    let gate = GateParts { header: "x-bypass".to_owned(), load_balancer: None, function: None };
    let mut events = begun("v1.1.0", "v2.0.0", gate);
    events.extend([
        placed(4, Placement::LaunchType("EC2".to_owned())),
        Event::MigrationEnded { attempt: 4, outcome: refused },
        asked(OperatorCommand::Retry),
        placed(5, Placement::Providers(providers)),
    ]);
    events
}

fn placed(number: u32, at: Placement) -> Event {
    let mut event = intent("v1.1.0", "v2.0.0", number);
    if let Event::MigrationIntent { placement, .. } = &mut event {
        *placement = Some(at);
    }
    event
}

fn begun(from: &str, to: &str, with: GateParts) -> Vec<Event> {
    vec![
        Event::ReleaseBegun {
            from: version(from),
            to: version(to),
            images: BTreeMap::from([(
                image(&format!("shop/web:{to}")),
                image(&format!("shop/web:{to}@sha256:{}", "0f".repeat(32))),
            )]),
            revision: Revision::commit("6d1f0c9b2a7e4d5c8b3a1f0e9d8c7b6a5f4e3d2c"),
        },
        Event::GateClosed { was_open: true, with: Some(with) },
        Event::Drained,
    ]
}

fn intent(from: &str, to: &str, attempt: u32) -> Event {
    Event::MigrationIntent {
        resource_id: database(),
        from: version(from),
        to: version(to),
        attempt,
        client_token: format!("token-{to}-{attempt}"),
        started_by: format!("tidegate-{to}-{attempt}"),
        definition: "arn:aws:ecs:eu-central-2:123456789012:task-definition/migrate:7".to_owned(),
        // Younger than the lines of both formats.
        placement: None,
    }
}

fn schema(of: &str, how: Recorded) -> Event {
    Event::SchemaRecorded { version: version(of), resource_id: database(), how }
}

fn converged(core: &str, declaration: &[(&str, &str)]) -> Event {
    let prints = declaration.iter().map(|(part, print)| ((*part).to_owned(), (*print).to_owned()));
    Event::Converged {
        state: State::Running,
        versions: BTreeMap::from([("core".into(), version(core)), ("client".into(), version("nightly"))]),
        revision: Revision::worktree(),
        inputs: None,
        declaration: prints.collect(),
        schema: BTreeMap::from([(database(), version(core))]),
    }
}

fn asked(command: OperatorCommand) -> Event {
    Event::Requested(OperatorRequest {
        who: "ann@laptop".to_owned(),
        reason: "the on-call said so".to_owned(),
        command,
    })
}

fn database() -> String {
    "db-ABCDEFGHIJKL".to_owned()
}

fn task(number: u32) -> String {
    format!("arn:aws:ecs:eu-central-2:123456789012:task/shop/{number:032}")
}

fn version(text: &str) -> Version {
    Version::from(text)
}

fn image(text: &str) -> ImageRef {
    ImageRef::new(text)
}

fn service(name: &str) -> ServiceName {
    name.into()
}
