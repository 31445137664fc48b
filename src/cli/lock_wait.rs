//! Waiting while another process holds the lock on an environment: only one process at a time acts on it. The
//! waiting takes real time, also where the cloud is a simulated one with a clock of its own.

use std::time::Duration;

use super::error::CliError;
use super::ui;
use crate::clock::{Clock, Monotonic, SystemClock};
use crate::model::EnvironmentName;
use crate::reconcile::ShutdownLevel;
use crate::signals::Shutdown;

/// How often the lock is tried again: two people who wait for each other do not notice a shorter time.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// The wait for a lock, bounded by a timeout and by Ctrl-C.
pub(super) struct LockWait<'a> {
    interrupt: &'a Shutdown,
    timeout: Option<Duration>,
    begun_at: Monotonic,
    /// The holder that was printed last, so that each is printed once.
    printed: Option<String>,
}

impl<'a> LockWait<'a> {
    /// Begins now. `timeout` is the longest time that the whole command may take; none = no bound.
    pub(super) fn begin(interrupt: &'a Shutdown, timeout: Option<Duration>) -> Self {
        Self { interrupt, timeout, begun_at: SystemClock.monotonic(), printed: None }
    }

    /// The rest of the timeout; none where there is no timeout.
    pub(super) fn left(&self) -> Option<Duration> {
        let waited = SystemClock.monotonic().since(self.begun_at);
        self.timeout.map(|timeout| timeout.saturating_sub(waited))
    }

    /// How fast a signal asks the program to end.
    pub(super) fn shutdown(&self) -> ShutdownLevel {
        self.interrupt.level()
    }

    /// Waits a moment while `holder` has the lock, and prints that once.
    ///
    /// # Errors
    /// When the timeout is over, or a signal asks the program to end.
    pub(super) fn wait(&mut self, environment: &EnvironmentName, holder: &str) -> Result<(), CliError> {
        let locked = |message: &str| {
            CliError::failure(message)
                .because_of(format!("`{environment}` is locked by {holder}"))
                .hint(format!("wait for it, or see what it does: tidegate status {environment}"))
        };
        if self.printed.as_deref() != Some(holder) {
            ui::say(&format!("waiting: `{environment}` is locked by {holder}\n"));
            self.printed = Some(holder.to_owned());
        }
        if self.shutdown() > ShutdownLevel::None {
            return Err(locked("interrupted while waiting for the lock; nothing was changed"));
        }
        if self.left().is_some_and(|left| left.is_zero()) {
            return Err(locked("timeout reached while waiting for the lock; nothing was changed"));
        }
        SystemClock.pause(self.left().map_or(TRY_EVERY, |left| left.min(TRY_EVERY)));
        Ok(())
    }
}
