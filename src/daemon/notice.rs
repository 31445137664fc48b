//! News about the repository and its declarations, from the thread that polls to the log.

use crate::model::{EnvironmentName, Instant, Revision};

/// A change in the repository or its declarations that is worth one log line.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The declarations of a new revision are in force.
    Adopted {
        /// The revision, or `worktree`.
        revision: Revision,
        /// The number of environments that it declares without an error.
        environments: usize,
    },
    /// An environment's declaration has errors; the last good one stays in force.
    Broken {
        /// The environment with the errors.
        environment: EnvironmentName,
        /// The commit with the errors.
        revision: Revision,
        /// The first error, with its place.
        error: String,
        /// The revision that stays in force for it; none = it has no earlier valid declaration.
        kept: Option<Revision>,
    },
    /// An environment was removed from the repository: tidegate no longer manages it.
    Unmanaged {
        /// The environment that was removed.
        environment: EnvironmentName,
    },
    /// The repository cannot be read; the last good declarations stay in force.
    Unreachable {
        /// The error with its causes, in one line.
        error: String,
        /// How an operator may repair it.
        hint: String,
        /// The newest revision in force; none = no poll has succeeded yet.
        accepted: Option<Revision>,
        /// Since when that revision is in force.
        since: Option<Instant>,
    },
    /// The repository can be read again.
    Reachable,
    /// The branch was force-pushed. The new history is not in force until a person accepts it.
    Rewritten {
        /// The revision that was accepted last.
        from: Revision,
        /// The newest commit of the new history.
        to: Revision,
        /// The newest revision in force; none = no declarations are in force since the daemon started.
        accepted: Option<Revision>,
    },
    /// At the start: the store keeps this declaration, which is in force until a poll brings another one.
    Restored {
        /// The environment.
        environment: EnvironmentName,
        /// The revision that the declaration came from.
        revision: Revision,
        /// Since when it is in force.
        since: Instant,
    },
    /// At the start: the store keeps a declaration that is of no use.
    NotRestored {
        /// The environment.
        environment: EnvironmentName,
        /// Why not.
        why: String,
    },
    /// A person accepted a revision, but no force-pushed history that begins with it is pending.
    NothingPending {
        /// The revision as the person wrote it.
        named: String,
    },
}
