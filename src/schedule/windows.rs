//! Windows: when a release that closes the gate may begin. What waits for them, and for how much time to be
//! left in them, is decided by the planner.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tz;
use super::calendar::DateRange;
use super::crontab::Crontab;
use super::effective::{StateInputs, next_change, state_at};
use super::hours::Schedule;
use super::syntax::SyntaxError;
use super::wall::{instant_of, wall_at};
use crate::model::{Instant, State};

/// When releases may begin. Nothing allowed = always allowed; what is denied is never allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The zone whose wall clock they are written in.
    pub timezone: Tz,
    /// When they may begin.
    pub allow: Vec<Window>,
    /// When they may not: wins.
    pub deny: Vec<Window>,
    /// What waits for them.
    pub applies_to: AppliesTo,
}

/// Which changes wait for a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AppliesTo {
    /// Releases that close the gate.
    #[default]
    Gated,
    /// Rolling updates and sites, too.
    All,
}

/// A stretch of time, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// From each occurrence of a crontab line, for a length of time that passes: `0 4 * * tue,thu for 2h`.
    Cron {
        /// When it begins.
        cron: Crontab,
        /// For how long.
        length: Duration,
    },
    /// Whole days, from midnight to midnight: `2026-12-24..2027-01-03`.
    Dates(DateRange),
}

/// Whether a release may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowState {
    /// It may.
    Open {
        /// Until then, not included; none = no end in sight.
        until: Option<Instant>,
    },
    /// It may not.
    Closed {
        /// When it may; none = no beginning in sight.
        opens_at: Option<Instant>,
    },
}

/// How many beginnings and ends of windows are looked at for the next change: three years of four windows a
/// day. What lies further away is answered as "not in sight"; only a window every few minutes gets there.
const EDGES_IN_SIGHT: usize = 3 * 366 * 4 * 2;

/// How many windows are looked at for one that is long enough: three months of four a day. All of one `CRON for
/// DURATION` are equally long; only what `deny` cuts off differs.
const WINDOWS_IN_SIGHT: usize = 92 * 4 * 2;

/// How far ahead windows and the hours of a schedule must meet.
const MEETING_HORIZON: TimeDelta = TimeDelta::days(366);

/// The longest window that may be written. More is a mistake of units, or means "always".
const LONGEST_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Whether the windows are open at `t`, and until when that is so.
pub fn window_at(t: Instant, windows: &Windows) -> WindowState {
    let changes_at = windows.next_change(t);
    if windows.are_open(t) {
        WindowState::Open { until: changes_at }
    } else {
        WindowState::Closed { opens_at: changes_at }
    }
}

/// The first instant from `t` on at which the windows are open, and stay open for `length`. None: no window in
/// sight is that long.
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

/// Whether there is an instant in the year after `from` at which the windows are open inside the hours of the
/// schedule. If not, no release that closes the gate would ever begin.
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
            return Err(SyntaxError::at(text, &text[text.trim_end().len()..], "a window without a length")
                .hint(format!("write how long it is open: {} for 2h", text.trim())));
        }
        DateRange::parse(text).map(Window::Dates).map_err(|error| {
            let or_cron = "windows are written `0 4 * * tue,thu for 2h` or 2026-12-24..2027-01-03";
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

/// `2h`, `1h30m`: whole numbers with a unit each. Finer units and months of 30.44 days are no lengths of
/// windows.
fn parse_length(whole: &str, part: &str) -> Result<Duration, SyntaxError> {
    let text = part.trim();
    let error = |message: String| {
        SyntaxError::at(whole, part.trim_start(), message)
            .hint("write numbers with units: 30m, 2h, 1h30m, 1d")
    };
    let shaped = text.ends_with(['s', 'm', 'h', 'd'])
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd'));
    let length = if shaped { humantime::parse_duration(text).ok() } else { None };
    let length = length.ok_or_else(|| error(format!("`{text}` is not a length of time")))?;
    if length.is_zero() || length > LONGEST_WINDOW {
        return Err(error(format!("a window cannot be open for {text}")));
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
