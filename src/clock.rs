//! Time as a port: the only room that may read the machine's clock or wait.
//!
//! The simulator brings its own clock, so that an hour of migration takes milliseconds.

use std::time::Duration;

use async_trait::async_trait;

use crate::model::Instant;

/// What may know the time and wait.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;

    /// Waits; other futures of the same task go on meanwhile.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// Waits in a thread of its own right, outside any runtime.
    #[expect(clippy::disallowed_methods, reason = "the one place that really waits, without a runtime")]
    pub fn pause(self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Instant {
        chrono::Utc::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that really waits")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
