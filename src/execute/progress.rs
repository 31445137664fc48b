//! Reports of a running run: to a terminal, a log, a page. Nothing that a run does depends on them.

use super::outcome::ActionOutcome;
use crate::plan::{Action, Plan, Step};

/// Hears of a run while it runs. Every method does nothing unless it is implemented.
pub trait Progress: Send + Sync {
    /// A pass has planned; the next thing is the plan's first step, or the end.
    fn plan_ready(&self, _plan: &Plan) {}
    /// A step begins.
    fn step_started(&self, _step: Step, _actions: &[Action]) {}
    /// An action begins.
    fn action_started(&self, _action: &Action) {}
    /// Where an action stands: `running 1/2`.
    fn action_progress(&self, _id: &str, _text: &str) {}
    /// An action ended.
    fn action_finished(&self, _action: &Action, _outcome: &ActionOutcome) {}
}

/// Reports nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
