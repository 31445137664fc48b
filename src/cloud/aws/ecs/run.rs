//! One-off tasks: RunTask, once, and StopTask.
//!
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>

use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration, Tag};

use super::super::definitions;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::only_missing;
use super::{placement, task};
use crate::cloud::{CloudError, FARGATE, Family, Kind, Placement, RunTask, Task, is_awsvpc};
use crate::model::ClusterName;

/// One request that reads the network configuration, and one that starts the task and is sent once.
pub(in super::super) async fn run_task(session: &Session, request: &RunTask) -> Result<Task, CloudError> {
    let RunTask { cluster, definition, network_of, placement, client_token, started_by, tags } = request;
    let resource = format!("{cluster}/{started_by}");
    let operation = Operation::new("ecs:RunTask", Family::TaskWrite, &resource);
    let document = definitions::by_arn(session, definition).await?.document;
    let (network, platform) = network(session, cluster, network_of.as_str()).await?;
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let send = session.clients.ecs.write.run_task();
    let send = send.cluster(cluster.as_str()).task_definition(definition).count(1);
    let send = send.client_token(client_token).started_by(started_by).set_tags(Some(tags));
    let send = match placement {
        // Only Fargate has a platform version.
        Placement::LaunchType(name) if name == FARGATE => {
            send.launch_type(LaunchType::Fargate).set_platform_version(platform)
        }
        Placement::LaunchType(name) => send.launch_type(LaunchType::from(name.as_str())),
        Placement::Providers(shares) => {
            send.set_capacity_provider_strategy(Some(placement::strategy(operation, shares)?))
        }
    };
    let send = send.set_network_configuration(network.filter(|_| is_awsvpc(&document)));
    let answer = session.calls.write(operation, traced!(send)).await?;
    if let Some(task) = answer.tasks().first() {
        return Ok(task::read(task, false));
    }
    // HTTP 200 and `failures[]`: nothing was started. Neither a task nor a failure proves nothing.
    let failures = answer.failures();
    if failures.is_empty() {
        let said = "the answer shows neither a task nor a failure, so a task may have been started";
        return Err(operation.error(Kind::AnswerLost, said));
    }
    let words = failures.iter().flat_map(|failure| [failure.reason(), failure.detail()]);
    let words: Vec<&str> = words.flatten().collect();
    let said = if words.is_empty() { "AWS gives no reason".to_owned() } else { words.join(": ") };
    Err(operation.error(Kind::Capacity, said))
}

/// The awsvpc configuration of a service, whole, and its platform version.
async fn network(
    session: &Session,
    cluster: &ClusterName,
    service: &str,
) -> Result<(Option<NetworkConfiguration>, Option<String>), CloudError> {
    let resource = format!("{cluster}/{service}");
    let operation = Operation::new("ecs:DescribeServices", Family::ServiceRead, &resource);
    let request = session.clients.ecs.read.describe_services().cluster(cluster.as_str()).services(service);
    let answer = session.calls.read(operation, traced!(request)).await?;
    only_missing(operation, answer.failures())?;
    let found = answer.services().iter().find(|found| found.status() != Some("INACTIVE"));
    let found = found.ok_or_else(|| operation.error(Kind::NotFound, "ServiceNotFoundException"))?;
    let network = found.network_configuration().map(sorted);
    let platform = found.platform_version().filter(|version| !version.is_empty());
    Ok((network, platform.map(str::to_owned)))
}

/// A retry must be the same request, or AWS refuses its client token. ECS does not promise an order of these lists.
fn sorted(network: &NetworkConfiguration) -> NetworkConfiguration {
    let mut network = network.clone();
    if let Some(AwsVpcConfiguration { subnets, security_groups, .. }) = &mut network.awsvpc_configuration {
        subnets.sort();
        security_groups.iter_mut().for_each(|groups| groups.sort());
    }
    network
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html>
const REASON_CHARS_MAX: usize = 255;

/// One request. AWS refuses a longer reason, and a person may write any length.
pub(in super::super) async fn stop_task(
    session: &Session,
    cluster: &ClusterName,
    arn: &str,
    reason: &str,
) -> Result<(), CloudError> {
    let operation = Operation::new("ecs:StopTask", Family::TaskWrite, arn);
    let request = session.clients.ecs.write.stop_task();
    let request = request.cluster(cluster.as_str()).task(arn).reason(bounded(reason));
    session.calls.write(operation, traced!(request)).await?;
    Ok(())
}

fn bounded(reason: &str) -> String {
    if reason.chars().count() <= REASON_CHARS_MAX {
        return reason.to_owned();
    }
    let kept: String = reason.chars().take(REASON_CHARS_MAX - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_any_length_is_one_that_aws_takes() {
        for (length, kept) in [(0, 0), (1, 1), (255, 255), (256, 255), (5_000, 255)] {
            let reason = bounded(&"ä".repeat(length));
            assert_eq!(reason.chars().count(), kept);
            assert_eq!(reason.ends_with('…'), length > REASON_CHARS_MAX);
        }
    }
}
