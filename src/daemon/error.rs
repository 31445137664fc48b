//! Why the daemon cannot begin.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::mailbox::DaemonProcess;
use crate::config::ConfigError;
use crate::context::ContextError;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why the daemon cannot begin. Later errors are logged, and the daemon retries.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// A setting is missing, or two contradict each other.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The cloud cannot be used.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The declarations cannot be read, and a retry will not help.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another daemon uses the store: a store has one daemon.
    #[error("another daemon uses the store {}{}", root.display(), process(other.as_ref()))]
    Taken {
        /// The folder of the store.
        root: PathBuf,
        /// That daemon's process, if its file can be read.
        other: Option<DaemonProcess>,
    },
    /// The folder of the store was removed or replaced under the running daemon.
    #[error("the store {} was removed or replaced while the daemon used it", root.display())]
    StoreGone {
        /// The folder of the store.
        root: PathBuf,
    },
    /// The daemon's own files (lock, mailbox) in the store's folder cannot be used.
    #[error("cannot use the daemon's files in {}", root.display())]
    Files {
        /// The folder of the store.
        root: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The system refused to deliver signals or to start a thread.
    #[error("cannot start the threads that listen to signals and poll the repository")]
    System(#[source] io::Error),
}

fn process(other: Option<&DaemonProcess>) -> String {
    other.map_or_else(String::new, |other| format!(" (pid {} on {})", other.pid, other.place))
}
