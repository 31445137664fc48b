//! Why nothing could be built for the settings.

use std::path::PathBuf;

use thiserror::Error;

use crate::config::ConfigError;
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
            ContextError::WorldBusy { .. } => {
                Some("wait for it, allow more time with `--timeout`, or use another `--store`".to_owned())
            }
        }
    }
}
