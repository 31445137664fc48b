//! Rules against an oracle that was written from RFC 5545 alone: it asks of each day, one after the other, whether the
//! rule names it. <https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10>

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate, TimeDelta, Weekday};
use proptest::prelude::*;

use crate::schedule::Tz;
use crate::schedule::holidays::recurrence::occurrences;
use crate::schedule::holidays::when::SeriesZone;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Freq {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Debug)]
struct Rule {
    freq: Freq,
    interval: i64,
    count: Option<usize>,
    until: Option<NaiveDate>,
    by_month: Vec<u32>,
    by_month_day: Vec<i32>,
    /// The number is 0 where the rule gives none.
    by_day: Vec<(i32, Weekday)>,
    by_set_pos: Vec<i32>,
    week_start: Weekday,
}

const WEEKDAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn code(day: Weekday) -> String {
    day.to_string()[..2].to_uppercase()
}

impl Rule {
    fn text(&self) -> String {
        let mut text =
            format!("FREQ={};INTERVAL={}", format!("{:?}", self.freq).to_uppercase(), self.interval);
        let mut list = |key: &str, values: Vec<String>| {
            if !values.is_empty() {
                text.push_str(&format!(";{key}={}", values.join(",")));
            }
        };
        list("BYMONTH", self.by_month.iter().map(ToString::to_string).collect());
        list("BYMONTHDAY", self.by_month_day.iter().map(ToString::to_string).collect());
        let number = |number: i32| if number == 0 { String::new() } else { number.to_string() };
        list("BYDAY", self.by_day.iter().map(|(nth, day)| number(*nth) + &code(*day)).collect());
        list("BYSETPOS", self.by_set_pos.iter().map(ToString::to_string).collect());
        list("WKST", vec![code(self.week_start)]);
        list("COUNT", self.count.iter().map(ToString::to_string).collect());
        list("UNTIL", self.until.iter().map(|day| day.format("%Y%m%d").to_string()).collect());
        text
    }

    /// The period of the rule's frequency that a day lies in, as a number.
    fn period(&self, day: NaiveDate) -> i64 {
        let days = day.num_days_from_ce();
        match self.freq {
            Freq::Daily => i64::from(days),
            Freq::Weekly => {
                let since = day.weekday().days_since(self.week_start);
                i64::from(days - since as i32).div_euclid(7)
            }
            Freq::Monthly => i64::from(day.year()) * 12 + i64::from(day.month0()),
            Freq::Yearly => i64::from(day.year()),
        }
    }

    /// Whether the BY rules name a day; where there are none, the first day does.
    fn names(&self, day: NaiveDate, first: NaiveDate) -> bool {
        let month_length = days_of_month(day);
        let is_month = self.by_month.is_empty() || self.by_month.contains(&day.month());
        let from_end = day.day() as i32 - month_length as i32 - 1;
        let is_month_day = self.by_month_day.is_empty()
            || self.by_month_day.iter().any(|n| *n == day.day() as i32 || *n == from_end);
        let is_weekday = self.by_day.is_empty()
            || self
                .by_day
                .iter()
                .any(|(nth, weekday)| *weekday == day.weekday() && (*nth == 0 || self.is_nth(day, *nth)));
        let has_day_rule = !self.by_month_day.is_empty() || !self.by_day.is_empty();
        let by_default = match self.freq {
            _ if has_day_rule => true,
            Freq::Daily => true,
            Freq::Weekly => day.weekday() == first.weekday(),
            Freq::Monthly => day.day() == first.day(),
            Freq::Yearly if self.by_month.is_empty() => {
                (day.month(), day.day()) == (first.month(), first.day())
            }
            Freq::Yearly => day.day() == first.day(),
        };
        is_month && is_month_day && is_weekday && by_default
    }

    /// Whether a day is the nth weekday of its month, or of its year where the rule names no month.
    fn is_nth(&self, day: NaiveDate, nth: i32) -> bool {
        let in_year = self.freq == Freq::Yearly && self.by_month.is_empty();
        let (position, length) = match in_year {
            true => (day.ordinal0(), if day.leap_year() { 366 } else { 365 }),
            false => (day.day0(), days_of_month(day)),
        };
        let (from_start, from_end) = (position / 7 + 1, (length - 1 - position) / 7 + 1);
        nth == from_start as i32 || -nth == from_end as i32
    }

