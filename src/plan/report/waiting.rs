//! Work that continues by itself later: the reasons to wait, as values. Whether a release waits is decided in
//! `plan/decide` (`windows`, `due`, `no_migration`, `watch`, `grace`).

use serde::{Deserialize, Serialize};

use crate::model::Instant;

/// Work that continues by itself later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// A stable word.
    pub reason: WaitingReason,
    /// The reason in words.
    pub message: String,
    /// When it continues; `None` = unknown.
    pub until: Option<Instant>,
}

/// Stable words for the reasons to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingReason {
    /// A release waits for its window.
    Window,
    /// A bump waits until the environment wakes.
    Asleep,
    /// A migration is running: tidegate never interrupts it.
    Migration,
    /// A release is in progress: a schedule never interrupts it.
    Release,
    /// The database is in a transitional state.
    Database,
    /// A distribution is still learning its function.
    Distribution,
    /// A deployment is paused until a person continues it.
    Person,
    /// A service or the database was started outside tidegate while the environment sleeps: it keeps running for a
    /// while.
    Grace,
    /// CloudFront has not accepted an invalidation yet. Nothing else waits for it.
    Invalidation,
}

impl WaitingReason {
    /// Whether new versions wait for it.
    pub fn holds_a_release(self) -> bool {
        matches!(self, WaitingReason::Window | WaitingReason::Asleep)
    }

    /// Whether the environment counts as converged: only the clock is waited for.
    pub fn ends_by_the_clock(self) -> bool {
        matches!(self, WaitingReason::Asleep | WaitingReason::Grace | WaitingReason::Invalidation)
    }
}
