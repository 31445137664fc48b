//! From the lines of a store to events and their ledger.

use super::error::JournalError;
use super::event::Event;
use super::ledger::Ledger;
use super::line::{Mark, RawLine};
use super::wire;
use crate::model::{EnvironmentName, Instant};
use crate::store::port::Store;

/// Reads an environment's journal and folds it.
///
/// # Errors
/// When the store cannot be read, or holds an event that this version of tidegate does not know.
pub fn read_ledger(store: &dyn Store, environment: &EnvironmentName) -> Result<Ledger, JournalError> {
    let mut ledger = Ledger::default();
    each_event(store, environment, |line, event| Ok(ledger.replay(line.format, line.at, &event)?))?;
    Ok(ledger)
}

/// Reads an environment's journal, oldest event first.
///
/// # Errors
/// As [`read_ledger`].
pub fn read_events(
    store: &dyn Store,
    environment: &EnvironmentName,
) -> Result<Vec<(Instant, Event)>, JournalError> {
    let mut events = Vec::new();
    each_event(store, environment, |line, event| {
        events.push((line.at, event));
        Ok(())
    })?;
    Ok(events)
}

fn each_event(
    store: &dyn Store,
    environment: &EnvironmentName,
    mut each: impl FnMut(&RawLine<'_>, Event) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut result = Ok(());
    store.follow(environment, &Mark::default(), &mut |line| {
        if result.is_ok() {
            result = decode(environment, &line).and_then(|event| each(&line, event));
        }
    })?;
    result
}

fn decode(environment: &EnvironmentName, line: &RawLine<'_>) -> Result<Event, JournalError> {
    wire::read(line.text).map_err(|source| JournalError::Unknown {
        environment: environment.clone(),
        sequence: line.mark.sequence,
        source,
    })
}
