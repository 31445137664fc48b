//! ECS: clusters, services and tasks. Definitions have a file of their own.
//!
//! An absence is only concluded from an answer that says MISSING; any other `failures[]` is an error.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>

mod health;
mod rollback;
mod run;
mod service;
mod shift;
mod task;

#[cfg(test)]
mod tests;

pub(super) use run::{run_task, stop_task};
pub(super) use task::{describe, family_tasks, service_tasks};

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ClusterField, Failure, Tag};
use futures_util::future::try_join_all;

use super::call::Ask;
use super::session::Session;
use crate::cloud::Family;
use crate::cloud::{CloudError, Kind, Service, UpdateService};
use crate::model::{ClusterName, ServiceName};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>
const SERVICES_AT_ONCE_MAX: usize = 10;
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>
const LISTED_AT_ONCE_MAX: i32 = 100;
/// Pages of a list; more means that the list goes round in circles.
const PAGES_MAX: usize = 100;

/// One request.
pub(super) async fn cluster_tags(
    session: &Session,
    cluster: &ClusterName,
) -> Result<Option<BTreeMap<String, String>>, CloudError> {
    let ask = Ask::new("ecs:DescribeClusters", Family::ClusterRead, cluster.as_str());
    let request = session.clients.ecs.read.describe_clusters();
    let request = request.clusters(cluster.as_str()).include(ClusterField::Tags);
    let answer = session.calls.read(ask, request.send()).await?;
    only_missing(ask, answer.failures())?;
    let found = answer.clusters().first().filter(|found| found.status() != Some("INACTIVE"));
    let Some(found) = found else { return Ok(None) };
    if let Some(arn) = found.cluster_arn() {
        session.known.clusters.put(cluster.clone(), arn.to_owned());
    }
    Ok(Some(tags(found.tags())))
}

/// One request once the cluster's ARN is known.
pub(super) async fn tag_cluster(
    session: &Session,
    cluster: &ClusterName,
    key: &str,
    value: &str,
) -> Result<(), CloudError> {
    let ask = Ask::new("ecs:TagResource", Family::EcsTagWrite, cluster.as_str());
    if session.known.clusters.get(cluster).is_none() {
        cluster_tags(session, cluster).await?;
    }
    let arn = session.known.clusters.get(cluster);
    let arn = arn.ok_or_else(|| ask.error(Kind::NotFound, "there is no such cluster"))?;
    let tag = Tag::builder().key(key).value(value).build();
    let request = session.clients.ecs.write.tag_resource().resource_arn(arn).tags(tag);
    session.calls.write(ask, request.send()).await?;
    Ok(())
}

/// One request for ten services; while traffic is shifted between two sets of tasks, one more for that service.
pub(super) async fn services(
    session: &Session,
    cluster: &ClusterName,
    names: &[ServiceName],
) -> Result<BTreeMap<ServiceName, Service>, CloudError> {
    let batches = names.chunks(SERVICES_AT_ONCE_MAX).map(|batch| described(session, cluster, batch));
    let found = try_join_all(batches).await?.into_iter().flatten();
    Ok(found.map(|service| (service.name.clone(), service)).collect())
}

async fn described(
    session: &Session,
    cluster: &ClusterName,
    names: &[ServiceName],
) -> Result<Vec<Service>, CloudError> {
    let ask = Ask::new("ecs:DescribeServices", Family::ServiceRead, cluster.as_str());
    let request = session.clients.ecs.read.describe_services().cluster(cluster.as_str());
    let names = names.iter().map(|name| name.as_str().to_owned()).collect();
    let answer = session.calls.read(ask, request.set_services(Some(names)).send()).await?;
    only_missing(ask, answer.failures())?;
    let active = answer.services().iter().filter(|found| found.status() != Some("INACTIVE"));
    let mut services: Vec<Service> = active.filter_map(|found| seen(session, cluster, found)).collect();
    try_join_all(services.iter_mut().map(|service| shift::follow(session, cluster, service))).await?;
    Ok(services)
}

/// A service in our words. Its target groups are remembered: whoever looks at its tasks wants their health.
fn seen(session: &Session, cluster: &ClusterName, found: &aws_sdk_ecs::types::Service) -> Option<Service> {
    let service = service::read(found)?;
    let groups = service::target_groups(found);
    session.known.target_groups.put((cluster.clone(), service.name.clone()), groups);
    Some(service)
}

/// One request for a hundred clusters.
pub(super) async fn cluster_names(session: &Session) -> Result<Vec<ClusterName>, CloudError> {
    let ask = Ask::new("ecs:ListClusters", Family::ClusterRead, "clusters");
    let (mut names, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.ecs.read.list_clusters().set_next_token(token.take());
        let answer = session.calls.read(ask, request.max_results(LISTED_AT_ONCE_MAX).send()).await?;
        names.extend(answer.cluster_arns().iter().map(|arn| ClusterName::new(last(arn))));
        token = answer.next_token;
        if token.is_none() {
            names.sort();
            return Ok(names);
        }
    }
    Err(ask.error(Kind::Invalid, "the list does not end"))
}

/// One request for a hundred services.
pub(super) async fn service_names(
    session: &Session,
    cluster: &ClusterName,
) -> Result<Vec<ServiceName>, CloudError> {
    let ask = Ask::new("ecs:ListServices", Family::ServiceRead, cluster.as_str());
    let (mut names, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.ecs.read.list_services().cluster(cluster.as_str());
        let request = request.max_results(LISTED_AT_ONCE_MAX).set_next_token(token.take());
        let answer = session.calls.read(ask, request.send()).await?;
        names.extend(answer.service_arns().iter().map(|arn| ServiceName::new(last(arn))));
        token = answer.next_token;
        if token.is_none() {
            return Ok(names);
        }
    }
    Err(ask.error(Kind::Invalid, "the list does not end"))
}

/// One request; two when automatic rollbacks are switched.
pub(super) async fn update_service(session: &Session, update: &UpdateService) -> Result<Service, CloudError> {
    let UpdateService { cluster, service, definition, desired, rollback } = update;
    let resource = format!("{cluster}/{service}");
    let ask = Ask::new("ecs:UpdateService", Family::ServiceWrite, &resource);
    let desired = desired.map(i32::try_from).transpose();
    let desired = desired.map_err(|_| ask.error(Kind::Invalid, "no service has that many tasks"))?;
    let request = session.clients.ecs.write.update_service();
    let request = request.cluster(cluster.as_str()).service(service.as_str());
    let request = request.set_task_definition(definition.clone()).set_desired_count(desired);
    let answer = match rollback {
        None => session.calls.write(ask, request.send()).await?,
        Some(rollback) => {
            let configuration = rollback::configuration(session, cluster, service, *rollback).await?;
            let body = rollback::request(cluster, service, definition.as_deref(), desired, configuration);
            session.calls.write_raw(ask, body, request.send()).await?.0
        }
    };
    let updated = answer.service().and_then(|found| seen(session, cluster, found));
    updated.ok_or_else(|| ask.error(Kind::AnswerLost, "the answer does not show the service"))
}

/// What failed only because it does not exist is simply not in the answer.
fn only_missing(ask: Ask<'_>, failures: &[Failure]) -> Result<(), CloudError> {
    match failures.iter().find(|failure| failure.reason() != Some("MISSING")) {
        None => Ok(()),
        Some(failure) => {
            let words = [failure.arn(), failure.reason(), failure.detail()];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            Err(ask.error(Kind::Unavailable, words.join(": ")))
        }
    }
}

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A count that AWS never gives below zero.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// The last part of an ARN: a service's or a task's own name.
pub(super) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
