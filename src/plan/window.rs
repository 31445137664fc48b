//! Whether a release may begin now: an open window, and enough time left in it.

use std::time::Duration;

use super::draft::Draft;
use super::goal::{Frozen, Goal};
use crate::model::Instant;
use crate::plan::{PlanningInput, WaitingReason};
use crate::schedule::{WindowState, Windows, window_at, window_with_room};

/// What is to be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A release that closes the gate: it should be over before the window is.
    Gated,
    /// Services that roll and sites: they only begin in it.
    Rolling,
}

/// Whether it may begin; else it waits, and what it would change is `frozen`.
pub(super) fn admits(
    input: &PlanningInput,
    work: Work,
    goal: &mut Goal,
    frozen: Frozen,
    draft: &mut Draft,
) -> bool {
    let Some(windows) = input.spec.windows.as_ref().filter(|_| input.ledger.ignore_window.is_none()) else {
        return true;
    };
    let length = match work {
        Work::Gated => release_length(input),
        Work::Rolling => Duration::ZERO,
    };
    let begins_at = window_with_room(input.now, windows, length);
    if begins_at == Some(input.now) {
        return true;
    }
    draft.wait(WaitingReason::Window, message(input, windows, length, begins_at), begins_at);
    goal.frozen = frozen;
    false
}

fn message(input: &PlanningInput, windows: &Windows, length: Duration, begins_at: Option<Instant>) -> String {
    let shown = |at: Instant| at.with_timezone(&windows.timezone).format("%a %Y-%m-%d %H:%M %Z").to_string();
    let minutes = Duration::from_secs(length.as_secs().div_ceil(60) * 60);
    let takes = humantime::format_duration(minutes);
    let environment = &input.spec.name;
    match (window_at(input.now, windows), begins_at) {
        (WindowState::Open { until: Some(until) }, Some(at)) => format!(
            "the release takes some {takes} here, and its window closes {}; the next that is long enough opens {}",
            shown(until),
            shown(at)
        ),
        (WindowState::Closed { .. }, Some(at)) => {
            format!("the release waits for its window, which opens {}", shown(at))
        }
        (WindowState::Closed { opens_at: None }, None) => {
            "the release waits for its window, and none is in sight: look at `windows:`".to_owned()
        }
        (_, None) | (WindowState::Open { until: None }, Some(_)) => format!(
            "the release takes some {takes} here, and no window in sight is that long: widen `windows.allow`, or begin all the same\ntidegate apply {environment} --now --reason \"…\""
        ),
    }
}

/// How long users are locked out by a release, by the history.
fn release_length(input: &PlanningInput) -> Duration {
    let (spec, expected) = (&input.spec, &input.expected);
    let layers = u32::try_from(spec.layers().len()).unwrap_or(u32::MAX);
    let drain = spec.maintenance.as_ref().map_or(Duration::ZERO, |maintenance| maintenance.drain);
    let migration = spec.migration.as_ref().map_or(Duration::ZERO, |migration| {
        let snapshot = if migration.snapshot.take { expected.snapshot } else { Duration::ZERO };
        snapshot + expected.migration + migration.settle
    });
    let checks = if spec.checks.is_empty() { Duration::ZERO } else { expected.checks };
    drain + (expected.stop + expected.start_layer) * layers + migration + checks
}
