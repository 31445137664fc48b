//! One line of an ordinary crontab, and the wall-clock minutes at which it fires.
//!
//! There are no zones here: a line is about the wall clock. The `cron` crate finds the occurrences, as if the wall
//! clock were UTC. In a real zone it would skip the minutes of a gap and give those of an overlap twice.
//! Rules: <https://man7.org/linux/man-pages/man5/crontab.5.html>.

mod dialect;
mod field;

use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use cron::TimeUnitSpec;

use self::field::{DAY_OF_MONTH, DAY_OF_WEEK, Fields, HOUR, MINUTE, MONTH};
use super::syntax::SyntaxError;
use super::wall::WallTime;

/// What is wrong with a crontab line.
pub type CrontabError = SyntaxError;

/// The minutes of one day: bit `m` of entry `h`.
pub(super) type MinutesOfDay = [u64; 24];

/// Minute, hour, day of the month, month, day of the week.
#[derive(Clone, PartialEq, Eq)]
pub struct Crontab {
    text: String,
    minutes: u64,
    hours: u64,
    days_of_month: u64,
    months: u64,
    /// The same line in the crate's dialect; two of them where either day field is enough.
    alternatives: Vec<cron::Schedule>,
}

impl Crontab {
    /// Reads a line of five fields with names, lists, ranges and steps; 0 and 7 are Sunday; `fri-mon` wraps around
    /// the week. A day field that starts with `*` does not restrict; if both day fields restrict, a day that matches
    /// either of them is enough.
    pub fn parse(text: &str) -> Result<Self, CrontabError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day_of_month, month, day_of_week] = words[..] else {
            return Err(not_five_fields(text, &words));
        };
        let fields = Fields {
            minute: field::parse(text, minute, &MINUTE)?,
            hour: field::parse(text, hour, &HOUR)?,
            day_of_month: field::parse(text, day_of_month, &DAY_OF_MONTH)?,
            month: field::parse(text, month, &MONTH)?,
            day_of_week: field::parse(text, day_of_week, &DAY_OF_WEEK)?,
        };
        Ok(Self {
            text: text.to_owned(),
            minutes: fields.minute.bits,
            hours: fields.hour.bits,
            days_of_month: fields.day_of_month.bits,
            months: fields.month.bits,
            alternatives: dialect::translate(&fields),
        })
    }

    /// The first occurrence after `wall`; none if the line never fires again before the year 2101.
    pub(super) fn next_after(&self, wall: WallTime) -> Option<WallTime> {
        let as_utc = wall.and_utc();
        self.alternatives.iter().filter_map(|line| line.after(&as_utc).next()).map(|t| t.naive_utc()).min()
    }

    /// The last occurrence not after `wall`; none if the line has not fired since 1970.
    pub(super) fn last_until(&self, wall: WallTime) -> Option<WallTime> {
        // The crate looks strictly before, and steps by whole seconds.
        let as_utc = (wall + chrono::TimeDelta::seconds(1)).and_utc();
        self.alternatives
            .iter()
            .filter_map(|line| line.after(&as_utc).next_back())
            .map(|t| t.naive_utc())
            .max()
    }

    /// Whether both day fields restrict, so that a day that matches either of them is enough.
    pub fn fires_on_either_day(&self) -> bool {
        self.alternatives.len() > 1
    }

    /// The next days on which the line fires, `from` included, at most `count` of them.
    pub fn days_from(&self, from: NaiveDate, count: usize) -> Vec<NaiveDate> {
        let before = from.and_time(NaiveTime::MIN) - chrono::TimeDelta::seconds(1);
        let first = self.next_after(before);
        let days = std::iter::successors(first, |at| {
            self.next_after(at.date().succ_opt()?.and_time(NaiveTime::MIN) - chrono::TimeDelta::seconds(1))
        });
        days.map(|at| at.date()).take(count).collect()
    }

    /// Why the line never fires: no month that it names has one of its days. `None`: it fires.
    pub fn never_fires(&self) -> Option<String> {
        let first_year = NaiveDate::from_ymd_opt(1970, 1, 1)?.and_time(NaiveTime::MIN);
        if self.next_after(first_year - chrono::TimeDelta::seconds(1)).is_some() {
            return None;
        }
        let months: Vec<chrono::Month> = (1..=12_u8)
            .filter(|month| self.months >> month & 1 == 1)
            .filter_map(|month| chrono::Month::try_from(month).ok())
            .collect();
        // A leap year: its February is the longest.
        let longest = months.iter().filter_map(|month| month.num_days(2000)).max().unwrap_or(31);
        let names: Vec<&str> = months.iter().map(chrono::Month::name).collect();
        let first_day = self.days_of_month.trailing_zeros();
        let (names, have) = (names.join(" and "), if months.len() == 1 { "has" } else { "have" });
        Some(format!("{names} {have} at most {longest} days, and the first day of the line is {first_day}"))
    }

    /// Whether the line fires at exactly this time.
    pub(super) fn fires_at(&self, wall: WallTime) -> bool {
        self.alternatives.iter().any(|line| line.includes(wall.and_utc()))
    }

    /// Whether this line fires at every minute at which the other does. `true` is certain; `false` may be wrong
    /// where only the calendar makes it so.
    pub(super) fn fires_whenever(&self, other: &Crontab) -> bool {
        other
            .alternatives
            .iter()
            .all(|theirs| self.alternatives.iter().any(|ours| includes_all(ours, theirs)))
    }

    /// Adds the minutes at which the line fires on `day`.
    pub(super) fn add_minutes_of(&self, day: NaiveDate, minutes: &mut MinutesOfDay) {
        let Some(first) = day.and_hms_opt(self.hours.trailing_zeros(), self.minutes.trailing_zeros(), 0)
        else {
            return;
        };
        if self.fires_at(first) {
            for (hour, of_hour) in minutes.iter_mut().enumerate() {
                *of_hour |= if self.hours >> hour & 1 == 1 { self.minutes } else { 0 };
            }
        }
    }
}

