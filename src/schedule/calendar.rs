//! Days and hours of the calendar: `except`, `also`, `allow` and `deny` name these besides crontab lines.
//!
//! Both are stretches of wall-clock time, `[start, end)`; the zone decides which instants these are.

use std::fmt;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::syntax::SyntaxError;
use super::wall::{WallTime, midnight, midnight_after};

/// Whole days, both ends included: `2026-12-24` or `2026-12-24..2027-01-03`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub first: NaiveDate,
    /// The last day; the same for a single one.
    pub last: NaiveDate,
}

/// A part of one day: `2026-11-28 09:00..17:00`. The end is not included; `24:00` is the end of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSpanOnDay {
    day: NaiveDate,
    start_minute: u16,
    end_minute: u16,
}

impl DateRange {
    /// Reads a date or a range of dates. Errors: not a date, not in the calendar, last before first.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let Some((first_text, last_text)) = text.split_once("..") else {
            let day = date(text, text)?;
            return Ok(Self { first: day, last: day });
        };
        let (first, last) = (date(text, first_text)?, date(text, last_text)?);
        if last < first {
            let message = format!("the range ends on {last}, before it begins on {first}");
            return Err(SyntaxError::at(text, last_text.trim_start(), message)
                .hint(format!("write `{last}..{first}`")));
        }
        Ok(Self { first, last })
    }

    /// Midnight to midnight on the wall clock: the start included, the end not.
    pub(super) fn span(&self) -> (WallTime, WallTime) {
        (midnight(self.first), midnight_after(self.last))
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..{}", self.first, self.last)
        }
    }
}

impl TimeSpanOnDay {
    /// Reads `DATE HH:MM..HH:MM`. Errors: not of that shape, no such day or time, end not after start.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let shape = "write a day and two times: `2026-11-28 09:00..17:00`";
        let start_of_text = text.trim_start();
        let Some((day_text, times)) = start_of_text.split_once(char::is_whitespace) else {
            return Err(SyntaxError::at(text, start_of_text, "this day has no times").hint(shape));
        };
        let day = date(text, day_text)?;
        let Some((start_text, end_text)) = times.split_once("..") else {
            return Err(SyntaxError::at(text, times.trim_start(), "this day has no end time").hint(shape));
        };
        let (start_minute, end_minute) = (minute_of_day(text, start_text)?, minute_of_day(text, end_text)?);
        if end_minute <= start_minute {
            return Err(SyntaxError::at(text, end_text.trim_start(), "the end is not after the start")
                .hint("to go past midnight, write two entries: one until `24:00`, and one on the next day from `00:00`"));
        }
        Ok(Self { day, start_minute, end_minute })
    }

    /// The day.
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// Start and end on the wall clock: the start included, the end not.
    pub fn span(&self) -> (WallTime, WallTime) {
        let at = |minute| midnight(self.day) + TimeDelta::minutes(i64::from(minute));
        (at(self.start_minute), at(self.end_minute))
    }
}

impl fmt::Display for TimeSpanOnDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, start_minute: start, end_minute: end } = self;
        write!(f, "{day} {:02}:{:02}..{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)
    }
}

/// `2026-12-24`, with spaces around it allowed. chrono's own parser would also take `2026-1-5` and
/// `+2026-01-05`.
fn date(whole: &str, part: &str) -> Result<NaiveDate, SyntaxError> {
    let text = part.trim();
    let error = |message: String| SyntaxError::at(whole, part.trim_start(), message);
    let shaped = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return Err(error(format!("`{text}` is not a date")).hint("write a date as `2026-12-24`"));
    }
    text.parse().map_err(|_| error(format!("`{text}` is not a day of the calendar")))
}

/// `09:00` as minutes since midnight; `24:00` is 1440.
fn minute_of_day(whole: &str, part: &str) -> Result<u16, SyntaxError> {
    let text = part.trim();
    let error = |message: String| SyntaxError::at(whole, part.trim_start(), message);
    if text == "24:00" {
        return Ok(24 * 60);
    }
    let shaped = text.len() == 5
        && text.bytes().enumerate().all(|(i, b)| if i == 2 { b == b':' } else { b.is_ascii_digit() });
    if !shaped {
        return Err(
            error(format!("`{text}` is not a time")).hint("write a time as `09:00`, from `00:00` to `24:00`")
        );
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| error(format!("`{text}` is not a time of day")))?;
    let minutes = (time - NaiveTime::MIN).num_minutes();
    Ok(u16::try_from(minutes).expect("a time of day is fewer than 1440 minutes after midnight"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_and_ranges_of_days() {
        for (text, written) in [
            ("2026-12-24", "2026-12-24"),
            ("2026-12-24..2027-01-03", "2026-12-24..2027-01-03"),
            (" 2026-12-24 .. 2027-01-03 ", "2026-12-24..2027-01-03"),
            ("2026-12-24..2026-12-24", "2026-12-24"),
            ("2028-02-29", "2028-02-29"),
        ] {
            assert_eq!(DateRange::parse(text).unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn a_range_includes_both_its_days() {
        let (start, end) = DateRange::parse("2026-12-24..2027-01-03").unwrap().span();
        assert_eq!(
            (start.to_string(), end.to_string()),
            ("2026-12-24 00:00:00".into(), "2027-01-04 00:00:00".into())
        );
    }

    #[test]
    fn says_what_is_wrong_with_days_and_where() {
        for (text, message, column) in [
            ("", "`` is not a date", 1),
            ("24.12.2026", "`24.12.2026` is not a date", 1),
            ("2026-1-5", "`2026-1-5` is not a date", 1),
            ("2026-02-29", "`2026-02-29` is not a day of the calendar", 1),
            ("2026-12-24..", "`` is not a date", 13),
            ("2026-12-24.. 2026-13-01", "`2026-13-01` is not a day of the calendar", 14),
            ("2026-12-24..2026-12-23", "the range ends on 2026-12-23, before it begins on 2026-12-24", 13),
        ] {
            let error = DateRange::parse(text).unwrap_err();
            assert_eq!((error.message.as_str(), error.column), (message, column), "{text}");
        }
    }

    #[test]
    fn reads_spans_of_a_day() {
        for text in ["2026-11-28 09:00..17:00", "2026-11-28 00:00..24:00", "2026-11-28 23:59..24:00"] {
            assert_eq!(TimeSpanOnDay::parse(text).unwrap().to_string(), text);
        }
        let (start, end) = TimeSpanOnDay::parse("2026-11-28 09:00..24:00").unwrap().span();
        assert_eq!(
            (start.to_string(), end.to_string()),
            ("2026-11-28 09:00:00".into(), "2026-11-29 00:00:00".into())
        );
    }

    #[test]
    fn says_what_is_wrong_with_spans_and_where() {
        for (text, message, column) in [
            ("2026-11-28", "this day has no times", 1),
            ("2026-11-28 09:00", "this day has no end time", 12),
            ("2026-11-31 09:00..17:00", "`2026-11-31` is not a day of the calendar", 1),
            ("2026-11-28 9:00..17:00", "`9:00` is not a time", 12),
            ("2026-11-28 09:00..25:00", "`25:00` is not a time of day", 19),
            ("2026-11-28 09:00..24:01", "`24:01` is not a time of day", 19),
            ("2026-11-28 22:00..02:00", "the end is not after the start", 19),
            ("2026-11-28 09:00..09:00", "the end is not after the start", 19),
        ] {
            let error = TimeSpanOnDay::parse(text).unwrap_err();
            assert_eq!((error.message.as_str(), error.column), (message, column), "{text}");
        }
    }
}
