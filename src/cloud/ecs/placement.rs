//! Where tasks are placed: launch types, capacity providers, and what a cluster has of both.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cloud::Document;

/// The launch type and the requirement of on-demand Fargate.
pub const FARGATE: &str = "FARGATE";
/// The launch type and the requirement of container instances.
pub const EC2: &str = "EC2";
/// The requirement of ECS Managed Instances.
pub const MANAGED_INSTANCES: &str = "MANAGED_INSTANCES";
/// The launch type of instances outside AWS.
pub const EXTERNAL: &str = "EXTERNAL";

/// `launchType` or `capacityProviderStrategy`: AWS takes one of the two, never both.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// `launchType`, in AWS's words.
    LaunchType(String),
    /// `capacityProviderStrategy`, sorted by name.
    Providers(Vec<ProviderShare>),
}

/// An entry of a `capacityProviderStrategy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProviderShare {
    /// `capacityProvider`
    pub name: String,
    /// `weight`
    pub weight: i32,
    /// `base`
    pub base: i32,
}

impl Default for Placement {
    fn default() -> Self {
        Placement::LaunchType(FARGATE.to_owned())
    }
}

impl Placement {
    /// `launch type EC2`, `capacity provider graasp-ec2`: for messages.
    pub fn in_words(&self) -> String {
        match self {
            Placement::LaunchType(name) => format!("launch type `{name}`"),
            Placement::Providers(shares) => {
                let names: Vec<String> = shares.iter().map(|share| format!("`{}`", share.name)).collect();
                let noun = if names.len() == 1 { "capacity provider" } else { "capacity providers" };
                format!("{noun} {}", names.join(", "))
            }
        }
    }

    /// Where RunTask placed a task before tidegate journaled its choice: on-demand Fargate, unless the definition
    /// requires something else. A request that is sent again must be the same.
    pub fn unjournaled(document: &Document) -> Placement {
        let required = strings(document, "requiresCompatibilities");
        match required.first() {
            None => Placement::default(),
            Some(_) if required.contains(&FARGATE) => Placement::default(),
            Some(other) => Placement::LaunchType((*other).to_owned()),
        }
    }
}

/// Whether tasks of a definition may run there. Without `requiresCompatibilities`, AWS allows container instances, and
/// Fargate where the definition has what Fargate needs.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
pub fn allows(document: &Document, requirement: &str) -> bool {
    let required = strings(document, "requiresCompatibilities");
    if !required.is_empty() {
        return required.contains(&requirement);
    }
    match requirement {
        FARGATE => {
            let has = |field: &str| document.expose().get(field).is_some_and(|value| !value.is_null());
            is_awsvpc(document) && has("cpu") && has("memory")
        }
        EC2 | EXTERNAL => true,
        _ => false,
    }
}

/// Whether tasks of a definition get a network interface of their own, and RunTask needs subnets for it.
pub fn is_awsvpc(document: &Document) -> bool {
    document.expose().get("networkMode").and_then(Value::as_str) == Some("awsvpc")
}

fn strings<'d>(document: &'d Document, field: &str) -> Vec<&'d str> {
    let values = document.expose().get(field).and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a cluster can run tasks on besides Fargate.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// `registeredContainerInstancesCount`
    pub instances: u32,
    /// `capacityProviders`, sorted by name.
    pub providers: Vec<CapacityProvider>,
    /// `defaultCapacityProviderStrategy`, sorted by name.
    pub default_strategy: Vec<ProviderShare>,
}

/// A capacity provider of a cluster.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProvider.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityProvider {
    /// Its name.
    pub name: String,
    /// What it runs tasks on.
    pub kind: ProviderKind,
    /// Whether its status is ACTIVE.
    pub active: bool,
}

/// What a capacity provider runs tasks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProviderKind {
    /// FARGATE
    Fargate,
    /// FARGATE_SPOT: AWS may take the capacity back with two minutes' notice.
    FargateSpot,
    /// Instances of an Auto Scaling group.
    AutoScalingGroup {
        /// `managedScaling` is ENABLED: ECS starts an instance for a task that finds none.
        scales: bool,
    },
    /// ECS Managed Instances: AWS starts an instance for a task that finds none.
    ManagedInstances,
}

impl ProviderKind {
    /// What a task definition must allow in order to run there.
    pub fn requirement(self) -> &'static str {
        match self {
            ProviderKind::Fargate | ProviderKind::FargateSpot => FARGATE,
            ProviderKind::AutoScalingGroup { .. } => EC2,
            ProviderKind::ManagedInstances => MANAGED_INSTANCES,
        }
    }

    /// Whether a task that finds no instance waits for one. Otherwise RunTask refuses it.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html>
    pub fn scales(self) -> bool {
        !matches!(self, ProviderKind::AutoScalingGroup { scales: false })
    }
}

/// A task of a cluster, by what it runs: also one that belongs to no declared service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterTask {
    /// Identifies the task.
    pub arn: String,
    /// ARN of its task definition.
    pub definition: String,
    /// `group`: `service:web`, `family:report`, or what RunTask was given.
    pub group: String,
    /// `startedBy`
    pub started_by: String,
    /// The image of each container.
    pub images: Vec<crate::model::ImageRef>,
}

impl ClusterTask {
    /// The service that it belongs to.
    pub fn service(&self) -> Option<&str> {
        self.group.strip_prefix("service:")
    }

    /// The family of its task definition.
    pub fn family(&self) -> &str {
        let short = self.definition.rsplit('/').next().unwrap_or(&self.definition);
        short.rsplit_once(':').map_or(short, |(family, _)| family)
    }

    /// The last part of its ARN, which the console shows.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }
}
