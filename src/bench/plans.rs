//! Plans for tests of what follows from a plan.

use crate::model::{Mode, Revision, State};
use crate::plan::{Blocked, BlockedReason, Plan, PlannedState, Waiting, WaitingReason};
use crate::schedule::Because;

/// A plan without actions: blocked and waiting for these reasons, in words that do not matter.
pub(crate) fn plan_that_ends_on(blocked: &[BlockedReason], waiting: &[WaitingReason]) -> Plan {
    let blocked =
        blocked.iter().map(|reason| Blocked { reason: *reason, message: String::new(), hints: Vec::new() });
    let waiting =
        waiting.iter().map(|reason| Waiting { reason: *reason, message: String::new(), until: None });
    Plan {
        revision: Revision::worktree(),
        mode: Mode::Enforce,
        state: PlannedState {
            declared: State::Running,
            effective: State::Running,
            because: Because::Declared,
            until: None,
        },
        actions: Vec::new(),
        blocked: blocked.collect(),
        waiting: waiting.collect(),
        drift: Vec::new(),
        awake: Vec::new(),
        notes: Vec::new(),
        expected_downtime_seconds: None,
    }
}
