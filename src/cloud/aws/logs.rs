//! The last lines of a task, from CloudWatch Logs, where its definition sends them there.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html>

use aws_sdk_cloudwatchlogs::types::OutputLogEvent;
use futures_util::future::try_join_all;
use serde_json::Value;

use super::arn::{cluster_of_task, last};
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use super::{definitions, ecs};
use crate::cloud::{CloudError, Document, Family, Kind};
use crate::model::ClusterName;

/// The newest page may be empty although older ones are not.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>
const PAGES_MAX: usize = 3;
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>
const LINES_MAX: usize = 10_000;

/// One stream of a container.
#[derive(Debug, PartialEq, Eq)]
struct Stream {
    group: String,
    name: String,
    region: Option<String>,
}

/// One request for the task, and one a container that logs to CloudWatch. No log is an empty one.
pub(super) async fn tail(session: &Session, task_arn: &str, lines: usize) -> Result<Vec<String>, CloudError> {
    let operation = Operation::new("ecs:DescribeTasks", Family::TaskRead, task_arn);
    let cluster = cluster_of_task(task_arn).map(ClusterName::new);
    let cluster =
        cluster.ok_or_else(|| operation.error(Kind::Invalid, "this is no ARN of a task in a cluster"))?;
    let found = ecs::describe(session, &cluster, &[task_arn.to_owned()]).await?;
    let task =
        found.first().ok_or_else(|| operation.error(Kind::NotFound, "the task is not listed any more"))?;
    let definition = task.task_definition_arn().unwrap_or_default();
    let definition = definitions::by_arn(session, definition).await?;
    let streams = streams(&definition.document, last(task_arn));
    let events = streams.iter().map(|stream| newest(session, stream, lines));
    let mut events: Vec<OutputLogEvent> = try_join_all(events).await?.into_iter().flatten().collect();
    // Stable: lines of one moment keep the order of their stream.
    events.sort_by_key(|event| event.timestamp());
    let skipped = events.len().saturating_sub(lines);
    Ok(events.into_iter().skip(skipped).filter_map(|event| event.message).collect())
}

async fn newest(session: &Session, stream: &Stream, lines: usize) -> Result<Vec<OutputLogEvent>, CloudError> {
    let Stream { group, name, region } = stream;
    let resource = format!("{group}/{name}");
    let operation = Operation::new("logs:GetLogEvents", Family::Watching, &resource);
    let logs = session.clients.logs(region.as_deref().unwrap_or(session.clients.region()));
    let limit = i32::try_from(lines.clamp(1, LINES_MAX)).expect("clamped");
    let mut token = None;
    for _ in 0..PAGES_MAX {
        let request = logs.get_log_events().log_group_name(group).log_stream_name(name);
        let request = request.start_from_head(false).limit(limit).set_next_token(token.take());
        // The stream comes with the first line.
        let answer =
            session.calls.read_if(operation, &["ResourceNotFoundException"], traced!(request)).await?;
        let Some(answer) = answer else { return Ok(Vec::new()) };
        let events = answer.events.unwrap_or_default();
        if !events.is_empty() || answer.next_backward_token.is_none() {
            return Ok(events);
        }
        token = answer.next_backward_token;
    }
    Ok(Vec::new())
}

/// `prefix/container/task`; without a prefix nobody can tell.
fn streams(document: &Document, task_id: &str) -> Vec<Stream> {
    let of = |container: &serde_json::Map<String, Value>| {
        let logs = container.get("logConfiguration")?;
        let driver = logs.get("logDriver").and_then(Value::as_str);
        let options = logs.get("options").filter(|_| driver == Some("awslogs"))?;
        let option = |name: &str| options.get(name).and_then(Value::as_str);
        let (group, prefix) = (option("awslogs-group")?, option("awslogs-stream-prefix")?);
        Some(Stream {
            group: group.to_owned(),
            name: format!("{prefix}/{}/{task_id}", container.get("name")?.as_str()?),
            region: option("awslogs-region").map(str::to_owned),
        })
    };
    document.containers().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_container_that_logs_to_cloudwatch_has_a_stream() {
        let awslogs = |region: Option<&str>| {
            let mut options = json!({"awslogs-group": "/ecs/graasp", "awslogs-stream-prefix": "migrate"});
            if let Some(region) = region {
                options["awslogs-region"] = json!(region);
            }
            json!({"logDriver": "awslogs", "options": options})
        };
        let document = Document::new(json!({"containerDefinitions": [
            {"name": "migrate", "logConfiguration": awslogs(Some("eu-west-1"))},
            {"name": "sidecar", "logConfiguration": awslogs(None)},
            {"name": "router", "logConfiguration": {"logDriver": "awsfirelens", "options": {}}},
            {"name": "silent"},
            {"name": "nameless", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}},
        ]}));
        let stream = |name: &str, region: Option<&str>| Stream {
            group: "/ecs/graasp".to_owned(),
            name: format!("migrate/{name}/abc"),
            region: region.map(str::to_owned),
        };
        assert_eq!(
            streams(&document, "abc"),
            [stream("migrate", Some("eu-west-1")), stream("sidecar", None)]
        );
    }
}
