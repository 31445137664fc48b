//! ECS and Application Auto Scaling, as far as tidegate looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Document;
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, Instant, ServiceName};

/// The stop code of a task whose program ended by itself. Every other stop code means that AWS or an operator
/// stopped the task.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
pub const ENDED_BY_ITSELF: &str = "EssentialContainerExited";

/// A service, from
/// [DescribeServices](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// Tasks it should have.
    pub desired: u32,
    /// Tasks in RUNNING.
    pub running: u32,
    /// Tasks on their way.
    pub pending: u32,
    /// Who rolls it.
    pub controller: Controller,
    /// How it is rolled.
    pub strategy: Strategy,
    /// ARN of the definition that the service asks for.
    pub definition: String,
    /// Newest first; exactly one is PRIMARY.
    pub deployments: Vec<Deployment>,
    /// What AWS does by itself when a deployment fails.
    pub rollback: Rollback,
    /// Target groups it registers with.
    pub target_groups: Vec<String>,
}

/// Who carries out deployments of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Controller {
    /// ECS itself: the only one tidegate works with.
    Ecs,
    /// ECS itself, one task on each container instance: there is no count that could be set.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>
    Daemon,
    /// CodeDeploy.
    CodeDeploy,
    /// A third party.
    External,
}

/// How ECS replaces the tasks of a service.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// One by one.
    #[default]
    Rolling,
    /// BLUE_GREEN, LINEAR, CANARY: a second set of tasks takes over the traffic. When that fails, the first has it
    /// again, and nothing switches this off.
    Shifting {
        /// For how long both run, on purpose.
        bake_minutes: u32,
    },
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/…`
    pub id: String,
    /// The newest one, which the service moves to.
    pub primary: bool,
    /// Definition it runs.
    pub definition: String,
    /// How far it is.
    pub rollout: Rollout,
    /// Why, in AWS's words.
    pub rollout_reason: String,
    /// Tasks it should have.
    pub desired: u32,
    /// Tasks in RUNNING.
    pub running: u32,
    /// Tasks that failed to start or died.
    pub failed: u32,
    /// When it was created.
    pub created_at: Instant,
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
    /// Nothing rolls back by itself.
    pub const OFF: Rollback = Rollback { circuit_breaker: false, alarms: false };
}

/// A task, from [DescribeTasks](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// Definition it runs.
    pub definition: String,
    /// `startedBy`: a deployment's id, or what RunTask was given.
    pub started_by: String,
    /// `lastStatus`
    pub status: TaskStatus,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it reached RUNNING; `None` = it never did.
    pub started_at: Option<Instant>,
    /// When it stopped.
    pub stopped_at: Option<Instant>,
    /// `stopCode`: `EssentialContainerExited`, `TaskFailedToStart`, …
    pub stop_code: Option<String>,
    /// `stoppedReason`, in AWS's words.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Registered with its target groups and healthy there; true where there are none.
    pub healthy: bool,
}

/// A container of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the definition.
    pub name: ContainerName,
    /// `exitCode`; `None` = it never ran, or still runs.
    pub exit_code: Option<i32>,
    /// `imageDigest`: what really runs.
    pub digest: Option<Digest>,
}

/// `lastStatus`, in the order a task goes through them.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskStatus {
    /// PROVISIONING
    Provisioning,
    /// PENDING
    Pending,
    /// ACTIVATING
    Activating,
    /// RUNNING
    Running,
    /// DEACTIVATING
    Deactivating,
    /// STOPPING
    Stopping,
    /// DEPROVISIONING
    Deprovisioning,
    /// STOPPED
    Stopped,
}

/// A revision of a task definition: immutable once read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// Its family.
    pub family: FamilyName,
    /// Counts up within the family.
    pub revision: u32,
    /// What it says.
    pub document: Document,
}

impl TaskDefinition {
    /// `family:revision`, as people say it.
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

/// Which of the three kinds of scaling are switched off.
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
    /// All three off.
    pub const ALL: Suspended = Suspended { dynamic_in: true, dynamic_out: true, scheduled: true };
    /// All three on.
    pub const NONE: Suspended = Suspended { dynamic_in: false, dynamic_out: false, scheduled: false };
}

/// [UpdateService](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html):
/// what is `None` stays as it is. Never with `forceNewDeployment`.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateService {
    /// The cluster.
    pub cluster: ClusterName,
    /// The service.
    pub service: ServiceName,
    /// Move to this definition.
    pub definition: Option<String>,
    /// Have this many tasks.
    pub desired: Option<u32>,
    /// Switch automatic rollbacks.
    pub rollback: Option<Rollback>,
}

/// [RunTask](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html), one task.
#[derive(Clone, Debug, PartialEq)]
pub struct RunTask {
    /// The cluster.
    pub cluster: ClusterName,
    /// ARN of the definition.
    pub definition: String,
    /// The awsvpc configuration is copied from this service.
    pub network_of: ServiceName,
    /// At most 64 characters; the same token returns the same task for 24 hours.
    pub client_token: String,
    /// At most 128 characters of `[A-Za-z0-9_-]`: how the task is found again.
    pub started_by: String,
    /// Tags of the task.
    pub tags: BTreeMap<String, String>,
}
