//! Notifications to systemd: ready, the status line, the watchdog, stopping. Without systemd, no effect.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::{Clock, Monotonic, SystemClock};

/// The service manager, if one started this process.
#[derive(Debug)]
pub(super) struct Systemd {
    /// How often the watchdog is notified: a third of the unit's limit, so that two may be late.
    watchdog_every: Option<Duration>,
    /// Whether a service manager wants to be notified at all.
    is_heard: bool,
    sent: Mutex<Sent>,
}

/// The last notifications.
#[derive(Debug, Default)]
struct Sent {
    alive_at: Option<Monotonic>,
    status: String,
}

impl Systemd {
    /// Reads the unit's watchdog limit from the process's environment.
    pub(super) fn from_environment() -> Self {
        let watchdog_every = sd_notify::watchdog_enabled().map(|limit| limit / 3);
        let is_heard = std::env::var_os("NOTIFY_SOCKET").is_some();
        Self { watchdog_every, is_heard, sent: Mutex::default() }
    }

    /// The first poll has ended: units that depend on this one may start.
    pub(super) fn ready(&self) {
        notify(&NotifyState::Ready);
    }

    /// Every pass has ended: the process is about to exit.
    pub(super) fn stopping(&self) {
        notify(&NotifyState::Stopping);
    }

    /// The status line, sent only when it changes; it is not even made where no service manager listens.
    pub(super) fn status(&self, line: impl FnOnce() -> String) {
        if !self.is_heard {
            return;
        }
        let line = line();
        let mut sent = self.sent();
        if sent.status != line {
            notify(&NotifyState::Status(&line));
            sent.status = line;
        }
    }

    /// The process works. Cheap: called at every step and turn, sent as often as the unit demands.
    pub(super) fn alive(&self) {
        let Some(every) = self.watchdog_every else { return };
        let now = SystemClock.monotonic();
        let mut sent = self.sent();
        if sent.alive_at.is_none_or(|at| now.since(at) >= every) {
            sent.alive_at = Some(now);
            notify(&NotifyState::Watchdog);
        }
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().expect("nothing panics while it holds this lock")
    }
}

/// A service manager that does not listen is no reason to stop.
fn notify(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!(%error, "cannot notify systemd");
    }
}
