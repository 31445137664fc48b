//! Instants of the clock that never jumps. A type of its own: mixing them with the wall's does not compile.

use std::ops::Add;
use std::time::Duration;

/// A point on the monotonic clock of this process: how long something takes is measured between two of them.
///
/// Its origin means nothing, so it is never written down and never compared with one of another process. Time in
/// which the machine sleeps does not count
/// (<https://doc.rust-lang.org/std/time/struct.Instant.html#underlying-system-calls>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// So long after the origin.
    pub const fn from_origin(after: Duration) -> Self {
        Self(after)
    }

    /// The time from `earlier` to this; nothing if `earlier` is later.
    pub fn since(self, earlier: Monotonic) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Saturates: a deadline in centuries never comes.
impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}
