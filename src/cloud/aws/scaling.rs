//! Application Auto Scaling: the range of a service's count, and whether anything acts on it.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{self, ScalableDimension, ServiceNamespace, SuspendedState};
use futures_util::future::try_join_all;

use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Kind, ScalableTarget, Suspended};
use crate::model::{ClusterName, ServiceName};

/// An answer holds at most fifty targets.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html>
const ASKED_AT_ONCE_MAX: usize = 50;
const PAGES_MAX: usize = 20;

/// One request for fifty services.
pub(super) async fn targets(
    session: &Session,
    cluster: &ClusterName,
    services: &[ServiceName],
) -> Result<BTreeMap<ServiceName, ScalableTarget>, CloudError> {
    let batches = services.chunks(ASKED_AT_ONCE_MAX).map(|batch| some(session, cluster, batch));
    Ok(try_join_all(batches).await?.into_iter().flatten().collect())
}

async fn some(
    session: &Session,
    cluster: &ClusterName,
    services: &[ServiceName],
) -> Result<Vec<(ServiceName, ScalableTarget)>, CloudError> {
    let operation = "application-autoscaling:DescribeScalableTargets";
    let operation = Operation::new(operation, Family::Scaling, cluster.as_str());
    let ids: Vec<String> = services.iter().map(|service| resource_id(cluster, service)).collect();
    let (mut found, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.scaling.read.describe_scalable_targets();
        let request = request
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .set_resource_ids(Some(ids.clone()))
            .set_next_token(token.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        found.extend(answer.scalable_targets().iter().filter_map(|target| {
            let service = services.iter().zip(&ids).find(|(_, id)| id.as_str() == target.resource_id());
            Some((service?.0.clone(), read(target)))
        }));
        token = answer.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
    Err(operation.endless_list())
}

fn read(target: &types::ScalableTarget) -> ScalableTarget {
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    let suspended = target.suspended_state();
    let is = |flag: fn(&SuspendedState) -> Option<bool>| suspended.and_then(flag).unwrap_or_default();
    ScalableTarget {
        min: number(target.min_capacity()),
        max: number(target.max_capacity()),
        suspended: Suspended {
            dynamic_in: is(SuspendedState::dynamic_scaling_in_suspended),
            dynamic_out: is(SuspendedState::dynamic_scaling_out_suspended),
            scheduled: is(SuspendedState::scheduled_scaling_suspended),
        },
    }
}

/// One request. The role is left out: it stays as it is.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>
pub(super) async fn set_target(
    session: &Session,
    cluster: &ClusterName,
    service: &ServiceName,
    target: &ScalableTarget,
) -> Result<(), CloudError> {
    let ScalableTarget { min, max, suspended: Suspended { dynamic_in, dynamic_out, scheduled } } = *target;
    let id = resource_id(cluster, service);
    let operation = Operation::new("application-autoscaling:RegisterScalableTarget", Family::Scaling, &id);
    let number = |number: u32| {
        i32::try_from(number).map_err(|_| operation.error(Kind::Invalid, "no service has that many tasks"))
    };
    let suspended = SuspendedState::builder()
        .dynamic_scaling_in_suspended(dynamic_in)
        .dynamic_scaling_out_suspended(dynamic_out)
        .scheduled_scaling_suspended(scheduled)
        .build();
    let request = session.clients.scaling.write.register_scalable_target();
    let request = request
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(&id)
        .min_capacity(number(min)?)
        .max_capacity(number(max)?)
        .suspended_state(suspended);
    session.calls.write(operation, traced!(request)).await?;
    Ok(())
}

fn resource_id(cluster: &ClusterName, service: &ServiceName) -> String {
    format!("service/{cluster}/{service}")
}
