//! How long users are locked out by a plan: an estimate from how long things took before.

use std::collections::BTreeSet;
use std::time::Duration;

use super::action::{Action, ActionKind, Step};
use super::input::Expected;
use super::steps::OPEN_ID;
use crate::model::Instant;

/// Seconds between closing and opening the gate; `None` = the plan leaves it closed; 0 = it stays open.
pub(super) fn estimate(
    actions: &[Action],
    expected: &Expected,
    now: Instant,
    gate_is_closed: bool,
) -> Option<u64> {
    let closes = actions.iter().any(|action| action.step == Step::CloseGate);
    // Rules that stay open in a closed gate let no users in.
    let opens = actions.iter().any(|action| action.id == OPEN_ID);
    match (closes || gate_is_closed, opens) {
        (false, _) => return Some(0),
        (true, false) => return None,
        (true, true) => {}
    }
    let mut steps = BTreeSet::new();
    let mut total = Duration::ZERO;
    for action in
        actions.iter().filter(|action| action.step > Step::CloseGate && action.step < Step::OpenGate)
    {
        // Actions of one step go side by side: a step counts once.
        if steps.insert(action.step) {
            total += duration(action, expected, now);
        }
    }
    Some(total.as_secs())
}

fn duration(action: &Action, expected: &Expected, now: Instant) -> Duration {
    match &action.kind {
        ActionKind::Drain { until, .. } | ActionKind::Settle { until } => {
            (*until - now).to_std().unwrap_or_default()
        }
        ActionKind::StopService { .. } | ActionKind::AwaitTasks { .. } => expected.stop,
        ActionKind::StartDatabase => expected.start_database,
        ActionKind::TakeSnapshot { .. } => expected.snapshot,
        ActionKind::Migrate(_) => expected.migration,
        ActionKind::StartService(_) => expected.start_layer,
        ActionKind::Check { .. } => expected.checks,
        _ => Duration::ZERO,
    }
}
