//! The nouns every room shares: names, versions, states, images, instants.
//!
//! Nothing here reads a clock, a file or the network, and nothing here knows YAML or AWS.

mod file;
mod image;
mod names;
mod revision;
mod state;
mod version;

pub use file::{FileFault, InputsId};
pub use image::{Digest, ImageRef};
pub use names::{
    ClusterName, ContainerName, EnvironmentName, FamilyName, RuleArn, RunId, ServiceName, SiteName, StoreId,
    VersionKey,
};
pub use revision::Revision;
pub use state::{Gate, Mode, State};
pub use version::{Level, Relation, Version};

/// An instant. Local time exists only inside `schedule` and at the edge, where people read it.
pub type Instant = chrono::DateTime<chrono::Utc>;
