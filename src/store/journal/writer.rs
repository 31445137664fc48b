//! The one way in which events are written: the writer verifies the lease and checks the event against all
//! events before it, the store puts the line on the disk, and only then the ledger includes the event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::cache::LoadedLedger;
use super::checkpoint::Checkpoint;
use super::error::JournalError;
use super::event::Event;
use super::ledger::Ledger;
use super::read::load;
use super::wire;
use crate::clock::Clock;
use crate::store::error::StoreError;
use crate::store::lease::Lease;
use crate::store::port::Store;

/// The journal of one environment, open for writing under its lease.
pub struct Journal<'a> {
    store: &'a dyn Store,
    clock: &'a dyn Clock,
    lease: &'a Lease,
    loaded: Mutex<LoadedLedger>,
    in_doubt: AtomicBool,
}

impl<'a> Journal<'a> {
    /// Reads the journal of the lease's environment.
    ///
    /// # Errors
    /// As [`read_ledger`](super::read_ledger).
    pub fn open(store: &'a dyn Store, clock: &'a dyn Clock, lease: &'a Lease) -> Result<Self, JournalError> {
        let mut loaded = load(store, lease.environment())?;
        keep_checkpoint(store, lease, &mut loaded);
        Ok(Self { store, clock, lease, loaded: Mutex::new(loaded), in_doubt: AtomicBool::new(false) })
    }

    /// What the journal adds up to now.
    pub fn ledger(&self) -> Ledger {
        (*self.locked().ledger).clone()
    }

    /// Answers a question about the ledger without copying it.
    pub fn ask<T>(&self, question: impl FnOnce(&Ledger) -> T) -> T {
        question(&self.locked().ledger)
    }

    /// Whether the event could be written now. Asked before an effect that the event would tell of.
    ///
    /// # Errors
    /// When the event cannot follow the events before it.
    pub fn allows(&self, event: &Event) -> Result<(), JournalError> {
        Ok(self.locked().ledger.allow(event)?)
    }

    /// Writes an event down.
    ///
    /// # Errors
    /// When the event cannot follow the events before it, the lease is lost, or the store cannot write. The
    /// ledger is then unchanged. After a failed write the line may be on the disk all the same. From then on
    /// this journal refuses every event and every action, because a journal with the same line twice could
    /// not be read.
    pub fn record(&self, event: Event) -> Result<(), JournalError> {
        let mut loaded = self.locked();
        self.verify()?;
        let at = self.clock.now();
        let mut next = (*loaded.ledger).clone();
        next.apply(at, &event)?;
        let end = match self.store.append(self.lease, at, &wire::write(&event)) {
            Ok(end) => end,
            Err(error) => {
                let is_refused = matches!(error, StoreError::LeaseLost { .. });
                self.in_doubt.store(!is_refused, Ordering::Relaxed);
                return Err(error.into());
            }
        };
        let (ledger, checkpointed) = (Arc::new(next), loaded.checkpointed);
        *loaded = LoadedLedger { ledger, mark: end, at: Some(at), checkpointed };
        keep_checkpoint(self.store, self.lease, &mut loaded);
        Ok(())
    }

    /// Says whether this process may still write to the cloud. Called immediately before each such write.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when the lease is lost, [`JournalError::InDoubt`] after a failed write.
    pub fn verify(&self) -> Result<(), JournalError> {
        if self.in_doubt.load(Ordering::Relaxed) {
            return Err(JournalError::InDoubt);
        }
        Ok(self.lease.verify()?)
    }

    fn locked(&self) -> MutexGuard<'_, LoadedLedger> {
        self.loaded.lock().expect("nothing panics while it holds the ledger")
    }
}

/// Keeps a checkpoint if one is due, and what was read for the next reader in this process. The line is safe whether
/// or not its checkpoint is: without one, more lines are read next time.
fn keep_checkpoint(store: &dyn Store, lease: &Lease, loaded: &mut LoadedLedger) {
    let LoadedLedger { ledger, mark, at, checkpointed } = loaded;
    if let Some(at) = *at
        && mark.sequence >= *checkpointed + store.checkpoint_every()
    {
        match store.keep_checkpoint(lease, &Checkpoint::new(mark.clone(), at, ledger)) {
            Ok(()) => *checkpointed = mark.sequence,
            Err(error) => tracing::warn!(
                environment = %lease.environment(),
                %error,
                "cannot write a checkpoint of the journal; the next line tries again"
            ),
        }
    }
    store.ledgers().put(lease.environment(), loaded.clone());
}
