//! Instants, days and lengths as iCalendar writes them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::lines::Property;
use super::zones::Zones;
use crate::schedule::wall;

/// A value of DTSTART, DTEND, UNTIL, EXDATE, RDATE or RECURRENCE-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// `20261224`
    Day(NaiveDate),
    /// `20261224T000000`, in the zone of its `TZID`; `None` = it has none, or one that tidegate does not know.
    Local(NaiveDateTime, Option<Tz>),
    /// `20261223T230000Z`
    Instant(DateTime<Utc>),
}

/// Where the instants of a series become days: its own zone, else its calendar's, else the schedule's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeriesZone {
    /// The zone of its `DTSTART`.
    pub(super) own: Option<Tz>,
    /// The calendar's, else the schedule's.
    pub(super) home: Tz,
}

impl When {
    /// Reads one value of a property.
    pub(super) fn read(property: &Property, value: &str, zones: &Zones) -> Option<Self> {
        let zone = property.parameter("TZID").and_then(|name| zones.named(name));
        Self::of(value, zone)
    }

    /// Reads a value that is local time in `zone` unless it ends in `Z`.
    pub(super) fn of(value: &str, zone: Option<Tz>) -> Option<Self> {
        let text = value.trim().to_ascii_uppercase();
        let Some((day_text, time)) = text.split_once('T') else { return day(&text).map(When::Day) };
        let (time, is_utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
        if time.len() != 6 || !time.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let part = |at: usize| time[at..at + 2].parse::<u32>().ok();
        // A leap second counts as the second before it.
        let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4)?.min(59))?;
        let at = day(day_text)?.and_time(time);
        Some(if is_utc { When::Instant(at.and_utc()) } else { When::Local(at, zone) })
    }

    /// The zone that it brings along.
    pub(super) fn zone(self) -> Option<Tz> {
        match self {
            When::Local(_, zone) => zone,
            When::Day(_) | When::Instant(_) => None,
        }
    }

    /// The time on the wall clock of the series. The first instant of a day is midnight, also where the clock is set
    /// forward at midnight.
    pub(super) fn in_series(self, series: SeriesZone) -> NaiveDateTime {
        let shown = |at: DateTime<Utc>, zone: Tz| {
            let local = at.with_timezone(&zone).naive_local();
            let midnight = local.date().and_time(NaiveTime::MIN);
            if wall::instant_of(zone, midnight) == at { midnight } else { local }
        };
        match (self, series.own) {
            (When::Day(day), _) => day.and_time(NaiveTime::MIN),
            (When::Instant(at), own) => shown(at, own.unwrap_or(series.home)),
            (When::Local(at, Some(zone)), Some(own)) if zone != own => shown(wall::instant_of(zone, at), own),
            (When::Local(at, _), _) => at,
        }
    }

    /// The day in the zone of the series.
    pub(super) fn day(self, series: SeriesZone) -> NaiveDate {
        self.in_series(series).date()
    }
}

/// `20261224`; years have four digits.
fn day(text: &str) -> Option<NaiveDate> {
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten()
}

/// The last minute of a day counts as its end: some programs write `T235959`.
pub(super) fn end_of_day(at: NaiveDateTime) -> NaiveDateTime {
    match at.time() >= NaiveTime::from_hms_opt(23, 59, 0).expect("a time") {
        true => at.date().and_time(NaiveTime::MIN) + TimeDelta::days(1),
        false => at,
    }
}

/// Whole days in a DURATION: `P3D`, `P2W`, `P1DT0H0M0S`, `PT24H`. <https://www.rfc-editor.org/rfc/rfc5545#section-3.3.6>
pub(super) fn days_in(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_prefix('+').unwrap_or(&text).strip_prefix('P')?;
    let (mut digits, mut seconds, mut in_time, mut has_unit) = (String::new(), 0_i64, false, false);
    for character in text.chars() {
        match character {
            '0'..='9' => digits.push(character),
            'T' if digits.is_empty() && !in_time => in_time = true,
            unit => {
                let length = match (unit, in_time) {
                    ('W', false) => 7 * 86_400,
                    ('D', false) => 86_400,
                    ('H', true) => 3_600,
                    ('M', true) => 60,
                    ('S', true) => 1,
                    _ => return None,
                };
                let number: i64 = digits.parse().ok().filter(|number| *number <= 10_000_000)?;
                seconds += number.checked_mul(length)?;
                (digits, has_unit) = (String::new(), true);
            }
        }
    }
    let days = seconds / 86_400;
    (has_unit && digits.is_empty() && seconds % 86_400 == 0 && (1..=3_660).contains(&days)).then_some(days)
}
