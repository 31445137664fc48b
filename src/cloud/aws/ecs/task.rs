//! Tasks of a service or of a family, running and stopped.
//!
//! A list of "stopped" tasks has the tasks that should stop. A task that is shutting down is in it while it still runs,
//! and a task that has stopped stays in it for about an hour.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{self, DesiredStatus, HealthStatus, TaskStopCode as StopCode};
use futures_util::future::{try_join, try_join_all};

use super::super::caches::TargetGroups;
use super::super::definitions;
use super::super::moment::{instant, optional};
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::{LISTED_AT_ONCE_MAX, PAGES_MAX, only_missing};
use super::health::Health;
use super::services;
use crate::cloud::{
    CloudError, ClusterTask, Container, ContainerStatus, Family, Task, TaskDefinition, TaskStatus,
};
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, ImageRef, ServiceName};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>
const DESCRIBED_AT_ONCE_MAX: usize = 100;

/// The owner of the tasks to list.
#[derive(Clone, Copy)]
enum TasksOf<'a> {
    Cluster,
    Service(&'a ServiceName),
    Family(&'a FamilyName),
}

/// Two requests to list and one for a hundred tasks. While any task runs, one for each target group, and one for each
/// task definition that was not read before.
pub(in super::super) async fn service_tasks(
    session: &Session,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<Vec<Task>, CloudError> {
    let (found, groups) =
        try_join(list(session, cluster, TasksOf::Service(service)), groups(session, cluster, service))
            .await?;
    let running: Vec<&types::Task> = found.iter().filter(|task| is_running(task)).collect();
    if running.is_empty() {
        return Ok(found.iter().map(|task| read(task, false)).collect());
    }
    let (health, definitions) =
        try_join(Health::read(session, &groups), definitions_of(session, &running)).await?;
    let judged = |task: &types::Task| {
        let addresses = addresses(task);
        let serves = health.serves(&addresses, running.len());
        let is_healthy = is_running(task) && is_sound(task, &definitions) && serves;
        let mut read = read(task, is_healthy);
        if is_running(task) && !serves {
            read.ill.extend(health.reasons(&addresses));
        }
        read
    };
    Ok(found.iter().map(judged).collect())
}

/// Two requests to list and one for a hundred tasks. Tasks of a family have no target groups.
pub(in super::super) async fn family_tasks(
    session: &Session,
    cluster: &ClusterName,
    family: &FamilyName,
) -> Result<Vec<Task>, CloudError> {
    let found = list(session, cluster, TasksOf::Family(family)).await?;
    let is_well = |task: &types::Task| task.health_status() != Some(&HealthStatus::Unhealthy);
    Ok(found.iter().map(|task| read(task, is_running(task) && is_well(task))).collect())
}

/// The service's target groups, as the service was last described.
async fn groups(
    session: &Session,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<BTreeSet<TargetGroups>, CloudError> {
    let key = (cluster.clone(), service.clone());
    if let Some(groups) = session.caches.target_groups.get(&key) {
        return Ok(groups);
    }
    services::services(session, cluster, std::slice::from_ref(service)).await?;
    Ok(session.caches.target_groups.get(&key).unwrap_or_default())
}

async fn definitions_of(
    session: &Session,
    tasks: &[&types::Task],
) -> Result<BTreeMap<String, TaskDefinition>, CloudError> {
    let arns: BTreeSet<&str> = tasks.iter().filter_map(|task| task.task_definition_arn()).collect();
    let found = try_join_all(arns.into_iter().map(|arn| definitions::by_arn(session, arn))).await?;
    Ok(found.into_iter().map(|definition| (definition.arn.clone(), definition)).collect())
}

/// Whether its containers' own health checks pass; `true` without such checks.
fn is_sound(task: &types::Task, definitions: &BTreeMap<String, TaskDefinition>) -> bool {
    let definition = task.task_definition_arn().and_then(|arn| definitions.get(arn));
    let is_checked =
        definition.is_some_and(|found| found.document.containers().any(|c| c.contains_key("healthCheck")));
    match task.health_status() {
        Some(HealthStatus::Unhealthy) => false,
        Some(HealthStatus::Healthy) => true,
        _ => !is_checked,
    }
}

/// Tasks that should run first, then tasks that should stop: a task that stops between the two requests is listed twice,
/// never missed.
async fn list(
    session: &Session,
    cluster: &ClusterName,
    of: TasksOf<'_>,
) -> Result<Vec<types::Task>, CloudError> {
    let arns: Vec<String> = all_arns(session, cluster, of).await?.into_iter().collect();
    let batches = arns.chunks(DESCRIBED_AT_ONCE_MAX).map(|batch| describe(session, cluster, batch));
    Ok(try_join_all(batches).await?.into_iter().flatten().collect())
}

async fn all_arns(
    session: &Session,
    cluster: &ClusterName,
    of: TasksOf<'_>,
) -> Result<BTreeSet<String>, CloudError> {
    let mut arns = BTreeSet::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        arns.extend(list_arns(session, cluster, of, status).await?);
    }
    Ok(arns)
}

/// Two requests to list, and one for a hundred tasks that are not known.
pub(in super::super) async fn other_tasks(
    session: &Session,
    cluster: &ClusterName,
    known: &BTreeSet<String>,
) -> Result<Vec<ClusterTask>, CloudError> {
    let arns = all_arns(session, cluster, TasksOf::Cluster).await?;
    let arns: Vec<String> = arns.into_iter().filter(|arn| !known.contains(arn)).collect();
    let batches = arns.chunks(DESCRIBED_AT_ONCE_MAX).map(|batch| describe(session, cluster, batch));
    let found: Vec<types::Task> = try_join_all(batches).await?.into_iter().flatten().collect();
    let alive = found.iter().filter(|task| status(task) != TaskStatus::Stopped);
    let mut others: Vec<ClusterTask> = alive.map(read_other).collect();
    others.sort_by(|one, other| one.arn.cmp(&other.arn));
    Ok(others)
}

fn read_other(task: &types::Task) -> ClusterTask {
    ClusterTask {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        definition: task.task_definition_arn().unwrap_or_default().to_owned(),
        group: task.group().unwrap_or_default().to_owned(),
        started_by: task.started_by().unwrap_or_default().to_owned(),
        images: task
            .containers()
            .iter()
            .filter_map(|container| container.image())
            .map(ImageRef::new)
            .collect(),
    }
}

async fn list_arns(
    session: &Session,
    cluster: &ClusterName,
    of: TasksOf<'_>,
    status: DesiredStatus,
) -> Result<Vec<String>, CloudError> {
    let name = match of {
        TasksOf::Cluster => "every task",
        TasksOf::Service(service) => service.as_str(),
        TasksOf::Family(family) => family.as_str(),
    };
    let resource = format!("{cluster}/{name}");
    let operation = Operation::new("ecs:ListTasks", Family::TaskRead, &resource);
    let (mut arns, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.ecs.read.list_tasks().cluster(cluster.as_str());
        let request = request.desired_status(status.clone()).max_results(LISTED_AT_ONCE_MAX);
        let request = match of {
            TasksOf::Cluster => request,
            TasksOf::Service(service) => request.service_name(service.as_str()),
            TasksOf::Family(family) => request.family(family.as_str()),
        };
        let answer = session.calls.read(operation, traced!(request.set_next_token(token.take()))).await?;
        arns.extend(answer.task_arns.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(arns);
        }
    }
    Err(operation.endless_list())
}

/// Tasks that AWS no longer lists are left out: they stopped an hour ago.
async fn describe(
    session: &Session,
    cluster: &ClusterName,
    arns: &[String],
) -> Result<Vec<types::Task>, CloudError> {
    let operation = Operation::new("ecs:DescribeTasks", Family::TaskRead, cluster.as_str());
    let request = session.clients.ecs.read.describe_tasks().cluster(cluster.as_str());
    let answer = session.calls.read(operation, traced!(request.set_tasks(Some(arns.to_vec())))).await?;
    only_missing(operation, answer.failures())?;
    Ok(answer.tasks.unwrap_or_default())
}

/// Every private address of a task.
fn addresses(task: &types::Task) -> BTreeSet<String> {
    let details = task.attachments().iter().flat_map(|attachment| attachment.details());
    let attached = details
        .filter(|detail| matches!(detail.name(), Some("privateIPv4Address" | "privateIPv6Address")))
        .filter_map(|detail| detail.value());
    let interfaces = task.containers().iter().flat_map(|container| container.network_interfaces());
    let of_containers =
        interfaces.flat_map(|interface| [interface.private_ipv4_address(), interface.ipv6_address()]);
    attached.chain(of_containers.flatten()).map(str::to_owned).collect()
}

fn is_running(task: &types::Task) -> bool {
    status(task) == TaskStatus::Running
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>
fn status(task: &types::Task) -> TaskStatus {
    match task.last_status().unwrap_or_default() {
        "PROVISIONING" => TaskStatus::Provisioning,
        "PENDING" => TaskStatus::Pending,
        "ACTIVATING" => TaskStatus::Activating,
        "DEACTIVATING" => TaskStatus::Deactivating,
        "STOPPING" => TaskStatus::Stopping,
        "DEPROVISIONING" => TaskStatus::Deprovisioning,
        "STOPPED" | "DELETED" => TaskStatus::Stopped,
        // An unknown status: as long as a task is not stopped, it may still write.
        _ => TaskStatus::Running,
    }
}

/// AWS shows PENDING, RUNNING and STOPPED. The agent's words for the time before a container runs count as PENDING.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html>
fn container_status(word: Option<&str>) -> ContainerStatus {
    match word.unwrap_or_default() {
        "PROVISIONING" | "PENDING" => ContainerStatus::Pending,
        "RUNNING" => ContainerStatus::Running,
        "STOPPED" => ContainerStatus::Stopped,
        _ => ContainerStatus::Unknown,
    }
}

/// A task in the port's type.
pub(super) fn read(task: &types::Task, healthy: bool) -> Task {
    let said = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let containers = task.containers().iter().filter_map(|container| {
        Some(Container {
            name: ContainerName::new(container.name()?),
            status: container_status(container.last_status()),
            runtime_id: said(container.runtime_id()),
            exit_code: container.exit_code(),
            reason: said(container.reason()),
            digest: container.image_digest().map(Digest::new),
        })
    });
    let is_ill = |container: &&types::Container| container.health_status() == Some(&HealthStatus::Unhealthy);
    let ill = task.containers().iter().filter(is_ill).filter_map(|container| {
        Some(format!("the container `{}` fails its own health check", container.name()?))
    });
    Task {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        definition: task.task_definition_arn().unwrap_or_default().to_owned(),
        started_by: task.started_by().unwrap_or_default().to_owned(),
        status: status(task),
        created_at: instant(task.created_at()),
        started_at: optional(task.started_at()),
        stopped_at: optional(task.stopped_at()),
        stop_code: said(task.stop_code().map(StopCode::as_str)),
        stopped_reason: said(task.stopped_reason()),
        containers: containers.collect(),
        healthy,
        ill: ill.collect(),
    }
}
