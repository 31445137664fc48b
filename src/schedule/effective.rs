//! The effective state at an instant, why, and when it changes: an override wins over the schedule, and the schedule
//! over `state:`.
//!
//! A hold wins over all of them. It comes from the journal and not from time, so it is not known here.

use serde::{Deserialize, Serialize};

use super::hours::{Schedule, ScheduleVerdict};
use super::wall::{instant_of, wall_at};
use crate::model::{Instant, State};

/// A temporary state that an operator set. It holds before `until`, and no longer at that instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The state to keep the environment in.
    pub state: State,
    /// The first instant at which the override no longer holds.
    pub until: Instant,
    /// The operator's reason.
    pub reason: String,
}

/// Everything that decides the state of an environment.
#[derive(Clone, Copy, Debug)]
pub struct StateInputs<'a> {
    /// `state:`: it holds inside the hours of the schedule, and always if there is none.
    pub state: State,
    /// `schedule:`, if the environment has one.
    pub schedule: Option<&'a Schedule>,
    /// `override:` in git, expired or not.
    pub git_override: Option<&'a Override>,
    /// The override that an operator set at run time: wins over the one in git.
    pub runtime_override: Option<&'a Override>,
}

/// Why a state holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Because {
    /// `state:` decides.
    Declared,
    /// The last `start` or `stop` of the schedule decides.
    Schedule,
    /// A day in `except` or `holidays`, or hours in `also`.
    Calendar,
    /// An override decides, from git or set at run time.
    Override,
    /// A hold decides. This room never answers this.
    Hold,
}

/// The effective state at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveState {
    /// The state in effect.
    pub state: State,
    /// Which input decides it.
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
    /// Which input decides the new state; after an override ends, the input that decides then.
    pub because: Because,
}

/// The state at `t`: an unexpired run-time override; else one in git; else `stopped` outside the hours of the
/// schedule; else `state:`.
pub fn state_at(t: Instant, inputs: &StateInputs) -> EffectiveState {
    let (state, because) = state_and_reason_at(t, inputs);
    let until = match override_at(t, inputs) {
        Some(holds) => Some(holds.until),
        None => next_change(t, inputs).map(|change| change.at),
    };
    EffectiveState { state, because, until }
}

/// The first change after `t` to another state than at `t`. `None` if the state never changes again; crontab lines
/// are known until the end of the year 2100.
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

/// Each change after `from` and before `to`, oldest first. The state at `from` itself is not a change.
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

/// The first instant after `t` at which the state may change.
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

/// The schedule, if it matters: with `state: stopped` the environment is stopped inside its hours, too.
fn schedule_of<'a>(inputs: &StateInputs<'a>) -> Option<&'a Schedule> {
    inputs.schedule.filter(|_| inputs.state != State::Stopped)
}
