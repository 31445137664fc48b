//! The world's random numbers: seeded, small, and part of the saved world, so that a reloaded world continues as the
//! first one would have.

use std::ops::RangeInclusive;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// A generator whose whole state is one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dice(u64);

impl Dice {
    /// The same seed gives the same throws.
    pub fn new(seed: u64) -> Self {
        // One step through the generator: small seeds lie close together.
        let mut rng = fastrand::Rng::with_seed(seed);
        Self(rng.u64(..))
    }

    fn throw<T>(&mut self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        let mut rng = fastrand::Rng::with_seed(self.0);
        let drawn = draw(&mut rng);
        self.0 = rng.get_seed();
        drawn
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.throw(|rng| rng.u64(..end))
    }

    /// True with this probability, 0 to 1.
    pub fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.throw(fastrand::Rng::f64) < probability
    }

    /// A number between 0 and 1.
    pub fn share(&mut self) -> f64 {
        self.throw(fastrand::Rng::f64)
    }

    /// A time in this range of seconds, in whole milliseconds.
    pub fn seconds(&mut self, range: RangeInclusive<u64>) -> TimeDelta {
        let (from, to) = (range.start() * 1000, range.end() * 1000);
        let drawn = self.throw(|rng| rng.u64(from..=to));
        TimeDelta::milliseconds(i64::try_from(drawn).expect("a range of seconds is far below i64::MAX"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_the_whole_generator() {
        let mut dice = Dice::new(7);
        dice.below(10);
        let mut copy: Dice = serde_json::from_str(&serde_json::to_string(&dice).unwrap()).unwrap();
        for _ in 0..100 {
            assert_eq!(dice.seconds(1..=9), copy.seconds(1..=9));
        }
    }
}
