//! Operator requests on their way into the journal: an operator leaves a record, the next run journals it.

use super::error::ReconcileError;
use crate::model::EnvironmentName;
use crate::store::Store;
use crate::store::journal::Journal;
use crate::store::journal::{Event, OperatorRequest};

/// The kind of the record that holds a request.
pub const REQUEST: &str = "request";

/// Journals a request, if there is one. Its record is removed only after that; after a crash between the two the
/// request is journaled twice, which changes nothing.
pub(super) fn journal_waiting(
    store: &dyn Store,
    environment: &EnvironmentName,
    journal: &Journal<'_>,
) -> Result<Option<OperatorRequest>, ReconcileError> {
    let Some(value) = store.get_record(environment, REQUEST)? else { return Ok(None) };
    let request = understood(environment, value.clone())?;
    tracing::info!(who = request.who, reason = request.reason, command = ?request.command, "operator request journaled");
    journal.record(Event::Requested(request.clone()))?;
    store.swap_record(environment, REQUEST, Some(&value), None)?;
    Ok(Some(request))
}

/// A request that no run has journaled yet.
pub(super) fn waiting(
    store: &dyn Store,
    environment: &EnvironmentName,
) -> Result<Option<OperatorRequest>, ReconcileError> {
    let value = store.get_record(environment, REQUEST)?;
    value.map(|value| understood(environment, value)).transpose()
}

fn understood(
    environment: &EnvironmentName,
    value: serde_json::Value,
) -> Result<OperatorRequest, ReconcileError> {
    serde_json::from_value(value).map_err(|source| ReconcileError::Record {
        environment: environment.clone(),
        kind: REQUEST,
        source,
    })
}
