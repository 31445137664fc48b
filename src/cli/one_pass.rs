//! Waiting for one's turn: one tidegate at a time acts on an environment. In time that really passes, whatever
//! time the cloud lives in.

use std::time::Duration;

use super::error::CliError;
use super::ui;
use crate::clock::{Clock, SystemClock};
use crate::model::{EnvironmentName, Instant};
use crate::reconcile::ShutdownLevel;
use crate::signals::Shutdown;

/// How often it is tried: people who wait for each other do not notice less.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Somebody who waits.
pub(super) struct Turn<'a> {
    interrupt: &'a Shutdown,
    timeout: Option<Duration>,
    begun_at: Instant,
    told: Option<String>,
}

impl<'a> Turn<'a> {
    /// Begins now. `timeout` = the longest it may take; none = for ever.
    pub(super) fn begin(interrupt: &'a Shutdown, timeout: Option<Duration>) -> Self {
        Self { interrupt, timeout, begun_at: SystemClock.now(), told: None }
    }

    /// What is left of the time.
    pub(super) fn left(&self) -> Option<Duration> {
        let waited = (SystemClock.now() - self.begun_at).to_std().unwrap_or_default();
        self.timeout.map(|timeout| timeout.saturating_sub(waited))
    }

    /// Whether somebody wants the program to go.
    pub(super) fn haste(&self) -> ShutdownLevel {
        self.interrupt.level()
    }

    /// Waits a little while `by` acts, and says so once.
    ///
    /// # Errors
    /// When the time is up, or when somebody wants the program to go.
    pub(super) fn wait(&mut self, environment: &EnvironmentName, by: &str) -> Result<(), CliError> {
        let busy = |message: &str| {
            CliError::failure(message)
                .because_of(format!("`{environment}` is being worked on by {by}"))
                .hint(format!("wait for it, or see how it goes: tidegate status {environment}"))
        };
        if self.haste() > ShutdownLevel::None {
            return Err(busy("stopped while waiting; nothing has been done"));
        }
        if self.left().is_some_and(|left| left.is_zero()) {
            return Err(busy("the time is up; nothing has been done"));
        }
        if self.told.as_deref() != Some(by) {
            ui::say(&format!("waiting: `{environment}` is being worked on by {by}\n"));
            self.told = Some(by.to_owned());
        }
        SystemClock.pause(self.left().map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY)));
        Ok(())
    }
}
