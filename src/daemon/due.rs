//! When an environment is looked at again: a pure function of times.
//!
//! Nothing is remembered as an event. A commit, a change in the calendar and a rest that is over are all
//! questions about two values, so that whatever happened while a pass went on is found after it.

use std::time::Duration;

use chrono::TimeDelta;

use crate::model::{Instant, Revision};
use crate::schedule::{self, StateInputs, WindowState, Windows};

/// Between two looks at an environment that is as it should be, or that only a person can help: often enough
/// to see a hand in the console soon, at six requests a look.
const INTERVAL: Duration = Duration::from_secs(60);
/// The first rest after a pass that failed; it doubles with each failure in a row.
const REST_MIN: Duration = Duration::from_secs(15);
/// The longest rest after failures. Whoever repaired something need not wait: a poke or a commit ends it.
const REST_MAX: Duration = Duration::from_secs(600);
/// Until the lease is asked for again that somebody else holds.
const BUSY: Duration = Duration::from_secs(5);

/// What a pass left to know.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Last {
    /// When it ended.
    pub(super) ended_at: Instant,
    /// The commit it worked towards at its end.
    pub(super) revision: Revision,
    /// How it ended, as far as the next one depends on it.
    pub(super) end: End,
    /// Failures in a row, this one included.
    pub(super) failures: u32,
    /// When the calendar has something else to say than at its beginning.
    pub(super) changes_at: Option<Instant>,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing is left to do, or nothing that goes by itself.
    Settled,
    /// It may go better later.
    Failed,
    /// Somebody else acts on the environment.
    Busy,
}

/// Why an environment is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It has not been looked at yet.
    First,
    /// Somebody asked.
    Poked,
    /// Another commit is in force.
    Commit,
    /// Another state, or a window that has opened.
    Calendar,
    /// The rest after a failure is over.
    Again,
    /// It is time.
    Interval,
}

impl Why {
    /// The word for logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Why::First => "first",
            Why::Poked => "poked",
            Why::Commit => "commit",
            Why::Calendar => "calendar",
            Why::Again => "again",
            Why::Interval => "interval",
        }
    }
}

/// Whether it is time to look at an environment for which `revision` is in force, and why.
pub(super) fn due(now: Instant, revision: &Revision, is_poked: bool, last: Option<&Last>) -> Option<Why> {
    let Some(last) = last else { return Some(Why::First) };
    if is_poked {
        return Some(Why::Poked);
    }
    if last.revision != *revision {
        return Some(Why::Commit);
    }
    if last.changes_at.is_some_and(|at| now >= at) {
        return Some(Why::Calendar);
    }
    let rest = TimeDelta::from_std(rest(last.end, last.failures)).expect("at most ten minutes");
    (now >= last.ended_at + rest).then_some(match last.end {
        End::Settled => Why::Interval,
        End::Failed | End::Busy => Why::Again,
    })
}

/// How long an environment is left alone after a pass.
pub(super) fn rest(end: End, failures: u32) -> Duration {
    match end {
        End::Settled => INTERVAL,
        End::Busy => BUSY,
        // 15, 30, 60 … seconds: six doublings pass the longest.
        End::Failed => (REST_MIN * 2u32.pow(failures.saturating_sub(1).min(6))).min(REST_MAX),
    }
}

/// The first instant after `from` at which the calendar says something else: another state, or a window
/// that opens or closes.
pub(super) fn changes_at(
    from: Instant,
    declared: &StateInputs<'_>,
    windows: Option<&Windows>,
) -> Option<Instant> {
    let state = schedule::next_change(from, declared).map(|change| change.at);
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

    fn last(end: End, failures: u32, changes_at: Option<i64>) -> Last {
        let changes_at = changes_at.map(at);
        Last { ended_at: at(0), revision: Revision::commit("a"), end, failures, changes_at }
    }

    #[test]
    fn an_environment_is_due_for_one_of_six_reasons() {
        let quiet = last(End::Settled, 0, None);
        for (now, revision, is_poked, last, why) in [
            (0, "a", false, None, Some(Why::First)),
            (1, "a", false, Some(&quiet), None),
            (59, "a", false, Some(&quiet), None),
            (60, "a", false, Some(&quiet), Some(Why::Interval)),
            (1, "b", false, Some(&quiet), Some(Why::Commit)),
            (1, "a", true, Some(&quiet), Some(Why::Poked)),
            (9, "a", false, Some(&last(End::Settled, 0, Some(10))), None),
            (10, "a", false, Some(&last(End::Settled, 0, Some(10))), Some(Why::Calendar)),
            (14, "a", false, Some(&last(End::Failed, 1, None)), None),
            (15, "a", false, Some(&last(End::Failed, 1, None)), Some(Why::Again)),
            (1, "b", false, Some(&last(End::Failed, 9, None)), Some(Why::Commit)),
            (5, "a", false, Some(&last(End::Busy, 0, None)), Some(Why::Again)),
        ] {
            let found = due(at(now), &Revision::commit(revision), is_poked, last);
            assert_eq!(found, why, "{now} {revision} {is_poked} {last:?}");
        }
    }

    #[test]
    fn a_change_that_a_long_pass_slept_through_is_due_at_its_end() {
        let began_before = last(End::Settled, 0, Some(-30));
        assert_eq!(due(at(0), &Revision::commit("a"), false, Some(&began_before)), Some(Why::Calendar));
    }

    #[test]
    fn rests_double_up_to_ten_minutes() {
        let rests: Vec<u64> = (1..9).map(|failures| rest(End::Failed, failures).as_secs()).collect();
        assert_eq!(rests, [15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(rest(End::Failed, u32::MAX), REST_MAX);
    }

    #[test]
    fn the_calendar_speaks_of_states_and_of_windows_that_open() {
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
