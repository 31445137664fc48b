//! What can go wrong when state is kept, and what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::model::EnvironmentName;

/// Why something could not be kept or read back.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The disk, or its permissions.
    #[error("cannot {operation} {}", path.display())]
    Disk {
        /// What we wanted.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something that no store writes.
    #[error("{file}:{line}: {why}")]
    Corrupt {
        /// The file, or its counterpart in another kind of store.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// A store of another format.
    #[error("{} is a store of the format `{found}`; this program knows `{known}`", path.display())]
    Format {
        /// The store.
        path: PathBuf,
        /// The format it has.
        found: String,
        /// The format we write.
        known: &'static str,
    },
    /// A name that cannot be the name of a file.
    #[error("`{name}` cannot name {what} in a store")]
    Name {
        /// As it came.
        name: String,
        /// `an environment`, `a record`, `a run`.
        what: &'static str,
    },
    /// The lease is gone, or somebody has a newer one.
    #[error("the lease {fencing} of `{environment}` is held no more: {why}")]
    LeaseLost {
        /// The environment.
        environment: EnvironmentName,
        /// Our fencing number.
        fencing: u64,
        /// What was found instead.
        why: String,
    },
    /// A write to a store that was opened for reading.
    #[error("the store {} was opened for reading only", path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
}

impl StoreError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            StoreError::Disk { .. } => {
                "check that this user may write there and that the disk has room; `--store` names another \
                 place"
                    .to_owned()
            }
            StoreError::Corrupt { file, .. } if file.ends_with(".jsonl") => format!(
                "restore {file} from a backup; without it, move it away and say what the database holds with \
                 `tidegate record-schema ENV VERSION --reason`"
            ),
            StoreError::Corrupt { file, .. } => format!("restore {file} from a backup, or move it away"),
            StoreError::Format { .. } => {
                "use the version of tidegate that made it, or another place with `--store`".to_owned()
            }
            StoreError::Name { .. } => {
                "use at most 100 letters, digits, `.`, `_` and `-`, a letter or digit first".to_owned()
            }
            StoreError::LeaseLost { .. } => {
                "another tidegate acts on this environment now; nothing more is written here".to_owned()
            }
            StoreError::ReadOnly { .. } => "name the store with `--store` and try again".to_owned(),
        }
    }
}
