//! Ctrl-C and SIGTERM, as a wish to go: a command that changes things ends at a step boundary.
//!
//! The first one asks for an end after the step in hand; after a grace, waits are left to themselves, too. A
//! second one does that at once. Whatever was begun is found again by the next run.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::clock::{Clock, SystemClock};
use crate::model::Instant;
use crate::reconcile::ShutdownLevel;

/// What a step in hand gets to end by itself: most calls are over, no long wait is, and nobody holds Ctrl-C
/// for longer without pressing it again.
const GRACE: Duration = Duration::from_secs(5);

/// Whether somebody wants the program to go.
pub(super) struct Interrupt {
    /// Set by the system, taken by us.
    rung: Arc<AtomicBool>,
    times: AtomicU8,
    first_at: Mutex<Option<Instant>>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen() -> io::Result<Self> {
        let rung = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register(signal, rung.clone())?;
        }
        Ok(Self { rung, times: AtomicU8::new(0), first_at: Mutex::default() })
    }

    /// How much of a hurry there is. Asked at each step and while something is waited for.
    pub(super) fn haste(&self) -> ShutdownLevel {
        if self.rung.swap(false, Ordering::Relaxed) {
            self.times.fetch_add(1, Ordering::Relaxed);
        }
        let times = self.times.load(Ordering::Relaxed);
        if times == 0 {
            return ShutdownLevel::None;
        }
        let now = SystemClock.now();
        let first_at = *self.first_at.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
        let waited = (now - first_at).to_std().unwrap_or_default();
        if times > 1 || waited >= GRACE { ShutdownLevel::Now } else { ShutdownLevel::AfterStep }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_ends_after_the_step_and_the_second_leaves_waits() {
        let interrupt =
            Interrupt { rung: Arc::default(), times: AtomicU8::new(0), first_at: Mutex::default() };
        assert_eq!(interrupt.haste(), ShutdownLevel::None);
        interrupt.rung.store(true, Ordering::Relaxed);
        assert_eq!(interrupt.haste(), ShutdownLevel::AfterStep);
        assert_eq!(interrupt.haste(), ShutdownLevel::AfterStep);
        interrupt.rung.store(true, Ordering::Relaxed);
        assert_eq!(interrupt.haste(), ShutdownLevel::Now);
    }
}
