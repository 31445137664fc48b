//! The database and the migration of its schema.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::template::Template;
use crate::model::{ContainerName, FamilyName, Level, ServiceName, Version, VersionKey};

/// The managed database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// Which one.
    pub target: DatabaseTarget,
}

/// An RDS instance or an Aurora cluster, by identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseTarget {
    /// `instance:`
    Instance(String),
    /// `cluster:`
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
    /// The entry of `versions` whose change needs a migration; never empty there.
    pub follows: VersionKey,
    /// Task-definition family.
    pub task: FamilyName,
    /// Container → image.
    pub images: BTreeMap<ContainerName, Template>,
    /// The service whose awsvpc configuration is copied.
    pub network: ServiceName,
    /// Which changes need it.
    pub needed_for: NeededFor,
    /// A migration that exits non-zero has changed nothing.
    pub atomic: bool,
    /// After this, a person is told; the task goes on.
    pub timeout: Duration,
    /// The snapshot before it.
    pub snapshot: SnapshotPolicy,
    /// Wait after it, before services start.
    pub settle: Duration,
    /// "The wanted code runs on this schema": the acknowledgement for going backwards.
    pub allow_schema: Option<Version>,
}

/// Which changes of the followed version need a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeededFor {
    /// Every change.
    Always,
    /// None: every bump rolls.
    Never,
    /// Changes of these levels.
    Levels(BTreeSet<Level>),
}

/// Snapshots before migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// Take one at all.
    pub take: bool,
    /// How many of ours stay.
    pub keep: u32,
}
