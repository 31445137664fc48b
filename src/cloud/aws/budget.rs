//! One token bucket per API family: tidegate never uses the whole rate of an account, because people, CI and the
//! console draw on the same one.
//!
//! Pure but for [`Budget`], which keeps the buckets. Reads wait for their token. A write that would have to wait long is
//! refused instead: it must follow the check of the lease at once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Monotonic;
use crate::cloud::{Family, Rate, Rates};

/// One bucket. Tokens below zero are owed: each later request waits longer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    tokens: f64,
    at: Monotonic,
}

impl Bucket {
    fn full(rate: Rate, now: Monotonic) -> Self {
        Self { tokens: rate.burst, at: now }
    }

    /// Takes a token and returns how long the request must wait for it. When that would be longer than `wait_max`, takes
    /// no token and returns the wait as `Err`.
    fn take(&mut self, rate: Rate, now: Monotonic, wait_max: Duration) -> Result<Duration, Duration> {
        let elapsed = now.since(self.at);
        let tokens = (self.tokens + elapsed.as_secs_f64() * rate.per_second).min(rate.burst);
        self.at = self.at.max(now);
        let missing = 1.0 - tokens;
        let wait = if missing <= 0.0 {
            Duration::ZERO
        } else {
            Duration::try_from_secs_f64(missing / rate.per_second).unwrap_or(Duration::MAX)
        };
        self.tokens = if wait <= wait_max { tokens - 1.0 } else { tokens };
        if wait <= wait_max { Ok(wait) } else { Err(wait) }
    }
}

/// The buckets of one account and region.
#[derive(Debug)]
pub(super) struct Budget {
    rates: Rates,
    buckets: Mutex<BTreeMap<Family, Bucket>>,
}

impl Budget {
    pub(super) fn new(rates: Rates) -> Self {
        Self { rates, buckets: Mutex::default() }
    }

    /// Takes a token and returns how long to wait for it; `Err`: the wait would be longer than `wait_max`.
    pub(super) fn take(
        &self,
        family: Family,
        now: Monotonic,
        wait_max: Duration,
    ) -> Result<Duration, Duration> {
        let rate = self.rates.of(family);
        let mut buckets = self.buckets.lock().expect("nothing panics while it counts");
        buckets.entry(family).or_insert_with(|| Bucket::full(rate, now)).take(rate, now, wait_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 2.0, per_second: 4.0 };

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_is_free_and_then_each_waits_for_its_own_token() {
        let mut bucket = Bucket::full(RATE, at(0));
        for (now, waits) in [
            (0, 0),
            (0, 0),
            (0, 250),
            (0, 500),
            // Two are owed; half a second later they are paid, and the next one is a quarter away.
            (500, 250),
            // Longer than a full bucket brings only a full bucket.
            (60_000, 0),
            (60_000, 0),
            (60_000, 250),
        ] {
            let wait = bucket.take(RATE, at(now), Duration::MAX).unwrap();
            assert_eq!(wait, Duration::from_millis(waits), "at {now}");
        }
    }

    #[test]
    fn a_wait_that_is_too_long_takes_no_token() {
        let mut bucket = Bucket { tokens: 0.0, at: at(0) };
        let most = Duration::from_millis(100);
        assert_eq!(bucket.take(RATE, at(0), most), Err(Duration::from_millis(250)));
        assert_eq!(bucket.take(RATE, at(0), most), Err(Duration::from_millis(250)), "nothing was taken");
        assert_eq!(bucket.take(RATE, at(150), most), Ok(Duration::from_millis(100)));
    }

    #[test]
    fn people_keep_half_of_everything_and_families_do_not_touch_each_other() {
        let budget = Budget::new(Rates::default());
        for _ in 0..10 {
            assert_eq!(budget.take(Family::DefinitionWrite, at(0), Duration::ZERO), Ok(Duration::ZERO));
        }
        assert_eq!(
            budget.take(Family::DefinitionWrite, at(0), Duration::ZERO),
            Err(Duration::from_secs(2)),
            "20 at once and 1 a second, halved"
        );
        assert_eq!(budget.take(Family::ServiceRead, at(0), Duration::ZERO), Ok(Duration::ZERO));
        let names: std::collections::BTreeSet<&str> = Family::ALL.into_iter().map(Family::as_str).collect();
        assert_eq!(names.len(), Family::ALL.len());
    }

    #[test]
    fn a_rate_of_zero_always_refuses() {
        let nothing = Rates::default().with(Family::Probe, Rate { burst: 0.0, per_second: 0.0 });
        let budget = Budget::new(nothing);
        assert!(budget.take(Family::Probe, at(0), Duration::from_secs(3600)).is_err());
    }
}
