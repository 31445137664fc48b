//! The five conditions of a status: `Ready`, `Stalled`, `Waiting`, `Drifted`, `Failed`; and `Defect`, where tidegate
//! itself failed.

use serde::Serialize;

use crate::plan::WaitingReason;
use crate::reconcile::{Run, RunOutcome};
use crate::report::StatusView;
use crate::report::json::word;

/// One of five fixed questions about an environment, with its answer.
#[derive(Serialize)]
pub(super) struct Condition {
    /// `Ready`, `Stalled`, `Waiting`, `Drifted`, `Failed`, `Defect`
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) status: bool,
    /// A stable word, where the answer has one.
    pub(super) reason: String,
    pub(super) message: String,
    /// The ways out, one a line.
    pub(super) hints: Vec<String>,
}

/// Always the same five in this order, so that a dashboard need not guess what a missing one means. `Defect` stands
/// behind them only while there is one.
pub(super) fn conditions(view: &StatusView) -> Vec<Condition> {
    let plan = view.plan;
    let ready = plan.is_converged();
    let person = plan.waiting.iter().find(|waiting| waiting.reason == WaitingReason::Person);
    let blocked = plan.blocked.first();
    let stalled = blocked.map(|blocked| (word(&blocked.reason), &blocked.message));
    let stalled = stalled.or(person.map(|person| (word(&person.reason), &person.message)));
    let waiting = plan.waiting.first();
    let pending = plan.actions.len();
    let condition = |kind, status, reason: String, message: String| {
        let hints = plan.blocked.first().filter(|_| kind == "Stalled").map(|blocked| blocked.hints.clone());
        Condition { kind, status, reason, message, hints: hints.unwrap_or_default() }
    };
    let (ready_reason, ready_message) = match (ready, pending) {
        (true, _) => ("converged", "as declared".to_owned()),
        (false, 0) => ("not-converged", "not as declared, and tidegate can do nothing now".to_owned()),
        (false, 1) => ("changes-pending", "1 action is pending".to_owned()),
        (false, count) => ("changes-pending", format!("{count} actions are pending")),
    };
    let mut conditions = vec![
        condition("Ready", ready, ready_reason.to_owned(), ready_message),
        condition(
            "Stalled",
            stalled.is_some(),
            stalled.as_ref().map_or_else(|| "none".to_owned(), |(reason, _)| reason.clone()),
            stalled.map(|(_, message)| message.clone()).unwrap_or_default(),
        ),
        condition(
            "Waiting",
            waiting.is_some(),
            waiting.map_or_else(|| "none".to_owned(), |waiting| word(&waiting.reason)),
            waiting.map(|waiting| waiting.message.clone()).unwrap_or_default(),
        ),
        condition(
            "Drifted",
            !plan.drift.is_empty(),
            if plan.drift.is_empty() { "none" } else { "drift" }.to_owned(),
            plan.drift
                .first()
                .map(|drift| {
                    format!(
                        "{} {}: {}, expected {}",
                        drift.resource, drift.field, drift.observed, drift.expected
                    )
                })
                .unwrap_or_default(),
        ),
        failed(view),
    ];
    conditions.extend(view.defect.map(|defect| {
        let message = format!("a defect of tidegate ended the pass at {}: {}", defect.at, defect.message);
        condition("Defect", true, "panic".to_owned(), message)
    }));
    conditions
}

/// True when the last run ended badly and no run has converged since. What a person must decide is `Stalled`.
fn failed(view: &StatusView) -> Condition {
    let reached_at = view.ledger.converged.as_ref().map(|reached| reached.at);
    let is_over = |run: &Run| view.plan.is_converged() || reached_at.is_some_and(|at| at > run.started_at);
    let condition = |reason: &str, message: String| Condition {
        kind: "Failed",
        status: true,
        reason: reason.to_owned(),
        message,
        // Of a hold the plan knows the ways out: they stand at `Stalled`.
        hints: match view.last_run {
            Some(run) if run.outcome != Some(RunOutcome::Held) => run.ways_out().to_vec(),
            _ => Vec::new(),
        },
    };
    let run = view.last_run.filter(|run| !is_over(run));
    match run.map(|run| (run, run.outcome)) {
        Some((run, Some(outcome @ (RunOutcome::Failed | RunOutcome::TimedOut | RunOutcome::Held)))) => {
            let message = run.message.clone().or_else(|| run.failure());
            condition(outcome.as_str(), format!("run {}: {}", run.id, message.unwrap_or_default()))
        }
        Some((run, None)) => condition(
            "interrupted",
            format!("run {}: its process died; the next run continues from there", run.id),
        ),
        _ => Condition {
            kind: "Failed",
            status: false,
            reason: "none".to_owned(),
            message: String::new(),
            hints: Vec::new(),
        },
    }
}
