//! Why nothing could be built for the settings.

use std::path::PathBuf;

use thiserror::Error;

use crate::config::ConfigError;
use crate::model::ClusterName;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why nothing could be built.
#[derive(Debug, Error)]
pub enum ContextError {
    /// The settings make no sense.
    #[error("the configuration cannot be used")]
    Config(#[from] ConfigError),
    /// The declarations cannot be had.
    #[error("the declarations cannot be read")]
    Source(#[from] SourceError),
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// The machine gives no threads.
    #[error("cannot start the threads that talk to AWS")]
    Runtime(#[source] std::io::Error),
    /// The simulated world cannot be read or written.
    #[error("cannot use the simulated world")]
    World(#[source] std::io::Error),
    /// There is no simulated world to look at.
    #[error("there is no simulated world in {}", folder.display())]
    NoWorld {
        /// Where it would be kept.
        folder: PathBuf,
    },
    /// This build has no adapter for AWS.
    #[error("this tidegate was built without the feature `aws`: it knows the simulated cloud only")]
    NoAws,
    /// Nothing names the region.
    #[error("which region? nothing names one")]
    NoRegion,
    /// The cluster is in several places of the simulated world.
    #[error("cluster `{cluster}` is in several places: {}", places.join(", "))]
    SeveralPlaces {
        /// Its name.
        cluster: ClusterName,
        /// Regions and accounts.
        places: Vec<String>,
    },
    /// Another process changes the simulated world.
    #[error("another tidegate is changing the simulated world in {}", folder.display())]
    WorldBusy {
        /// Where it is kept.
        folder: PathBuf,
    },
}

impl ContextError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            ContextError::Config(error) => Some(error.hint()),
            ContextError::Source(error) => Some(error.hint()),
            ContextError::Store(error) => Some(error.hint()),
            ContextError::World(_) | ContextError::Runtime(_) => None,
            ContextError::NoWorld { .. } => Some(
                "the first `tidegate apply --cloud sim` makes one from declarations; without `--cloud sim`, AWS itself is \
                 looked at"
                    .to_owned(),
            ),
            ContextError::NoAws => Some(
                "add `--cloud sim`, or build it with AWS: cargo build --release (without `--no-default-features`)"
                    .to_owned(),
            ),
            ContextError::NoRegion => Some(
                "name it with `--region`, in `AWS_REGION`, or in the profile; an ARN instead of the cluster's name holds it, too"
                    .to_owned(),
            ),
            ContextError::SeveralPlaces { .. } => {
                Some("name the region with `--region`, or give the cluster's ARN".to_owned())
            }
            ContextError::WorldBusy { .. } => {
                Some("wait for it, allow more time with `--timeout`, or use another `--store`".to_owned())
            }
        }
    }
}
