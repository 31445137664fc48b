//! Waiting for the cloud: first a second, then longer, never for ever, and never against a wish to go.

use std::time::Duration;

use chrono::TimeDelta;

use super::context::ActionContext;
use super::error::ActionError;
use crate::model::Instant;

/// The first pause. Most tags and rules are there at once.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause: people who watch should not wonder, AWS's throttles should not notice.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// One wait with its deadline.
pub(super) struct Wait<'a> {
    hands: ActionContext<'a>,
    id: &'a str,
    what: String,
    begun_at: Instant,
    at_most: Duration,
    pause: Duration,
}

impl<'a> Wait<'a> {
    pub(super) fn begin(hands: ActionContext<'a>, id: &'a str, what: String, at_most: Duration) -> Self {
        Self { hands, id, what, begun_at: hands.clock.now(), at_most, pause: PAUSE_MIN }
    }

    /// Tells whoever watches how it looks, and pauses.
    ///
    /// # Errors
    /// When the time is up, when we are asked to go, or when the lease is lost: whoever has it now waits, too.
    pub(super) async fn pause(&mut self, seen: &str) -> Result<(), ActionError> {
        self.hands.journal.verify()?;
        if (self.hands.cancel)() {
            return Err(ActionError::Left(self.what.clone()));
        }
        let waited = self.waited();
        if waited >= self.at_most {
            let (what, seen) = (self.what.clone(), seen.to_owned());
            return Err(ActionError::Deadline { what, waited: self.at_most, seen });
        }
        let elapsed = humantime::format_duration(Duration::from_secs(waited.as_secs()));
        self.hands.progress.action_progress(self.id, &format!("{seen}, {elapsed}"));
        self.hands.clock.sleep(self.pause.min(self.at_most - waited)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }

    /// Pauses until an instant that is known beforehand.
    pub(super) async fn until(&mut self, until: Instant, seen: &str) -> Result<(), ActionError> {
        while let Ok(left) = (until - self.hands.clock.now()).to_std()
            && !left.is_zero()
        {
            self.pause = left.min(PAUSE_MAX);
            self.pause(seen).await?;
        }
        Ok(())
    }

    fn waited(&self) -> Duration {
        (self.hands.clock.now() - self.begun_at).to_std().unwrap_or_default()
    }
}

/// A duration that `chrono` can hold; longer ones are as good as for ever.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
