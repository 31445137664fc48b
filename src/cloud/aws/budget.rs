//! One token bucket per API family: tidegate never uses the whole rate of an account, because people, CI and the
//! console draw on the same one.
//!
//! Pure but for [`Budget`], which keeps the buckets. Reads wait for their token. A write that would have to wait long is
//! refused instead: it must follow the check of the lease at once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::error::Access;
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

/// The buckets of one account and region. Reads and writes have their own: whatever reads owe, a write does not wait for
/// it, and closing the gate is never refused for what observations have asked.
#[derive(Debug)]
pub(super) struct Budget {
    rates: Rates,
    buckets: Mutex<BTreeMap<(Family, Access), Bucket>>,
}

impl Budget {
    pub(super) fn new(rates: Rates) -> Self {
        Self { rates, buckets: Mutex::default() }
    }

    /// Takes a token and returns how long to wait for it; `Err`: the wait would be longer than `wait_max`.
    pub(super) fn take(
        &self,
        family: Family,
        access: Access,
        now: Monotonic,
        wait_max: Duration,
    ) -> Result<Duration, Duration> {
        let rate = match access {
            Access::Read => self.rates.of(family),
            Access::Write => self.rates.of_writes(family),
        };
        let mut buckets = self.buckets.lock().expect("nothing panics while it counts");
        buckets.entry((family, access)).or_insert_with(|| Bucket::full(rate, now)).take(rate, now, wait_max)
    }
}

/// A wait with up to a quarter more, drawn: environments that wait together do not come together.
/// <https://docs.aws.amazon.com/general/latest/gr/api-retries.html>
pub(super) fn spread(wait: Duration, seed: u64) -> Duration {
    wait + wait.mul_f64(fastrand::Rng::with_seed(seed).f64() / 4.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            let taken = budget.take(Family::DefinitionWrite, Access::Write, at(0), Duration::ZERO);
            assert_eq!(taken, Ok(Duration::ZERO));
        }
        assert_eq!(
            budget.take(Family::DefinitionWrite, Access::Write, at(0), Duration::ZERO),
            Err(Duration::from_secs(2)),
            "20 at once and 1 a second, halved"
        );
        assert_eq!(budget.take(Family::ServiceRead, Access::Read, at(0), Duration::ZERO), Ok(Duration::ZERO));
        let names: std::collections::BTreeSet<&str> = Family::ALL.into_iter().map(Family::as_str).collect();
        assert_eq!(names.len(), Family::ALL.len());
    }

    #[test]
    fn a_rate_of_zero_always_refuses() {
        let nothing = Rates::default().with(Family::Probe, Rate { burst: 0.0, per_second: 0.0 });
        let budget = Budget::new(nothing);
        assert!(budget.take(Family::Probe, Access::Read, at(0), Duration::from_secs(3600)).is_err());
    }

    proptest! {
        /// Whatever reads do, each write is admitted as if there had been none.
        #[test]
        fn reads_never_delay_a_write(
            calls in prop::collection::vec((0usize..Family::ALL.len(), prop::bool::weighted(0.9), 0u64..300), 1..400),
        ) {
            let (both, alone) = (Budget::new(Rates::default()), Budget::new(Rates::default()));
            let mut now = 0;
            for (family, is_read, later) in calls {
                let family = Family::ALL[family];
                now += later;
                if is_read {
                    let _ = both.take(family, Access::Read, at(now), Duration::from_secs(60));
                } else {
                    let write = |budget: &Budget| budget.take(family, Access::Write, at(now), Duration::from_millis(500));
                    prop_assert_eq!(write(&both), write(&alone), "{:?} at {}", family, now);
                }
            }
        }

        /// A bucket admits no more than its size and its refill, whenever the requests come.
        #[test]
        fn no_bucket_admits_more_than_its_rate(steps in prop::collection::vec(0u64..400, 1..300)) {
            let mut bucket = Bucket::full(RATE, at(0));
            let (mut now, mut sent) = (0, Vec::new());
            for step in steps {
                now += step;
                if let Ok(wait) = bucket.take(RATE, at(now), Duration::from_secs(2)) {
                    sent.push(now as f64 / 1000.0 + wait.as_secs_f64());
                }
            }
            for (first, from) in sent.iter().enumerate() {
                for (more, to) in sent[first..].iter().enumerate() {
                    let most = RATE.burst + RATE.per_second * (to - from) + 1.0;
                    prop_assert!((more + 1) as f64 <= most + 1e-6, "{} between {from} and {to}", more + 1);
                }
            }
        }

        #[test]
        fn a_spread_wait_is_at_most_a_quarter_longer(millis in 0u64..100_000, seed in any::<u64>()) {
            let wait = Duration::from_millis(millis);
            let spread = spread(wait, seed);
            prop_assert!(spread >= wait && spread <= wait + wait / 4 + Duration::from_nanos(1));
        }
    }
}
