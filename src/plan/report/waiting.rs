//! What continues by itself later.

use serde::{Deserialize, Serialize};

use crate::model::Instant;

/// What goes on by itself later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// A stable word.
    pub reason: WaitingReason,
    /// What for.
    pub message: String,
    /// When, if that is known.
    pub until: Option<Instant>,
}

/// Stable words for what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingReason {
    /// A release waits for its window.
    Window,
    /// A bump waits until the environment wakes.
    Asleep,
    /// A migration is under way: it is never interrupted.
    Migration,
    /// A release is under way: a schedule never interrupts it.
    Release,
    /// The database is in a passing state.
    Database,
    /// A distribution is still learning its function.
    Distribution,
    /// A person started something while the environment sleeps: it is left alone for a while.
    Grace,
}

impl WaitingReason {
    /// Whether new versions wait for it.
    pub fn holds_a_release(self) -> bool {
        matches!(self, WaitingReason::Window | WaitingReason::Asleep)
    }

    /// Whether the environment is as good as converged: what is left comes with the clock.
    pub fn ends_by_the_clock(self) -> bool {
        matches!(self, WaitingReason::Asleep | WaitingReason::Grace)
    }
}
