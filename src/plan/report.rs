//! A finished plan, and why it is as it is: what is blocked, waiting, drifting or awake.

mod blocked;
mod waiting;

pub use blocked::{Blocked, BlockedReason};
pub(in crate::plan) use blocked::{blocked, unreadable};
pub use waiting::{Waiting, WaitingReason};

use super::action::Action;
use crate::model::{Instant, Mode, Revision, State};
use crate::schedule::Because;

/// A finished plan: ordered actions and the reasons for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which commit it is for.
    pub revision: Revision,
    /// Whether it may be carried out.
    pub mode: Mode,
    /// The state it leads to.
    pub state: PlannedState,
    /// In order of execution: steps one after the other, actions of one step side by side.
    pub actions: Vec<Action>,
    /// What cannot go on without a person.
    pub blocked: Vec<Blocked>,
    /// What goes on by itself later.
    pub waiting: Vec<Waiting>,
    /// Differences that nobody declared.
    pub drift: Vec<Drift>,
    /// What somebody started while the environment sleeps.
    pub awake: Vec<Awake>,
    /// What people should know; nothing depends on it.
    pub notes: Vec<String>,
    /// Seconds for which users are locked out by this plan: `None` = until somebody opens the gate again.
    pub expected_downtime_seconds: Option<u64>,
}

/// The state a plan leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedState {
    /// `state:` in git.
    pub declared: State,
    /// What holds now.
    pub effective: State,
    /// Why.
    pub because: Because,
    /// Until when.
    pub until: Option<Instant>,
}

/// Something that runs although the environment sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awake {
    /// `service/web`, `database`.
    pub part: String,
    /// As people call it.
    pub resource: String,
    /// Since when that is known; none = it was not there before.
    pub since: Option<Instant>,
    /// Until when it is left alone; none = it is stopped now.
    pub left_until: Option<Instant>,
}

/// A difference that nobody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Of what.
    pub resource: String,
    /// Which field.
    pub field: String,
    /// As declared.
    pub expected: String,
    /// As found.
    pub observed: String,
}

impl Plan {
    /// The actions of the first step: what may be carried out now.
    pub fn frontier(&self) -> &[Action] {
        let Some(first) = self.actions.first() else { return &[] };
        let end = self.actions.iter().position(|action| action.step != first.step);
        &self.actions[..end.unwrap_or(self.actions.len())]
    }

    /// Whether nothing is to be done, and nothing stands in the way of anything.
    pub fn is_converged(&self) -> bool {
        self.actions.is_empty() && self.blocked.is_empty() && self.waiting.is_empty()
    }

    /// A release or a service is held: the gate stays closed until a person decides.
    pub fn is_held(&self) -> bool {
        self.state.because == Because::Hold
    }
}
