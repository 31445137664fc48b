//! Waiting for AWS: first a second, then longer, always with a deadline, and not beyond a shutdown.

use std::time::Duration;

use chrono::TimeDelta;

use super::error::ActionError;
use super::progress::Progress;
use crate::clock::{Clock, Monotonic};
use crate::store::journal::Journal;

/// The first pause. Most tags and rules can be read back at once.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause: short for a person who watches, long for AWS's throttles.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// The parts of an action's context that a wait needs.
#[derive(Clone, Copy)]
pub(super) struct Watcher<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) journal: &'a Journal<'a>,
    pub(super) progress: &'a dyn Progress,
    pub(super) cancel: &'a (dyn Fn() -> bool + Send + Sync),
}

/// One wait with its deadline.
pub(super) struct Wait<'a> {
    watcher: Watcher<'a>,
    id: &'a str,
    what: String,
    begun_at: Monotonic,
    at_most: Duration,
    pause: Duration,
}

impl<'a> Wait<'a> {
    pub(super) fn begin(watcher: Watcher<'a>, id: &'a str, what: String, at_most: Duration) -> Self {
        Self { watcher, id, what, begun_at: watcher.clock.monotonic(), at_most, pause: PAUSE_MIN }
    }

    /// Reports what was seen, and pauses.
    ///
    /// # Errors
    /// At the deadline, on shutdown, or when the lease is lost: its new holder waits, too.
    pub(super) async fn pause(&mut self, seen: &str) -> Result<(), ActionError> {
        self.watcher.journal.verify()?;
        if (self.watcher.cancel)() {
            return Err(ActionError::Interrupted(self.what.clone()));
        }
        let waited = self.waited();
        if waited >= self.at_most {
            let (what, seen) = (self.what.clone(), seen.to_owned());
            return Err(ActionError::Deadline { what, waited: self.at_most, seen });
        }
        let elapsed = humantime::format_duration(Duration::from_secs(waited.as_secs()));
        self.watcher.progress.action_progress(self.id, &format!("{seen}, {elapsed}"));
        self.watcher.clock.sleep(self.pause.min(self.at_most - waited)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }

    /// Pauses until an instant that is known in advance.
    pub(super) async fn until(&mut self, until: Monotonic, seen: &str) -> Result<(), ActionError> {
        loop {
            let left = until.since(self.watcher.clock.monotonic());
            if left.is_zero() {
                return Ok(());
            }
            self.pause = left.min(PAUSE_MAX);
            self.pause(seen).await?;
        }
    }

    fn waited(&self) -> Duration {
        self.watcher.clock.monotonic().since(self.begun_at)
    }
}

/// A duration that `chrono` can hold; longer ones are as good as endless.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
