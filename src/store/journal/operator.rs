//! What operators ask of tidegate. Journal, records and runs write it in the words of `wire`.

use crate::model::{Instant, State, Version};

/// What an operator asked for. The journal keeps who and why forever.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorRequest {
    /// The operator, as the system knows them: `ann@laptop`.
    pub who: String,
    /// The reason that they gave.
    pub reason: String,
    /// The command.
    pub command: OperatorCommand,
}

/// A command that an operator can give.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorCommand {
    /// Try again: tidegate repeats the step that failed and is held.
    Retry,
    /// Give the release up before the point of no return: the recorded version stays.
    Abort {
        /// The version that tidegate gives up.
        version: Version,
    },
    /// Stop the task of the running migration. If the task never reached RUNNING, tidegate also gives the
    /// version up; if it did, the state of the schema is unknown.
    StopMigration {
        /// The number of the attempt.
        attempt: u32,
    },
    /// Record that the schema has this version.
    RecordSchema {
        /// The version.
        version: Version,
    },
    /// Begin the waiting release although its window is closed. Used up when a release begins.
    IgnoreWindow,
    /// Take the cluster over from another store.
    TakeOver,
    /// Keep the environment in this state for a while. The record in the store makes it hold; the journal only
    /// remembers it.
    Override {
        /// The state that holds instead of the declared one.
        state: State,
        /// When it ends.
        until: Instant,
    },
    /// End the override now.
    ClearOverride,
    /// Only observe the environment from now on. The record in the store makes it hold, as for an override.
    Suspend {
        /// When it ends; none = when an operator resumes it.
        until: Option<Instant>,
    },
    /// End the suspension now.
    Resume,
}
