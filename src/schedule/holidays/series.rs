//! The events of a calendar together: entries with a `RECURRENCE-ID` replace one time of a series, or all that follow.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::event::{Remark, Times, remark, times_of, title, zone_of};
use super::lines::{Component, Property};
use super::when::{SeriesZone, When};
use super::zones::Zones;

/// The times of one entry of the calendar, with its title and line.
pub(super) struct Entry {
    pub(super) title: String,
    pub(super) line: usize,
    pub(super) times: Times,
}

/// A remark about an entry.
pub(super) struct EntryRemark {
    pub(super) title: String,
    pub(super) remark: Remark,
    /// Whether the whole entry does not count.
    pub(super) is_ignored: bool,
}

/// One `VEVENT`, read.
struct Read<'a> {
    event: &'a Component,
    uid: Option<&'a str>,
    /// The day of the series that it replaces.
    replaces: Option<NaiveDate>,
    and_following: bool,
    /// Empty if it is cancelled or ignored.
    times: Times,
}

/// All entries of a calendar that have days, and what is left out.
pub(super) fn entries(events: &[&Component], zones: &Zones) -> (Vec<Entry>, Vec<EntryRemark>) {
    let mut remarks = Vec::new();
    let masters: BTreeMap<&str, SeriesZone> = events
        .iter()
        .filter(|event| event.property("RECURRENCE-ID").is_none())
        .filter_map(|event| Some((event.value("UID")?, zone_of(event, zones))))
        .collect();
    let newest = newest_sequences(events);
    let mut read: Vec<Read<'_>> = events
        .iter()
        .filter(|event| newest.get(&key(event)).is_none_or(|newest| sequence(event) >= *newest))
        .map(|event| read_event(event, zones, &masters, &mut remarks))
        .collect();
    // The times of a series without those that other entries replace.
    let replacements: Vec<(Option<&str>, NaiveDate, bool, Times)> = read
        .iter()
        .filter_map(|entry| Some((entry.uid, entry.replaces?, entry.and_following, entry.times.clone())))
        .collect();
    for series in read.iter_mut().filter(|entry| entry.replaces.is_none() && entry.uid.is_some()) {
        let mut ours: Vec<_> = replacements.iter().filter(|(uid, ..)| *uid == series.uid).collect();
        ours.sort_by_key(|(_, day, and_following, _)| (*day, *and_following));
        for (_, day, and_following, times) in ours {
            if *and_following {
                let tail = series.times.split_off(day);
                series.times.extend(moved(tail, *day, times));
            } else {
                series.times.remove(day);
            }
        }
    }
    let entries = read.into_iter().filter(|entry| !entry.times.is_empty()).map(|entry| Entry {
        title: title(entry.event),
        line: entry.event.property("DTSTART").map_or(entry.event.line, |start| start.line),
        times: entry.times,
    });
    (entries.collect(), remarks)
}

/// The times from `day` on, moved as far as the entry that replaces the one on `day`; none if that has no times.
fn moved(tail: Times, day: NaiveDate, replacement: &Times) -> Times {
    let Some((first, length)) = replacement.first_key_value() else { return Times::new() };
    let by = *first - day;
    tail.into_keys()
        .filter(|at| *at != day)
        .filter_map(|at| Some((at.checked_add_signed(by)?, *length)))
        .collect()
}

fn read_event<'a>(
    event: &'a Component,
    zones: &Zones,
    masters: &BTreeMap<&str, SeriesZone>,
    remarks: &mut Vec<EntryRemark>,
) -> Read<'a> {
    let uid = event.value("UID");
    let own = zone_of(event, zones);
    let series = uid.and_then(|uid| masters.get(uid)).copied().unwrap_or(own);
    let id = event.property("RECURRENCE-ID");
    let replaces = id.and_then(|id| Some(When::read(id, &id.value, zones)?.day(series)));
    let and_following = id.is_some_and(is_and_following);
    let mut say = |remark, is_ignored| remarks.push(EntryRemark { title: title(event), remark, is_ignored });
    let read = |times| Read { event, uid, replaces, and_following, times };
    if let (Some(id), None) = (id, replaces) {
        say(remark(id, "write the day of the series: `RECURRENCE-ID;VALUE=DATE:20261224`"), true);
        return read(Times::new());
    }
    if event.value("STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return read(Times::new());
    }
    let mut left_out = Vec::new();
    let times = times_of(event, zones, id.is_some(), &mut left_out);
    left_out.into_iter().for_each(|remark| say(remark, false));
    read(times.unwrap_or_else(|remark| {
        say(remark, true);
        Times::new()
    }))
}

fn is_and_following(id: &Property) -> bool {
    id.parameter("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"))
}

type Key<'a> = (Option<&'a str>, Option<&'a str>);

fn key(event: &Component) -> Key<'_> {
    (event.value("UID"), event.value("RECURRENCE-ID"))
}

fn sequence(event: &Component) -> u64 {
    event.value("SEQUENCE").and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The newest revision of each entry that the file has in several. <https://www.rfc-editor.org/rfc/rfc5545#section-3.8.7.4>
fn newest_sequences<'a>(events: &[&'a Component]) -> BTreeMap<Key<'a>, u64> {
    let mut newest = BTreeMap::new();
    for event in events.iter().filter(|event| event.value("UID").is_some()) {
        let found = newest.entry(key(event)).or_default();
        *found = sequence(event).max(*found);
    }
    newest
}
