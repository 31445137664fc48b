//! The wire type of a plan. Fields are added, never renamed or removed.

use serde::Serialize;
use serde_json::Value;

use crate::model::{Mode, Revision};
use crate::plan::{Action, Drift, Plan};
use crate::report::PlanView;
use crate::report::json::{self, SCHEMA, WireBlocked, WireState, WireWaiting};
use crate::report::overrides::{self, WireAwake, WireOverride, WireSuspension};
use crate::report::preflight::{self, WireTopic};

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

/// The plan for the end of the wait.
#[derive(Serialize)]
struct WireLater<'a> {
    at: String,
    actions: Vec<WireAction<'a>>,
    blocked: Vec<WireBlocked<'a>>,
    expected_downtime_seconds: Option<u64>,
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

#[derive(Serialize)]
struct WireDrift<'a> {
    resource: &'a str,
    field: &'a str,
    expected: &'a str,
    observed: &'a str,
}

/// `plan --output json`
pub fn json(view: &PlanView) -> Value {
    let PlanView { environment, plan, zone, later, preflight, .. } = view;
    json::value(&WirePlan {
        schema: SCHEMA,
        environment: environment.as_str(),
        revision: &plan.revision,
        mode: plan.mode,
        state: WireState::of(&plan.state, *zone),
        actions: actions(plan),
        blocked: json::blocked(&plan.blocked),
        waiting: json::waiting(&plan.waiting, *zone),
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
        override_: overrides::override_(view.overrides, view.git_override, view.now, *zone),
        suspended: overrides::suspension(view.overrides, *zone),
        notes: &plan.notes,
        expected_downtime_seconds: plan.expected_downtime_seconds,
        later: later.map(|later| WireLater {
            at: json::instant(later.at, *zone),
            actions: actions(&later.plan),
            blocked: json::blocked(&later.plan.blocked),
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
