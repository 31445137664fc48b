//! When the next pass of an environment begins, and why: a pure function of times.
//!
//! Nothing is remembered as an event. A new commit, a change in the calendar and the end of a pause each compare
//! two values, so that a change during a long pass is found after it.

use std::time::Duration;

use crate::clock::Monotonic;
use crate::model::{InputsId, Instant};
use crate::schedule::{self, StateInputs, WindowState, Windows};

/// From the end of a pass that left nothing to do, or nothing without a person, to the next observation: often
/// enough to see a change in the console soon, at six requests each.
const INTERVAL: Duration = Duration::from_secs(60);
/// The first pause after a pass that failed. It doubles with each failure in a row.
const BACKOFF_MIN: Duration = Duration::from_secs(15);
/// The longest pause after failures. A person who repaired something need not wait: a poke or a commit ends it.
const BACKOFF_MAX: Duration = Duration::from_secs(600);
/// The pause after a pass that a panic ended: it would panic again, and only a person can change that.
const DEFECT_REST: Duration = Duration::from_secs(15 * 60);
/// Until tidegate tries again to lock an environment that another process holds.
const LOCKED_RETRY: Duration = Duration::from_secs(5);

/// The last pass of an environment, as far as the next one depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LastPass {
    /// The end of the pass, or of the observation that found nothing changed since.
    pub(super) ended_at: Monotonic,
    /// What the declaration was made of that the pass applied at its end.
    pub(super) inputs: InputsId,
    /// Decides how long the pause after it is.
    pub(super) result: PassResult,
    /// Drawn, and taken off the interval, so that environments whose passes began together do not stay together.
    pub(super) early: Duration,
    /// The number of failures in a row, this pass included.
    pub(super) failures: u32,
    /// When the schedule, an override or a window changes next, seen from the beginning of the pass.
    pub(super) changes_at: Option<Instant>,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassResult {
    /// Nothing is left to do, or nothing that tidegate can do without a person.
    Settled,
    /// A retry may succeed.
    Failed,
    /// Another process holds the lease of the environment.
    Locked,
    /// A panic ended it.
    Defect,
}

/// Why a pass begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassReason {
    /// The environment has had no pass since the daemon started.
    First,
    /// A person or SIGHUP poked the daemon.
    Poked,
    /// A commit that concerns the environment is in force.
    Commit,
    /// The scheduled state changed, or a window opened or closed.
    Calendar,
    /// The pause after a failure or a lock is over.
    Retry,
    /// The interval between two passes is over.
    Interval,
}

impl PassReason {
    /// The word for logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            PassReason::First => "first",
            PassReason::Poked => "poked",
            PassReason::Commit => "commit",
            PassReason::Calendar => "calendar",
            PassReason::Retry => "retry",
            PassReason::Interval => "interval",
        }
    }
}

/// The present on both clocks: the wall clock decides what the calendar says, the monotonic one how long a pause has
/// lasted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Present {
    pub(super) wall: Instant,
    pub(super) monotonic: Monotonic,
}

/// Whether a pass of an environment that is made of `inputs` is due, and why.
pub(super) fn due(
    now: Present,
    inputs: &InputsId,
    is_poked: bool,
    last: Option<&LastPass>,
) -> Option<PassReason> {
    let Some(last) = last else { return Some(PassReason::First) };
    if is_poked {
        return Some(PassReason::Poked);
    }
    if last.inputs != *inputs {
        return Some(PassReason::Commit);
    }
    if last.changes_at.is_some_and(|at| now.wall >= at) {
        return Some(PassReason::Calendar);
    }
    let early = if last.result == PassResult::Settled { last.early } else { Duration::ZERO };
    let pause = pause_after(last.result, last.failures) - early;
    (now.monotonic.since(last.ended_at) >= pause).then_some(match last.result {
        PassResult::Settled => PassReason::Interval,
        PassResult::Failed | PassResult::Locked | PassResult::Defect => PassReason::Retry,
    })
}

/// How long the next pass waits if nothing else makes it due.
pub(super) fn pause_after(result: PassResult, failures: u32) -> Duration {
    match result {
        PassResult::Settled => INTERVAL,
        PassResult::Locked => LOCKED_RETRY,
        PassResult::Defect => DEFECT_REST,
        // 15, 30, 60 … seconds: six doublings pass the longest.
        PassResult::Failed => (BACKOFF_MIN * 2u32.pow(failures.saturating_sub(1).min(6))).min(BACKOFF_MAX),
    }
}

