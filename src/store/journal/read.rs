//! From the lines of a store to events and their ledger.
//!
//! A ledger is read from what this process has read already, else from the newest checkpoint, else from the beginning.

use std::sync::Arc;

use super::cache::LoadedLedger;
use super::error::JournalError;
use super::event::Event;
use super::ledger::Ledger;
use super::line::{Mark, RawLine};
use super::records::Converged;
use super::wire;
use crate::model::{EnvironmentName, Instant};
use crate::store::error::StoreError;
use crate::store::port::Store;

/// Reads an environment's journal and folds it.
///
/// # Errors
/// When the store cannot be read, or holds an event that this version of tidegate does not know.
pub fn read_ledger(store: &dyn Store, environment: &EnvironmentName) -> Result<Ledger, JournalError> {
    Ok(Arc::unwrap_or_clone(load(store, environment)?.ledger))
}

/// The same from the beginning, past every checkpoint and everything that was read before.
///
/// # Errors
/// As [`read_ledger`].
pub fn read_whole_ledger(store: &dyn Store, environment: &EnvironmentName) -> Result<Ledger, JournalError> {
    let loaded = continued(store, environment, LoadedLedger::default())?.unwrap_or_default();
    Ok(Arc::unwrap_or_clone(loaded.ledger))
}

/// Reads an environment's whole journal, oldest event first.
///
/// # Errors
/// As [`read_ledger`].
pub fn read_events(
    store: &dyn Store,
    environment: &EnvironmentName,
) -> Result<Vec<(Instant, Event)>, JournalError> {
    let mut events = Vec::new();
    each_event(store, environment, &Mark::default(), |line, event| {
        events.push((line.at, event));
        Ok(())
    })?;
    Ok(events)
}

/// Reads the ledger on the shortest way.
pub(super) fn load(store: &dyn Store, environment: &EnvironmentName) -> Result<LoadedLedger, JournalError> {
    let loaded = match store.ledgers().get(environment) {
        Some(known) => continued(store, environment, known)?,
        None => None,
    };
    let loaded = match loaded {
        Some(loaded) => loaded,
        None => from_checkpoint(store, environment)?,
    };
    store.ledgers().put(environment, loaded.clone());
    Ok(loaded)
}

fn from_checkpoint(store: &dyn Store, environment: &EnvironmentName) -> Result<LoadedLedger, JournalError> {
    for checkpoint in store.checkpoints(environment)? {
        let Some(ledger) = checkpoint.ledger() else { continue };
        let (checkpointed, at) = (checkpoint.mark.sequence, Some(checkpoint.at));
        let begin = LoadedLedger { ledger: Arc::new(ledger), mark: checkpoint.mark, at, checkpointed };
        return continued(store, environment, begin)?.ok_or_else(|| {
            StoreError::LinesMissing { environment: environment.clone(), line: checkpointed }.into()
        });
    }
    let whole = continued(store, environment, LoadedLedger::default())?;
    Ok(whole.expect("every journal has a beginning"))
}

/// Adds the lines behind a ledger. None: the journal does not have the line up to which it was read.
fn continued(
    store: &dyn Store,
    environment: &EnvironmentName,
    mut loaded: LoadedLedger,
) -> Result<Option<LoadedLedger>, JournalError> {
    let after = loaded.mark.clone();
    let is_there = each_event(store, environment, &after, |line, event| {
        Arc::make_mut(&mut loaded.ledger).replay(line.format, line.at, &event)?;
        (loaded.mark, loaded.at) = (line.mark.clone(), Some(line.at));
        Ok(())
    })?;
    Ok(is_there.then_some(loaded))
}

/// Reads what happened since an instant, and perhaps what happened shortly before: from the newest checkpoint that is
/// not later, else from the beginning. A gate that was closed before stands first, with what
/// was reached behind it.
///
/// # Errors
/// As [`read_ledger`].
pub fn read_events_since(
    store: &dyn Store,
    environment: &EnvironmentName,
    since: Instant,
) -> Result<Vec<(Instant, Event)>, JournalError> {
    let earlier = store.checkpoints(environment)?.into_iter().filter(|checkpoint| checkpoint.at <= since);
    for checkpoint in earlier {
        let Some(ledger) = checkpoint.ledger() else { continue };
        let closed = |at| (at, Event::GateClosed { was_open: true, with: ledger.gate_parts.clone() });
        let mut events: Vec<_> = ledger.gate_closed_at.map(closed).into_iter().collect();
        // What the environment reached while the gate was closed says whether it was closed on purpose.
        let reached =
            ledger.converged.as_ref().filter(|it| ledger.gate_closed_at.is_some_and(|at| at <= it.at));
        events.extend(reached.cloned().map(Converged::into_event));
        let is_there = each_event(store, environment, &checkpoint.mark, |line, event| {
            events.push((line.at, event));
            Ok(())
        })?;
        if is_there {
            return Ok(events);
        }
    }
    read_events(store, environment)
}

fn each_event(
    store: &dyn Store,
    environment: &EnvironmentName,
    after: &Mark,
    mut each: impl FnMut(&RawLine<'_>, Event) -> Result<(), JournalError>,
) -> Result<bool, JournalError> {
    let mut result = Ok(());
    let is_there = store.follow(environment, after, &mut |line| {
        if result.is_ok() {
            result = decode(environment, &line).and_then(|event| each(&line, event));
        }
    })?;
    result.map(|()| is_there)
}

fn decode(environment: &EnvironmentName, line: &RawLine<'_>) -> Result<Event, JournalError> {
    wire::read(line.text).map_err(|source| JournalError::Unknown {
        environment: environment.clone(),
        sequence: line.mark.sequence,
        source,
    })
}
