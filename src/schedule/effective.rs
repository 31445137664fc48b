//! The state that holds at an instant, why, and when it changes: overrides over schedule over declaration.
//!
//! A hold beats all of it, and is not known here: it comes from the journal, not from time.

use serde::{Deserialize, Serialize};

use super::hours::{Schedule, ScheduleVerdict};
use super::wall::{instant_of, wall_at};
use crate::model::{Instant, State};

/// A state that a person wants for a while. It holds before `until`, no longer at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The state wanted.
    pub state: State,
    /// Its end.
    pub until: Instant,
    /// Why, in the person's words.
    pub reason: String,
}

/// Everything that has a say in the state of an environment.
#[derive(Clone, Copy, Debug)]
pub struct StateInputs<'a> {
    /// `state:`, which the schedule follows inside its hours.
    pub state: State,
    /// `schedule:`; none = always `state`.
    pub schedule: Option<&'a Schedule>,
    /// `override:` in git.
    pub git_override: Option<&'a Override>,
    /// The override set at run time: beats the one in git.
    pub runtime_override: Option<&'a Override>,
}

/// Why a state holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Because {
    /// `state:` alone.
    Declared,
    /// The last start or stop.
    Schedule,
    /// A day in `except` or a span in `also`.
    Calendar,
    /// An override, from git or set at run time.
    Override,
    /// A hold. Never answered by this room.
    Hold,
}

/// What holds at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveState {
    /// The state.
    pub state: State,
    /// Why.
    pub because: Because,
    /// The end of the override that holds; without one, the next change of the state, if there is any.
    pub until: Option<Instant>,
}

/// A change of the effective state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first instant of the new state.
    pub at: Instant,
    /// The new state.
    pub state: State,
    /// Why it holds from then on: when an override ends, what holds after it.
    pub because: Because,
}

/// The state at `t`: an unexpired run-time override; else one in git; else `stopped` outside the hours of the
/// schedule; else the declared state.
pub fn state_at(t: Instant, inputs: &StateInputs) -> EffectiveState {
    let (state, because) = state_and_reason_at(t, inputs);
    let until = match override_at(t, inputs) {
        Some(holds) => Some(holds.until),
        None => next_change(t, inputs).map(|change| change.at),
    };
    EffectiveState { state, because, until }
}

/// The first change after `t`: another state than at `t`. None if it never changes again (crontabs are known
/// until the end of the year 2100).
pub fn next_change(t: Instant, inputs: &StateInputs) -> Option<Change> {
    let (before, _) = state_and_reason_at(t, inputs);
    // Every edge lies after the one before. Edges that change nothing are ends of the calendar's entries, and
    // starts and stops that cancel each other in a gap: a handful, never a walk over minutes.
    let edges = std::iter::successors(next_edge(t, inputs), |&edge| next_edge(edge, inputs));
    edges
        .map(|at| (at, state_and_reason_at(at, inputs)))
        .find(|(_, (state, _))| *state != before)
        .map(|(at, (state, because))| Change { at, state, because })
}

/// Each change after `from` and before `to`, oldest first. What holds at `from` itself is not a change.
pub fn changes(from: Instant, to: Instant, inputs: &StateInputs) -> Vec<Change> {
    std::iter::successors(next_change(from, inputs), |change| next_change(change.at, inputs))
        .take_while(|change| change.at < to)
        .collect()
}

fn state_and_reason_at(t: Instant, inputs: &StateInputs) -> (State, Because) {
    if let Some(holds) = override_at(t, inputs) {
        return (holds.state, Because::Override);
    }
    let Some(schedule) = schedule_of(inputs) else {
        return (inputs.state, Because::Declared);
    };
    match schedule.verdict_at(wall_at(schedule.timezone, t)) {
        ScheduleVerdict::AlsoUp => (inputs.state, Because::Calendar),
        ScheduleVerdict::ExceptStopped => (State::Stopped, Because::Calendar),
        ScheduleVerdict::Up => (inputs.state, Because::Schedule),
        ScheduleVerdict::Stopped => (State::Stopped, Because::Schedule),
        ScheduleVerdict::Nothing => (inputs.state, Because::Declared),
    }
}

/// The first instant after `t` at which something else may hold.
fn next_edge(t: Instant, inputs: &StateInputs) -> Option<Instant> {
    if let Some(holds) = override_at(t, inputs) {
        return Some(holds.until);
    }
    let schedule = schedule_of(inputs)?;
    let edge = schedule.next_edge(wall_at(schedule.timezone, t))?;
    Some(instant_of(schedule.timezone, edge))
}

fn override_at<'a>(t: Instant, inputs: &StateInputs<'a>) -> Option<&'a Override> {
    let unexpired = |candidate: &&Override| t < candidate.until;
    inputs.runtime_override.filter(unexpired).or(inputs.git_override.filter(unexpired))
}

/// The schedule, if it has a say: what is declared `stopped` is stopped in and outside its hours.
fn schedule_of<'a>(inputs: &StateInputs<'a>) -> Option<&'a Schedule> {
    inputs.schedule.filter(|_| inputs.state != State::Stopped)
}
