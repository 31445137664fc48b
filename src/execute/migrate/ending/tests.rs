use super::*;
use crate::bench::{a_tuesday, shop};
use crate::cloud::{Container, ContainerStatus, TaskStatus};
use crate::plan::MigrationStart;
use serde_json::json;

/// A stopped task: stop code, and containers with their exit codes.
fn ended(stop_code: Option<&str>, codes: &[(&str, Option<i32>)]) -> Task {
    let containers = codes.iter().map(|(name, exit_code)| Container {
        name: (*name).into(),
        status: ContainerStatus::Stopped,
        runtime_id: exit_code.map(|_| "4f7c".to_owned()),
        exit_code: *exit_code,
        reason: None,
        digest: None,
    });
    Task {
        arn: "arn:task/1".to_owned(),
        definition: "arn:task-definition/migrate:3".to_owned(),
        started_by: "tidegate-1".to_owned(),
        status: TaskStatus::Stopped,
        created_at: a_tuesday(),
        started_at: Some(a_tuesday()),
        stopped_at: Some(a_tuesday()),
        stop_code: stop_code.map(str::to_owned),
        stopped_reason: Some("Essential container in task exited".to_owned()),
        containers: containers.collect(),
        healthy: false,
        ill: Vec::new(),
    }
}

fn names(names: &[&str]) -> BTreeSet<ContainerName> {
    names.iter().map(|name| ContainerName::new(*name)).collect()
}

#[test]
fn only_a_program_that_ended_by_itself_with_zero_has_succeeded() {
    let by_itself = Some("EssentialContainerExited");
    type Case<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, Option<i32>)], bool, Option<i32>);
    let cases: [Case; 9] = [
        ("zero", by_itself, &[("migrate", Some(0))], true, Some(0)),
        ("not zero", by_itself, &[("migrate", Some(3))], false, Some(3)),
        ("no exit code", by_itself, &[("migrate", None)], false, None),
        ("zero, but somebody stopped it", Some("UserInitiated"), &[("migrate", Some(0))], false, Some(0)),
        ("zero, and no stop code yet", None, &[("migrate", Some(0))], false, Some(0)),
        ("never started", Some("TaskFailedToStart"), &[("migrate", None)], false, None),
        (
            "the log router was killed after it",
            by_itself,
            &[("migrate", Some(0)), ("logs", Some(137))],
            true,
            Some(0),
        ),
        (
            "the log router ended and took it along",
            by_itself,
            &[("logs", Some(0)), ("migrate", Some(143))],
            false,
            Some(143),
        ),
        ("another container altogether", by_itself, &[("other", Some(0))], false, None),
    ];
    for (claim, stop_code, codes, succeeded, exit_code) in cases {
        let outcome = of(&ended(stop_code, codes), &names(&["migrate"]), false, Log::default());
        assert_eq!((outcome.succeeded, outcome.exit_code), (succeeded, exit_code), "{claim}");
        assert!(!outcome.unknown, "{claim}");
    }
}

#[test]
fn every_container_that_counts_must_end_well() {
    let task = ended(Some("EssentialContainerExited"), &[("one", Some(0)), ("two", Some(2))]);
    let outcome = of(&task, &names(&["one", "two"]), false, Log::default());
    assert_eq!((outcome.succeeded, outcome.exit_code), (false, Some(2)));
    let missing = ended(Some("EssentialContainerExited"), &[("one", Some(0)), ("two", None)]);
    assert!(!of(&missing, &names(&["one", "two"]), false, Log::default()).succeeded);
}

#[test]
fn declared_containers_count_else_the_essential_ones() {
    let declared = shop().migration.unwrap();
    let task = ended(None, &[("migrate", None), ("logs", None)]);
    assert_eq!(named(&declared, &task), names(&["migrate"]));
    assert_eq!(named(&declared, &ended(None, &[("renamed", None)])), names(&[]));
    let document = Document::new(json!({"containerDefinitions": [
        {"name": "renamed", "image": "a"},
        {"name": "logs", "image": "b", "essential": false},
        {"name": "proxy", "image": "c", "essential": true},
    ]}));
    // Essential unless it says otherwise: the API's default.
    assert_eq!(essential(&document), names(&["proxy", "renamed"]));
}

#[test]
fn a_task_that_was_seen_running_ran_whatever_its_end_says() {
    let mut task = ended(Some("TaskFailedToStart"), &[("migrate", None)]);
    task.started_at = None;
    assert!(!of(&task, &names(&["migrate"]), false, Log::default()).reached_running);
    assert!(of(&task, &names(&["migrate"]), true, Log::default()).reached_running);
}

#[test]
fn the_log_is_kept_but_not_without_end() {
    let line = "ü".repeat(LINE_CHARS_MAX + 1);
    let log = Log { lines: vec!["short".to_owned(), line], unread: None };
    let outcome = of(&ended(None, &[]), &names(&[]), false, log);
    assert_eq!(outcome.log_tail[0], "short");
    assert_eq!(outcome.log_tail[1].chars().count(), LINE_CHARS_MAX);
}

#[test]
fn the_words_tell_the_endings_apart() {
    let migration = Migration {
        from: "v1".into(),
        to: "v2".into(),
        attempt: 2,
        resource_id: "db-1".to_owned(),
        start: MigrationStart::Adopt { task: String::new() },
        client_token: String::new(),
        started_by: String::new(),
        timeout: std::time::Duration::from_secs(3600),
    };
    let outcome = |task: Task| of(&task, &names(&["migrate"]), false, Log::default());
    let exited = ended(Some("EssentialContainerExited"), &[("migrate", Some(1))]);
    let stopped = ended(Some("UserInitiated"), &[("migrate", None)]);
    let mut never = ended(Some("TaskFailedToStart"), &[("migrate", None)]);
    (never.started_at, never.stopped_reason) = (None, Some("CannotPullContainerError".to_owned()));
    let mut unclear = ended(None, &[("migrate", None)]);
    (unclear.started_at, unclear.stopped_reason) = (None, None);
    let mut killed = ended(Some("EssentialContainerExited"), &[("migrate", Some(137))]);
    killed.containers[0].reason = Some("OutOfMemoryError: Container killed\n".to_owned());
    for (outcome, words) in [
        (outcome(exited), "ended with exit code 1: Essential container in task exited"),
        (outcome(stopped), "was stopped: Essential container in task exited"),
        (outcome(never), "never ran: CannotPullContainerError"),
        (outcome(unclear), "may have run; AWS does not show whether it did: no reason given"),
        (
            outcome(killed),
            "ended with exit code 137: Essential container in task exited; container `migrate`: OutOfMemoryError: Container killed",
        ),
        (unknown(true), "is lost: AWS no longer lists the task, and its end was not seen"),
    ] {
        assert_eq!(said(&migration, &outcome), format!("the migration v1 → v2, attempt 2, {words}"));
    }
}
