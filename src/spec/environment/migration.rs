//! The database and the migration of its schema.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::template::Template;
use crate::model::{ContainerName, FamilyName, Level, ServiceName, Version, VersionKey};

/// The database that tidegate manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// The RDS instance or Aurora cluster.
    pub target: DatabaseTarget,
}

/// An RDS instance or an Aurora cluster, by identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseTarget {
    /// An RDS instance (`instance:`).
    Instance(String),
    /// An Aurora cluster (`cluster:`).
    Cluster(String),
}

impl DatabaseTarget {
    /// The RDS identifier.
    pub fn identifier(&self) -> &str {
        match self {
            DatabaseTarget::Instance(id) | DatabaseTarget::Cluster(id) => id,
        }
    }
}

/// The one-off migration task.
#[derive(Clone, Debug, PartialEq)]
pub struct MigrationSpec {
    /// The entry of `versions` whose changes need a migration; its version is never empty.
    pub follows: VersionKey,
    /// The family of the task definition.
    pub task: FamilyName,
    /// The image of each container.
    pub images: BTreeMap<ContainerName, Template>,
    /// The service whose awsvpc configuration the task uses.
    pub network: ServiceName,
    /// Where the task is placed.
    pub run_on: RunOn,
    /// Which version changes need a migration.
    pub needed_for: NeededFor,
    /// Whether a migration that exits non-zero by itself has changed nothing.
    pub atomic: bool,
    /// What follows when the migration has failed by itself.
    pub on_failure: OnFailure,
    /// Entries of `versions` that go live together with [`MigrationSpec::follows`].
    pub together: BTreeSet<VersionKey>,
    /// After this time tidegate reports the migration as overdue; the task keeps running.
    pub timeout: Duration,
    /// The snapshot before the migration.
    pub snapshot: SnapshotPolicy,
    /// How long to wait after the migration before services start.
    pub settle: Duration,
    /// The schema version that the declared code is known to work with, which allows a roll back.
    pub allow_schema: Option<Version>,
}

/// Where the migration's task is placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RunOn {
    /// Where the task-definition family and the `network` service allow it; on-demand Fargate where there is a choice.
    #[default]
    Auto,
    /// On-demand Fargate.
    Fargate,
    /// These capacity providers of the cluster, the preferred one first; at least one.
    CapacityProviders(Vec<String>),
}

impl MigrationSpec {
    /// Whether this entry of `versions` goes live with a release, and not before.
    pub fn releases(&self, key: &VersionKey) -> bool {
        *key == self.follows || self.together.contains(key)
    }
}

/// What follows when a migration has failed by itself and changed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The gate stays closed until an operator decides.
    #[default]
    Hold,
    /// The old version comes back.
    Revert,
}

/// Which changes of the followed version need a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeededFor {
    /// Every change.
    Always,
    /// No change: every version change rolls.
    Never,
    /// Changes of these levels only.
    Levels(BTreeSet<Level>),
}

/// Snapshots before migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// Whether to take a snapshot before each migration.
    pub take: bool,
    /// How many of its own snapshots tidegate keeps; at least 1.
    pub keep: u32,
}
