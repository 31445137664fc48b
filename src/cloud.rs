//! Ports to the cloud, in AWS's nouns and without the SDK's types.
//!
//! `observe`, `plan` and `status` only hold a [`CloudRead`]; only `execute` gets a [`CloudWrite`]. The ports have two
//! adapters: the simulator (`sim`) and AWS (`cloud::aws`, the feature `aws`).

#[cfg(feature = "aws")]
pub mod aws;
mod cached;
mod document;
mod ecs;
mod error;
mod listed;
mod port;
mod rates;
mod rds;
mod reason;
pub mod refusals;
mod sites;
mod task;
mod traffic;
mod valve;
mod witness;

pub use cached::{CachedCloud, Depth, LastObservation};
pub use document::Document;
pub use ecs::{
    Capacity, CapacityProvider, ClusterTask, Controller, Deployment, EC2, EVENTS_MAX, EXTERNAL, FARGATE,
    LifecycleHook, MANAGED_INSTANCES, Pace, Pause, Placement, ProviderKind, ProviderShare, Rollback, Rollout,
    RunTask, ScalableTarget, Service, ServiceEvent, ServiceStatus, Strategy, Suspended, TaskDefinition,
    UpdateService, allows, is_awsvpc,
};
pub use error::{CloudError, Kind};
pub use listed::{ListedDatabase, ListedListener};
pub use port::{Cloud, CloudRead, CloudWrite, ImageLookup};
pub use rates::{Family, Rate, Rates, SHARE_DEFAULT};
pub use rds::{BlueGreen, Database, DatabaseStatus, DbSnapshot, Quota, SnapshotStatus};
pub use reason::Cause;
pub use sites::{Comparison, Marker, Object, ObjectHead, ObjectHeaders, PendingInvalidation, Release};
pub use task::{Container, ContainerStatus, ENDED_BY_ITSELF, LogTail, Task, TaskStatus};
pub use traffic::{Association, Condition, Distribution, Function, Listener, Origin, Rule, RuleAction};
pub use valve::{Passage, Valve};
pub use witness::Witness;

/// Tags that tidegate sets. AWS allows letters, digits, spaces and `_ . : / = + - @` in values.
pub mod tag {
    /// On the cluster: the tidegate store that manages it.
    pub const OWNER: &str = "tidegate:owner";
    /// On the database: the version of its schema.
    pub const SCHEMA: &str = "tidegate:schema-version";
    /// On the database: `<from>/<to>/<attempt>` while a migration may be running.
    pub const MIGRATING: &str = "tidegate:migrating";
    /// On snapshots that tidegate took: `<from>/<to>`. tidegate only deletes snapshots with this tag.
    pub const SNAPSHOT: &str = "tidegate:snapshot";
    /// On load-balancer rules: tidegate added the header condition.
    pub const GATE: &str = "tidegate:gate";
}
