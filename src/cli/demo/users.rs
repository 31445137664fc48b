//! What users meet, taken from the simulated world itself and not from what tidegate says of it.

use std::sync::{Mutex, MutexGuard};

use chrono::TimeDelta;

use crate::model::{EnvironmentName, Instant};
use crate::sim::SimCloud;

/// Everybody without the bypass header.
pub(super) struct Users {
    cloud: SimCloud,
    environment: EnvironmentName,
    met: Mutex<Met>,
}

/// What they have met so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Met {
    /// Up to when this is known.
    at: Instant,
    /// Since when they are locked out; none = they get through.
    pub(super) locked_out_since: Option<Instant>,
    /// For how long they were locked out in all.
    pub(super) locked_out: TimeDelta,
}

impl Users {
    pub(super) fn new(cloud: SimCloud, environment: EnvironmentName, at: Instant) -> Self {
        let met = Met { at, locked_out_since: None, locked_out: TimeDelta::zero() };
        Self { cloud, environment, met: Mutex::new(met) }
    }

    /// Whether they get through at this moment.
    pub(super) fn get_through(&self) -> bool {
        self.cloud.with(|world| world.open_route(self.environment.as_str()).is_some())
    }

    /// Takes note that time has moved to `now`. Gates change between such moves, never within one: whatever
    /// is seen at the end of a move held all through it.
    pub(super) fn time_moved(&self, now: Instant) -> Met {
        let gets_through = self.get_through();
        let mut met = self.lock();
        if gets_through {
            met.locked_out_since = None;
        } else {
            let before = met.at;
            met.locked_out_since.get_or_insert(before);
            met.locked_out += now - before;
        }
        met.at = now;
        *met
    }

    /// What they have met so far.
    pub(super) fn met(&self) -> Met {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Met> {
        self.met.lock().expect("nothing panics while it holds this lock")
    }
}
