//! From the lines of a store to events and their ledger.

use super::error::JournalError;
use super::event::Event;
use super::ledger::Ledger;
use super::line::JournalLine;
use crate::model::{EnvironmentName, Instant};
use crate::store::port::Store;

/// Reads an environment's journal and folds it.
///
/// # Errors
/// When the store cannot be read, or holds an event that this version of tidegate does not know.
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
    log.lines.into_iter().map(|line| decode(environment, line)).collect()
}

fn decode(environment: &EnvironmentName, line: JournalLine) -> Result<(Instant, Event), JournalError> {
    let JournalLine { sequence, fencing: _, at, event } = line;
    match serde_json::from_value(event) {
        Ok(event) => Ok((at, event)),
        Err(source) => Err(JournalError::Unknown { environment: environment.clone(), sequence, source }),
    }
}
