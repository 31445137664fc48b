//! The messages between the daemon's threads: what wakes the loop, and what the loop asks of the poller.
//!
//! They stand apart from the threads that send and receive them, so that these need not know each other.

use super::in_force::Notice;
use crate::source::SourceError;

/// Wakes the control loop.
#[derive(Debug)]
pub(super) enum LoopEvent {
    /// Someone wants the repository and every environment checked now.
    Poked {
        /// The person, as `user@host`, or the name of a signal.
        who: String,
    },
    /// The first poll has ended: passes may begin. An error means that waiting will not help.
    FirstPoll(Result<Vec<Notice>, SourceError>),
    /// A poll changed the declarations in force, or found trouble; never empty.
    Noticed(Vec<Notice>),
    /// The daemon shuts down.
    Stop,
}

/// Asks something of the thread that polls the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PollRequest {
    /// Poll now, not only when the interval has passed.
    Poll,
    /// A person accepts a force-pushed history whose newest commit begins with this text.
    AcceptRevision(String),
}
