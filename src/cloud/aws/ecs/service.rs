//! A service from DescribeServices, in the port's types. Pure.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    self, DeploymentControllerType, DeploymentLifecycleHookAction, DeploymentLifecycleHookTargetType,
    DeploymentRolloutState, DeploymentStrategy, ResourceManagementType, SchedulingStrategy,
};

use super::super::caches::TargetGroups;
use super::super::moment::instant;
use super::answer::count;
use super::placement;
use crate::cloud::{
    Controller, Deployment, EVENTS_MAX, LifecycleHook, Pace, Rollback, Rollout, Service, ServiceEvent,
    ServiceStatus, Strategy,
};
use crate::model::ServiceName;

/// `None`: the answer has no name, which AWS never leaves out.
pub(super) fn read(found: &types::Service) -> Option<Service> {
    let groups = target_groups(found).into_iter().flat_map(|(group, other)| [Some(group), other]);
    let deployments = found.deployments();
    let alone = deployments.len() == 1;
    Some(Service {
        name: ServiceName::new(found.service_name()?),
        desired: count(found.desired_count()),
        running: count(found.running_count()),
        pending: count(found.pending_count()),
        controller: controller(found),
        strategy: strategy(found),
        definition: found.task_definition().unwrap_or_default().to_owned(),
        deployments: deployments.iter().map(|deployment| read_deployment(deployment, alone)).collect(),
        rollback: rollback(found),
        target_groups: groups.flatten().collect(),
        status: status(found),
        express: found.resource_management_type() == Some(&ResourceManagementType::Ecs),
        hooks: hooks(found),
        placement: placement::of_service(found),
        pace: pace(found),
        events: events(found),
    })
}

/// An unknown status takes no changes: it may come before or after ACTIVE.
fn status(found: &types::Service) -> ServiceStatus {
    match found.status() {
        None | Some("ACTIVE") => ServiceStatus::Active,
        Some("INACTIVE") => ServiceStatus::Inactive,
        Some(_) => ServiceStatus::Draining,
    }
}

/// A hook that fails rolls the deployment back; a PAUSE hook that is not answered does what its timeout says, which is
/// to roll back by default.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHook.html>
fn hooks(found: &types::Service) -> Vec<LifecycleHook> {
    let hooks =
        found.deployment_configuration().map_or(&[][..], |configuration| configuration.lifecycle_hooks());
    let hooks = hooks.iter().map(|hook| {
        let is_pause = hook.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause);
        let action = hook.timeout_configuration().and_then(|timeout| timeout.action());
        LifecycleHook {
            kind: hook.target_type().map_or("AWS_LAMBDA", |kind| kind.as_str()).to_owned(),
            stages: hook.lifecycle_stages().iter().map(|stage| stage.as_str().to_owned()).collect(),
            rolls_back: !is_pause || action != Some(&DeploymentLifecycleHookAction::Continue),
        }
    });
    hooks.collect()
}

fn pace(found: &types::Service) -> Pace {
    let default = Pace::default();
    let configuration = found.deployment_configuration();
    let percent =
        |read: fn(&types::DeploymentConfiguration) -> Option<i32>| configuration.and_then(read).map(count);
    Pace {
        grace_seconds: found.health_check_grace_period_seconds().map_or(default.grace_seconds, count),
        minimum_percent: percent(types::DeploymentConfiguration::minimum_healthy_percent)
            .unwrap_or(default.minimum_percent),
        maximum_percent: percent(types::DeploymentConfiguration::maximum_percent)
            .unwrap_or(default.maximum_percent),
    }
}

/// AWS lists a hundred, newest first.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html>
fn events(found: &types::Service) -> Vec<ServiceEvent> {
    let events = found.events().iter().take(EVENTS_MAX).filter_map(|event| {
        Some(ServiceEvent {
            id: event.id()?.to_owned(),
            at: instant(event.created_at()),
            message: event.message()?.to_owned(),
        })
    });
    events.collect()
}

/// Target groups, each with the one that takes its place during a blue/green deployment.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html>
pub(super) fn target_groups(found: &types::Service) -> BTreeSet<TargetGroups> {
    let groups = found.load_balancers().iter().filter_map(|balancer| {
        let other = balancer.advanced_configuration().and_then(|more| more.alternate_target_group_arn());
        Some((balancer.target_group_arn()?.to_owned(), other.map(str::to_owned)))
    });
    groups.collect()
}

/// Without a controller it is ECS itself; an unknown one counts as external.
fn controller(found: &types::Service) -> Controller {
    match found.deployment_controller().map(types::DeploymentController::r#type) {
        None | Some(DeploymentControllerType::Ecs) => match found.scheduling_strategy() {
            Some(SchedulingStrategy::Daemon) => Controller::Daemon,
            _ => Controller::Ecs,
        },
        Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
        Some(_) => Controller::External,
    }
}

/// Without a strategy it is ROLLING; an unknown one counts as shifting, which needs more care.
fn strategy(found: &types::Service) -> Strategy {
    let Some(configuration) = found.deployment_configuration() else { return Strategy::Rolling };
    if matches!(configuration.strategy(), None | Some(DeploymentStrategy::Rolling)) {
        return Strategy::Rolling;
    }
    let linear = configuration.linear_configuration().map_or(0, |linear| {
        let percent = linear.step_percent().filter(|percent| *percent >= 1.0).unwrap_or(10.0);
        // At least one percent a step: at most a hundred steps.
        let steps = (1..=100).find(|steps| f64::from(*steps) * percent >= 100.0).unwrap_or(100);
        steps * count(linear.step_bake_time_in_minutes().unwrap_or_default())
    });
    let canary = configuration.canary_configuration().and_then(|canary| canary.canary_bake_time_in_minutes());
    let bake = configuration.bake_time_in_minutes().unwrap_or_default();
    Strategy::Shifting { bake_minutes: linear + count(canary.unwrap_or_default()) + count(bake) }
}

/// A rollback switch has no effect while its circuit breaker or its alarms are off.
fn rollback(found: &types::Service) -> Rollback {
    let configuration = found.deployment_configuration();
    let breaker = configuration.and_then(|configuration| configuration.deployment_circuit_breaker());
    let alarms = configuration.and_then(|configuration| configuration.alarms());
    Rollback {
        circuit_breaker: breaker.is_some_and(|breaker| breaker.enable() && breaker.rollback()),
        alarms: alarms.is_some_and(|alarms| alarms.enable() && alarms.rollback()),
    }
}

fn read_deployment(found: &types::Deployment, alone: bool) -> Deployment {
    Deployment {
        id: found.id().unwrap_or_default().to_owned(),
        primary: found.status() == Some("PRIMARY"),
        definition: found.task_definition().unwrap_or_default().to_owned(),
        rollout: rollout(found, alone),
        rollout_reason: found.rollout_state_reason().unwrap_or_default().to_owned(),
        desired: count(found.desired_count()),
        running: count(found.running_count()),
        failed: count(found.failed_tasks()),
        created_at: instant(found.created_at()),
        // Only the service deployment shows it.
        paused: None,
    }
}

/// Behind a Classic Load Balancer there is no `rolloutState`: then a deployment is complete when it is the
/// only one left and has its tasks.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>
fn rollout(found: &types::Deployment, alone: bool) -> Rollout {
    match found.rollout_state() {
        Some(DeploymentRolloutState::Completed) => Rollout::Completed,
        Some(DeploymentRolloutState::Failed) => Rollout::Failed,
        Some(_) => Rollout::InProgress,
        None if alone && found.running_count() == found.desired_count() => Rollout::Completed,
        None => Rollout::InProgress,
    }
}
