//! Whether users get through, read from the simulated cloud itself and not from tidegate's reports.

use std::sync::{Mutex, MutexGuard};

use chrono::TimeDelta;

use crate::model::{EnvironmentName, Instant};
use crate::sim::SimCloud;

/// Users: every request without the bypass header.
pub(super) struct Users {
    cloud: SimCloud,
    environment: EnvironmentName,
    access: Mutex<UserAccess>,
}

/// The users' access so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserAccess {
    /// The end of the time that is counted.
    at: Instant,
    /// When the present closing began; none = users get through.
    pub(super) locked_out_since: Option<Instant>,
    /// The sum of all closings until `at`.
    pub(super) locked_out: TimeDelta,
}

impl Users {
    pub(super) fn new(cloud: SimCloud, environment: EnvironmentName, at: Instant) -> Self {
        let access = UserAccess { at, locked_out_since: None, locked_out: TimeDelta::zero() };
        Self { cloud, environment, access: Mutex::new(access) }
    }

    /// Whether users get through at this moment.
    pub(super) fn get_through(&self) -> bool {
        self.cloud.with(|world| world.open_route(self.environment.as_str()).is_some())
    }

    /// Counts the time until `now`. A gate changes between two moves of the simulated clock and never during one, so
    /// the state at the end of a move held for all of it.
    pub(super) fn time_moved(&self, now: Instant) -> UserAccess {
        let gets_through = self.get_through();
        let mut access = self.lock();
        if gets_through {
            access.locked_out_since = None;
        } else {
            let before = access.at;
            access.locked_out_since.get_or_insert(before);
            access.locked_out += now - before;
        }
        access.at = now;
        *access
    }

    /// The users' access so far.
    pub(super) fn access(&self) -> UserAccess {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, UserAccess> {
        self.access.lock().expect("nothing panics while it holds this lock")
    }
}
