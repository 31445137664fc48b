//! How a run ended, and what a plan without further actions means for the run that ends with it.

use serde::{Deserialize, Serialize};

use crate::plan::{BlockedReason, Plan, WaitingReason};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// The environment is as declared, or will be when it wakes.
    Converged,
    /// Only a window is missing.
    Window,
    /// `mode: observe`: actions are due, and none was carried out.
    Observed,
    /// An operator has to change something first.
    Blocked,
    /// A release failed and is held: the gate stays closed.
    Held,
    /// tidegate gave the release up before its point of no return.
    GivenUp,
    /// A step failed, and would fail again.
    Failed,
    /// Its deadline passed.
    TimedOut,
    /// A shutdown ended it.
    Stopped,
    /// The repository no longer declares the environment.
    Unmanaged,
}

impl RunOutcome {
    /// What a plan without further actions means for the run that ends with it.
    pub(in crate::reconcile) fn of(plan: &Plan) -> RunOutcome {
        let awaits = |reason| plan.waiting.iter().any(|waiting| waiting.reason == reason);
        if plan.is_held() {
            RunOutcome::Held
        } else if plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::GivenUp) {
            RunOutcome::GivenUp
        } else if !plan.blocked.is_empty() {
            RunOutcome::Blocked
        } else if !plan.actions.is_empty() {
            RunOutcome::Observed
        } else if awaits(WaitingReason::Person) {
            RunOutcome::Blocked
        } else if awaits(WaitingReason::Window) {
            RunOutcome::Window
        } else if plan.waiting.iter().all(|waiting| waiting.reason.ends_by_the_clock()) {
            RunOutcome::Converged
        } else {
            RunOutcome::TimedOut
        }
    }

    /// The word for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            RunOutcome::Converged => "converged",
            RunOutcome::Window => "window",
            RunOutcome::Observed => "observed",
            RunOutcome::Blocked => "blocked",
            RunOutcome::Held => "held",
            RunOutcome::GivenUp => "given-up",
            RunOutcome::Failed => "failed",
            RunOutcome::TimedOut => "timed-out",
            RunOutcome::Stopped => "stopped",
            RunOutcome::Unmanaged => "unmanaged",
        }
    }
}
