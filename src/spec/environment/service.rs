//! Services: what runs, how much of it, and in which states.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::template::Template;
use crate::model::{ContainerName, ServiceName, State};

/// One ECS service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// The image of each container. tidegate does not change the images of other containers.
    pub images: BTreeMap<ContainerName, Template>,
    /// The number of tasks while the service is up: 1 to 5,000.
    pub count: u32,
    /// The range of its scalable target, if it has one.
    pub autoscaling: Option<Autoscaling>,
    /// Services that start before this one and stop after it.
    pub after: BTreeSet<ServiceName>,
    /// The states in which it is up; always includes `running`, never `stopped`.
    pub up_in: BTreeSet<State>,
    /// How long a start or a roll may take; `None` = by its size and its grace period, as its service in ECS has them.
    pub start_within: Option<Duration>,
}

/// The range of a scalable target, in tasks; `min <= max <= 5000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscaling {
    /// The fewest tasks while the service is up.
    pub min: u32,
    /// The most tasks.
    pub max: u32,
}

/// When tidegate rolls out a task-definition revision that someone else registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptRevision {
    /// tidegate rolls it out with the next version change, and reports it as drift until then.
    #[default]
    AtVersionChange,
    /// tidegate rolls it out at once.
    Always,
}
