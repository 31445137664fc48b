//! Signals, as wishes: to wake up, or to go.
//!
//! The first SIGTERM or SIGINT asks for an end at the next step; after a grace, waits are left to themselves,
//! too; a second one ends the process where it stands. Whatever was begun is found again by the next run.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::control_loop::LoopEvent;
use crate::clock::SystemClock;
use crate::reconcile::ShutdownLevel;

/// What a step in hand gets to end by itself: most calls are over, no wait is. `TimeoutStopSec` of the unit
/// allows for this, the longest pause of a wait, and some.
const GRACE: Duration = Duration::from_secs(10);

/// How much of a hurry there is, for every pass to read.
#[derive(Clone, Debug, Default)]
pub(super) struct Shutdown(Arc<AtomicU8>);

impl Shutdown {
    /// How much.
    pub(super) fn haste(&self) -> ShutdownLevel {
        match self.0.load(Ordering::Relaxed) {
            0 => ShutdownLevel::None,
            1 => ShutdownLevel::AfterStep,
            _ => ShutdownLevel::Now,
        }
    }

    fn raise(&self, haste: ShutdownLevel) {
        self.0.fetch_max(haste as u8, Ordering::Relaxed);
    }
}

/// Listens from now on, in a thread of its own.
pub(super) fn listen(tell: Sender<LoopEvent>) -> io::Result<Shutdown> {
    let hurry = Shutdown::default();
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let raised = hurry.clone();
    let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
        thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
    };
    spawn(
        "signals",
        Box::new(move || {
            for signal in signals.forever() {
                if signal == SIGHUP {
                    // Nobody listens any more: the process is about to end anyway.
                    let _ = tell.send(LoopEvent::Poked { who: "SIGHUP".to_owned() });
                } else if raised.haste() == ShutdownLevel::None {
                    raised.raise(ShutdownLevel::AfterStep);
                    let _ = tell.send(LoopEvent::Stop);
                    let raised = raised.clone();
                    let grace = move || {
                        SystemClock.pause(GRACE);
                        raised.raise(ShutdownLevel::Now);
                    };
                    if thread::Builder::new().name("grace".to_owned()).spawn(grace).is_err() {
                        tracing::warn!("no thread for the grace: a long wait is watched to its end");
                    }
                } else {
                    let _ = emulate_default_handler(signal);
                }
            }
        }),
    )?;
    Ok(hurry)
}