fn includes_all(ours: &cron::Schedule, theirs: &cron::Schedule) -> bool {
    fn all_in(theirs: &impl TimeUnitSpec, ours: &impl TimeUnitSpec) -> bool {
        theirs.iter().all(|number| ours.includes(number))
    }
    all_in(theirs.minutes(), ours.minutes())
        && all_in(theirs.hours(), ours.hours())
        && all_in(theirs.days_of_month(), ours.days_of_month())
        && all_in(theirs.months(), ours.months())
        && all_in(theirs.days_of_week(), ours.days_of_week())
}

fn not_five_fields(text: &str, words: &[&str]) -> SyntaxError {
    let error = |part: &str, message: String| SyntaxError::at(text, part, message);
    let example = "write minute, hour, day of the month, month and day of the week: `0 7 * * mon-fri`";
    let long_form = |name: &str| match name {
        "@yearly" | "@annually" => Some("0 0 1 1 *"),
        "@monthly" => Some("0 0 1 * *"),
        "@weekly" => Some("0 0 * * 0"),
        "@daily" | "@midnight" => Some("0 0 * * *"),
        "@hourly" => Some("0 * * * *"),
        _ => None,
    };
    match words {
        [] => error(text, "the crontab line is empty".to_owned()).hint(example),
        [name, ..] if name.starts_with('@') => {
            let hint = long_form(&name.to_ascii_lowercase())
                .map_or_else(|| example.to_owned(), |fields| format!("write `{fields}`"));
            error(name, format!("shortcuts such as `{name}` are not supported")).hint(hint)
        }
        [.., last] if words.len() < 5 => {
            let end = &last[last.len()..];
            error(end, format!("a crontab line has five fields; this one has {}", words.len())).hint(example)
        }
        [_, _, _, _, _, sixth, ..] => {
            error(sixth, format!("a crontab line has five fields; this one has {}", words.len()))
                .hint("remove the field for seconds or years")
        }
        _ => unreachable!("five words are a line"),
    }
}

impl fmt::Display for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Crontab").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests;
