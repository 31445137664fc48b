//! The time of a schedule, cut into stretches of one state each.

use chrono::TimeDelta;

use crate::model::{Instant, State};
use crate::report::ScheduleView;
use crate::schedule::{self, StateInputs};

/// A stretch of time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) state: State,
    pub(super) length: TimeDelta,
}

impl<'a> ScheduleView<'a> {
    /// What decided the state at `at`: a run-time override counts only from the instant it was set.
    pub(super) fn inputs_at(&self, at: Instant) -> StateInputs<'a> {
        let is_set = self.override_since.is_none_or(|since| at >= since);
        StateInputs { runtime_override: self.inputs.runtime_override.filter(|_| is_set), ..self.inputs }
    }
}

/// The time between two instants, as stretches.
pub(super) fn between(view: &ScheduleView, from: Instant, to: Instant) -> Vec<Stretch> {
    let set_at = view.override_since.filter(|since| from < *since && *since < to);
    let Some(set_at) = set_at else { return with_inputs(&view.inputs_at(from), from, to) };
    let before = with_inputs(&view.inputs_at(from), from, set_at);
    before.into_iter().chain(with_inputs(&view.inputs, set_at, to)).collect()
}

fn with_inputs(inputs: &StateInputs, from: Instant, to: Instant) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let (mut since, mut state) = (from, schedule::state_at(from, inputs).state);
    for change in schedule::changes(from, to, inputs) {
        stretches.push(Stretch { state, length: change.at - since });
        (since, state) = (change.at, change.state);
    }
    stretches.push(Stretch { state, length: to - since });
    stretches
}

/// How long the environment is not stopped in these stretches.
pub(super) fn awake(stretches: &[Stretch]) -> TimeDelta {
    let awake = stretches.iter().filter(|stretch| stretch.state != State::Stopped);
    awake.map(|stretch| stretch.length).sum()
}
