//! What systemd is told: ready, how it goes, still alive, about to go. Without systemd, nothing.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::sync::{Mutex, MutexGuard};

use chrono::TimeDelta;
use sd_notify::NotifyState;

use crate::clock::{Clock, SystemClock};
use crate::model::Instant;

/// The service manager, if one started us.
#[derive(Debug)]
pub(super) struct Systemd {
    /// How often we say that we live: a third of what the unit demands, so that two may be late.
    every: Option<TimeDelta>,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    alive_at: Option<Instant>,
    status: String,
}

impl Systemd {
    /// Reads what the unit demands.
    pub(super) fn from_environment() -> Self {
        let every = sd_notify::watchdog_enabled().and_then(|limit| TimeDelta::from_std(limit / 3).ok());
        Self { every, told: Mutex::default() }
    }

    /// The declarations were looked at: what depends on us may start.
    pub(super) fn ready(&self) {
        tell(&NotifyState::Ready);
    }

    /// We are about to go.
    pub(super) fn stopping(&self) {
        tell(&NotifyState::Stopping);
    }

    /// How it goes, in one line; said only when it changes.
    pub(super) fn status(&self, line: &str) {
        let mut told = self.told();
        if told.status != line {
            line.clone_into(&mut told.status);
            tell(&NotifyState::Status(line));
        }
    }

    /// We live. Cheap: called wherever work goes on, said as often as is demanded.
    pub(super) fn alive(&self) {
        let Some(every) = self.every else { return };
        let now = SystemClock.now();
        let mut told = self.told();
        // A clock that was set back must not keep us silent.
        if told.alive_at.is_none_or(|at| now - at >= every || now < at) {
            told.alive_at = Some(now);
            tell(&NotifyState::Watchdog);
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().expect("nothing panics while it holds this lock")
    }
}

/// A manager that does not listen is no reason to stop.
fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!(%error, "systemd was not told");
    }
}
