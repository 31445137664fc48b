//! How an action can fail, by what follows from it.

use std::time::Duration;

use crate::cloud::{CloudError, refusals};
use crate::store::journal::JournalError;

/// Why an action failed.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// AWS refused, or did not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The journal could not be written; nothing more is changed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The deadline passed. The effect may still come about; the next pass sees it.
    #[error("waited {} for {what}; last seen: {seen}", humantime::format_duration(*waited))]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// What was observed last.
        seen: String,
    },
    /// A verdict about what was observed, not an accident.
    #[error("{0}")]
    Refused(String),
    /// Nothing came about and nothing was changed: another try follows by itself.
    #[error("{0}")]
    Again(String),
    /// A shutdown, a deadline of the run or an operator request ended the wait. What was begun continues in AWS, and
    /// the next pass finds it.
    #[error("stopped waiting for {0}; it continues in AWS")]
    Interrupted(String),
}

impl ActionError {
    /// A verdict, in words.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        ActionError::Refused(why.into())
    }

    /// The error, and below it what an operator can do about a refusal of AWS that does not pass by itself.
    pub(super) fn with_way_out(&self) -> String {
        let way_out = match self {
            ActionError::Cloud(error) => refusals::way_out(error),
            _ => None,
        };
        match way_out {
            Some(way_out) => format!("{self}\nway out: {way_out}"),
            None => self.to_string(),
        }
    }

    /// Whether the same call may succeed a moment later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, ActionError::Cloud(error) if error.kind.is_transient())
    }
}
