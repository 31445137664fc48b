//! How an action ended, as a value for the report.

use std::fmt;

use super::error::ActionError;
use crate::model::Instant;

/// How one action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionOutcome {
    /// The action's id.
    pub id: String,
    /// When it was taken up.
    pub started_at: Instant,
    /// When it ended.
    pub finished_at: Instant,
    /// How.
    pub result: ActionResult,
}

/// The four ways to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionResult {
    /// What was intended holds.
    Done,
    /// Another attempt may go better by itself: nothing was changed, or the cloud was out of breath.
    Again {
        /// What went wrong.
        why: String,
    },
    /// It goes on without us and is found again.
    Left {
        /// What was left to itself.
        what: String,
    },
    /// It failed.
    Failed {
        /// What went wrong.
        why: String,
    },
}

impl ActionResult {
    pub(super) fn of(done: Result<(), ActionError>) -> Self {
        match done {
            Ok(()) => ActionResult::Done,
            Err(ActionError::Again(why)) => ActionResult::Again { why },
            Err(ActionError::Left(what)) => ActionResult::Left { what },
            Err(ActionError::Cloud(error)) if error.kind.is_transient() => {
                ActionResult::Again { why: error.to_string() }
            }
            Err(error) => ActionResult::Failed { why: error.to_string() },
        }
    }
}

impl fmt::Display for ActionResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActionResult::Done => f.write_str("done"),
            ActionResult::Again { why } => write!(f, "to be tried again: {why}"),
            ActionResult::Left { what } => write!(f, "left: {what}"),
            ActionResult::Failed { why } => write!(f, "failed: {why}"),
        }
    }
}
