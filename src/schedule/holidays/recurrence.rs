//! Series (`RRULE`) as the days on which their events begin. The `rrule` crate unfolds them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use rrule::{RRuleSet, Tz};

use super::when::{SeriesZone, When};

/// Crontab lines are known until the same day.
pub(super) const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2100, 12, 31).expect("a date");

/// More days than any calendar needs: a bound, so that one line cannot take all memory.
const DAYS_MAX: u16 = 60_000;

/// The days of a rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Occurrences {
    pub(super) days: BTreeSet<NaiveDate>,
    /// Something that the reader should know, although the days count.
    pub(super) remark: Option<&'static str>,
}

/// The first day of each occurrence until [`LAST_DAY`].
///
/// # Errors
/// Why the rule cannot be used.
pub(super) fn occurrences(
    first: NaiveDate,
    rule: &str,
    series: SeriesZone,
) -> Result<Occurrences, &'static str> {
    const BAD: &str = "write a rule of RFC 5545, such as `RRULE:FREQ=YEARLY`";
    let rule = rule.trim().trim_end_matches(';').to_ascii_uppercase();
    let (mut parts, mut until, mut has_count) = (Vec::new(), LAST_DAY, false);
    for part in rule.split(';') {
        let (key, value) = part.split_once('=').ok_or(BAD)?;
        match key.trim() {
            "UNTIL" => {
                // An instant is a day of the series; the end of the century is a bound of its own.
                let day = When::of(value, series.own).ok_or(BAD)?.day(series);
                until = until.min(day);
            }
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                return Err("whole days have no hours: leave out `BYHOUR`, `BYMINUTE` and `BYSECOND`");
            }
            "FREQ" if matches!(value, "HOURLY" | "MINUTELY" | "SECONDLY") => {
                return Err("a day comes again daily at most: `FREQ=DAILY`");
            }
            "RSCALE" | "SKIP" => return Err("only the Gregorian calendar is known: no `RSCALE`, no `SKIP`"),
            key => {
                has_count |= key == "COUNT";
                parts.push(part.trim().to_owned());
            }
        }
    }
    let is_yearly = rule.contains("FREQ=YEARLY") && !rule.contains("BYMONTH=");
    for part in parts.iter_mut().filter(|part| part.starts_with("BYDAY=")) {
        *part = format!("BYDAY={}", numbered(&part["BYDAY=".len()..], if is_yearly { 53 } else { 5 }));
    }
    if has_count && rule.contains("UNTIL=") {
        return Err("a rule has `COUNT` or `UNTIL`, not both");
    }
    if until < first {
        return Ok(Occurrences::default());
    }
    if !has_count {
        parts.push(format!("UNTIL={}T000000Z", until.format("%Y%m%d")));
    }
    // A day has no zone; as midnight in UTC it has one, and so must its end.
    let text = format!("DTSTART:{}T000000Z\nRRULE:{}", first.format("%Y%m%d"), parts.join(";"));
    let set: RRuleSet = text.parse().map_err(|_| BAD)?;
    let end: DateTime<Utc> = LAST_DAY.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
    let found = set.before(end.with_timezone(&Tz::UTC)).all(DAYS_MAX);
    let days: BTreeSet<NaiveDate> = found.dates.into_iter().map(|date| date.date_naive()).collect();
    let remark = if found.limited {
        Some("it has too many days; only the first 60,000 count")
    } else if days.is_empty() {
        Some("its rule fits no day")
    } else if !days.contains(&first) {
        Some("its `DTSTART` is not a day of its rule, and does not count")
    } else {
        None
    };
    Ok(Occurrences { days, remark })
}

/// Weekdays with and without numbers name the days of both (`WE,1TH`: every Wednesday, and the first Thursday). The crate
/// takes the days that both name, so that a weekday without a number gets all numbers of its month or year.
fn numbered(days: &str, most: u32) -> String {
    let has_number = |day: &&str| day.trim().len() > 2;
    let days: Vec<&str> = days.split(',').map(str::trim).collect();
    if days.iter().all(has_number) || !days.iter().any(has_number) {
        return days.join(",");
    }
    let numbers = |day: &&str| match has_number(day) {
        true => (*day).to_owned(),
        false => (1..=most).map(|number| format!("{number}{day}")).collect::<Vec<_>>().join(","),
    };
    days.iter().map(numbers).collect::<Vec<_>>().join(",")
}
