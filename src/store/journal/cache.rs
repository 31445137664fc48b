//! The ledgers that a process has read, so that the next look reads only the lines that are new.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::ledger::Ledger;
use super::line::Mark;
use crate::model::{EnvironmentName, Instant};

/// A ledger and the line up to which it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct LoadedLedger {
    pub(super) ledger: Arc<Ledger>,
    pub(super) mark: Mark,
    /// When that line was written; none at the beginning.
    pub(super) at: Option<Instant>,
    /// The line of the newest checkpoint, as far as it is known.
    pub(super) checkpointed: u64,
}

/// The ledgers that one opened store has read. The journal stays the truth: before a ledger is used again, the store
/// looks whether the line up to which it was read still stands there.
#[derive(Default)]
pub struct LedgerCache(Mutex<HashMap<EnvironmentName, LoadedLedger>>);

impl LedgerCache {
    pub(super) fn get(&self, environment: &EnvironmentName) -> Option<LoadedLedger> {
        self.locked().get(environment).cloned()
    }

    pub(super) fn put(&self, environment: &EnvironmentName, loaded: LoadedLedger) {
        self.locked().insert(environment.clone(), loaded);
    }

    /// Forgets everything, as the end of the process would.
    pub fn clear(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<EnvironmentName, LoadedLedger>> {
        self.0.lock().expect("no code panics while it holds the ledgers")
    }
}

impl fmt::Debug for LedgerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerCache").field("ledgers", &self.locked().len()).finish()
    }
}
