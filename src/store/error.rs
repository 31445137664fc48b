//! What can go wrong when state is kept, and what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::model::EnvironmentName;

/// Why the store could not write or read something.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The operating system refused to read or write.
    #[error("cannot {operation} {}", path.display())]
    Disk {
        /// What tidegate tried: `read`, `write`, `lock`.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file that holds something no store writes.
    #[error("{file}:{line}: {why}")]
    Corrupt {
        /// The file, or its counterpart in another kind of store.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong in this line.
        why: String,
    },
    /// A line of a journal that a later version of tidegate wrote.
    #[error(
        "{file}:{line}: the line is written in format {format}; this tidegate reads formats up to {known}"
    )]
    NewerLine {
        /// The file, or its counterpart in another kind of store.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The format that the line has.
        format: u32,
        /// The newest format that this version of tidegate reads.
        known: u32,
    },
    /// A journal that does not have the line of its own checkpoint.
    #[error(
        "the journal of `{environment}` does not have its line {line}, at which a checkpoint was made: lines are \
         missing or were replaced"
    )]
    LinesMissing {
        /// The environment.
        environment: EnvironmentName,
        /// The line of the checkpoint.
        line: u64,
    },
    /// A store of another format.
    #[error("{} is a store of the format `{found}`; this program knows `{known}`", path.display())]
    Format {
        /// The store.
        path: PathBuf,
        /// The format it has.
        found: String,
        /// The format that this version of tidegate writes.
        known: &'static str,
    },
    /// A name that cannot be the name of a file.
    #[error("`{name}` cannot name {what} in a store")]
    Name {
        /// The refused name.
        name: String,
        /// `an environment`, `a record`, `a run`.
        what: &'static str,
    },
    /// The lease is gone, or another process has a newer one.
    #[error("lost the lock on `{environment}` (lease {fencing}): {why}")]
    LeaseLost {
        /// The environment.
        environment: EnvironmentName,
        /// The fencing number of the lost lease.
        fencing: u64,
        /// What the store holds instead.
        why: String,
    },
    /// The store was removed or replaced while this process used it.
    #[error("the store {} was removed or replaced while tidegate used it; tidegate writes nothing more to it", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
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
                 `tidegate record-schema ENV VERSION --reason \"…\"`"
            ),
            StoreError::Corrupt { file, .. } => format!("restore {file} from a backup, or move it away"),
            StoreError::LinesMissing { environment, .. } => format!(
                "restore the journal from a backup; if the journal that is there is the right one, remove \
                 `environments/{environment}/checkpoint-a.json` and `-b.json` from the store"
            ),
            StoreError::NewerLine { .. } => {
                "use the version of tidegate that wrote it, or a later one".to_owned()
            }
            StoreError::Format { .. } => {
                "use the version of tidegate that made it, or another place with `--store`".to_owned()
            }
            StoreError::Name { .. } => {
                "use at most 100 letters, digits, `.`, `_` and `-`, a letter or digit first".to_owned()
            }
            StoreError::LeaseLost { .. } => {
                "another tidegate process has the lock now; this one has stopped writing".to_owned()
            }
            StoreError::Gone { path } => format!(
                "restore {} from a backup, with its journals, and start tidegate again",
                path.display()
            ),
            StoreError::ReadOnly { .. } => "name the store with `--store` and try again".to_owned(),
        }
    }
}
