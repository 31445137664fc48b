//! How a run stands: its outcome, or why it has none; and how its users were affected.

use crate::model::Instant;
use crate::reconcile::{Closure, LockedOut, RunOutcome};
use crate::report::RunView;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunStatus {
    /// The run has ended, with this outcome.
    Ended(RunOutcome),
    /// Its process still works.
    Running,
    /// Its process died before it could write an outcome.
    Interrupted,
}

impl RunStatus {
    /// The stable word of it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            RunStatus::Ended(outcome) => outcome.as_str(),
            RunStatus::Running => "running",
            RunStatus::Interrupted => "interrupted",
        }
    }
}

impl RunView<'_> {
    pub(super) fn status(&self) -> RunStatus {
        match self.run.outcome {
            Some(outcome) => RunStatus::Ended(outcome),
            None if self.is_running => RunStatus::Running,
            None => RunStatus::Interrupted,
        }
    }

    /// The end of the run, or the last instant of which something is known.
    pub(super) fn last_seen_at(&self) -> Instant {
        let of_steps = self.run.steps.last().map_or(self.run.started_at, |step| step.finished_at);
        let open = if self.is_running { self.now } else { of_steps };
        self.run.finished_at.unwrap_or(open)
    }

    /// The last closing of the gate that overlaps the run.
    pub(super) fn closure(&self) -> Option<Closure> {
        let (from, to) = (self.run.started_at, self.last_seen_at());
        self.closures.iter().rev().find(|closure| closure.touches(from, to)).copied()
    }

    /// How long that closing locked users out, as far as this run is concerned.
    pub(super) fn locked_out(&self, closure: &Closure) -> LockedOut {
        closure.locked_out(self.run.started_at, self.last_seen_at())
    }
}
