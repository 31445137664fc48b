//! Whether a release may begin now: a window is open, and long enough for the release.

use std::time::Duration;

use crate::model::Instant;
use crate::plan::facts::Facts;
use crate::plan::report::{Waiting, WaitingReason};
use crate::schedule::{self, WindowState, Windows, window_at, window_with_room};

/// What is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A release that closes the gate: it should be over before its window closes.
    Gated,
    /// Services that roll, and sites: they only have to begin in a window.
    Rolling,
}

/// What the work waits for; `None` = it may begin now.
pub(super) fn wait_for(facts: &Facts<'_>, work: Work) -> Option<Waiting> {
    let windows = facts.spec.windows.as_ref().filter(|_| facts.ledger.ignore_window.is_none())?;
    let length = match work {
        Work::Gated => release_length(facts),
        Work::Rolling => Duration::ZERO,
    };
    let begins_at = window_with_room(facts.now, windows, length);
    if begins_at == Some(facts.now) {
        return None;
    }
    let message = message(facts, windows, length, begins_at);
    Some(Waiting { reason: WaitingReason::Window, message, until: begins_at })
}

fn message(facts: &Facts<'_>, windows: &Windows, length: Duration, begins_at: Option<Instant>) -> String {
    // Not the windows' own zone: one output has one zone.
    let shown = |at: Instant| schedule::in_words(at, facts.spec.zone());
    let minutes = Duration::from_secs(length.as_secs().div_ceil(60) * 60);
    let takes = humantime::format_duration(minutes);
    let environment = &facts.spec.name;
    match (window_at(facts.now, windows), begins_at) {
        (WindowState::Open { until: Some(until) }, Some(at)) => format!(
            "the release takes about {takes}, and the open window closes {}; the next window that is long enough opens {}",
            shown(until),
            shown(at)
        ),
        (WindowState::Closed { .. }, Some(at)) => {
            format!("the release waits for the next window, which opens {}", shown(at))
        }
        (WindowState::Closed { opens_at: None }, None) => {
            "the release waits for a window, and none is upcoming; check `windows:`".to_owned()
        }
        (_, None) | (WindowState::Open { until: None }, Some(_)) => format!(
            "the release takes about {takes}, and no upcoming window is that long: widen `windows.allow`\nor begin outside a window: tidegate apply {environment} --now --reason \"…\""
        ),
    }
}

/// How long a release locks users out, by what releases took before.
fn release_length(facts: &Facts<'_>) -> Duration {
    let (spec, expected) = (facts.spec, &facts.input.expected);
    let layers = u32::try_from(spec.layers().len()).unwrap_or(u32::MAX);
    let drain = spec.maintenance.as_ref().map_or(Duration::ZERO, |maintenance| maintenance.drain);
    let migration = spec.migration.as_ref().map_or(Duration::ZERO, |migration| {
        let snapshot = if migration.snapshot.take { expected.snapshot } else { Duration::ZERO };
        snapshot + expected.migration + migration.settle
    });
    let checks = if spec.checks.is_empty() { Duration::ZERO } else { expected.checks };
    drain + (expected.stop + expected.start_layer) * layers + migration + checks
}
