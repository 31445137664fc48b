//! Arguments that several verbs share, and how their text becomes values.

use std::time::Duration;

use chrono::DateTime;
use clap::ValueEnum;

use crate::model::Instant;

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
