//! RDS instances, Aurora clusters and their snapshots, as far as tidegate needs them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Instant;

/// A database: an instance or a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// DBInstanceIdentifier or DBClusterIdentifier.
    pub identifier: String,
    /// DbiResourceId or DbClusterResourceId: survives a rename, changes with a restore.
    pub resource_id: String,
    /// Its status; for Aurora the worse of the cluster's and its writer's.
    pub status: DatabaseStatus,
    /// All tags, tidegate's included.
    pub tags: BTreeMap<String, String>,
    /// Why AWS cannot stop it (replicas, a Multi-AZ cluster); `None`: it can be stopped.
    pub unstoppable: Option<String>,
    /// The database that it is a read replica of: it accepts no writes. `None`: it is no replica.
    #[serde(default)]
    pub replica_of: Option<String>,
    /// When AWS will start it by itself; AWS does that seven days after a stop.
    pub automatic_restart_at: Option<Instant>,
}

/// `DBInstanceStatus`, in the classes that matter here.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DatabaseStatus {
    /// available, or a status in which everything is allowed (`storage-optimization`).
    Available,
    /// stopped
    Stopped,
    /// starting
    Starting,
    /// stopping
    Stopping,
    /// A status that ends by itself: backing-up, modifying, maintenance, upgrading, rebooting, …
    Busy(String),
    /// A status that needs a person: failed, storage-full, incompatible-…
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

/// A quota of the account in its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many there are.
    pub used: u64,
    /// How many there may be.
    pub max: u64,
}

/// A blue/green deployment of RDS whose blue environment is the database.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/blue-green-deployments-overview.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueGreen {
    /// `bgd-…`
    pub identifier: String,
    /// AWS's own word: `AVAILABLE`, `SWITCHOVER_IN_PROGRESS`, …
    pub status: String,
}

impl BlueGreen {
    /// Whether the deployment ends by itself.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_BlueGreenDeployment.html>
    pub fn passes(&self) -> bool {
        matches!(self.status.as_str(), "SWITCHOVER_IN_PROGRESS" | "DELETING")
    }

    /// Whether the deployment is over: the databases no longer depend on each other.
    pub fn is_over(&self) -> bool {
        self.status == "SWITCHOVER_COMPLETED"
    }
}

/// A snapshot of a database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbSnapshot {
    /// The snapshot's identifier.
    pub identifier: String,
    /// Whether it can be restored yet.
    pub status: SnapshotStatus,
    /// When it was started.
    pub created_at: Instant,
    /// Taken by a person or by tidegate, not by RDS's automated backups.
    pub manual: bool,
    /// All tags; RDS may have copied them from the database.
    pub tags: BTreeMap<String, String>,
}

/// The status of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotStatus {
    /// creating
    Creating,
    /// available
    Available,
    /// failed
    Failed,
}
