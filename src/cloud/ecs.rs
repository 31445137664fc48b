//! ECS and Application Auto Scaling, as far as tidegate needs them.

mod lifecycle;
mod placement;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Document;
use crate::model::{ClusterName, FamilyName, Instant, ServiceName};
pub use lifecycle::{LifecycleHook, Pace, Pause, ServiceStatus};
pub use placement::{
    Capacity, CapacityProvider, ClusterTask, EC2, EXTERNAL, FARGATE, MANAGED_INSTANCES, Placement,
    ProviderKind, ProviderShare, allows, is_awsvpc,
};

/// A service, from
/// [DescribeServices](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The service's name, without the cluster.
    pub name: ServiceName,
    /// `desiredCount`
    pub desired: u32,
    /// Tasks in RUNNING.
    pub running: u32,
    /// Tasks that are starting.
    pub pending: u32,
    /// The controller of its deployments.
    pub controller: Controller,
    /// How a deployment replaces its tasks.
    pub strategy: Strategy,
    /// ARN of the task definition that the service is set to.
    pub definition: String,
    /// Newest first; exactly one is PRIMARY.
    pub deployments: Vec<Deployment>,
    /// The rollbacks that AWS does by itself when a deployment fails.
    pub rollback: Rollback,
    /// ARNs of the target groups that its tasks register with.
    pub target_groups: Vec<String>,
    /// Whether it still takes changes.
    pub status: ServiceStatus,
    /// `resourceManagementType` is ECS: an Express service, which AWS itself scales and deploys.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-overview.html>
    pub express: bool,
    /// Hooks that every deployment of it passes.
    pub hooks: Vec<LifecycleHook>,
    /// Where its tasks are placed.
    pub placement: Placement,
    /// How fast its deployments may be.
    pub pace: Pace,
    /// What ECS reports about it, newest first, at most [`EVENTS_MAX`].
    pub events: Vec<ServiceEvent>,
}

/// How many of a service's events are kept of an answer, which has a hundred.
pub const EVENTS_MAX: usize = 10;

/// One entry of a service's `events`.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceEvent.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// Identifies the event.
    pub id: String,
    /// When it was created.
    pub at: Instant,
    /// `message`, in AWS's words.
    pub message: String,
}

impl ServiceEvent {
    /// Whether the event belongs to the ordinary course of a service: tasks started and stopped, targets registered
    /// and deregistered, a steady state. Every other event says what stands in the way.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>
    pub fn is_ordinary(&self) -> bool {
        const ORDINARY: [&str; 7] = [
            "has started ",
            "has stopped ",
            "has begun draining connections",
            "registered ",
            "has reached a steady state",
            " deployment completed",
            "updated computedDesiredCount",
        ];
        ORDINARY.iter().any(|words| self.message.contains(words))
    }
}

/// `deploymentController`, and the scheduling strategy DAEMON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Controller {
    /// ECS itself: the only one tidegate works with.
    Ecs,
    /// ECS itself, one task on each container instance: there is no count to set.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>
    Daemon,
    /// CodeDeploy.
    CodeDeploy,
    /// An external controller.
    External,
}

/// How ECS replaces the tasks of a service.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// ROLLING: tasks are replaced step by step.
    #[default]
    Rolling,
    /// BLUE_GREEN, LINEAR, CANARY: a second set of tasks takes over the traffic. When that fails, AWS moves the traffic
    /// back to the first set; this cannot be switched off.
    Shifting {
        /// Minutes for which both sets run by configuration.
        bake_minutes: u32,
    },
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/…`
    pub id: String,
    /// The newest deployment, which the service moves to.
    pub primary: bool,
    /// ARN of its task definition.
    pub definition: String,
    /// `rolloutState`
    pub rollout: Rollout,
    /// `rolloutStateReason`, in AWS's words.
    pub rollout_reason: String,
    /// `desiredCount`
    pub desired: u32,
    /// Tasks in RUNNING.
    pub running: u32,
    /// `failedTasks`: tasks that did not start, or that stopped.
    pub failed: u32,
    /// When it was created.
    pub created_at: Instant,
    /// The person that it waits for, and for how long.
    pub paused: Option<Pause>,
}

/// `rolloutState`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rollout {
    /// IN_PROGRESS
    InProgress,
    /// COMPLETED
    Completed,
    /// FAILED
    Failed,
}

/// Automatic rollbacks of a service. Each returns to the last completed deployment: after a migration,
/// that is old code on a new schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// `deploymentCircuitBreaker.rollback`
    pub circuit_breaker: bool,
    /// `alarms.rollback`
    pub alarms: bool,
}

impl Rollback {
    /// AWS does not roll back by itself.
    pub const OFF: Rollback = Rollback { circuit_breaker: false, alarms: false };
}

/// A revision of a task definition. AWS never changes one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Identifies the revision.
    pub arn: String,
    /// The family that it belongs to.
    pub family: FamilyName,
    /// Counts up within the family, from 1.
    pub revision: u32,
    /// The text that describes it.
    pub document: Document,
}

impl TaskDefinition {
    /// `family:revision`
    pub fn short(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }
}

/// A scalable target, from
/// [DescribeScalableTargets](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// MinCapacity
    pub min: u32,
    /// MaxCapacity
    pub max: u32,
    /// SuspendedState
    pub suspended: Suspended,
}

/// The three kinds of scaling that can be suspended; `true`: suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// DynamicScalingInSuspended
    pub dynamic_in: bool,
    /// DynamicScalingOutSuspended
    pub dynamic_out: bool,
    /// ScheduledScalingSuspended
    pub scheduled: bool,
}

impl Suspended {
    /// All three are suspended.
    pub const ALL: Suspended = Suspended { dynamic_in: true, dynamic_out: true, scheduled: true };
    /// None is suspended.
    pub const NONE: Suspended = Suspended { dynamic_in: false, dynamic_out: false, scheduled: false };
}

/// [UpdateService](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html):
/// a `None` leaves that part unchanged. Never with `forceNewDeployment`.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateService {
    /// The cluster of the service.
    pub cluster: ClusterName,
    /// The service to change.
    pub service: ServiceName,
    /// ARN of the task definition to deploy.
    pub definition: Option<String>,
    /// The new `desiredCount`.
    pub desired: Option<u32>,
    /// The new switches of automatic rollbacks.
    pub rollback: Option<Rollback>,
}

/// [RunTask](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html), one task.
#[derive(Clone, Debug, PartialEq)]
pub struct RunTask {
    /// The cluster to run in.
    pub cluster: ClusterName,
    /// ARN of the task definition.
    pub definition: String,
    /// The awsvpc configuration is copied from this service.
    pub network_of: ServiceName,
    /// Where the task is placed. The same in each request with the same token, or AWS refuses the token.
    pub placement: Placement,
    /// At most 64 characters; the same token returns the same task for 24 hours.
    pub client_token: String,
    /// At most 128 characters of `[A-Za-z0-9_-]`: tidegate finds the task again by it.
    pub started_by: String,
    /// Tags of the task.
    pub tags: BTreeMap<String, String>,
}
