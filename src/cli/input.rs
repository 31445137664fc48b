//! Arguments that several verbs share, and how their text becomes values.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta};
use clap::ValueEnum;

use super::error::CliError;
use crate::model::{Instant, State};
use crate::report::time_format;
use crate::schedule::{Tz, next_time_of_day};

/// The format of what a verb prints on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

/// An instant in RFC 3339. A local time without an offset is refused, because its zone is unknown.
pub(super) fn instant(text: &str) -> Result<Instant, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "write date, time and UTC offset, such as 2026-11-24T04:00:00+01:00".to_owned())
}

/// A duration with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("write a number with a unit, such as 30s, 5m or 1h30m".to_owned()),
    }
}

/// A reason that is not empty.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("write the reason in a few words; it is kept in the journal".to_owned()),
        reason => Ok(reason.to_owned()),
    }
}

/// A state by its word.
pub(super) fn state(text: &str) -> Result<State, String> {
    let words = State::ALL.map(State::as_str).join(", ");
    State::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("write one of: {words}"))
}

/// The end of an override or a suspension, as an operator writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// A fixed instant.
    Instant(Instant),
    /// The next time that a clock in the environment's zone shows this time.
    TimeOfDay(NaiveTime),
}

/// RFC 3339, or a time of day.
pub(super) fn until(text: &str) -> Result<Until, String> {
    let is_time = text.len() == 5;
    if let Some(time) = NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| is_time) {
        return Ok(Until::TimeOfDay(time));
    }
    let hint =
        "write a time of day, such as 22:00, or date, time and UTC offset, such as 2026-11-24T22:00:00+01:00";
    instant(text).map(Until::Instant).map_err(|_| hint.to_owned())
}

/// The instant that `--until` or `--for` means; none if neither is given.
pub(super) fn end(
    until: Option<&Until>,
    length: Option<Duration>,
    now: Instant,
    zone: Tz,
) -> Result<Option<Instant>, CliError> {
    let end = match (until, length) {
        (Some(Until::Instant(at)), _) => *at,
        (Some(Until::TimeOfDay(time)), _) => next_time_of_day(zone, *time, now),
        (None, Some(length)) => TimeDelta::from_std(length)
            .ok()
            .and_then(|length| now.checked_add_signed(length))
            .ok_or_else(|| {
                CliError::usage(
                    "`--for` is too long: it ends after the last date that tidegate can represent",
                )
            })?,
        (None, None) => return Ok(None),
    };
    if end <= now {
        return Err(CliError::failure(format!(
            "`--until {}` is in the past",
            time_format::rfc3339(end, zone)
        ))
        .because_of(format!("it is now {}", time_format::local(now, zone)))
        .hint("give an instant in the future, or a length of time with `--for`"));
    }
    // Whole seconds, because that is what is shown.
    Ok(Some(DateTime::from_timestamp(end.timestamp(), 0).unwrap_or(end)))
}
