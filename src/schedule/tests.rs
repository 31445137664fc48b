//! The room from outside: what holds when, why, and until when. Each file takes one kind of difficulty.

mod dst;
pub(super) mod plain;
mod precedence;
mod simulation;

use super::*;
use crate::model::{Instant, State};

/// A schedule from its texts.
pub(super) fn schedule(
    timezone: Tz,
    start: &[&str],
    stop: &[&str],
    except: &[&str],
    also: &[&str],
) -> Schedule {
    Schedule {
        timezone,
        start: start.iter().map(|text| Crontab::parse(text).unwrap()).collect(),
        stop: stop.iter().map(|text| Crontab::parse(text).unwrap()).collect(),
        except: except.iter().map(|text| DateRange::parse(text).unwrap()).collect(),
        holidays: Vec::new(),
        also: also.iter().map(|text| TimeSpanOnDay::parse(text).unwrap()).collect(),
    }
}

/// `running`, with a schedule and nothing else.
pub(super) fn running(schedule: &Schedule) -> StateInputs<'_> {
    StateInputs {
        state: State::Running,
        schedule: Some(schedule),
        git_override: None,
        runtime_override: None,
    }
}

/// An instant from RFC 3339.
pub(super) fn at(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The changes of some days as people read them: `2026-11-24T07:00:00+01:00 running schedule`.
pub(super) fn timeline(inputs: &StateInputs, zone: Tz, from: &str, days: i64) -> Vec<String> {
    let from = at(from);
    changes(from, from + chrono::TimeDelta::days(days), inputs)
        .iter()
        .map(|change| {
            let because = serde_json::to_value(change.because).unwrap();
            let at = change.at.with_timezone(&zone).to_rfc3339();
            format!("{at} {} {}", change.state, because.as_str().unwrap())
        })
        .collect()
}
