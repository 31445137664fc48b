//! The life of a service, and what holds up its deployments.

use serde::{Deserialize, Serialize};

use crate::model::Instant;

/// `status` of a service.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceStatus {
    /// ACTIVE
    #[default]
    Active,
    /// DRAINING: it was deleted, and its last tasks are stopping. UpdateService refuses it.
    Draining,
    /// INACTIVE: it was deleted, and its tasks have stopped. AWS shows it for a while, and then not at all.
    Inactive,
}

impl ServiceStatus {
    /// The word of AWS.
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        }
    }
}

/// An entry of `deploymentConfiguration.lifecycleHooks`: every deployment of the service stops at its stages until the
/// hook lets it continue.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleHook {
    /// `targetType`: `PAUSE` waits for a person, `AWS_LAMBDA` for a function.
    pub kind: String,
    /// `lifecycleStages`, in AWS's words.
    pub stages: Vec<String>,
    /// Whether AWS rolls the deployment back by itself when the hook fails or is not answered in time.
    pub rolls_back: bool,
}

impl LifecycleHook {
    /// `PAUSE` at `POST_SCALE_UP`, for messages.
    pub fn in_words(&self) -> String {
        let stages: Vec<String> = self.stages.iter().map(|stage| format!("`{stage}`")).collect();
        format!("`{}` at {}", self.kind, stages.join(", "))
    }
}

/// A deployment that waits for a person: a PAUSE hook whose status is AWAITING_ACTION.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// ARN of the service deployment.
    pub service_deployment: String,
    /// `hookId`
    pub hook: String,
    /// `lifecycleStage` of the service deployment; `None` = AWS did not say.
    pub stage: Option<String>,
    /// When AWS stops waiting; `None` = AWS did not say.
    pub expires_at: Option<Instant>,
    /// What AWS does then: whether it rolls the deployment back. Otherwise the deployment continues.
    pub then_rolls_back: bool,
}

/// How fast a deployment of a service may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// `healthCheckGracePeriodSeconds`: for so long after a task's start, ill targets are ignored.
    pub grace_seconds: u32,
    /// `minimumHealthyPercent`
    pub minimum_percent: u32,
    /// `maximumPercent`
    pub maximum_percent: u32,
}

impl Default for Pace {
    /// AWS's own for a service with replicas.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
    fn default() -> Self {
        Pace { grace_seconds: 0, minimum_percent: 100, maximum_percent: 200 }
    }
}
