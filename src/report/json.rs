//! What every JSON document shares: the schema's name, instants, and the wire types of state, blocked and waiting.
//! `json.md` describes all documents. Fields are added, never renamed or removed.

use serde::Serialize;
use serde_json::Value;

use super::time_format;
use crate::model::{Instant, State};
use crate::plan::{Blocked, BlockedReason, PlannedState, Waiting, WaitingReason};
use crate::schedule::{Because, Tz};

/// The version of everything that tidegate prints as JSON.
pub const SCHEMA: &str = "tidegate/v1";

/// The state in every document.
#[derive(Serialize)]
pub(super) struct WireState {
    declared: State,
    effective: State,
    because: Because,
    until: Option<String>,
}

impl WireState {
    pub(super) fn of(state: &PlannedState, zone: Tz) -> Self {
        let PlannedState { declared, effective, because, until } = *state;
        Self { declared, effective, because, until: until.map(|until| instant(until, zone)) }
    }
}

/// Something that needs a person, in every document.
#[derive(Serialize)]
pub(super) struct WireBlocked<'a> {
    pub(super) reason: BlockedReason,
    pub(super) message: &'a str,
    pub(super) hints: &'a [String],
}

pub(super) fn blocked(blocked: &[Blocked]) -> Vec<WireBlocked<'_>> {
    fn wire(blocked: &Blocked) -> WireBlocked<'_> {
        WireBlocked { reason: blocked.reason, message: &blocked.message, hints: &blocked.hints }
    }
    blocked.iter().map(wire).collect()
}

/// Something that ends by itself, in every document.
#[derive(Serialize)]
pub(super) struct WireWaiting<'a> {
    pub(super) reason: WaitingReason,
    pub(super) message: &'a str,
    pub(super) until: Option<String>,
}

pub(super) fn waiting(waiting: &[Waiting], zone: Tz) -> Vec<WireWaiting<'_>> {
    fn wire(waiting: &Waiting, zone: Tz) -> WireWaiting<'_> {
        WireWaiting {
            reason: waiting.reason,
            message: &waiting.message,
            until: waiting.until.map(|until| instant(until, zone)),
        }
    }
    waiting.iter().map(|one| wire(one, zone)).collect()
}

/// A wire type as JSON.
pub(super) fn value(wire: &impl Serialize) -> Value {
    serde_json::to_value(wire).expect("wire types hold text, numbers and lists, which always become JSON")
}

/// The stable word of a unit variant: `migration-failed`.
pub(crate) fn word(variant: &impl Serialize) -> String {
    match value(variant) {
        Value::String(word) => word,
        other => other.to_string(),
    }
}

/// Instants on the wire: RFC 3339 with the offset of the environment's zone.
pub(super) fn instant(at: Instant, zone: Tz) -> String {
    time_format::rfc3339(at, zone)
}
