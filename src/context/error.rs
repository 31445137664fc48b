//! Failures to build ports from the settings, with their hints.

use std::path::PathBuf;

use thiserror::Error;

use crate::config::ConfigError;
use crate::model::ClusterName;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why ports could not be built.
#[derive(Debug, Error)]
pub enum ContextError {
    /// A setting is missing or wrong.
    #[error("the configuration cannot be used")]
    Config(#[from] ConfigError),
    /// The repository cannot be reached or read.
    #[error("the declarations cannot be read")]
    Source(#[from] SourceError),
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// The machine does not allow the threads.
    #[error("cannot start the threads that talk to AWS")]
    Runtime(#[source] std::io::Error),
    /// The simulated world cannot be read or written.
    #[error("cannot use the simulated world")]
    World(#[source] std::io::Error),
    /// There is no simulated world to read.
    #[error("there is no simulated world in {}", folder.display())]
    NoWorld {
        /// Where it would be kept.
        folder: PathBuf,
    },
    /// This build has no AWS adapter.
    #[error("this tidegate was built without the feature `aws`, so it only has the simulated cloud")]
    NoAws,
    /// Neither a flag nor the machine's configuration names the region.
    #[error("no AWS region is set")]
    NoRegion,
    /// Several regions of the simulated world have a cluster of this name.
    #[error("several regions have a cluster `{cluster}`: {}", places.join(", "))]
    SeveralPlaces {
        /// The name that was given.
        cluster: ClusterName,
        /// The region and account of each.
        places: Vec<String>,
    },
    /// Another process has the lock of the simulated world.
    #[error("the simulated world in {} is locked by another tidegate process", folder.display())]
    WorldBusy {
        /// Where it is kept.
        folder: PathBuf,
    },
}

impl ContextError {
    /// The next step for the operator, in one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            ContextError::Config(error) => Some(error.hint()),
            ContextError::Source(error) => Some(error.hint()),
            ContextError::Store(error) => Some(error.hint()),
            ContextError::World(_) | ContextError::Runtime(_) => None,
            ContextError::NoWorld { .. } => Some(
                "`tidegate apply ENV --cloud sim` makes one from the declarations; without `--cloud sim`, tidegate reads AWS"
                    .to_owned(),
            ),
            ContextError::NoAws => Some(
                "use `--cloud sim`, or build tidegate with AWS: `cargo build --release` (without `--no-default-features`)"
                    .to_owned(),
            ),
            ContextError::NoRegion => Some(
                "set it with `--region`, with `AWS_REGION` or in the AWS profile, or give the cluster's ARN instead of its name"
                    .to_owned(),
            ),
            ContextError::SeveralPlaces { .. } => {
                Some("name the region with `--region`, or give the cluster's ARN".to_owned())
            }
            ContextError::WorldBusy { .. } => {
                Some("try again later, wait longer with `--timeout`, or use another `--store`".to_owned())
            }
        }
    }
}
