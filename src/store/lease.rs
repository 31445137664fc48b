//! The right to act on one environment, as a value: whoever has it may write, whoever drops it gives it back.
//!
//! How it is held differs from adapter to adapter and stays behind [`Guard`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::model::{EnvironmentName, Instant};

/// The lease of one environment. Dropping it frees it; so does the end of the process, however it comes.
pub struct Lease {
    environment: EnvironmentName,
    fencing: u64,
    guard: Box<dyn Guard>,
}

/// Who holds a lease, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHolder {
    /// Grows with every lease of the environment, for ever.
    pub fencing: u64,
    /// What the holder calls itself.
    pub holder: String,
    /// Its process, on its own machine.
    pub pid: u32,
    /// Since when it holds the lease.
    pub since: Instant,
}

/// How an adapter holds a lease. Dropping it frees the lease.
pub(super) trait Guard: Send + Sync {
    /// Fails with [`StoreError::LeaseLost`] when the lease is not ours any more.
    fn verify(&self) -> Result<(), StoreError>;
}

impl Lease {
    pub(super) fn new(environment: EnvironmentName, fencing: u64, guard: Box<dyn Guard>) -> Self {
        Self { environment, fencing, guard }
    }

    /// The environment that it is about.
    pub fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// Larger than that of every lease of this environment before.
    pub fn fencing(&self) -> u64 {
        self.fencing
    }

    /// Asks the store whether the lease is still ours. Needed before each write to the cloud, which does not
    /// look at fencing numbers.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it is not.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.guard.verify()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("environment", &self.environment)
            .field("fencing", &self.fencing)
            .finish_non_exhaustive()
    }
}
