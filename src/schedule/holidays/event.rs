//! One event of a calendar: the days on which it begins, and how many days each time lasts.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::lines::{Component, Property, plain};
use super::recurrence::occurrences;
use super::when::{SeriesZone, When, days_in, end_of_day};
use super::zones::Zones;

/// The first day of each time, and the number of days.
pub(super) type Times = BTreeMap<NaiveDate, i64>;

/// A property that stands in an event's way, or one that tidegate leaves out.
#[derive(Debug)]
pub(super) struct Remark {
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) hint: &'static str,
}

const WHOLE_DAYS: &str = "only whole days count: `DTSTART;VALUE=DATE:20261224`";

/// The event's title.
pub(super) fn title(event: &Component) -> String {
    match event.value("SUMMARY").map(plain) {
        Some(title) if !title.is_empty() => title,
        _ => "(no title)".to_owned(),
    }
}

/// The zone of a series: that of its `DTSTART`, else the calendar's.
pub(super) fn zone_of(event: &Component, zones: &Zones) -> SeriesZone {
    let start = event.property("DTSTART").and_then(|start| When::read(start, &start.value, zones));
    SeriesZone { own: start.and_then(When::zone), home: zones.home }
}

/// All times of an event, of its series too. What is left out of it is added to `remarks`.
///
/// # Errors
/// The property because of which the whole event does not count.
pub(super) fn times_of(
    event: &Component,
    zones: &Zones,
    is_replacement: bool,
    remarks: &mut Vec<Remark>,
) -> Result<Times, Remark> {
    let Some(start) = event.property("DTSTART") else {
        let what = "it has no `DTSTART`".to_owned();
        return Err(Remark { line: event.line, what, hint: WHOLE_DAYS });
    };
    let series = zone_of(event, zones);
    let first = day_of(start, zones, series)?;
    let length = length(event, start, first, zones, series)?;
    let mut times = Times::from([(first, length)]);
    let rules: Vec<&Property> = event.all("RRULE").collect();
    if let (true, Some(rule)) = (is_replacement, rules.first()) {
        remarks.push(partly(rule, "a replaced time of a series has no series of its own"));
    } else if !rules.is_empty() {
        times.clear();
        for rule in rules {
            times.extend(days_of_rule(rule, first, series, remarks)?.into_iter().map(|day| (day, length)));
        }
    }
    for property in event.all("RDATE") {
        for text in property.value.split(',') {
            let (day, length) = match text.split_once('/') {
                None => (listed(property, text, zones, series)?, length),
                Some((from, to)) => period(property, from, to, zones, series)?,
            };
            times.insert(day, length);
        }
    }
    for rule in event.all("EXRULE") {
        let left_out = days_of_rule(rule, first, series, remarks)?;
        times.retain(|day, _| !left_out.contains(day));
    }
    for property in event.all("EXDATE") {
        for text in property.value.split(',') {
            times.remove(&listed(property, text, zones, series)?);
        }
    }
    Ok(times)
}

fn days_of_rule(
    rule: &Property,
    first: NaiveDate,
    series: SeriesZone,
    remarks: &mut Vec<Remark>,
) -> Result<std::collections::BTreeSet<NaiveDate>, Remark> {
    let found = occurrences(first, &rule.value, series).map_err(|hint| remark(rule, hint))?;
    remarks.extend(found.remark.map(|why| partly(rule, why)));
    Ok(found.days)
}

/// The day that begins at DTSTART.
fn day_of(start: &Property, zones: &Zones, series: SeriesZone) -> Result<NaiveDate, Remark> {
    let when = When::read(start, &start.value, zones).ok_or_else(|| remark(start, WHOLE_DAYS))?;
    let at = when.in_series(series);
    if at.time() == NaiveTime::MIN { Ok(at.date()) } else { Err(remark(start, WHOLE_DAYS)) }
}

/// How many days one time lasts.
fn length(
    event: &Component,
    start: &Property,
    first: NaiveDate,
    zones: &Zones,
    series: SeriesZone,
) -> Result<i64, Remark> {
    let is_day = matches!(When::read(start, &start.value, zones), Some(When::Day(_)));
    if let Some(end) = event.property("DTEND") {
        let when = When::read(end, &end.value, zones).ok_or_else(|| remark(end, WHOLE_DAYS))?;
        let after = end_of_day(when.in_series(series));
        if after.time() != NaiveTime::MIN {
            return Err(remark(end, WHOLE_DAYS));
        }
        // The end is the day after the last one; some programs write the day itself.
        return match (after.date() - first).num_days() {
            0 if is_day => Ok(1),
            days @ 1.. => Ok(days),
            _ => Err(remark(end, "`DTEND` is the day after the last day of the event")),
        };
    }
    match event.property("DURATION") {
        Some(length) => {
            days_in(&length.value).ok_or_else(|| remark(length, "write whole days: `DURATION:P3D`"))
        }
        // A day. Midnight without an end is what some programs write for a day.
        None => Ok(1),
    }
}

/// One day of RDATE or EXDATE.
fn listed(property: &Property, text: &str, zones: &Zones, series: SeriesZone) -> Result<NaiveDate, Remark> {
    let when = When::read(property, text, zones);
    when.map(|when| when.day(series)).ok_or_else(|| remark(property, "write days: `20261224,20261231`"))
}

/// A PERIOD of RDATE: a start, and an end or a length.
fn period(
    property: &Property,
    from: &str,
    to: &str,
    zones: &Zones,
    series: SeriesZone,
) -> Result<(NaiveDate, i64), Remark> {
    let bad = || remark(property, WHOLE_DAYS);
    let at = When::read(property, from, zones).ok_or_else(bad)?.in_series(series);
    let days = if to.trim().starts_with(['P', 'p', '+']) {
        days_in(to).ok_or_else(bad)?
    } else {
        let end = end_of_day(When::read(property, to, zones).ok_or_else(bad)?.in_series(series));
        let length: TimeDelta = end - at;
        if length.num_seconds() % 86_400 == 0 { length.num_days() } else { 0 }
    };
    if at.time() == NaiveTime::MIN && days >= 1 { Ok((at.date(), days)) } else { Err(bad()) }
}

/// The event counts, but for this.
fn partly(property: &Property, why: &str) -> Remark {
    let what = format!("{why}: `{}`", property.written());
    Remark { line: property.line, what, hint: "correct the rule, or list the days with `RDATE`" }
}

pub(super) fn remark(property: &Property, hint: &'static str) -> Remark {
    let what = format!("tidegate does not understand `{}`", property.written());
    Remark { line: property.line, what, hint }
}
