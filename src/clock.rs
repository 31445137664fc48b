//! Time as a port: the only room that may read the machine's clocks or wait.
//!
//! There are two clocks. The *wall* clock ([`Instant`]) says what the calendar says: schedules, windows, overrides, and
//! the times in records. It may be set at any moment. The *monotonic* clock ([`Monotonic`]) never jumps: waits,
//! pauses, budgets, deadlines and what is kept for a while are measured on it. Where a conclusion depends on the age of
//! a recorded instant, [`Clock::in_present`] takes the steps of the wall clock out of it.
//!
//! The simulator brings its own clock, so that an hour of migration takes milliseconds.

mod monotonic;
mod wall_steps;

pub use monotonic::Monotonic;
pub use wall_steps::WallSteps;

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::model::Instant;

/// Knows the time and can wait.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock. Only for what the calendar says, and for records.
    fn now(&self) -> Instant;

    /// The clock that never jumps.
    fn monotonic(&self) -> Monotonic;

    /// A wall-clock instant from a record, moved by the steps that the wall clock has made since this process wrote it.
    /// Its distance from [`Self::now`] is then its age.
    fn in_present(&self, recorded: Instant) -> Instant;

    /// Waits. Other futures of the same task continue meanwhile.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// How far the clock of this process is from the machine's.
static SHIFT: OnceLock<TimeDelta> = OnceLock::new();

/// The origin of this process's monotonic clock.
static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();

/// The steps of the machine's wall clock.
static STEPS: Mutex<WallSteps> = Mutex::new(WallSteps::NONE);

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
        let now = machine() + SHIFT.get().copied().unwrap_or_default();
        steps().read(now, self.monotonic());
        now
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's monotonic clock")]
    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(ORIGIN.get_or_init(std::time::Instant::now).elapsed())
    }

    fn in_present(&self, recorded: Instant) -> Instant {
        // Reading the clock notices a step that no reading has shown yet.
        let present = self.now();
        steps().moved(recorded, present)
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

fn steps() -> MutexGuard<'static, WallSteps> {
    STEPS.lock().expect("nothing panics while it compares two times")
}
