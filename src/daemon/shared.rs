//! The declarations in force, as the daemon's threads share them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::in_force::InForce;

/// One [`InForce`] for the thread that polls, which writes it, and for the loop and its passes, which read it.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedInForce(Arc<Mutex<InForce>>);

impl SharedInForce {
    /// The declarations. Held for moments only: no I/O and no `await` under this lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, InForce> {
        // It is replaced as a whole: a thread that panicked has left nothing half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
