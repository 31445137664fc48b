//! A decision as a value: the goal, and what people are to know of it. Decisions are returned and chained, never
//! accumulated in a place that several functions write to.

use super::goal::{Goal, Work};
use super::schema::GiveUp;
use crate::model::{Instant, Version};
use crate::plan::report::{Awake, Blocked, Waiting, WaitingReason};
use crate::store::journal::{Attempt, Recorded};

/// The goal of a pass, and the reasons for it.
#[derive(Debug)]
pub(in crate::plan) struct Decision {
    pub goal: Goal,
    pub blocked: Vec<Blocked>,
    pub waiting: Vec<Waiting>,
    pub notes: Vec<String>,
    /// What was started outside tidegate while the environment sleeps.
    pub awake: Vec<Awake>,
    /// Journal first that this release is given up.
    pub give_up: Option<GiveUp>,
    /// Record this schema version: before anything else, or, where nothing depends on it, at the end.
    pub record: Option<(Version, Recorded)>,
    /// Write off this attempt: AWS no longer lists its task.
    pub lost: Option<Attempt>,
}

impl Decision {
    /// A goal about which nothing has to be said.
    pub(super) fn towards(goal: Goal) -> Decision {
        Decision {
            goal,
            blocked: Vec::new(),
            waiting: Vec::new(),
            notes: Vec::new(),
            awake: Vec::new(),
            give_up: None,
            record: None,
            lost: None,
        }
    }

    /// The same with another goal.
    pub(super) fn with_goal(self, change: impl FnOnce(Goal) -> Goal) -> Decision {
        Decision { goal: change(self.goal), ..self }
    }

    /// The same, with the migration on the way.
    pub(super) fn with_migration(self, work: Work) -> Decision {
        self.with_goal(|goal| Goal { migration: Some(work), ..goal })
    }

    pub(super) fn blocked_by(self, blocked: impl IntoIterator<Item = Blocked>) -> Decision {
        Decision { blocked: self.blocked.into_iter().chain(blocked).collect(), ..self }
    }

    pub(super) fn waiting_for(
        self,
        reason: WaitingReason,
        message: impl Into<String>,
        until: Option<Instant>,
    ) -> Decision {
        self.waiting(Waiting { reason, message: message.into(), until })
    }

    pub(super) fn waiting(self, waiting: Waiting) -> Decision {
        Decision { waiting: self.waiting.into_iter().chain([waiting]).collect(), ..self }
    }

    pub(super) fn noting(self, notes: impl IntoIterator<Item = String>) -> Decision {
        Decision { notes: self.notes.into_iter().chain(notes).collect(), ..self }
    }
}