/// The first instant after `from` at which the scheduled state changes, or a window opens or closes.
pub(super) fn changes_at(
    from: Instant,
    inputs: &StateInputs<'_>,
    windows: Option<&Windows>,
) -> Option<Instant> {
    let state = schedule::next_change(from, inputs).map(|change| change.at);
    let window = windows.and_then(|windows| match schedule::window_at(from, windows) {
        WindowState::Closed { opens_at } => opens_at,
        WindowState::Open { until } => until,
    });
    state.into_iter().chain(window).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::State;
    use crate::schedule::{AppliesTo, Override, Window};

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    /// The monotonic clock, which shows something else.
    fn ticks(seconds: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_secs(500 + seconds))
    }

    fn present(seconds: u64) -> Present {
        Present { wall: at(seconds as i64), monotonic: ticks(seconds) }
    }

    fn last(result: PassResult, failures: u32, changes_at: Option<i64>) -> LastPass {
        let changes_at = changes_at.map(at);
        let early = Duration::ZERO;
        LastPass { ended_at: ticks(0), inputs: InputsId::new("a"), result, early, failures, changes_at }
    }

    #[test]
    fn an_environment_is_due_for_one_of_six_reasons() {
        let quiet = last(PassResult::Settled, 0, None);
        for (now, inputs, is_poked, last, why) in [
            (0, "a", false, None, Some(PassReason::First)),
            (1, "a", false, Some(&quiet), None),
            (59, "a", false, Some(&quiet), None),
            (60, "a", false, Some(&quiet), Some(PassReason::Interval)),
            (1, "b", false, Some(&quiet), Some(PassReason::Commit)),
            (1, "a", true, Some(&quiet), Some(PassReason::Poked)),
            (9, "a", false, Some(&last(PassResult::Settled, 0, Some(10))), None),
            (10, "a", false, Some(&last(PassResult::Settled, 0, Some(10))), Some(PassReason::Calendar)),
            (14, "a", false, Some(&last(PassResult::Failed, 1, None)), None),
            (15, "a", false, Some(&last(PassResult::Failed, 1, None)), Some(PassReason::Retry)),
            (1, "b", false, Some(&last(PassResult::Failed, 9, None)), Some(PassReason::Commit)),
            (5, "a", false, Some(&last(PassResult::Locked, 0, None)), Some(PassReason::Retry)),
            (899, "a", false, Some(&last(PassResult::Defect, 0, None)), None),
            (900, "a", false, Some(&last(PassResult::Defect, 0, None)), Some(PassReason::Retry)),
            (1, "b", false, Some(&last(PassResult::Defect, 0, None)), Some(PassReason::Commit)),
        ] {
            let found = due(present(now), &InputsId::new(inputs), is_poked, last);
            assert_eq!(found, why, "{now} {inputs} {is_poked} {last:?}");
        }
    }

    #[test]
    fn a_change_during_a_long_pass_is_due_at_its_end() {
        let began_before = last(PassResult::Settled, 0, Some(-30));
        assert_eq!(
            due(present(0), &InputsId::new("a"), false, Some(&began_before)),
            Some(PassReason::Calendar)
        );
    }

    #[test]
    fn a_wall_clock_that_is_set_changes_only_what_the_calendar_says() {
        let inputs = InputsId::new("a");
        for (result, failures) in [
            (PassResult::Settled, 0),
            (PassResult::Failed, 3),
            (PassResult::Locked, 0),
            (PassResult::Defect, 0),
        ] {
            let last = last(result, failures, Some(9_000));
            let pause = pause_after(result, failures).as_secs();
            for set_by in [-7_200, -3_600, -1, 0, 1, 3_600, 7_200] {
                let due = |seconds: u64| {
                    let now = Present { wall: at(set_by + seconds as i64), monotonic: ticks(seconds) };
                    due(now, &inputs, false, Some(&last))
                };
                assert_eq!(due(pause - 1), None, "{result:?}: the clock was set by {set_by} s");
                assert!(due(pause).is_some(), "{result:?}: the clock was set by {set_by} s");
            }
        }
    }

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        let pauses: Vec<u64> =
            (1..9).map(|failures| pause_after(PassResult::Failed, failures).as_secs()).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(pause_after(PassResult::Failed, u32::MAX), BACKOFF_MAX);
    }

    #[test]
    fn the_calendar_changes_with_states_and_with_windows() {
        let until = Override { state: State::Stopped, until: at(500), reason: "test".to_owned() };
        let declared = StateInputs {
            state: State::Running,
            schedule: None,
            git_override: Some(&until),
            runtime_override: None,
        };
        assert_eq!(changes_at(at(0), &declared, None), Some(at(500)));
        let windows = Windows {
            timezone: schedule::Tz::UTC,
            // 1_800_000_000 is 08:00 on a Friday.
            allow: vec![Window::parse("5 8 * * * for 1h").unwrap()],
            deny: Vec::new(),
            applies_to: AppliesTo::Gated,
        };
        assert_eq!(changes_at(at(0), &declared, Some(&windows)), Some(at(300)));
        assert_eq!(changes_at(at(301), &declared, Some(&windows)), Some(at(500)));
    }
}
