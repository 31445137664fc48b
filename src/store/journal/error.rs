//! What can go wrong between an event and its line, and what to do about it.

use thiserror::Error;

use crate::model::EnvironmentName;
use crate::store::error::StoreError;

/// An event that cannot follow the events before it. The writer refuses to append it; a reader that finds it
/// reports an error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the journal cannot hold `{event}` here: {why}")]
pub struct IllegalEvent {
    event: &'static str,
    why: String,
}

impl IllegalEvent {
    pub(super) fn new(event: &'static str, why: impl Into<String>) -> Self {
        Self { event, why: why.into() }
    }
}

/// Why an event could not be written, or the journal could not be read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The store could not read or write.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event cannot follow the events before it.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// A line that holds an event which this version of tidegate does not know.
    #[error("this version of tidegate does not understand line {sequence} of the journal of `{environment}`")]
    Unknown {
        /// The environment of the journal.
        environment: EnvironmentName,
        /// The sequence number of the line.
        sequence: u64,
        /// How its JSON differs from every known event.
        source: serde_json::Error,
    },
    /// Writing a line failed, and the line may be on the disk all the same. Only reading the journal again
    /// says what it adds up to.
    #[error(
        "a journal write failed and may still be on disk; tidegate stops until it has read the journal again"
    )]
    InDoubt,
}

impl JournalError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            JournalError::Store(error) => error.hint(),
            JournalError::Illegal(_) | JournalError::Unknown { .. } => {
                "use the version of tidegate that wrote the journal".to_owned()
            }
            JournalError::InDoubt => {
                "run the command again: it reads the journal first and finds what the earlier run began"
                    .to_owned()
            }
        }
    }
}
