//! The machine's clock, which somebody sets.

use tidegate::sim::Dice;

/// What a machine whose clock somebody sets meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockTrouble {
    /// Nobody sets it.
    None,
    /// AWS refuses its signatures until the clock is right again.
    Refused,
    /// Nothing tells the process, but the difference between its two clocks.
    Unseen,
}

impl ClockTrouble {
    /// For one seed.
    pub fn drawn(dice: &mut Dice) -> Self {
        match dice.below(4) {
            0 => Self::Refused,
            1 => Self::Unseen,
            _ => Self::None,
        }
    }

    /// Whether AWS refuses requests while the clock is so many minutes off.
    pub fn refuses(self, minutes: i64) -> bool {
        self == Self::Refused && minutes.abs() > 5
    }
}
