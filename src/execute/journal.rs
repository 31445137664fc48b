//! The one way in which events are written: the lease is asked for, the event is checked against all that
//! went before, the line is on the disk, and only then does the ledger know it.

use std::sync::{Mutex, MutexGuard};

use thiserror::Error;

use crate::clock::Clock;
use crate::model::{EnvironmentName, Instant};
use crate::store::journal::{Event, IllegalEvent, Ledger};
use crate::store::{JournalLine, Lease, Store, StoreError};

/// Why an event could not be written, or the journal not be read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event cannot follow what went before.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// A line that this version of the program does not understand.
    #[error("line {sequence} of the journal of `{environment}` cannot be understood: {source}")]
    Unknown {
        /// Whose journal.
        environment: EnvironmentName,
        /// Which line.
        sequence: u64,
        /// Why.
        source: serde_json::Error,
    },
}

/// Reads an environment's journal and folds it.
///
/// # Errors
/// When the store cannot be read, or holds a journal that no program of this version has written.
pub fn read_ledger(store: &dyn Store, environment: &EnvironmentName) -> Result<Ledger, JournalError> {
    let log = store.read_log(environment)?;
    let lines = log.lines.into_iter().map(|line| understood(environment, line));
    Ok(Ledger::fold(&lines.collect::<Result<Vec<_>, _>>()?)?)
}

fn understood(environment: &EnvironmentName, line: JournalLine) -> Result<(Instant, Event), JournalError> {
    let JournalLine { sequence, fencing: _, at, event } = line;
    match serde_json::from_value(event) {
        Ok(event) => Ok((at, event)),
        Err(source) => Err(JournalError::Unknown { environment: environment.clone(), sequence, source }),
    }
}

/// The journal of one environment, open for writing under its lease.
pub struct Journal<'a> {
    store: &'a dyn Store,
    clock: &'a dyn Clock,
    lease: &'a Lease,
    ledger: Mutex<Ledger>,
}

impl<'a> Journal<'a> {
    /// Reads the journal of the lease's environment.
    ///
    /// # Errors
    /// As [`read_ledger`].
    pub fn open(store: &'a dyn Store, clock: &'a dyn Clock, lease: &'a Lease) -> Result<Self, JournalError> {
        let ledger = read_ledger(store, lease.environment())?;
        Ok(Self { store, clock, lease, ledger: Mutex::new(ledger) })
    }

    /// What the journal adds up to now.
    pub fn ledger(&self) -> Ledger {
        self.locked().clone()
    }

    /// Asks the ledger something without copying it.
    pub fn ask<T>(&self, question: impl FnOnce(&Ledger) -> T) -> T {
        question(&self.locked())
    }

    /// Writes an event down.
    ///
    /// # Errors
    /// When the event cannot stand here, the lease is lost, or the store cannot write. The ledger is then as
    /// it was.
    pub fn record(&self, event: Event) -> Result<(), JournalError> {
        let mut ledger = self.locked();
        let at = self.clock.now();
        let mut next = ledger.clone();
        next.apply(at, &event)?;
        self.lease.verify()?;
        let line = serde_json::to_value(&event).expect("events are plain values with text keys");
        self.store.append(self.lease, at, &line)?;
        *ledger = next;
        Ok(())
    }

    /// Whether we may still write to the cloud. Asked immediately before each write.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when we may not.
    pub fn verify(&self) -> Result<(), JournalError> {
        Ok(self.lease.verify()?)
    }

    fn locked(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nothing panics while it holds the ledger")
    }
}
