//! An attempt at a migration, as far as the journal knows it. How it goes from one status to the next is the
//! ledger's.

use chrono::TimeDelta;

use super::event::{OperatorRequest, Outcome};
use crate::model::{Instant, Version};

/// For this long after its intent, a migration task that AWS does not list may not be listed *yet*: the same request
/// may be sent again, with the same client token. Later the task counts as lost, and is never sent again. AWS lists
/// stopped tasks for about an hour; the rest of the hour is the margin.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html>
pub const LISTING_DELAY_MAX: TimeDelta = TimeDelta::minutes(45);

/// An attempt at a migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The database.
    pub resource_id: String,
    /// Recorded version.
    pub from: Version,
    /// Wanted version.
    pub to: Version,
    /// Counts from 1.
    pub number: u32,
    /// When the intent was written.
    pub intended_at: Instant,
    /// `clientToken`
    pub client_token: String,
    /// `startedBy`
    pub started_by: String,
    /// The definition to run.
    pub definition: String,
    /// The task, once known.
    pub task: Option<String>,
    /// Whether the task is known to have reached RUNNING: the point of no return.
    pub reached_running: bool,
    /// A person wants its task to be stopped.
    pub stop: Option<OperatorRequest>,
    /// A person was told that it takes too long.
    pub overdue: bool,
    /// It failed, or nobody knows: it is not run again without being asked, whatever the schema is said to be.
    pub ended_badly: bool,
    /// How far it is.
    pub status: AttemptStatus,
    /// How those before it ended, since the schema was certain last: it began on what they left behind.
    pub after: Vec<Outcome>,
}

impl Attempt {
    /// What the next attempt begins on: how this one ended, and those before it, unless the schema is certain.
    pub(super) fn left_behind(self) -> Vec<Outcome> {
        match self.status {
            AttemptStatus::Ended { outcome, .. } => self.after.into_iter().chain([outcome]).collect(),
            AttemptStatus::Open | AttemptStatus::Closed => Vec::new(),
        }
    }

    /// Whether nobody knows how it ended, or one that it came after.
    pub fn is_in_doubt(&self) -> bool {
        let last = match &self.status {
            AttemptStatus::Ended { outcome, .. } => Some(outcome),
            AttemptStatus::Open => None,
            AttemptStatus::Closed => return false,
        };
        self.after.iter().chain(last).any(|outcome| outcome.unknown)
    }
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptStatus {
    /// No outcome yet.
    Open,
    /// It is over; the schema is not recorded yet, or it failed.
    Ended {
        /// How.
        outcome: Outcome,
        /// When.
        at: Instant,
    },
    /// Its version is recorded, or a person recorded another: nothing is left to decide.
    Closed,
}
