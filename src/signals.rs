//! SIGTERM, SIGINT and SIGHUP: the only file that listens to them, for the daemon and for verbs that run once.
//!
//! The first SIGTERM or SIGINT asks for an end after the running step. After a grace period, waits are cut
//! short, too. What the second one does is the [`Policy`]'s. The next run resumes whatever was begun.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
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
    /// Whether SIGHUP is an event; otherwise it ends the process, which is its default.
    hears_hangup: bool,
}

/// The answer to the second SIGTERM or SIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    /// Waits are cut short at once, without the rest of the grace period.
    CutsWaits,
    /// The process ends where it stands.
    EndsProcess,
}

/// The daemon. `TimeoutStopSec` of the systemd unit allows for this grace period, the longest pause of a wait,
/// and some more.
pub const DAEMON: Policy =
    Policy { grace: Duration::from_secs(10), second: Second::EndsProcess, hears_hangup: true };

/// A verb that runs once. A person who pressed Ctrl-C will not wait much longer than this before pressing
/// it again.
pub const ONE_SHOT: Policy =
    Policy { grace: Duration::from_secs(5), second: Second::CutsWaits, hears_hangup: false };

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
pub struct Shutdown(Arc<AtomicU8>);

impl Shutdown {
    /// The present level. It never falls.
    pub fn level(&self) -> ShutdownLevel {
        match self.0.load(Ordering::Relaxed) {
            0 => ShutdownLevel::None,
            1 => ShutdownLevel::AfterStep,
            _ => ShutdownLevel::Now,
        }
    }

    fn raise(&self, level: ShutdownLevel) {
        self.0.fetch_max(level as u8, Ordering::Relaxed);
    }

    /// One SIGTERM or SIGINT.
    fn receive(&self, policy: Policy) -> Answer {
        match (self.level(), policy.second) {
            (ShutdownLevel::None, _) => {
                self.raise(ShutdownLevel::AfterStep);
                Answer::Begin
            }
            (_, Second::CutsWaits) => {
                self.raise(ShutdownLevel::Now);
                Answer::Nothing
            }
            (_, Second::EndsProcess) => Answer::EndProcess,
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
    fn the_first_signal_ends_after_the_step_and_the_second_cuts_waits_of_a_verb() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.level(), ShutdownLevel::None);
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::Begin);
        assert_eq!(shutdown.level(), ShutdownLevel::AfterStep);
        assert_eq!(shutdown.level(), ShutdownLevel::AfterStep);
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::Nothing);
        assert_eq!(shutdown.level(), ShutdownLevel::Now);
        assert_eq!(shutdown.receive(ONE_SHOT), Answer::Nothing);
    }

    #[test]
    fn the_second_signal_ends_a_daemon_whatever_the_level() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.receive(DAEMON), Answer::Begin);
        assert_eq!(shutdown.level(), ShutdownLevel::AfterStep);
        assert_eq!(shutdown.receive(DAEMON), Answer::EndProcess);
        shutdown.raise(ShutdownLevel::Now);
        assert_eq!(shutdown.receive(DAEMON), Answer::EndProcess);
    }
}
