//! Services: listed, described, updated.

use std::collections::BTreeMap;

use aws_sdk_ecs::types;
use futures_util::future::try_join_all;

use super::super::arn::last;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::{LISTED_AT_ONCE_MAX, PAGES_MAX, only_missing};
use super::{pause, rollback, service, shift};
use crate::cloud::{CloudError, Family, Kind, Service, UpdateService};
use crate::model::{ClusterName, ServiceName};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>
const SERVICES_AT_ONCE_MAX: usize = 10;

/// One request for ten services; while traffic is shifted between two sets of tasks, one more for that service, and
/// while a deployment with lifecycle hooks is in progress, two more.
pub(in super::super) async fn services(
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
    let operation = Operation::new("ecs:DescribeServices", Family::ServiceRead, cluster.as_str());
    let request = session.clients.ecs.read.describe_services().cluster(cluster.as_str());
    let names = names.iter().map(|name| name.as_str().to_owned()).collect();
    let answer = session.calls.read(operation, traced!(request.set_services(Some(names)))).await?;
    only_missing(operation, answer.failures())?;
    let found = answer.services().iter().filter_map(|found| noted(session, cluster, found));
    let mut services: Vec<Service> = found.collect();
    try_join_all(services.iter_mut().map(|service| async move {
        shift::follow(session, cluster, service).await?;
        pause::find(session, cluster, service).await
    }))
    .await?;
    Ok(services)
}

/// A service in the port's types. Its target groups are kept, for reading the health of its tasks.
fn noted(session: &Session, cluster: &ClusterName, found: &types::Service) -> Option<Service> {
    let service = service::read(found)?;
    let groups = service::target_groups(found);
    session.caches.target_groups.put((cluster.clone(), service.name.clone()), groups);
    Some(service)
}

/// One request for a hundred services.
pub(in super::super) async fn service_names(
    session: &Session,
    cluster: &ClusterName,
) -> Result<Vec<ServiceName>, CloudError> {
    let operation = Operation::new("ecs:ListServices", Family::ServiceRead, cluster.as_str());
    let (mut names, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.ecs.read.list_services().cluster(cluster.as_str());
        let request = request.max_results(LISTED_AT_ONCE_MAX).set_next_token(token.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        names.extend(answer.service_arns().iter().map(|arn| ServiceName::new(last(arn))));
        token = answer.next_token;
        if token.is_none() {
            return Ok(names);
        }
    }
    Err(operation.endless_list())
}

/// One request; two when automatic rollbacks are switched.
pub(in super::super) async fn update_service(
    session: &Session,
    update: &UpdateService,
) -> Result<Service, CloudError> {
    let UpdateService { cluster, service, definition, desired, rollback } = update;
    let resource = format!("{cluster}/{service}");
    let operation = Operation::new("ecs:UpdateService", Family::ServiceWrite, &resource);
    let desired = desired.map(i32::try_from).transpose();
    let desired = desired.map_err(|_| operation.error(Kind::Invalid, "no service has that many tasks"))?;
    let request = session.clients.ecs.write.update_service();
    let request = request.cluster(cluster.as_str()).service(service.as_str());
    let request = request.set_task_definition(definition.clone()).set_desired_count(desired);
    let answer = match rollback {
        None => session.calls.write(operation, traced!(request)).await?,
        Some(rollback) => {
            let configuration = rollback::configuration(session, cluster, service, *rollback).await?;
            let body = rollback::request(cluster, service, definition.as_deref(), desired, configuration);
            session.calls.write_raw(operation, body, traced!(request)).await?.0
        }
    };
    let updated = answer.service().and_then(|found| noted(session, cluster, found));
    updated.ok_or_else(|| operation.error(Kind::AnswerLost, "the answer does not show the service"))
}
