//! The one way in which events are written: the lease is asked for, the event is checked against all that
//! went before, the line is on the disk, and only then does the ledger know it.

use std::sync::atomic::{AtomicBool, Ordering};
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
    #[error("line {sequence} of the journal of `{environment}` cannot be understood")]
    Unknown {
        /// Whose journal.
        environment: EnvironmentName,
        /// Which line.
        sequence: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// A line was begun and may or may not be there: what the journal adds up to is known only to whoever
    /// reads it again.
    #[error(
        "an earlier line of the journal may or may not be written; nothing is done until it is read again"
    )]
    InDoubt,
}

/// Reads an environment's journal and folds it.
///
/// # Errors
/// When the store cannot be read, or holds a journal that no program of this version has written.
pub fn read_ledger(store: &dyn Store, environment: &EnvironmentName) -> Result<Ledger, JournalError> {
    Ok(Ledger::fold(&read_events(store, environment)?)?)
}

/// Reads an environment's journal, oldest event first.
///
/// # Errors
/// As [`read_ledger`].
pub fn read_events(
    store: &dyn Store,
    environment: &EnvironmentName,
) -> Result<Vec<(Instant, Event)>, JournalError> {
    let log = store.read_log(environment)?;
    log.lines.into_iter().map(|line| understood(environment, line)).collect()
}

fn understood(environment: &EnvironmentName, line: JournalLine) -> Result<(Instant, Event), JournalError> {
    let JournalLine { sequence, fencing: _, at, event } = line;
    match serde_json::from_value(event) {
        Ok(event) => Ok((at, event)),
        Err(source) => Err(JournalError::Unknown { environment: environment.clone(), sequence, source }),
    }
}

impl JournalError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            JournalError::Store(error) => error.hint(),
            JournalError::Illegal(_) | JournalError::Unknown { .. } => {
                "use the version of tidegate that wrote the journal".to_owned()
            }
            JournalError::InDoubt => "try again: what was begun is found again".to_owned(),
        }
    }
}

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

    /// Asks the ledger something without copying it.
    pub fn ask<T>(&self, question: impl FnOnce(&Ledger) -> T) -> T {
        question(&self.locked())
    }

    /// Writes an event down.
    ///
    /// # Errors
    /// When the event cannot stand here, the lease is lost, or the store cannot write. The ledger is then as
    /// it was. A store that could not write may have written all the same: from then on nothing is recorded
    /// and nothing may be done, because the same line twice would be a journal that nobody can read.
    pub fn record(&self, event: Event) -> Result<(), JournalError> {
        let mut ledger = self.locked();
        let at = self.clock.now();
        let mut next = ledger.clone();
        next.apply(at, &event)?;
        self.verify()?;
        let line = serde_json::to_value(&event).expect("events are plain values with text keys");
        if let Err(error) = self.store.append(self.lease, at, &line) {
            let is_refused = matches!(error, StoreError::LeaseLost { .. });
            self.in_doubt.store(!is_refused, Ordering::Relaxed);
            return Err(error.into());
        }
        *ledger = next;
        Ok(())
    }

    /// Whether we may still write to the cloud. Asked immediately before each write.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when we may not, [`JournalError::InDoubt`] when a line is in doubt.
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
