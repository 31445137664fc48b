//! Arguments that several verbs share, and how their text becomes values.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta};
use clap::ValueEnum;

use super::error::CliError;
use crate::model::{Instant, State};
use crate::report::time_format;
use crate::schedule::{Tz, next_time_of_day};

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    // For people
    Text,
    // For programs
    Json,
}

/// An instant as RFC 3339 has it. Local times without an offset are refused: whose would they be?
pub(super) fn instant(text: &str) -> Result<Instant, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "write date, time and offset, such as 2026-11-24T04:00:00+01:00".to_owned())
}

/// A duration with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("write a number with a unit, such as 30s, 5m or 1h30m".to_owned()),
    }
}

/// A reason that says something.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why, in a few words: it is kept in the journal".to_owned()),
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

/// An end that a person names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// This instant.
    Instant(Instant),
    /// When a clock on the wall shows this next.
    TimeOfDay(NaiveTime),
}

/// RFC 3339, or a time of day.
pub(super) fn until(text: &str) -> Result<Until, String> {
    let is_time = text.len() == 5;
    if let Some(time) = NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| is_time) {
        return Ok(Until::TimeOfDay(time));
    }
    let hint = "write a time of day, such as 22:00, or date, time and offset: 2026-11-24T22:00:00+01:00";
    instant(text).map(Until::Instant).map_err(|_| hint.to_owned())
}

/// The instant that `--until` or `--for` names, if one of them is there.
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
            .ok_or_else(|| CliError::usage("`--for` leads beyond the calendar"))?,
        (None, None) => return Ok(None),
    };
    if end <= now {
        return Err(CliError::failure(format!(
            "`--until {}` lies in the past",
            time_format::rfc3339(end, zone)
        ))
        .because_of(format!("it is {}", time_format::local(now, zone)))
        .hint("name an instant to come, or a length of time with `--for`"));
    }
    // To the second, as it is shown.
    Ok(Some(DateTime::from_timestamp(end.timestamp(), 0).unwrap_or(end)))
}
