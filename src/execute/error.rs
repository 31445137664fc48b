//! How an action can fail to reach its end, by what follows from it.

use std::time::Duration;

use crate::cloud::CloudError;

use crate::store::journal::JournalError;

/// Why an action did not reach its end.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The cloud refused, or did not answer for a while.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The journal could not be written; nothing more is done.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It took too long. What was asked for may still come about; the next pass sees it.
    #[error("waited {} for {what}; now: {seen}", humantime::format_duration(*waited))]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// How it looked last.
        seen: String,
    },
    /// Reality says no: a verdict, not an accident.
    #[error("{0}")]
    Refused(String),
    /// It did not come about and has changed nothing: worth another attempt by itself.
    #[error("{0}")]
    Again(String),
    /// We were asked to go. What was begun goes on without us and is found again.
    #[error("left {0} to itself")]
    Left(String),
}

impl ActionError {
    /// A verdict, in words.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        ActionError::Refused(why.into())
    }
}
