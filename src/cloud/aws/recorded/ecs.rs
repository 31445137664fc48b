//! Tasks and task definitions.

use serde_json::{Value, json};

use super::super::fixture::{Server, ok};
use super::{last, recording, recordings};
use crate::cloud::{CloudRead, CloudWrite, Task, TaskStatus};
use crate::model::{ClusterName, FamilyName};

/// Reads tasks as those of a family, which needs no service around them.
async fn read(tasks: Vec<Value>) -> Vec<Task> {
    let server = Server::start(move |request| match request.operation().as_str() {
        "ListTasks" => {
            let wanted = &request.json()["desiredStatus"];
            let arns =
                tasks.iter().filter(|task| task["desiredStatus"] == *wanted).map(|task| &task["taskArn"]);
            ok(json!({ "taskArns": arns.collect::<Vec<_>>() }))
        }
        "DescribeTasks" => {
            let asked = request.json()["tasks"].clone();
            let is_asked = |task: &&Value| asked.as_array().unwrap().contains(&task["taskArn"]);
            ok(json!({ "tasks": tasks.iter().filter(is_asked).collect::<Vec<_>>(), "failures": [] }))
        }
        other => panic!("{other}"),
    })
    .await;
    server.cloud().family_tasks(&ClusterName::new("recorded"), &FamilyName::new("recorded")).await.unwrap()
}

fn status(word: &str) -> TaskStatus {
    match word {
        "PROVISIONING" => TaskStatus::Provisioning,
        "PENDING" => TaskStatus::Pending,
        "RUNNING" => TaskStatus::Running,
        "STOPPED" => TaskStatus::Stopped,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_task_is_read_as_it_was_recorded() {
    for recorded in recordings("ecs/DescribeTasks").unwrap_or_default() {
        let tasks: Vec<Value> = recorded.items("tasks").into_iter().cloned().collect();
        let read = read(tasks.clone()).await;
        assert_eq!(read.len(), tasks.len(), "{}", recorded.name);
        for found in &tasks {
            let task = read.iter().find(|task| found["taskArn"] == task.arn.as_str()).unwrap();
            let context = format!("{}: {task:?}", recorded.name);
            assert_eq!(task.status, status(found["lastStatus"].as_str().unwrap()), "{context}");
            assert_eq!(task.started_by, found["startedBy"].as_str().unwrap_or_default(), "{context}");
            assert_eq!(task.stop_code.as_deref(), found["stopCode"].as_str(), "{context}");
            assert_eq!(task.stopped_reason.as_deref(), found["stoppedReason"].as_str(), "{context}");
            assert_eq!(task.started_at.is_some(), !found["startedAt"].is_null(), "{context}");
            assert_eq!(task.stopped_at.is_some(), !found["stoppedAt"].is_null(), "{context}");
            let containers = found["containers"].as_array().unwrap();
            assert_eq!(task.containers.len(), containers.len(), "{context}");
            for (container, recorded) in task.containers.iter().zip(containers) {
                assert_eq!(recorded["name"], container.name.as_str(), "{context}");
                assert_eq!(container.exit_code.map(i64::from), recorded["exitCode"].as_i64(), "{context}");
            }
            // Whose task it is: a deployment's, or a family's, which may say of no one that it was started by them.
            let group = found["group"].as_str().unwrap();
            match group.split_once(':') {
                Some(("service", _)) => assert!(task.started_by.starts_with("ecs-svc/"), "{context}"),
                Some(("family", _)) => assert!(!task.started_by.starts_with("ecs-svc/"), "{context}"),
                _ => panic!("{context}: {group}"),
            }
        }
    }
}

/// A task that never started has a stop code of its own, no start, and no container with an exit code.
#[tokio::test]
async fn a_task_that_never_started_shows_no_exit_code() {
    let Some(recorded) = recording("ecs/DescribeTasks", "ecs_task_by_arn-1") else { return };
    let read = read(recorded.items("tasks").into_iter().cloned().collect()).await;
    let task = &read[0];
    assert_eq!(task.stop_code.as_deref(), Some("TaskFailedToStart"));
    assert_eq!(task.started_at, None);
    assert!(task.containers.iter().all(|container| container.exit_code.is_none()));
}

/// StopTask is answered while the task still runs: what it answers is no proof that the task has ended.
#[tokio::test]
async fn a_task_that_was_told_to_stop_still_runs() {
    for recorded in recordings("ecs/StopTask").unwrap_or_default() {
        let found = &recorded.body["task"];
        assert_eq!((&found["desiredStatus"], &found["lastStatus"]), (&json!("STOPPED"), &json!("RUNNING")));
        let body = recorded.body.clone();
        let server = Server::start(move |_| ok(&body)).await;
        let arn = found["taskArn"].as_str().unwrap();
        let stopped = server.cloud().stop_task(&ClusterName::new("recorded"), arn, "asked for").await;
        stopped.unwrap_or_else(|error| panic!("{}: {error}", recorded.name));
        // …and it is listed among those that should stop.
        let read = read(vec![found.clone()]).await;
        assert_eq!(read[0].status, TaskStatus::Running, "{}", recorded.name);
    }
}

#[tokio::test]
async fn every_list_of_tasks_is_read() {
    for recorded in recordings("ecs/ListTasks").unwrap_or_default() {
        let arns: Vec<Value> = recorded.items("taskArns").into_iter().cloned().collect();
        let body = recorded.body.clone();
        let server = Server::start(move |request| match request.operation().as_str() {
            "ListTasks" => ok(&body),
            "DescribeTasks" => ok(json!({
                "tasks": [],
                "failures": request.json()["tasks"].as_array().unwrap().iter()
                    .map(|arn| json!({"arn": arn, "reason": "MISSING"})).collect::<Vec<_>>(),
            })),
            other => panic!("{other}"),
        })
        .await;
        let family = FamilyName::new("recorded");
        let tasks = server.cloud().family_tasks(&ClusterName::new("recorded"), &family).await;
        assert_eq!(tasks.unwrap(), Vec::new(), "{}: tasks that are gone are no error", recorded.name);
        let described: Vec<Value> = server
            .requests()
            .iter()
            .filter(|request| request.operation() == "DescribeTasks")
            .flat_map(|request| request.json()["tasks"].as_array().unwrap().clone())
            .collect();
        assert!(arns.iter().all(|arn| described.contains(arn)), "{}", recorded.name);
    }
}

#[tokio::test]
async fn every_task_definition_is_read() {
    for recorded in recordings("ecs/DescribeTaskDefinition").unwrap_or_default() {
        let found = &recorded.body["taskDefinition"];
        let body = recorded.body.clone();
        let server = Server::start(move |_| ok(&body)).await;
        let arn = found["taskDefinitionArn"].as_str().unwrap();
        let definition = server.cloud().task_definition(arn).await;
        let definition = definition.unwrap_or_else(|error| panic!("{}: {error}", recorded.name));
        assert_eq!(definition.arn, arn);
        assert_eq!(definition.short(), last(&found["taskDefinitionArn"]), "{}", recorded.name);
        let containers = found["containerDefinitions"].as_array().unwrap().len();
        assert_eq!(definition.document.containers().count(), containers, "{}", recorded.name);
    }
}
