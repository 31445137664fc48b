//! The emulators' time, which runs faster than the wall's: waits are short, and deadlines hold.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use tidegate::clock::{Clock, Monotonic, SystemClock};
use tidegate::model::Instant;

use super::stack::{Addresses, addresses};

/// The clock of everybody who acts on the emulators.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastClock;

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Instant {
        StackClock(addresses()).now()
    }

    fn monotonic(&self) -> Monotonic {
        StackClock(addresses()).monotonic()
    }

    fn in_present(&self, recorded: Instant) -> Instant {
        recorded
    }

    async fn sleep(&self, duration: Duration) {
        StackClock(addresses()).sleep(duration).await;
    }
}

/// The clock of certain emulators.
#[derive(Clone, Copy)]
pub struct StackClock(pub &'static Addresses);

#[async_trait]
impl Clock for StackClock {
    fn now(&self) -> Instant {
        let since = Instant::from_timestamp_millis(self.0.since_milliseconds).unwrap();
        since + (SystemClock.now() - since) * i32::try_from(self.0.speed).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(SystemClock.monotonic().since(Monotonic::default()) * self.0.speed)
    }

    fn in_present(&self, recorded: Instant) -> Instant {
        recorded
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration / self.0.speed).await;
    }
}

/// Waits for what the emulators do by themselves.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    until_by(&FastClock, what, holds).await;
}

/// The same by another clock.
pub async fn until_by(clock: &dyn Clock, what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = clock.now() + TimeDelta::minutes(20);
    while !holds().await {
        assert!(clock.now() < deadline, "not in time: {what}");
        clock.sleep(Duration::from_secs(2)).await;
    }
}
