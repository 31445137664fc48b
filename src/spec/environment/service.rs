//! Services: what runs, how much of it, and in which states.

use std::collections::{BTreeMap, BTreeSet};

use super::template::Template;
use crate::model::{ContainerName, ServiceName, State};

/// One ECS service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Container → image; empty = images are left alone.
    pub images: BTreeMap<ContainerName, Template>,
    /// Tasks wanted while up.
    pub count: u32,
    /// The range of its scalable target, when it has one.
    pub autoscaling: Option<Autoscaling>,
    /// Started before this one, stopped after it.
    pub after: BTreeSet<ServiceName>,
    /// States in which it is up; always holds `running`, never `stopped`.
    pub up_in: BTreeSet<State>,
}

/// Range of a scalable target; `min <= max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscaling {
    /// Fewest tasks while up.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
}

/// When a newer task-definition revision is rolled out without a version change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptRevision {
    /// At the next version change; until then it is drift that is reported.
    #[default]
    AtVersionChange,
    /// At once.
    Always,
}
