//! The emulators' time, which runs faster than the wall's: waits are short, and deadlines hold.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use tidegate::clock::{Clock, SystemClock};
use tidegate::model::Instant;

use super::stack::{Addresses, addresses};

/// The clock of everybody who acts on the emulators.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastClock;

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Instant {
        let Addresses { since_milliseconds, speed, .. } = addresses();
        let since = Instant::from_timestamp_millis(*since_milliseconds).unwrap();
        since + (SystemClock.now() - since) * i32::try_from(*speed).unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration / addresses().speed).await;
    }
}

/// Waits for what the emulators do by themselves.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = FastClock.now() + TimeDelta::minutes(20);
    while !holds().await {
        assert!(FastClock.now() < deadline, "not in time: {what}");
        FastClock.sleep(Duration::from_secs(2)).await;
    }
}
