//! Reading or writing.

use std::time::Duration;

/// The purpose for which a verb opens the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read: makes no store and writes nothing.
    Look,
    /// To write: waits for another process that changes the same simulated world.
    Change {
        /// The longest wait.
        wait_max: Duration,
    },
}
