//! SIGTERM, SIGINT and SIGHUP: the only file that listens to them, for the daemon and for verbs that run once.
//!
//! The first SIGTERM or SIGINT asks for an end after the running step. After a grace period, everything is cut
//! short. What the second one does is the [`Policy`]'s. The next run resumes whatever was begun.
//!
//! A process ends within ten seconds: the grace period, and then as long as the answer of a write is awaited
//! (`context`). Reads are not awaited, so that it does not matter whether AWS answers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::clock::SystemClock;
use crate::reconcile::ShutdownLevel;

/// How a process answers signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long the running step may take to end by itself: most calls are over by then, no long wait is.
    grace: Duration,
    /// The answer to the second SIGTERM or SIGINT.
    second: Second,
    /// Whether the process works from the beginning. Otherwise a signal before [`Shutdown::begin_work`] ends it.
    works_at_once: bool,
    /// Whether SIGHUP is an event; otherwise it ends the process, which is its default.
    hears_hangup: bool,
}

/// The answer to the second SIGTERM or SIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    /// Everything is cut short at once, without the rest of the grace period. The third ends the process where it
    /// stands.
    CutsWaits,
    /// The process ends where it stands.
    EndsProcess,
}

/// Most calls to AWS are over by then, and no long wait is.
const GRACE: Duration = Duration::from_secs(3);

/// The daemon. `TimeoutStopSec` of the systemd unit allows for the ten seconds of an end, and some more.
pub const DAEMON: Policy =
    Policy { grace: GRACE, second: Second::EndsProcess, works_at_once: true, hears_hangup: true };

/// A verb that runs once. While it has not begun anything, Ctrl-C ends it at once.
pub const ONE_SHOT: Policy =
    Policy { grace: GRACE, second: Second::CutsWaits, works_at_once: false, hears_hangup: false };

/// A signal that the process may want to act on, apart from the [`Shutdown`] that it raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalEvent {
    /// SIGHUP; only where the policy hears it.
    Hangup,
    /// The first SIGTERM or SIGINT.
    Shutdown,
}

/// How urgently the process has to end. Every pass reads it at each step and while it waits.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<State>);

#[derive(Debug, Default)]
struct State {
    level: AtomicU8,
    /// SIGTERM and SIGINT so far.
    signals: AtomicU8,
    works: AtomicBool,
}

impl Shutdown {
    /// The present level. It never falls.
    pub fn level(&self) -> ShutdownLevel {
        match self.0.level.load(Ordering::Relaxed) {
            0 => ShutdownLevel::None,
            1 => ShutdownLevel::AfterStep,
            _ => ShutdownLevel::Now,
        }
    }

    /// From now on something is begun that a signal must let end in order.
    pub fn begin_work(&self) {
        self.0.works.store(true, Ordering::Relaxed);
    }

    fn raise(&self, level: ShutdownLevel) {
        self.0.level.fetch_max(level as u8, Ordering::Relaxed);
    }

    /// One SIGTERM or SIGINT.
    fn receive(&self, policy: Policy) -> Answer {
        if !self.0.works.load(Ordering::Relaxed) {
            return Answer::EndProcess;
        }
        let before = self.0.signals.fetch_add(1, Ordering::Relaxed);
        match (before, policy.second) {
            (0, _) => {
                self.raise(ShutdownLevel::AfterStep);
                Answer::Begin
            }
            (1, Second::CutsWaits) => {
                self.raise(ShutdownLevel::Now);
                Answer::Nothing
            }
            _ => Answer::EndProcess,
        }
    }

    /// Cuts waits short after the grace period.
    fn raise_after(&self, grace: Duration) {
        let shutdown = self.clone();
        let work = move || {
            SystemClock.pause(grace);
            shutdown.raise(ShutdownLevel::Now);
        };
        if thread::Builder::new().name("grace".to_owned()).spawn(work).is_err() {
            tracing::warn!(
                "cannot start a thread for the grace period: tidegate waits until the running step ends"
            );
        }
    }
}

/// What follows from one SIGTERM or SIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The shutdown begins.
    Begin,
    Nothing,
    EndProcess,
}

/// Listens from now on, in a thread of its own. `report` is called in that thread.
///
/// # Errors
/// When the system refuses the signals or the thread.
pub fn listen(policy: Policy, mut report: impl FnMut(SignalEvent) + Send + 'static) -> io::Result<Shutdown> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    if policy.hears_hangup {
        signals.add_signal(SIGHUP)?;
    }
    let shutdown = Shutdown::default();
    if policy.works_at_once {
        shutdown.begin_work();
    }
    let raised = shutdown.clone();
    let work = move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                report(SignalEvent::Hangup);
                continue;
            }
            match raised.receive(policy) {
                Answer::Begin => {
                    report(SignalEvent::Shutdown);
                    raised.raise_after(policy.grace);
                }
                Answer::Nothing => {}
                Answer::EndProcess => {
                    let _ = emulate_default_handler(signal);
                }
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(work)?;
    Ok(shutdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_ends_at_once_then_after_its_step_then_without_waits_then_where_it_stands() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::EndProcess, "nothing was begun");
        shutdown.begin_work();
        assert_eq!(shutdown.level(), ShutdownLevel::None);
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::Begin);
        assert_eq!(shutdown.level(), ShutdownLevel::AfterStep);
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::Nothing);
        assert_eq!(shutdown.level(), ShutdownLevel::Now);
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::EndProcess);
    }

    #[test]
    fn the_second_signal_ends_a_daemon_whatever_the_level() {
        let shutdown = Shutdown::default();
        shutdown.begin_work();
        assert_eq!(shutdown.receive(DAEMON), Answer::Begin);
        assert_eq!(shutdown.level(), ShutdownLevel::AfterStep);
        shutdown.raise(ShutdownLevel::Now);
        assert_eq!(shutdown.receive(DAEMON), Answer::EndProcess);
    }
}
