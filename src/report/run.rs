//! What a run did: one value, then JSON or text of it.

mod text;
mod wire;

use crate::model::{EnvironmentName, Instant};
use crate::reconcile::{Closure, Run, RunOutcome};
use crate::schedule::Tz;

pub use text::{history as history_text, summary};
pub use wire::{history as history_json, json};

/// A run with what is needed to show it.
#[derive(Clone, Copy, Debug)]
pub struct RunView<'a> {
    /// The run.
    pub run: &'a Run,
    /// Every closing of the environment's gate.
    pub closures: &'a [Closure],
    /// Whether its process still acts.
    pub is_under_way: bool,
    /// The present.
    pub now: Instant,
    /// The zone in which its readers think.
    pub zone: Tz,
}

/// The runs of an environment, newest first.
#[derive(Clone, Debug)]
pub struct HistoryView<'a> {
    /// Whose.
    pub environment: &'a EnvironmentName,
    /// Its newest runs.
    pub runs: Vec<RunView<'a>>,
}

/// How a run stands: its outcome, or why it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    As(RunOutcome),
    /// It goes on.
    UnderWay,
    /// Its process died.
    Interrupted,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Ended::As(outcome) => outcome.as_str(),
            Ended::UnderWay => "running",
            Ended::Interrupted => "interrupted",
        }
    }
}

impl RunView<'_> {
    fn ended(&self) -> Ended {
        match self.run.outcome {
            Some(outcome) => Ended::As(outcome),
            None if self.is_under_way => Ended::UnderWay,
            None => Ended::Interrupted,
        }
    }

    /// The last that is known of it.
    fn last_seen_at(&self) -> Instant {
        let of_steps = self.run.steps.last().map_or(self.run.started_at, |step| step.finished_at);
        let open = if self.is_under_way { self.now } else { of_steps };
        self.run.finished_at.unwrap_or(open)
    }

    /// How users were locked out while it ran, if they were.
    fn closure(&self) -> Option<Closure> {
        let (from, to) = (self.run.started_at, self.last_seen_at());
        self.closures.iter().rev().find(|closure| closure.touches(from, to)).copied()
    }
}

#[cfg(test)]
mod tests;
