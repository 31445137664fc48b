//! The right to act on one environment, as a value: its owner may write, and dropping it gives it back.
//!
//! How it is held differs from adapter to adapter and stays behind [`LeaseGuard`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::model::{EnvironmentName, Instant};

/// The lease of one environment. Dropping it frees it; so does the end of the process, however it comes.
pub struct Lease {
    environment: EnvironmentName,
    fencing: u64,
    guard: Box<dyn LeaseGuard>,
}

/// Who holds a lease. Read by people: the store itself decides by its locks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHolder {
    /// Grows with every lease of the environment and never falls.
    pub fencing: u64,
    /// The holder's own name for itself: `daemon on host-7`.
    pub holder: String,
    /// The holder's process id, on its own machine.
    pub pid: u32,
    /// Since when it holds the lease.
    pub since: Instant,
}

/// How an adapter holds a lease. Dropping it frees the lease.
pub(super) trait LeaseGuard: Send + Sync {
    /// Fails with [`StoreError::LeaseLost`] when the lease is lost.
    fn verify(&self) -> Result<(), StoreError>;
}

impl Lease {
    pub(super) fn new(environment: EnvironmentName, fencing: u64, guard: Box<dyn LeaseGuard>) -> Self {
        Self { environment, fencing, guard }
    }

    /// The environment that the lease belongs to.
    pub fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// The fencing number: larger than that of every earlier lease of this environment.
    pub fn fencing(&self) -> u64 {
        self.fencing
    }

    /// Asks the store whether this lease still holds. Needed before each write to AWS, because AWS does not
    /// check fencing numbers.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it does not.
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
