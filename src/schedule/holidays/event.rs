//! One event of a calendar: which days it covers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use icalendar::parser::{Component, Property};

use super::date::{day, days_in, whole_day};
use super::recurrence::occurrences;
use crate::schedule::calendar::DateRange;

/// The property that tidegate does not understand, which makes it ignore the event.
pub(super) struct IgnoredProperty<'a> {
    pub(super) property: &'a Property<'a>,
    pub(super) hint: &'static str,
}

const WHOLE_DAYS: &str = "only whole days count: `DTSTART;VALUE=DATE:20261224`";

/// The original days of occurrences that were moved to another day, by the UID of their event.
pub(super) fn moved_days(events: &[&Component<'_>]) -> BTreeMap<String, BTreeSet<NaiveDate>> {
    let mut moved: BTreeMap<String, BTreeSet<NaiveDate>> = BTreeMap::new();
    for event in events {
        let day = event.find_prop("RECURRENCE-ID").and_then(|property| day(property.val.as_str()));
        if let (Some(day), Some(uid)) = (day, value(event, "UID")) {
            moved.entry(uid).or_default().insert(day);
        }
    }
    moved
}

/// The days of one event. `moved` are the occurrences that other entries of the file replace.
pub(super) fn days_of<'a>(
    event: &'a Component<'a>,
    moved: Option<&BTreeSet<NaiveDate>>,
) -> Result<Vec<DateRange>, IgnoredProperty<'a>> {
    if value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Ok(Vec::new());
    }
    let Some(start) = event.find_prop("DTSTART") else { return Ok(Vec::new()) };
    let ignored = |property, hint| IgnoredProperty { property, hint };
    let first = whole_day(start).ok_or_else(|| ignored(start, WHOLE_DAYS))?;
    let more = match (event.find_prop("DTEND"), event.find_prop("DURATION")) {
        (Some(end), _) => {
            let after = whole_day(end).ok_or_else(|| ignored(end, WHOLE_DAYS))?;
            // The end is the day after the last one; some programs write the day itself.
            if after < first {
                return Err(ignored(end, "`DTEND` is the day after the last day of the event"));
            }
            (after - first - TimeDelta::days(1)).max(TimeDelta::zero())
        }
        (None, Some(length)) => {
            let length = days_in(length.val.as_str())
                .ok_or_else(|| ignored(length, "write whole days: `DURATION:P3D`"))?;
            TimeDelta::days(length - 1)
        }
        (None, None) => TimeDelta::zero(),
    };
    let is_moved_itself = event.find_prop("RECURRENCE-ID").is_some();
    let mut firsts: BTreeSet<NaiveDate> = match event.find_prop("RRULE").filter(|_| !is_moved_itself) {
        Some(rule) => occurrences(first, rule.val.as_str())
            .ok_or_else(|| ignored(rule, "write a rule of RFC 5545, such as `RRULE:FREQ=YEARLY`"))?,
        None => BTreeSet::from([first]),
    };
    for property in &event.properties {
        let days = || property.val.as_str().split(',').map(day).collect::<Option<Vec<_>>>();
        let unread = || ignored(property, "write days: `20261224,20261231`");
        match property.name.as_str() {
            "RDATE" => firsts.extend(days().ok_or_else(unread)?),
            "EXDATE" => {
                let left_out = days().ok_or_else(unread)?;
                firsts.retain(|first| !left_out.contains(first));
            }
            _ => {}
        }
    }
    if let Some(moved) = moved.filter(|_| !is_moved_itself) {
        firsts.retain(|first| !moved.contains(first));
    }
    let range = |first: NaiveDate| Some(DateRange { first, last: first.checked_add_signed(more)? });
    Ok(firsts.into_iter().filter_map(range).collect())
}

/// A property's value, without blanks around it.
pub(super) fn value(event: &Component<'_>, name: &str) -> Option<String> {
    event.find_prop(name).map(|property| property.val.as_str().trim().to_owned())
}
