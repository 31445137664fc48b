//! How an action ended, as a value for the report.

use std::fmt;

use super::error::ActionError;
use crate::model::Instant;

/// How one action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionOutcome {
    /// The action's id.
    pub id: String,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub finished_at: Instant,
    /// How.
    pub result: ActionResult,
}

/// The four ways in which an action ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionResult {
    /// The resource is as intended.
    Done,
    /// Another try may succeed by itself: nothing was changed, or AWS was throttling or away for a while.
    Again {
        /// What went wrong.
        why: String,
    },
    /// tidegate stopped waiting; the effect continues in AWS, and the next pass finds it.
    Unfinished {
        /// What it waited for.
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
            Err(ActionError::Interrupted(what)) => ActionResult::Unfinished { what },
            Err(error) if error.is_transient() => ActionResult::Again { why: error.to_string() },
            Err(error) => ActionResult::Failed { why: error.with_way_out() },
        }
    }
}

impl fmt::Display for ActionResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActionResult::Done => f.write_str("done"),
            ActionResult::Again { why } => write!(f, "will be tried again: {why}"),
            ActionResult::Unfinished { what } => write!(f, "continues in AWS: {what}"),
            ActionResult::Failed { why } => write!(f, "failed: {why}"),
        }
    }
}
