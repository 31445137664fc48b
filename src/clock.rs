//! Time as a port: the only file that may read the machine's clock or wait.
//!
//! The simulator brings its own clock, so that an hour of migration takes milliseconds.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

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

/// How far the clock of this process is from the machine's.
static SHIFT: OnceLock<TimeDelta> = OnceLock::new();

impl SystemClock {
    /// Lets this process begin at `at` instead of the present. From there, time passes as it really does.
    ///
    /// Only where the cloud is simulated: what is printed about today is then the same on every day. The first call
    /// decides, and belongs at the beginning of the program.
    pub fn begin_at(at: Instant) {
        SHIFT.get_or_init(|| at - machine());
    }

    /// Blocks the calling thread, outside any runtime.
    #[expect(clippy::disallowed_methods, reason = "the one place that really waits, without a runtime")]
    pub fn pause(self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        machine() + SHIFT.get().copied().unwrap_or_default()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that really waits")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine() -> Instant {
    chrono::Utc::now()
}
