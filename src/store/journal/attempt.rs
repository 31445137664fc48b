//! An attempt at a migration, as far as the journal knows it. `ledger/migration.rs` moves it from one status to
//! the next.

use chrono::TimeDelta;

use super::event::Outcome;
use super::operator::OperatorRequest;
use crate::cloud::Placement;
use crate::model::{Instant, Version};

/// For this long after its intent, a migration task that AWS does not list may not be listed *yet*: the same request
/// may be sent again, with the same client token. Later the task counts as lost, and is never sent again. AWS lists
/// stopped tasks for about an hour; the rest of the hour is the margin.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html>
pub const LISTING_DELAY_MAX: TimeDelta = TimeDelta::minutes(45);

/// One try of a migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The resource id of the database.
    pub resource_id: String,
    /// The recorded schema version.
    pub from: Version,
    /// The version that the migration leads to.
    pub to: Version,
    /// Counts from 1 for each (database, to).
    pub number: u32,
    /// When the intent was written.
    pub intended_at: Instant,
    /// `clientToken` of the RunTask request.
    pub client_token: String,
    /// `startedBy` of the RunTask request.
    pub started_by: String,
    /// The task definition to run.
    pub definition: String,
    /// Where the task is placed; `None` = it was intended before placements were journaled.
    pub placement: Option<Placement>,
    /// The ARN of the task, once known.
    pub task: Option<String>,
    /// Whether a container of the task that counts has run, as far as tidegate knows: the point of no return.
    pub reached_running: bool,
    /// Set when an operator asked tidegate to stop its task.
    pub stop: Option<OperatorRequest>,
    /// Whether tidegate has reported that it exceeds its timeout.
    pub overdue: bool,
    /// Whether it failed or its result is unknown. tidegate then runs this migration again only when an operator
    /// asks for it, whichever version is recorded.
    pub ended_badly: bool,
    /// Whether it is open, ended or closed.
    pub status: AttemptStatus,
    /// The outcomes of the attempts before it, since the schema was last certain. It began on the schema that they
    /// left behind.
    pub after: Vec<Outcome>,
}

impl Attempt {
    /// The outcomes that the next attempt begins on: of this one and of those before it; none when the schema is
    /// certain.
    pub(super) fn left_behind(self) -> Vec<Outcome> {
        match self.status {
            AttemptStatus::Ended { outcome, .. } => self.after.into_iter().chain([outcome]).collect(),
            AttemptStatus::Open | AttemptStatus::Closed => Vec::new(),
        }
    }

    /// Whether the schema is as it was recorded, after this attempt and those before it. `atomic`: the declaration
    /// promises that a migration which exits non-zero by itself has changed nothing.
    pub fn leaves_the_schema_known(&self, atomic: bool) -> bool {
        let before = self.after.iter().all(|outcome| outcome.has_changed_nothing(atomic));
        match &self.status {
            AttemptStatus::Open => before && !self.reached_running,
            AttemptStatus::Ended { outcome, .. } => {
                outcome.succeeded || (before && outcome.has_changed_nothing(atomic))
            }
            AttemptStatus::Closed => true,
        }
    }

    /// Whether its result, or that of an attempt before it, is unknown, or whether it ran at all.
    pub fn is_in_doubt(&self) -> bool {
        let last = match &self.status {
            AttemptStatus::Ended { outcome, .. } => Some(outcome),
            AttemptStatus::Open => None,
            AttemptStatus::Closed => return false,
        };
        self.after.iter().chain(last).any(|outcome| outcome.unknown || outcome.unclear)
    }
}

impl Outcome {
    /// Whether the attempt has certainly left the schema as it was. `atomic` is a promise about a migration that ends
    /// by itself; one that was killed may have committed a moment before.
    pub fn has_changed_nothing(&self, atomic: bool) -> bool {
        let said_no = self.ended_by_itself() && self.exit_code != Some(0);
        !self.unknown && (!self.reached_running || (atomic && said_no))
    }
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptStatus {
    /// No outcome yet.
    Open,
    /// It has ended. Either its version is not recorded yet, or it failed.
    Ended {
        /// How it ended.
        outcome: Outcome,
        /// When tidegate wrote that down.
        at: Instant,
    },
    /// Its version is recorded, or an operator recorded another one: nothing is left to decide.
    Closed,
}
