//! The one way in which events are written: the writer verifies the lease and checks the event against all
//! events before it, the store puts the line on the disk, and only then the ledger includes the event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::error::JournalError;
use super::event::Event;
use super::ledger::Ledger;
use super::read::read_ledger;
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
    ledger: Mutex<Ledger>,
    in_doubt: AtomicBool,
}

impl<'a> Journal<'a> {
    /// Reads the journal of the lease's environment.
    ///
    /// # Errors
    /// As [`read_ledger`].
    pub fn open(store: &'a dyn Store, clock: &'a dyn Clock, lease: &'a Lease) -> Result<Self, JournalError> {
        let ledger = read_ledger(store, lease.environment())?;
        Ok(Self { store, clock, lease, ledger: Mutex::new(ledger), in_doubt: AtomicBool::new(false) })
    }

    /// What the journal adds up to now.
    pub fn ledger(&self) -> Ledger {
        self.locked().clone()
    }

    /// Answers a question about the ledger without copying it.
    pub fn ask<T>(&self, question: impl FnOnce(&Ledger) -> T) -> T {
        question(&self.locked())
    }

    /// Writes an event down.
    ///
    /// # Errors
    /// When the event cannot follow the events before it, the lease is lost, or the store cannot write. The
    /// ledger is then unchanged. After a failed write the line may be on the disk all the same. From then on
    /// this journal refuses every event and every action, because a journal with the same line twice could
    /// not be read.
    pub fn record(&self, event: Event) -> Result<(), JournalError> {
        let mut ledger = self.locked();
        let at = self.clock.now();
        let mut next = ledger.clone();
        next.apply(at, &event)?;
        self.verify()?;
        let line = wire::write(&event);
        if let Err(error) = self.store.append(self.lease, at, &line) {
            let is_refused = matches!(error, StoreError::LeaseLost { .. });
            self.in_doubt.store(!is_refused, Ordering::Relaxed);
            return Err(error.into());
        }
        *ledger = next;
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

    fn locked(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nothing panics while it holds the ledger")
    }
}
