//! What several events have in common, as the journal writes it, and what it means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cloud::{Rollback, ScalableTarget, Suspended};
use crate::model::State;
use crate::store::journal::event::{GateParts, Outcome, Recorded};

/// Text keys and text values, whatever they mean to the program.
pub(super) fn texts<K: ToString, V: ToString>(map: &BTreeMap<K, V>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

/// The way back of [`texts`].
pub(super) fn named<K: Ord, V>(
    map: BTreeMap<String, String>,
    key: impl Fn(String) -> K,
    value: impl Fn(String) -> V,
) -> BTreeMap<K, V> {
    map.into_iter().map(|(name, text)| (key(name), value(text))).collect()
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WireState {
    Stopped,
    DbOnly,
    Restricted,
    Running,
}

impl From<State> for WireState {
    fn from(state: State) -> Self {
        match state {
            State::Stopped => WireState::Stopped,
            State::DbOnly => WireState::DbOnly,
            State::Restricted => WireState::Restricted,
            State::Running => WireState::Running,
        }
    }
}

impl From<WireState> for State {
    fn from(state: WireState) -> Self {
        match state {
            WireState::Stopped => State::Stopped,
            WireState::DbOnly => State::DbOnly,
            WireState::Restricted => State::Restricted,
            WireState::Running => State::Running,
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WireHow {
    FirstContact,
    Migration,
    Person,
    Unchanged,
}

impl From<Recorded> for WireHow {
    fn from(how: Recorded) -> Self {
        match how {
            Recorded::FirstContact => WireHow::FirstContact,
            Recorded::Migration => WireHow::Migration,
            Recorded::Person => WireHow::Person,
            Recorded::Unchanged => WireHow::Unchanged,
        }
    }
}

impl From<WireHow> for Recorded {
    fn from(how: WireHow) -> Self {
        match how {
            WireHow::FirstContact => Recorded::FirstContact,
            WireHow::Migration => Recorded::Migration,
            WireHow::Person => Recorded::Person,
            WireHow::Unchanged => Recorded::Unchanged,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireGateParts {
    header: String,
    load_balancer: Option<String>,
    function: Option<String>,
}

impl From<&GateParts> for WireGateParts {
    fn from(parts: &GateParts) -> Self {
        let GateParts { header, load_balancer, function } = parts.clone();
        Self { header, load_balancer, function }
    }
}

impl From<WireGateParts> for GateParts {
    fn from(parts: WireGateParts) -> Self {
        let WireGateParts { header, load_balancer, function } = parts;
        Self { header, load_balancer, function }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireOutcome {
    succeeded: bool,
    reached_running: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unclear: bool,
    unknown: bool,
    exit_code: Option<i32>,
    stop_code: Option<String>,
    reason: Option<String>,
    log_tail: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_unread: Option<String>,
}

impl From<&Outcome> for WireOutcome {
    fn from(outcome: &Outcome) -> Self {
        let Outcome {
            succeeded,
            reached_running,
            unclear,
            unknown,
            exit_code,
            stop_code,
            reason,
            log_tail,
            log_unread,
        } = outcome.clone();
        Self {
            succeeded,
            reached_running,
            unclear,
            unknown,
            exit_code,
            stop_code,
            reason,
            log_tail,
            log_unread,
        }
    }
}

impl From<WireOutcome> for Outcome {
    fn from(outcome: WireOutcome) -> Self {
        let WireOutcome {
            succeeded,
            reached_running,
            unclear,
            unknown,
            exit_code,
            stop_code,
            reason,
            log_tail,
            log_unread,
        } = outcome;
        Self {
            succeeded,
            reached_running,
            unclear,
            unknown,
            exit_code,
            stop_code,
            reason,
            log_tail,
            log_unread,
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct WireRollback {
    circuit_breaker: bool,
    alarms: bool,
}

impl From<Rollback> for WireRollback {
    fn from(rollback: Rollback) -> Self {
        let Rollback { circuit_breaker, alarms } = rollback;
        Self { circuit_breaker, alarms }
    }
}

impl From<WireRollback> for Rollback {
    fn from(rollback: WireRollback) -> Self {
        let WireRollback { circuit_breaker, alarms } = rollback;
        Self { circuit_breaker, alarms }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct WireScaling {
    min: u32,
    max: u32,
    suspended: WireSuspended,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct WireSuspended {
    dynamic_in: bool,
    dynamic_out: bool,
    scheduled: bool,
}

impl From<ScalableTarget> for WireScaling {
    fn from(target: ScalableTarget) -> Self {
        let ScalableTarget { min, max, suspended: Suspended { dynamic_in, dynamic_out, scheduled } } = target;
        Self { min, max, suspended: WireSuspended { dynamic_in, dynamic_out, scheduled } }
    }
}

impl From<WireScaling> for ScalableTarget {
    fn from(target: WireScaling) -> Self {
        let WireScaling { min, max, suspended } = target;
        let WireSuspended { dynamic_in, dynamic_out, scheduled } = suspended;
        Self { min, max, suspended: Suspended { dynamic_in, dynamic_out, scheduled } }
    }
}
