//! Why a run cannot begin, or cannot continue.

use thiserror::Error;

use crate::model::EnvironmentName;
use crate::store::journal::JournalError;
use crate::store::{LeaseHolder, StoreError};

/// Why a run cannot begin, or cannot continue.
#[derive(Debug, Error)]
pub enum ReconcileError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record in the store has another shape than this version writes.
    #[error("cannot read the {kind} record of `{environment}` in the store")]
    Record {
        /// The environment of the record.
        environment: EnvironmentName,
        /// The kind of record: `request`, `override`, `suspension` or `sizes`.
        kind: &'static str,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// Another process holds the lease.
    #[error("`{environment}` is locked by {}", holder.as_ref().map_or("another tidegate process", |holder| &holder.holder))]
    Busy {
        /// The locked environment.
        environment: EnvironmentName,
        /// The other process; `None` = it released the lease a moment ago.
        holder: Option<LeaseHolder>,
    },
}

impl ReconcileError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            ReconcileError::Store(error) => error.hint(),
            ReconcileError::Journal(error) => error.hint(),
            ReconcileError::Record { environment, kind, .. } => {
                format!("remove `environments/{environment}/records/{kind}.json` from the store")
            }
            ReconcileError::Busy { .. } => "wait until that process has finished".to_owned(),
        }
    }
}
