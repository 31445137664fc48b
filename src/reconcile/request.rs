//! What people ask for reaches the journal here: they leave a record, whoever acts next writes it down.

use super::runner::ReconcileError;
use crate::model::EnvironmentName;
use crate::store::Store;
use crate::store::journal::Journal;
use crate::store::journal::{Event, OperatorRequest};

/// The kind of the record that holds a request.
pub const REQUEST: &str = "request";

/// Takes up a request, if there is one. It leaves its place only after it is in the journal; after a crash
/// between the two it is taken up twice, which decides nothing new.
pub(super) fn take_up(
    store: &dyn Store,
    environment: &EnvironmentName,
    journal: &Journal<'_>,
) -> Result<Option<OperatorRequest>, ReconcileError> {
    let Some(value) = store.get_record(environment, REQUEST)? else { return Ok(None) };
    let request = understood(environment, value.clone())?;
    tracing::info!(who = request.who, reason = request.reason, command = ?request.command, "taken up");
    journal.record(Event::Requested(request.clone()))?;
    store.swap_record(environment, REQUEST, Some(&value), None)?;
    Ok(Some(request))
}

/// A request that nobody has taken up yet.
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
