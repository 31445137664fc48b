//! Windows: when a release that closes the gate may begin. The planner decides which changes wait for a window,
//! and how much time must be left in it.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use chrono_tz::Tz;

use super::calendar::DateRange;
use super::crontab::Crontab;
use super::effective::{StateInputs, next_change, state_at};
use super::hours::Schedule;
use super::syntax::SyntaxError;
use super::wall::{instant_of, wall_at};
use crate::model::{Instant, State};

/// When releases may begin: in an `allow` window (at any time if there is none), and never in a `deny` window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The zone in which the windows are written.
    pub timezone: Tz,
    /// When releases may begin; empty means at any time.
    pub allow: Vec<Window>,
    /// When releases may not begin; wins over `allow`.
    pub deny: Vec<Window>,
    /// Which changes wait for a window.
    pub applies_to: AppliesTo,
}

/// Which changes wait for a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AppliesTo {
    /// Releases that close the gate wait for a window.
    #[default]
    Gated,
    /// Every version change waits for a window: releases, rolls and sites.
    All,
}

/// A stretch of time, either once or repeatedly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// From each occurrence of a crontab line, for a fixed duration: `0 4 * * tue,thu for 2h`.
    Cron {
        /// When the window opens.
        cron: Crontab,
        /// How long it stays open: real time, not wall-clock time.
        length: Duration,
    },
    /// Whole days, from midnight to midnight: `2026-12-24..2027-01-03`.
    Dates(DateRange),
}

/// Whether a release may begin at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowState {
    /// It may begin.
    Open {
        /// The first instant at which it no longer may; `None` if no end was found.
        until: Option<Instant>,
    },
    /// It may not begin.
    Closed {
        /// The first instant at which it may; `None` if no opening was found.
        opens_at: Option<Instant>,
    },
}

/// The most openings and closings that are searched for the next change: three years of four windows a day. A
/// change further away counts as not found; only windows every few minutes reach this bound.
const EDGES_IN_SIGHT: usize = 3 * 366 * 4 * 2;

/// The most openings and closings that are searched for a window that is long enough: three months of four windows
/// a day. All windows of one `CRON for DURATION` are equally long; they differ only where `deny` cuts them.
const WINDOWS_IN_SIGHT: usize = 92 * 4 * 2;

/// How far ahead a window must overlap the hours of the schedule: one year.
const MEETING_HORIZON: TimeDelta = TimeDelta::days(366);

/// The longest window: one year. A longer one is a mistake of units, or means "always".
const LONGEST_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Whether the windows are open at `t`, and when that changes.
pub fn window_at(t: Instant, windows: &Windows) -> WindowState {
    let changes_at = windows.next_change(t);
    if windows.are_open(t) {
        WindowState::Open { until: changes_at }
    } else {
        WindowState::Closed { opens_at: changes_at }
    }
}

/// The first instant from `t` on at which the windows are open and stay open for `length`. `None` if no window that
/// was found is that long.
pub fn window_with_room(t: Instant, windows: &Windows, length: Duration) -> Option<Instant> {
    let length = TimeDelta::from_std(length).ok()?;
    let mut at = t;
    for _ in 0..WINDOWS_IN_SIGHT {
        at = match window_at(at, windows) {
            WindowState::Open { until: Some(until) } if until - at < length => until,
            WindowState::Open { .. } => return Some(at),
            WindowState::Closed { opens_at } => opens_at?,
        };
    }
    None
}

/// Whether a window opens inside the hours of the schedule within the year after `from`. If not, no release that
/// closes the gate would begin.
pub fn windows_meet_schedule(windows: &Windows, schedule: &Schedule, from: Instant) -> bool {
    let inputs = StateInputs {
        state: State::Running,
        schedule: Some(schedule),
        git_override: None,
        runtime_override: None,
    };
    let horizon = from + MEETING_HORIZON;
    let mut at = from;
    while at < horizon {
        let next = if !windows.are_open(at) {
            windows.next_change(at)
        } else if state_at(at, &inputs).state == State::Stopped {
            next_change(at, &inputs).map(|change| change.at)
        } else {
            return true;
        };
        let Some(next) = next else { return false };
        at = next;
    }
    false
}

