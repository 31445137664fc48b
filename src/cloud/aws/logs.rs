//! The last log lines of a container, if its task definition sends them to CloudWatch Logs.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html>

use serde_json::Value;

use super::arn::last;
use super::definitions;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Document, Family, LogTail, Task};
use crate::model::ContainerName;

/// The newest page may be empty although older ones are not.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>
const PAGES_MAX: usize = 3;
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>
const LINES_MAX: usize = 10_000;

/// The log stream of a container.
#[derive(Debug, PartialEq, Eq)]
struct Stream {
    group: String,
    name: String,
    region: Option<String>,
}

/// One request; one more for a definition that was not read before.
pub(super) async fn tail(
    session: &Session,
    task: &Task,
    container: &ContainerName,
    lines: usize,
) -> Result<LogTail, CloudError> {
    let definition = definitions::by_arn(session, &task.definition).await?;
    match stream(&definition.document, task, container) {
        Ok(stream) => newest(session, &stream, lines).await,
        Err(why) => Ok(LogTail::Unread(why)),
    }
}

async fn newest(session: &Session, stream: &Stream, lines: usize) -> Result<LogTail, CloudError> {
    let Stream { group, name, region } = stream;
    let resource = format!("{group}/{name}");
    let operation = Operation::new("logs:GetLogEvents", Family::Watching, &resource);
    let logs = session.clients.logs(region.as_deref().unwrap_or(session.clients.region()));
    let limit = i32::try_from(lines.clamp(1, LINES_MAX)).expect("clamped");
    let mut token = None;
    for _ in 0..PAGES_MAX {
        let request = logs.get_log_events().log_group_name(group).log_stream_name(name);
        let request = request.start_from_head(false).limit(limit).set_next_token(token.take());
        let answer =
            session.calls.read_if(operation, &["ResourceNotFoundException"], traced!(request)).await?;
        let Some(answer) = answer else {
            // A stream is created with its first line.
            return Ok(LogTail::Unread(format!(
                "the log group `{group}` has no stream `{name}`: the container wrote nothing, or its log was sent elsewhere"
            )));
        };
        let events = answer.events.unwrap_or_default();
        if !events.is_empty() || answer.next_backward_token.is_none() {
            let skipped = events.len().saturating_sub(lines);
            return Ok(LogTail::Lines(
                events.into_iter().skip(skipped).filter_map(|event| event.message).collect(),
            ));
        }
        token = answer.next_backward_token;
    }
    Ok(LogTail::Lines(Vec::new()))
}

/// `prefix/container/task`; without a prefix the runtime's id of the container. `Err` = there is no such log, and why.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html>
fn stream(document: &Document, task: &Task, name: &ContainerName) -> Result<Stream, String> {
    let mut containers = document.containers();
    let container =
        containers.find(|container| container.get("name").and_then(Value::as_str) == Some(name.as_str()));
    let logs = container.and_then(|container| container.get("logConfiguration"));
    let driver = logs.and_then(|logs| logs.get("logDriver")).and_then(Value::as_str);
    let Some(driver) = driver else {
        return Err(format!("the container `{name}` has no log driver (`logConfiguration`)"));
    };
    if driver != "awslogs" {
        return Err(format!("the container `{name}` logs with `{driver}`, which tidegate cannot read"));
    }
    let option = |name: &str| logs?.get("options")?.get(name)?.as_str();
    let Some(group) = option("awslogs-group") else {
        return Err(format!("the log driver of the container `{name}` names no `awslogs-group`"));
    };
    let shown = task.containers.iter().find(|container| container.name == *name);
    let stream = match option("awslogs-stream-prefix") {
        Some(prefix) => Some(format!("{prefix}/{name}/{}", last(&task.arn))),
        None => shown.and_then(|container| container.runtime_id.clone()),
    };
    let Some(stream) = stream else {
        return Err(format!(
            "the log driver of the container `{name}` has no `awslogs-stream-prefix`, so the name of its stream is unknown"
        ));
    };
    Ok(Stream { group: group.to_owned(), name: stream, region: option("awslogs-region").map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Container, ContainerStatus, TaskStatus};
    use crate::model::Instant;
    use serde_json::json;

    fn task() -> Task {
        Task {
            arn: "arn:aws:ecs:eu-central-2:592217263685:task/shop/abc".to_owned(),
            definition: String::new(),
            started_by: String::new(),
            status: TaskStatus::Stopped,
            created_at: Instant::UNIX_EPOCH,
            started_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            containers: vec![Container {
                name: "nameless".into(),
                status: ContainerStatus::Stopped,
                runtime_id: Some("4f7c".to_owned()),
                exit_code: Some(1),
                reason: None,
                digest: None,
            }],
            healthy: false,
            ill: Vec::new(),
        }
    }

    #[test]
    fn a_container_has_its_own_stream_or_the_reason_why_it_has_none() {
        let awslogs = |more: Value| {
            let mut options = json!({"awslogs-group": "/ecs/graasp"});
            options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"logDriver": "awslogs", "options": options})
        };
        let prefix = json!({"awslogs-stream-prefix": "migrate"});
        let document = Document::new(json!({"containerDefinitions": [
            {"name": "migrate", "logConfiguration":
                awslogs(json!({"awslogs-stream-prefix": "migrate", "awslogs-region": "eu-west-1"}))},
            {"name": "sidecar", "logConfiguration": awslogs(prefix)},
            {"name": "router", "logConfiguration": {"logDriver": "awsfirelens", "options": {}}},
            {"name": "silent"},
            {"name": "nameless", "logConfiguration": awslogs(json!({}))},
            {"name": "unborn", "logConfiguration": awslogs(json!({}))},
            {"name": "groupless", "logConfiguration": {"logDriver": "awslogs"}},
        ]}));
        let found =
            |name: &str| stream(&document, &task(), &name.into()).map(|stream| (stream.name, stream.region));
        assert_eq!(found("migrate"), Ok(("migrate/migrate/abc".to_owned(), Some("eu-west-1".to_owned()))));
        assert_eq!(found("sidecar"), Ok(("migrate/sidecar/abc".to_owned(), None)));
        assert_eq!(found("nameless"), Ok(("4f7c".to_owned(), None)));
        for (name, why) in [
            ("router", "logs with `awsfirelens`"),
            ("silent", "has no log driver"),
            ("unborn", "has no `awslogs-stream-prefix`"),
            ("groupless", "names no `awslogs-group`"),
            ("another", "has no log driver"),
        ] {
            let said = found(name).unwrap_err();
            assert!(said.contains(why) && said.contains(name), "{name}: {said}");
        }
    }
}
