//! Why the daemon cannot begin, or cannot go on.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::mailbox::Running;
use crate::config::ConfigError;
use crate::context::ContextError;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why the daemon cannot begin. What goes wrong later is logged, and tried again.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Cloud or store cannot be used.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The declarations cannot be had, and waiting will not help.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store has one daemon.
    #[error("another daemon runs on the store {}{}", root.display(), who(running.as_ref()))]
    Taken {
        /// The store.
        root: PathBuf,
        /// Who runs, if that can be read.
        running: Option<Running>,
    },
    /// The daemon's own files beside the store.
    #[error("cannot use the daemon's files in {}", root.display())]
    Files {
        /// The store.
        root: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused signals or a thread.
    #[error("cannot listen to signals and to the repository")]
    System(#[source] io::Error),
}

fn who(running: Option<&Running>) -> String {
    running.map_or_else(String::new, |running| format!(": process {} on {}", running.pid, running.place))
}