impl Windows {
    fn are_open(&self, t: Instant) -> bool {
        let covered = |windows: &[Window]| {
            windows.iter().any(|window| window.covered_until(self.timezone, t).is_some())
        };
        (self.allow.is_empty() || covered(&self.allow)) && !covered(&self.deny)
    }

    /// The first instant after `t` at which open becomes closed or closed open.
    fn next_change(&self, t: Instant) -> Option<Instant> {
        let open = self.are_open(t);
        let edge_after = |t: &Instant| {
            let all = self.allow.iter().chain(&self.deny);
            all.filter_map(|window| window.next_edge(self.timezone, *t)).min()
        };
        std::iter::successors(edge_after(&t), edge_after)
            .take(EDGES_IN_SIGHT)
            .find(|&edge| self.are_open(edge) != open)
    }
}

impl Window {
    /// Reads `CRON for DURATION`, a date, or `DATE..DATE`.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if let Some((cron, length)) = text.split_once(" for ") {
            let cron_line = Crontab::parse(cron).map_err(|error| error.within(text, cron))?;
            return Ok(Window::Cron { cron: cron_line, length: parse_length(text, length)? });
        }
        if text.split_whitespace().count() >= 5 {
            return Err(SyntaxError::at(text, &text[text.trim_end().len()..], "this window has no duration")
                .hint(format!("add how long it stays open: `{} for 2h`", text.trim())));
        }
        DateRange::parse(text).map(Window::Dates).map_err(|error| {
            let or_cron = "write a window as `0 4 * * tue,thu for 2h`, or as days: `2026-12-24..2027-01-03`";
            let hint = error.hint.clone().unwrap_or_else(|| or_cron.to_owned());
            error.hint(hint)
        })
    }

    /// The end of the window that covers `t`, as far as its own occurrences go; none if none covers it.
    fn covered_until(&self, zone: Tz, t: Instant) -> Option<Instant> {
        let end = match self {
            // All occurrences are equally long, so the last one ends last.
            Window::Cron { cron, length } => {
                let begin = instant_of(zone, cron.last_until(wall_at(zone, t))?);
                let length = TimeDelta::from_std(*length).unwrap_or(TimeDelta::MAX);
                begin.checked_add_signed(length).unwrap_or(Instant::MAX_UTC)
            }
            Window::Dates(days) => {
                let (first, end) = days.span();
                if t < instant_of(zone, first) {
                    return None;
                }
                instant_of(zone, end)
            }
        };
        (t < end).then_some(end)
    }

    /// The first instant after `t` at which this window may begin or end.
    fn next_edge(&self, zone: Tz, t: Instant) -> Option<Instant> {
        if let Some(end) = self.covered_until(zone, t) {
            return Some(end);
        }
        match self {
            Window::Cron { cron, .. } => Some(instant_of(zone, cron.next_after(wall_at(zone, t))?)),
            Window::Dates(days) => Some(instant_of(zone, days.span().0)).filter(|&first| first > t),
        }
    }
}

/// Reads `2h` or `1h30m`: whole numbers, each with a unit. humantime would also take milliseconds and months of
/// 30.44 days.
fn parse_length(whole: &str, part: &str) -> Result<Duration, SyntaxError> {
    let text = part.trim();
    let error = |message: String| {
        SyntaxError::at(whole, part.trim_start(), message)
            .hint("write numbers with units: `30m`, `2h`, `1h30m`, `1d`")
    };
    let shaped = text.ends_with(['s', 'm', 'h', 'd'])
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd'));
    let length = if shaped { humantime::parse_duration(text).ok() } else { None };
    let length = length.ok_or_else(|| error(format!("`{text}` is not a duration")))?;
    if length.is_zero() || length > LONGEST_WINDOW {
        return Err(error(format!("a window cannot stay open for `{text}`"))
            .hint("a window stays open for at least one second and at most 366 days"));
    }
    Ok(length)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Cron { cron, length } => {
                write!(f, "{} for ", cron.to_string().trim())?;
                let seconds = length.as_secs();
                let parts = [
                    (seconds / 86_400, 'd'),
                    (seconds / 3600 % 24, 'h'),
                    (seconds / 60 % 60, 'm'),
                    (seconds % 60, 's'),
                ];
                parts.iter().filter(|(n, _)| *n > 0).try_for_each(|(n, unit)| write!(f, "{n}{unit}"))
            }
            Window::Dates(days) => days.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
