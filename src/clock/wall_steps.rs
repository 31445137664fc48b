//! The steps of the wall clock: where it was set forward or back while this process ran.
//!
//! The journal keeps instants of the wall clock, and tidegate draws conclusions from their age: a task that is not
//! listed 45 minutes after its intent is lost, checks that passed are fresh for five minutes. A step must not change
//! such an age. So each reading of the wall clock is compared with the monotonic one, and an instant that was recorded
//! before a step is moved by it.

use chrono::TimeDelta;

use super::Monotonic;
use crate::model::Instant;

/// A smaller difference between the clocks is drift, or time between the two readings.
const STEP_MIN: TimeDelta = TimeDelta::milliseconds(500);

/// The readings of both clocks after which their difference stayed the same, oldest first. Two clocks that never
/// stepped have one.
#[derive(Clone, Debug, Default)]
pub struct WallSteps(Vec<Reading>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    wall: Instant,
    monotonic: Monotonic,
}

impl Reading {
    /// The wall clock's time later on, unless it is set meanwhile.
    fn expected(self, at: Monotonic) -> Instant {
        let passed = TimeDelta::from_std(at.since(self.monotonic)).unwrap_or(TimeDelta::MAX);
        self.wall.checked_add_signed(passed).unwrap_or(Instant::MAX_UTC)
    }
}

impl WallSteps {
    /// No reading yet.
    pub const NONE: Self = Self(Vec::new());

    /// Both clocks were read at the same time.
    pub fn read(&mut self, wall: Instant, monotonic: Monotonic) {
        /// More steps than that are a broken clock; the oldest are forgotten.
        const STEPS_MAX: usize = 1_000;
        let is_step = self.0.last().is_none_or(|last| (wall - last.expected(monotonic)).abs() > STEP_MIN);
        if is_step {
            if self.0.len() == STEPS_MAX {
                self.0.remove(0);
            }
            self.0.push(Reading { wall, monotonic });
        }
    }

    /// An instant that was recorded as `at`, moved by the steps since: so far before the present wall clock as it
    /// really is.
    ///
    /// An instant of an earlier process is moved by every step of this one: how the clock was set before is not known.
    /// One that no stretch of this process has shown and that lies in the future stays there.
    pub fn moved(&self, at: Instant, present: Instant) -> Instant {
        // When a stretch ended, and how far the clock was set then.
        let step = |index: usize| {
            let (before, after) = (self.0.get(index)?, self.0.get(index + 1)?);
            let ended = before.expected(after.monotonic);
            Some((ended, after.wall - ended))
        };
        let contains = |index: &usize| {
            let end = step(*index).map_or(present, |(ended, _)| ended);
            (self.0[*index].wall..=end).contains(&at)
        };
        let stretch = match (0..self.0.len()).rev().find(contains) {
            Some(stretch) => stretch,
            None if at > present => return at,
            None => 0,
        };
        (stretch..).map_while(step).fold(at, |at, (_, by)| at.checked_add_signed(by).unwrap_or(at))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn wall(seconds: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn after(seconds: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn a_clock_that_nobody_sets_moves_nothing() {
        let mut steps = WallSteps::default();
        assert_eq!(steps.moved(wall(-9), wall(0)), wall(-9));
        for seconds in 0..100 {
            steps.read(wall(seconds) + TimeDelta::milliseconds(seconds % 400), after(seconds as u64));
        }
        for at in [-1_000_000, 0, 50, 1_000_000] {
            assert_eq!(steps.moved(wall(at), wall(100)), wall(at));
        }
    }

    proptest! {
        /// Whatever the steps are: what was recorded a while ago is exactly so old.
        #[test]
        fn ages_are_those_of_the_monotonic_clock(
            stretches in prop::collection::vec((10_000u64..20_000, -7_200i64..7_200), 1..8),
        ) {
            let (mut steps, mut now, mut offset) = (WallSteps::default(), 0, 0);
            let mut recorded = Vec::new();
            for (length, by) in &stretches {
                for _ in 0..4 {
                    steps.read(wall(now as i64 + offset), after(now));
                    recorded.push((now, wall(now as i64 + offset)));
                    now += length / 4;
                }
                offset += by;
            }
            // After the last step, nothing is recorded any longer.
            steps.read(wall(now as i64 + offset), after(now));
            let present = wall(now as i64 + offset);
            for (at, recorded) in recorded {
                let age = present - steps.moved(recorded, present);
                // Two stretches that show the same time cannot be told apart; the newer one counts.
                prop_assert!(age.num_seconds() <= (now - at) as i64, "{at}: {age}");
                prop_assert!(age >= TimeDelta::zero());
                let is_unique = stretches.iter().all(|(_, by)| *by >= 0);
                prop_assert!(!is_unique || age.num_seconds() == (now - at) as i64, "{at}: {age}");
            }
        }
    }
}
