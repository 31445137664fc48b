//! Retries: how often something is tried again, how long the pauses are, and the one loop that does it.
//!
//! Pauses double, and each is drawn between half of its length and all of it, so that the environments of a daemon
//! which AWS has throttled together do not come back together
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>). The generator is seeded with the
//! instant at which the retries begin: the machine's clock counts nanoseconds, which differ from task to task, and a
//! simulated clock repeats its instants, so that a seed of the swarm plays the same scenario again.
//!
//! Polling is not retrying: `execute` waits for AWS with pauses of its own.

use std::time::Duration;

use crate::clock::Clock;
use crate::model::Instant;

/// A few tries with pauses that double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest that the first pause may be drawn.
    pub first: Duration,
    /// Tries in all, the first included.
    pub tries_max: u32,
    /// No try begins later than this after the first: a try that gets no answer takes half a minute by itself.
    pub time_max: Duration,
}

impl Backoff {
    /// The pause after the `failed`-th failure, counted from 1. `None`: no try is left.
    pub fn pause(self, failed: u32, jitter: &mut Jitter) -> Option<Duration> {
        (failed < self.tries_max).then(|| jitter.draw(self.longest_after(failed)))
    }

    /// The bound of the pause after the `failed`-th failure.
    fn longest_after(self, failed: u32) -> Duration {
        // `tries_max` is small; the bound of the exponent only keeps the arithmetic from overflowing.
        self.first.saturating_mul(1 << failed.saturating_sub(1).min(16))
    }
}

/// Draws pauses.
#[derive(Clone, Debug)]
pub struct Jitter(fastrand::Rng);

impl Jitter {
    /// A generator for the retries that begin now.
    pub fn from(now: Instant) -> Self {
        // Only the differences between seeds matter, so a cast that wraps is as good as any other.
        let nanoseconds = now.timestamp_subsec_nanos();
        Self(fastrand::Rng::with_seed((now.timestamp() as u64) << 30 ^ u64::from(nanoseconds)))
    }

    /// A pause between half of `longest` and all of it.
    fn draw(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(0.5 + self.0.f64() / 2.0).min(longest)
    }
}

/// Tries until `attempt` succeeds, fails with an error that does not pass, or no try is left.
///
/// # Errors
/// The error of the last try.
pub async fn retry<T, E, F: Future<Output = Result<T, E>>>(
    clock: &dyn Clock,
    backoff: Backoff,
    is_transient: impl Fn(&E) -> bool,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E> {
    let mut jitter = Jitter::from(clock.now());
    let (mut failed, begun_at) = (0, clock.monotonic());
    loop {
        let error = match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        failed += 1;
        match backoff.pause(failed, &mut jitter) {
            Some(pause)
                if is_transient(&error) && clock.monotonic().since(begun_at) + pause < backoff.time_max =>
            {
                clock.sleep(pause).await;
            }
            _ => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use chrono::TimeDelta;

    use super::*;
    use crate::sim::SimClock;

    const BACKOFF: Backoff =
        Backoff { first: Duration::from_secs(1), tries_max: 6, time_max: Duration::from_secs(60) };

    fn pauses(jitter: &mut Jitter) -> Vec<Duration> {
        (1..).map_while(|failed| BACKOFF.pause(failed, jitter)).collect()
    }

    #[test]
    fn pauses_double_between_half_and_all_of_their_bound() {
        for nanosecond in 0..1_000 {
            let now = Instant::UNIX_EPOCH + TimeDelta::nanoseconds(nanosecond);
            let drawn = pauses(&mut Jitter::from(now));
            assert_eq!(drawn.len(), 5, "six tries have five pauses between them");
            for (pause, seconds) in drawn.iter().zip([1, 2, 4, 8, 16]) {
                let longest = Duration::from_secs(seconds);
                assert!(*pause >= longest / 2 && *pause <= longest, "{pause:?} of {longest:?}");
            }
        }
    }

    #[test]
    fn the_same_instant_draws_the_same_pauses_and_another_draws_others() {
        let now = Instant::UNIX_EPOCH;
        let later = now + TimeDelta::nanoseconds(1);
        assert_eq!(pauses(&mut Jitter::from(now)), pauses(&mut Jitter::from(now)));
        assert_ne!(pauses(&mut Jitter::from(now)), pauses(&mut Jitter::from(later)));
    }

    #[test]
    fn many_failures_are_counted_without_overflow() {
        let endless = Backoff { tries_max: u32::MAX, ..BACKOFF };
        let pause = endless.pause(u32::MAX - 1, &mut Jitter::from(Instant::UNIX_EPOCH));
        assert!(pause.is_some_and(|pause| pause <= Duration::from_secs(1 << 16)));
    }

    fn tried(clock: &SimClock, answers: &[Result<u8, &'static str>]) -> (Result<u8, &'static str>, usize) {
        let made = Cell::new(0);
        let attempt = || {
            made.set(made.get() + 1);
            let answer = answers[made.get() - 1];
            async move { answer }
        };
        let answer = clock.block_on(retry(clock, BACKOFF, |error| *error == "busy", attempt));
        (answer, made.get())
    }

    #[test]
    fn retries_end_at_success_at_a_lasting_error_and_when_no_try_is_left() {
        let clock = SimClock::new(Instant::UNIX_EPOCH);
        assert_eq!(tried(&clock, &[Err("busy"), Ok(3)]), (Ok(3), 2));
        assert_eq!(tried(&clock, &[Err("denied"), Ok(3)]), (Err("denied"), 1));
        let before = clock.now();
        assert_eq!(tried(&clock, &[Err("busy"); 6]), (Err("busy"), 6));
        let waited = (clock.now() - before).to_std().unwrap();
        assert!(waited > Duration::from_secs(15) && waited <= Duration::from_secs(31), "{waited:?}");
    }

    #[test]
    fn tries_that_get_no_answer_end_after_the_longest_time() {
        let clock = SimClock::new(Instant::UNIX_EPOCH);
        for seconds in [1, 12, 36, 100] {
            let (made, begins) = (Cell::new(0), clock.now());
            let silent = || {
                made.set(made.get() + 1);
                async {
                    clock.sleep(Duration::from_secs(seconds)).await;
                    Err::<u8, _>("busy")
                }
            };
            assert_eq!(clock.block_on(retry(&clock, BACKOFF, |_| true, silent)), Err("busy"));
            let took = (clock.now() - begins).to_std().unwrap();
            assert!(took <= BACKOFF.time_max + Duration::from_secs(seconds), "{seconds}: {took:?}");
            assert!(made.get() >= 1);
        }
    }
}
