//! The wire types of runs. Fields are added, never renamed or removed.

use serde::Serialize;
use serde_json::Value;

use crate::model::Revision;
use crate::reconcile::{ActionReport, LockedOut, ReleaseReport, StepReport};
use crate::report::json::{self, SCHEMA, WireBlocked, WireWaiting};
use crate::report::{HistoryView, RunView};
use crate::store::journal::OperatorRequest;

/// `history --output json`
#[derive(Serialize)]
struct WireHistory<'a> {
    schema: &'static str,
    environment: &'a str,
    runs: Vec<WireRun<'a>>,
}

/// `apply --output json`, and each run of a history.
#[derive(Serialize)]
struct WireRun<'a> {
    schema: &'static str,
    id: &'a str,
    environment: &'a str,
    revision: &'a Revision,
    holder: &'a str,
    started_at: String,
    finished_at: Option<String>,
    /// The outcome's word; `running` or `interrupted` for a run without an outcome.
    outcome: &'static str,
    message: Option<&'a str>,
    release: Option<&'a ReleaseReport>,
    requests: &'a [OperatorRequest],
    /// The overrides and suspensions that ended by themselves during the run.
    notes: &'a [String],
    /// The last closing of the gate that overlaps the run.
    gate_closed: Option<WireClosure>,
    /// The length of `gate_closed`: 0 = the gate stayed open, null = the gate is still closed.
    downtime_seconds: Option<i64>,
    steps: Vec<WireStep<'a>>,
    blocked: Vec<WireBlocked<'a>>,
    waiting: Vec<WireWaiting<'a>>,
}

#[derive(Serialize)]
struct WireClosure {
    since: String,
    until: Option<String>,
}

#[derive(Serialize)]
struct WireStep<'a> {
    step: &'a str,
    started_at: String,
    finished_at: String,
    outcome: &'a str,
    actions: Vec<WireAction<'a>>,
}

#[derive(Serialize)]
struct WireAction<'a> {
    id: &'a str,
    kind: &'a str,
    resource: &'a str,
    before: &'a str,
    after: &'a str,
    reason: &'a str,
    corrects: Option<&'a str>,
    started_at: String,
    finished_at: String,
    outcome: &'a str,
    message: Option<&'a str>,
    /// The ways out of what went wrong.
    hints: &'a [String],
}

/// One run as JSON.
pub fn json(view: &RunView) -> Value {
    json::value(&gather(view))
}

/// The runs of an environment as JSON, newest first.
pub fn history(view: &HistoryView) -> Value {
    json::value(&WireHistory {
        schema: SCHEMA,
        environment: view.environment.as_str(),
        runs: view.runs.iter().map(gather).collect(),
    })
}

fn gather<'a>(view: &RunView<'a>) -> WireRun<'a> {
    let RunView { run, zone, .. } = *view;
    let at = |instant| json::instant(instant, zone);
    let closure = view.closure();
    let action = |action: &'a ActionReport| WireAction {
        id: &action.id,
        kind: &action.kind,
        resource: &action.resource,
        before: &action.before,
        after: &action.after,
        reason: &action.reason,
        corrects: action.corrects.as_deref(),
        started_at: at(action.started_at),
        finished_at: at(action.finished_at),
        outcome: &action.outcome,
        message: action.message.as_deref(),
        hints: &action.hints,
    };
    let step = |step: &'a StepReport| WireStep {
        step: &step.step,
        started_at: at(step.started_at),
        finished_at: at(step.finished_at),
        outcome: &step.outcome,
        actions: step.actions.iter().map(action).collect(),
    };
    WireRun {
        schema: SCHEMA,
        id: run.id.as_str(),
        environment: run.environment.as_str(),
        revision: &run.revision,
        holder: &run.holder,
        started_at: at(run.started_at),
        finished_at: run.finished_at.map(at),
        outcome: view.status().as_str(),
        message: run.message.as_deref(),
        release: run.release.as_ref(),
        requests: &run.requests,
        notes: &run.notes,
        gate_closed: closure
            .map(|closure| WireClosure { since: at(closure.since), until: closure.until.map(at) }),
        downtime_seconds: match closure.map(|closure| view.locked_out(&closure)) {
            None => Some(0),
            Some(LockedOut::For(length)) => Some(length.num_seconds()),
            Some(LockedOut::Still) => None,
        },
        steps: run.steps.iter().map(step).collect(),
        blocked: run
            .blocked
            .iter()
            .map(|blocked| WireBlocked {
                reason: blocked.reason,
                message: &blocked.message,
                hints: &blocked.hints,
            })
            .collect(),
        waiting: run
            .waiting
            .iter()
            .map(|waiting| WireWaiting {
                reason: waiting.reason,
                message: &waiting.message,
                until: waiting.until.map(at),
            })
            .collect(),
    }
}
