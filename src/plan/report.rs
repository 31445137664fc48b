//! A finished plan, and why it is as it is: what is blocked, waiting, drifting or awake.

mod blocked;
mod waiting;

pub use blocked::{Blocked, BlockedReason};
pub(in crate::plan) use blocked::{blocked, refused, unreadable};
pub use waiting::{Waiting, WaitingReason};

use super::action::{Action, Step};
use crate::model::{Instant, Mode, Revision, State};
use crate::schedule::Because;

/// A finished plan: ordered actions and the reasons for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The revision it is for.
    pub revision: Revision,
    /// Whether the plan may be carried out.
    pub mode: Mode,
    /// The state it leads to.
    pub state: PlannedState,
    /// In order of execution: steps one after the other, actions of one step side by side.
    pub actions: Vec<Action>,
    /// Problems that need an operator.
    pub blocked: Vec<Blocked>,
    /// Work that continues by itself later.
    pub waiting: Vec<Waiting>,
    /// Differences between the declaration and AWS that no release explains.
    pub drift: Vec<Drift>,
    /// What was started outside tidegate while the environment sleeps.
    pub awake: Vec<Awake>,
    /// Remarks for people; nothing depends on them.
    pub notes: Vec<String>,
    /// Seconds for which the plan locks users out; `None` = the plan leaves the gate closed.
    pub expected_downtime_seconds: Option<u64>,
}

/// The state a plan leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedState {
    /// `state:` in git.
    pub declared: State,
    /// The state that schedule and overrides give now.
    pub effective: State,
    /// Why the effective state is what it is.
    pub because: Because,
    /// Until when the effective state lasts, if that is known.
    pub until: Option<Instant>,
}

/// A service or the database that runs although the environment sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awake {
    /// `service/web`, `database`.
    pub part: String,
    /// Its name.
    pub resource: String,
    /// When tidegate first observed it; `None` = in this pass.
    pub since: Option<Instant>,
    /// Until when it keeps running; `None` = tidegate stops it now.
    pub left_until: Option<Instant>,
}

/// A difference between the declaration and AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The resource, by name.
    pub resource: String,
    /// The field: `count`, `image web`, `gate`.
    pub field: String,
    /// The declared value.
    pub expected: String,
    /// The observed value.
    pub observed: String,
}

impl Plan {
    /// The actions of the first step: what may be carried out now.
    pub fn frontier(&self) -> &[Action] {
        let Some(first) = self.actions.first() else { return &[] };
        let end = self.actions.iter().position(|action| action.step != first.step);
        &self.actions[..end.unwrap_or(self.actions.len())]
    }

    /// Whether a failure for good of the first step ends the release: it has begun, and its migration is still to be
    /// sent, so the schema is as it was.
    pub fn is_before_the_point_of_no_return(&self) -> bool {
        let lifts = |action: &Action| action.step >= Step::CloseGate && action.step <= Step::Migrate;
        self.actions.first().is_some_and(lifts) && self.actions.iter().any(Action::sends_a_migration)
    }

    /// Whether there is no action, nothing blocked and nothing waiting.
    pub fn is_converged(&self) -> bool {
        self.actions.is_empty() && self.blocked.is_empty() && self.waiting.is_empty()
    }

    /// Whether something that the plan rests on could not be read: without actions, it then says nothing about the
    /// environment.
    pub fn is_blind(&self) -> bool {
        self.blocked.iter().any(|blocked| blocked.reason == BlockedReason::Unreadable)
    }

    /// Whether the environment is held: the gate stays closed until an operator decides.
    pub fn is_held(&self) -> bool {
        self.state.because == Because::Hold
    }
}
