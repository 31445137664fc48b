//! Time as a port: the only file that may read the machine's clock or wait.
//!
//! The simulator brings its own clock, so that an hour of migration takes milliseconds.

use std::time::Duration;

use async_trait::async_trait;

use crate::model::Instant;

/// Knows the time and can wait.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;

    /// Waits. Other futures of the same task continue meanwhile.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// Blocks the calling thread, outside any runtime.
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
