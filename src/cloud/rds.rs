//! RDS instances, Aurora clusters and their snapshots, as far as tidegate looks.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Instant;

/// A database, whichever of the two kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// DBInstanceIdentifier or DBClusterIdentifier.
    pub identifier: String,
    /// DbiResourceId or DbClusterResourceId: survives a rename, changes with a restore.
    pub resource_id: String,
    /// What it does now; for Aurora the worse of the cluster's and its writer's.
    pub status: DatabaseStatus,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Why it cannot be stopped, if it cannot: replicas, Multi-AZ cluster.
    pub unstoppable: Option<String>,
    /// When AWS will start it by itself, if it is stopped.
    pub automatic_restart_at: Option<Instant>,
}

/// `DBInstanceStatus`, by what it means for us.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DatabaseStatus {
    /// available, and everything may be done with it (`storage-optimization` too).
    Available,
    /// stopped
    Stopped,
    /// starting
    Starting,
    /// stopping
    Stopping,
    /// It answers, but wants to be waited for: backing-up, modifying, maintenance, upgrading, rebooting, …
    Busy(String),
    /// A person must look: failed, storage-full, incompatible-…
    Broken(String),
}

impl fmt::Display for DatabaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DatabaseStatus::Available => "available",
            DatabaseStatus::Stopped => "stopped",
            DatabaseStatus::Starting => "starting",
            DatabaseStatus::Stopping => "stopping",
            DatabaseStatus::Busy(word) | DatabaseStatus::Broken(word) => word,
        })
    }
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbSnapshot {
    /// Its identifier.
    pub identifier: String,
    /// How far it is.
    pub status: SnapshotStatus,
    /// When it was begun.
    pub created_at: Instant,
    /// Made by a person or by us, not by RDS's own backup.
    pub manual: bool,
    /// Its tags; RDS may copy the instance's to it.
    pub tags: BTreeMap<String, String>,
}

/// How far a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotStatus {
    /// creating
    Creating,
    /// available
    Available,
    /// failed
    Failed,
}
