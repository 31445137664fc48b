//! The wire types of plans: what programs may rely on. Fields are added, never renamed or removed.

use serde::Serialize;
use serde_json::Value;

use super::PlanView;
use super::overrides::{self, WireAwake, WireOverride, WireSuspension};
use super::preflight::{self, WireTopic};
use crate::model::{Instant, Mode, Revision, State};
use crate::plan::{Action, Blocked, BlockedReason, Drift, Plan, WaitingReason};
use crate::schedule::{Because, Tz};

/// The version of everything that tidegate prints as JSON.
pub const SCHEMA: &str = "tidegate/v1";

#[derive(Serialize)]
struct WirePlan<'a> {
    schema: &'static str,
    environment: &'a str,
    revision: &'a Revision,
    mode: Mode,
    state: WireState,
    actions: Vec<WireAction<'a>>,
    blocked: Vec<WireBlocked<'a>>,
    waiting: Vec<WireWaiting<'a>>,
    drift: Vec<WireDrift<'a>>,
    awake: Vec<WireAwake<'a>>,
    #[serde(rename = "override")]
    override_: Option<WireOverride<'a>>,
    suspended: Option<WireSuspension<'a>>,
    notes: &'a [String],
    expected_downtime_seconds: Option<u64>,
    later: Option<WireLater<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<Vec<WireTopic<'a>>>,
}

/// What would be done when the wait is over.
#[derive(Serialize)]
struct WireLater<'a> {
    at: String,
    actions: Vec<WireAction<'a>>,
    blocked: Vec<WireBlocked<'a>>,
    expected_downtime_seconds: Option<u64>,
}

/// The state in every document.
#[derive(Serialize)]
pub(super) struct WireState {
    pub(super) declared: State,
    pub(super) effective: State,
    pub(super) because: Because,
    pub(super) until: Option<String>,
}

#[derive(Serialize)]
struct WireAction<'a> {
    id: &'a str,
    step: &'static str,
    kind: &'static str,
    resource: &'a str,
    before: &'a str,
    after: &'a str,
    reason: &'a str,
}

/// What is blocked, in every document.
#[derive(Serialize)]
pub(super) struct WireBlocked<'a> {
    pub(super) reason: BlockedReason,
    pub(super) message: &'a str,
    pub(super) hints: &'a [String],
}

/// What is waited for, in every document.
#[derive(Serialize)]
pub(super) struct WireWaiting<'a> {
    pub(super) reason: WaitingReason,
    pub(super) message: &'a str,
    pub(super) until: Option<String>,
}

#[derive(Serialize)]
struct WireDrift<'a> {
    resource: &'a str,
    field: &'a str,
    expected: &'a str,
    observed: &'a str,
}

/// `plan --output json`
pub fn plan(view: &PlanView) -> Value {
    let PlanView { environment, plan, zone, later, preflight, .. } = view;
    let state = &plan.state;
    value(&WirePlan {
        schema: SCHEMA,
        environment: environment.as_str(),
        revision: &plan.revision,
        mode: plan.mode,
        state: WireState {
            declared: state.declared,
            effective: state.effective,
            because: state.because,
            until: state.until.map(|until| instant(until, *zone)),
        },
        actions: actions(plan),
        blocked: blocked(plan),
        waiting: plan
            .waiting
            .iter()
            .map(|waiting| WireWaiting {
                reason: waiting.reason,
                message: &waiting.message,
                until: waiting.until.map(|until| instant(until, *zone)),
            })
            .collect(),
        drift: plan
            .drift
            .iter()
            .map(|Drift { resource, field, expected, observed }| WireDrift {
                resource,
                field,
                expected,
                observed,
            })
            .collect(),
        awake: overrides::awake(plan, *zone),
        override_: overrides::override_(view.standing, view.git_override, view.now, *zone),
        suspended: overrides::suspension(view.standing, *zone),
        notes: &plan.notes,
        expected_downtime_seconds: plan.expected_downtime_seconds,
        later: later.map(|later| WireLater {
            at: instant(later.at, *zone),
            actions: actions(&later.plan),
            blocked: blocked(&later.plan),
            expected_downtime_seconds: later.plan.expected_downtime_seconds,
        }),
        preflight: preflight.map(preflight::wire),
    })
}

fn actions(plan: &Plan) -> Vec<WireAction<'_>> {
    fn wire(action: &Action) -> WireAction<'_> {
        WireAction {
            id: &action.id,
            step: action.step.as_str(),
            kind: action.kind.as_str(),
            resource: &action.resource,
            before: &action.before,
            after: &action.after,
            reason: &action.reason,
        }
    }
    plan.actions.iter().map(wire).collect()
}

/// What is blocked, for every document that tells it.
pub(super) fn blocked(plan: &Plan) -> Vec<WireBlocked<'_>> {
    wire_blocked(&plan.blocked)
}

pub(super) fn wire_blocked(blocked: &[Blocked]) -> Vec<WireBlocked<'_>> {
    fn wire(blocked: &Blocked) -> WireBlocked<'_> {
        WireBlocked { reason: blocked.reason, message: &blocked.message, hints: &blocked.hints }
    }
    blocked.iter().map(wire).collect()
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
    super::time_format::rfc3339(at, zone)
}