    fn days(&self, first: NaiveDate, last: NaiveDate) -> BTreeSet<NaiveDate> {
        // From the beginning of the first period: BYSETPOS counts days before the first one, too.
        let start = first - TimeDelta::days(366);
        let mut found = BTreeSet::new();
        let mut period: Vec<NaiveDate> = Vec::new();
        let mut day = start;
        while day <= last + TimeDelta::days(366) {
            let next = day + TimeDelta::days(1);
            let is_in_step = (self.period(day) - self.period(first)).rem_euclid(self.interval) == 0;
            if is_in_step && self.names(day, first) {
                period.push(day);
            }
            if self.period(next) != self.period(day) {
                found.extend(self.chosen(&period));
                period.clear();
            }
            day = next;
        }
        let until = self.until.unwrap_or(last).min(last);
        let from_first = found.into_iter().filter(|day| *day >= first);
        let counted = from_first.take(self.count.unwrap_or(usize::MAX));
        counted.filter(|day| *day <= until).collect()
    }

    fn chosen(&self, period: &[NaiveDate]) -> Vec<NaiveDate> {
        let at = |position: i32| match position {
            1.. => period.get(position as usize - 1),
            _ => {
                period.len().checked_sub(position.unsigned_abs() as usize).and_then(|index| period.get(index))
            }
        };
        match self.by_set_pos.is_empty() {
            true => period.to_vec(),
            false => self.by_set_pos.iter().filter_map(|position| at(*position)).copied().collect(),
        }
    }
}

fn days_of_month(day: NaiveDate) -> u32 {
    u32::from(day.num_days_in_month())
}

fn some<T: Clone + std::fmt::Debug + 'static>(of: Vec<T>, most: usize) -> impl Strategy<Value = Vec<T>> {
    prop::sample::subsequence(of, 0..=most)
}

fn rules() -> impl Strategy<Value = (NaiveDate, Rule)> {
    let freq = prop::sample::select(vec![Freq::Daily, Freq::Weekly, Freq::Monthly, Freq::Yearly]);
    let first = (2020i32..2027, 1u32..=12, 1u32..=28)
        .prop_map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap());
    let months = some((1..=12).collect(), 3);
    let month_days = some((1..=31).chain(-31..=-1).collect(), 3);
    let weekdays = some(WEEKDAYS.to_vec(), 3);
    let numbers = prop::collection::vec(prop::sample::select(vec![0, 0, 1, 2, 4, -1, -2]), 3);
    let positions = some(vec![1, 2, 3, -1, -2], 2);
    let end = (0..3, 1usize..40, 0i64..3_000);
    let week_start = prop::sample::select(WEEKDAYS.to_vec());
    (freq, first, 1i64..5, months, month_days, weekdays, numbers, positions, end, week_start).prop_map(
        |(
            freq,
            first,
            interval,
            by_month,
            mut by_month_day,
            weekdays,
            numbers,
            by_set_pos,
            end,
            week_start,
        )| {
            // <https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10>: BYMONTHDAY is not for weeks, and numbers before
            // weekdays are only for months and years.
            if freq == Freq::Weekly {
                by_month_day.clear();
            }
            let may_number = matches!(freq, Freq::Monthly | Freq::Yearly);
            let numbered = numbers.into_iter().map(|number| if may_number { number } else { 0 });
            let by_day: Vec<(i32, Weekday)> = numbered.zip(weekdays).collect();
            let has_by = !(by_month.is_empty() && by_month_day.is_empty() && by_day.is_empty());
            let by_set_pos = if has_by { by_set_pos } else { Vec::new() };
            let (kind, count, days) = end;
            let count = (kind == 1).then_some(count);
            let until = (kind == 2).then(|| first + TimeDelta::days(days));
            let rule =
                Rule { freq, interval, count, until, by_month, by_month_day, by_day, by_set_pos, week_start };
            (first, rule)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rules_name_the_days_of_the_oracle((first, rule) in rules()) {
        // Far enough for every rule to show itself, near enough to go day by day.
        let last = first + TimeDelta::days(12 * 366);
        let series = SeriesZone { own: None, home: Tz::Europe__Berlin };
        let found = occurrences(first, &rule.text(), series);
        let found = found.map_err(|why| TestCaseError::fail(format!("{}: {why}", rule.text())))?;
        let found: BTreeSet<NaiveDate> = found.days.into_iter().filter(|day| *day <= last).collect();
        prop_assert_eq!(found, rule.days(first, last), "{} from {}", rule.text(), first);
    }

    /// A bound is the same day, however it is written.
    #[test]
    fn an_instant_bounds_like_its_day(offset in 0i64..400, hour in 0u32..24) {
        let zone = Tz::Europe__Berlin;
        let series = SeriesZone { own: None, home: zone };
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let until = first + TimeDelta::days(offset);
        let at = crate::schedule::wall::instant_of(zone, until.and_hms_opt(hour, 0, 0).unwrap());
        let instant = format!("FREQ=DAILY;UNTIL={}", at.format("%Y%m%dT%H%M%SZ"));
        let day = format!("FREQ=DAILY;UNTIL={}", until.format("%Y%m%d"));
        prop_assert_eq!(
            occurrences(first, &instant, series).unwrap(),
            occurrences(first, &day, series).unwrap()
        );
    }
}
