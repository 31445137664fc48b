//! Ports to the cloud: what tidegate asks of AWS, in AWS's nouns, without the SDK's types.
//!
//! [`CloudRead`] is all that `observe`, `plan` and `status` may hold; [`CloudWrite`] goes to `execute` alone.
//! Two adapters stand behind them: the simulator (`sim`) and AWS (`cloud::aws`, the feature `aws`).

#[cfg(feature = "aws")]
pub mod aws;
mod document;
mod ecs;
mod error;
mod last_look;
mod listed;
mod port;
mod rates;
mod rds;
mod sites;
mod traffic;

pub use document::Document;
pub use ecs::{
    Container, Controller, Deployment, ENDED_BY_ITSELF, Rollback, Rollout, RunTask, ScalableTarget, Service,
    Strategy, Suspended, Task, TaskDefinition, TaskStatus, UpdateService,
};
pub use error::{CloudError, Kind};
pub use last_look::{LastLook, Pace, Remembering};
pub use listed::{ListedDatabase, ListedListener};
pub use port::{Cloud, CloudRead, CloudWrite, ImageLookup};
pub use rates::{Family, Rate, Rates, SHARE_DEFAULT};
pub use rds::{Database, DatabaseStatus, DbSnapshot, SnapshotStatus};
pub use sites::{Marker, Object, Release};
pub use traffic::{Association, Condition, Distribution, Function, Listener, Rule, RuleAction};

/// Tags that tidegate sets. AWS allows letters, digits, spaces and `_ . : / = + - @` in values.
pub mod tag {
    /// On the cluster: the store that acts on it.
    pub const OWNER: &str = "tidegate:owner";
    /// On the database: the version its schema has.
    pub const SCHEMA: &str = "tidegate:schema-version";
    /// On the database: `<from>/<to>/<attempt>` while a migration may be under way.
    pub const MIGRATING: &str = "tidegate:migrating";
    /// On snapshots: `<from>/<to>`; what makes a snapshot ours.
    pub const SNAPSHOT: &str = "tidegate:snapshot";
    /// On load-balancer rules: the gate's condition on this rule was added by us.
    pub const GATE: &str = "tidegate:gate";
}
