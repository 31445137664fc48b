//! Every change of the clocks in six zones over three years, and midnights that do not exist or come twice.

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::schedule::wall::{instant_of, wall_at};

/// Zone; the instant; what the clock would show, and what it shows instead.
#[rustfmt::skip]
const CHANGES: &[(Tz, &str, &str, &str)] = &[
    (Tz::Europe__Zurich,       "2026-03-29T01:00:00Z", "2026-03-29 02:00", "2026-03-29 03:00"),
    (Tz::Europe__Zurich,       "2026-10-25T01:00:00Z", "2026-10-25 03:00", "2026-10-25 02:00"),
    (Tz::Europe__Zurich,       "2027-03-28T01:00:00Z", "2027-03-28 02:00", "2027-03-28 03:00"),
    (Tz::Europe__Zurich,       "2027-10-31T01:00:00Z", "2027-10-31 03:00", "2027-10-31 02:00"),
    (Tz::Europe__Zurich,       "2028-03-26T01:00:00Z", "2028-03-26 02:00", "2028-03-26 03:00"),
    (Tz::Europe__Zurich,       "2028-10-29T01:00:00Z", "2028-10-29 03:00", "2028-10-29 02:00"),
    (Tz::America__New_York,    "2026-03-08T07:00:00Z", "2026-03-08 02:00", "2026-03-08 03:00"),
    (Tz::America__New_York,    "2026-11-01T06:00:00Z", "2026-11-01 02:00", "2026-11-01 01:00"),
    (Tz::America__New_York,    "2027-03-14T07:00:00Z", "2027-03-14 02:00", "2027-03-14 03:00"),
    (Tz::America__New_York,    "2027-11-07T06:00:00Z", "2027-11-07 02:00", "2027-11-07 01:00"),
    (Tz::America__New_York,    "2028-03-12T07:00:00Z", "2028-03-12 02:00", "2028-03-12 03:00"),
    (Tz::America__New_York,    "2028-11-05T06:00:00Z", "2028-11-05 02:00", "2028-11-05 01:00"),
    (Tz::Australia__Lord_Howe, "2026-04-04T15:00:00Z", "2026-04-05 02:00", "2026-04-05 01:30"),
    (Tz::Australia__Lord_Howe, "2026-10-03T15:30:00Z", "2026-10-04 02:00", "2026-10-04 02:30"),
    (Tz::Australia__Lord_Howe, "2027-04-03T15:00:00Z", "2027-04-04 02:00", "2027-04-04 01:30"),
    (Tz::Australia__Lord_Howe, "2027-10-02T15:30:00Z", "2027-10-03 02:00", "2027-10-03 02:30"),
    (Tz::Australia__Lord_Howe, "2028-04-01T15:00:00Z", "2028-04-02 02:00", "2028-04-02 01:30"),
    (Tz::Australia__Lord_Howe, "2028-09-30T15:30:00Z", "2028-10-01 02:00", "2028-10-01 02:30"),
    (Tz::Africa__Casablanca,   "2026-02-15T02:00:00Z", "2026-02-15 03:00", "2026-02-15 02:00"),
    (Tz::Africa__Casablanca,   "2026-03-22T02:00:00Z", "2026-03-22 02:00", "2026-03-22 03:00"),
    (Tz::Africa__Casablanca,   "2027-02-07T02:00:00Z", "2027-02-07 03:00", "2027-02-07 02:00"),
    (Tz::Africa__Casablanca,   "2027-03-14T02:00:00Z", "2027-03-14 02:00", "2027-03-14 03:00"),
    (Tz::Africa__Casablanca,   "2028-01-23T02:00:00Z", "2028-01-23 03:00", "2028-01-23 02:00"),
    (Tz::Africa__Casablanca,   "2028-03-05T02:00:00Z", "2028-03-05 02:00", "2028-03-05 03:00"),
    // Asia/Kolkata and UTC: none.
];

const ZONES: [Tz; 6] = [
    Tz::Europe__Zurich,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Africa__Casablanca,
    Tz::Asia__Kolkata,
    Tz::UTC,
];

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

/// A crontab line for one minute of the wall clock, every day.
fn daily(wall: NaiveDateTime) -> String {
    wall.format("%-M %-H * * *").to_string()
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// The changes within half a day around `t`, as distances from it.
fn around(t: Instant, zone: Tz, start: NaiveDateTime, stop: NaiveDateTime) -> Vec<(i64, State)> {
    let schedule = schedule(zone, &[&daily(start)], &[&daily(stop)], &[], &[]);
    let half = TimeDelta::hours(6);
    changes(t - half, t + half, &running(&schedule))
        .iter()
        .map(|change| ((change.at - t).num_minutes(), change.state))
        .collect()
}

#[test]
fn the_table_holds_every_change_of_the_three_years() {
    for zone in ZONES {
        let (mut t, end) = (at("2026-01-01T00:00:00Z"), at("2029-01-01T00:00:00Z"));
        let mut found = Vec::new();
        while t < end {
            let (before, after) = (t - minutes(30), t);
            let shown = |offset_of: DateTime<chrono::Utc>| {
                let offset = offset_of.with_timezone(&zone).offset().fix();
                after.with_timezone(&offset).naive_local()
            };
            if shown(before) != shown(after) {
                found.push((after, shown(before), shown(after)));
            }
            t += minutes(30);
        }
        let table: Vec<_> = CHANGES
            .iter()
            .filter(|row| row.0 == zone)
            .map(|(_, t, before, after)| (at(t), wall(before), wall(after)))
            .collect();
        assert_eq!(found, table, "{zone}");
    }
}

#[test]
fn in_a_gap_the_skipped_minutes_happen_in_order_at_its_end() {
    use State::*;
    for (zone, t, from, to) in CHANGES {
        let (t, from, to) = (at(t), wall(from), wall(to));
        if to < from {
            continue;
        }
        let (early, late, noon) = (from + minutes(10), from + minutes(20), from + TimeDelta::hours(9));
        let context = format!("{zone} {t}");
        // One of the two is skipped.
        assert_eq!(around(t, *zone, early, noon), [(0, Running)], "{context}");
        assert_eq!(around(t, *zone, noon, early), [(0, Stopped)], "{context}");
        // Both are: the later one decides, and nothing is seen of the other.
        assert_eq!(around(t, *zone, early, late), [], "{context}");
        assert_eq!(around(t, *zone, late, early), [], "{context}");
        // The first and the last skipped minute, and the ones beside the gap.
        assert_eq!(around(t, *zone, from, noon), [(0, Running)], "{context}");
        assert_eq!(around(t, *zone, to - minutes(1), noon), [(0, Running)], "{context}");
        assert_eq!(around(t, *zone, to, noon), [(0, Running)], "{context}");
        assert_eq!(around(t, *zone, from - minutes(1), noon), [(-1, Running)], "{context}");
        assert_eq!(around(t, *zone, to + minutes(1), noon), [(1, Running)], "{context}");
        // A skipped start and a stop at the first minute after the gap: the stop is later.
        assert_eq!(around(t, *zone, early, to), [], "{context}");
        // A start before the gap and a stop in it.
        assert_eq!(around(t, *zone, from - minutes(5), early), [(-5, Running), (0, Stopped)], "{context}");
    }
}

#[test]
fn in_an_overlap_a_minute_happens_once_the_first_time() {
    use State::*;
    for (zone, t, from, to) in CHANGES {
        let (t, from, to) = (at(t), wall(from), wall(to));
        if from < to {
            continue;
        }
        let length = (from - to).num_minutes();
        let noon = from + TimeDelta::hours(9);
        let context = format!("{zone} {t}");
        for (start, stop) in [(10, 20), (20, 10), (0, length - 1), (length - 1, 0), (0, length)] {
            let expected = |minute: i64| {
                // What lies in the repeated stretch happens before the clock is turned back; the minute after
                // it only when the second pass is over.
                if minute < length { minute - length } else { minute }
            };
            let mut changes = [(expected(start), Running), (expected(stop), Stopped)];
            changes.sort_by_key(|change| change.0);
            assert_eq!(around(t, *zone, to + minutes(start), to + minutes(stop)), changes, "{context}");
        }
        assert_eq!(around(t, *zone, to + minutes(10), noon), [(10 - length, Running)], "{context}");
        assert_eq!(around(t, *zone, noon, to + minutes(10)), [(10 - length, Stopped)], "{context}");
        assert_eq!(around(t, *zone, from + minutes(5), noon), [(length + 5, Running)], "{context}");
        // While the clock repeats itself, what has happened stays so.
        let (start, stop) = (daily(from - minutes(1)), daily(to));
        let late_start = schedule(*zone, &[&start], &[&stop], &[], &[]);
        let state = |minute: i64| state_at(t + minutes(minute), &running(&late_start)).state;
        let states = [-length - 1, -length, -2, -1, 0, 1, length - 1, length].map(state);
        assert_eq!(
            states,
            [Running, Stopped, Stopped, Running, Running, Running, Running, Running],
            "{context}"
        );
    }
}

#[test]
fn every_fifth_minute_happens_once_on_every_day_of_the_table() {
    for zone in ZONES {
        let every = schedule(zone, &["*/10 * * * *"], &["5-59/10 * * * *"], &[], &[]);
        for (_, t, from, to) in CHANGES.iter().filter(|row| row.0 == zone) {
            let day = wall(from).date();
            let midnight = |day: chrono::NaiveDate| instant_of(zone, day.and_hms_opt(0, 0, 0).unwrap());
            let seen =
                changes(midnight(day), midnight(day.succ_opt().unwrap()), &running(&every)).len() as i64;
            // 288 events a day, but the first is the state at midnight. Those that a gap skips all happen at
            // its end, where the last of them, a stop, leaves nothing to see before the start of that minute.
            let skipped = (wall(to) - wall(from)).num_minutes().max(0) / 5;
            assert_eq!(seen, 287 - skipped, "{zone} {t}");
        }
    }
}

#[test]
fn zones_without_changes_never_deviate() {
    for zone in [Tz::Asia__Kolkata, Tz::UTC] {
        let office = schedule(zone, &["30 2 * * *"], &["30 3 * * *"], &[], &[]);
        let changes = changes(at("2026-01-01T00:00:00Z"), at("2029-01-01T00:00:00Z"), &running(&office));
        assert_eq!(changes.len(), 2 * (365 + 365 + 366), "{zone}");
        for pair in changes.windows(2) {
            let minutes = (pair[1].at - pair[0].at).num_minutes();
            assert_eq!(minutes, if pair[1].state == State::Stopped { 60 } else { 23 * 60 }, "{zone}");
        }
    }
}

#[test]
fn the_offset_of_the_day_is_written() {
    #[rustfmt::skip]
    let cases: &[(Tz, &str, &str, &str, &[&str])] = &[
        (Tz::Europe__Zurich, "30 2 * * *", "0 18 * * *", "2026-03-28T12:00:00Z",
            &["2026-03-28T18:00:00+01:00 stopped schedule", "2026-03-29T03:00:00+02:00 running schedule"]),
        (Tz::Europe__Zurich, "30 2 * * *", "0 18 * * *", "2026-10-24T12:00:00Z",
            &["2026-10-24T18:00:00+02:00 stopped schedule", "2026-10-25T02:30:00+02:00 running schedule"]),
        (Tz::America__New_York, "30 1 * * *", "30 2 * * *", "2026-11-01T00:00:00Z",
            &["2026-11-01T01:30:00-04:00 running schedule", "2026-11-01T02:30:00-05:00 stopped schedule"]),
        (Tz::Australia__Lord_Howe, "15 2 * * *", "0 18 * * *", "2026-10-03T12:00:00Z",
            &["2026-10-04T02:30:00+11:00 running schedule", "2026-10-04T18:00:00+11:00 stopped schedule"]),
        (Tz::Australia__Lord_Howe, "45 1 * * *", "0 2 * * *", "2026-04-04T12:00:00Z",
            &["2026-04-05T01:45:00+11:00 running schedule", "2026-04-05T02:00:00+10:30 stopped schedule"]),
        (Tz::Africa__Casablanca, "30 2 * * *", "15 3 * * *", "2026-02-14T12:00:00Z",
            &["2026-02-15T02:30:00+01:00 running schedule", "2026-02-15T03:15:00+00:00 stopped schedule"]),
        (Tz::Africa__Casablanca, "30 2 * * *", "15 3 * * *", "2026-03-21T12:00:00Z",
            &["2026-03-22T03:00:00+01:00 running schedule", "2026-03-22T03:15:00+01:00 stopped schedule"]),
        (Tz::Asia__Kolkata, "30 2 * * *", "0 18 * * *", "2026-03-29T12:00:00Z",
            &["2026-03-29T18:00:00+05:30 stopped schedule", "2026-03-30T02:30:00+05:30 running schedule"]),
    ];
    for (zone, start, stop, from, expected) in cases {
        let schedule = schedule(*zone, &[start], &[stop], &[], &[]);
        let seen = timeline(&running(&schedule), *zone, from, 1);
        assert_eq!(&seen, expected, "{zone} {from}");
    }
}

#[test]
fn a_day_without_midnight_begins_with_its_first_instant() {
    #[rustfmt::skip]
    let cases: &[(Tz, &str, &str, [&str; 2])] = &[
        // 00:00 is skipped: the day begins at 01:00.
        (Tz::Africa__Cairo,     "2026-04-24", "2026-04-23T12:00:00Z", ["2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"]),
        (Tz::America__Santiago, "2026-09-06", "2026-09-05T12:00:00Z", ["2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"]),
        (Tz::Asia__Beirut,      "2026-03-28", "2026-03-27T12:00:00Z", ["2026-03-28T00:00:00+02:00", "2026-03-29T01:00:00+03:00"]),
        // The last hour comes twice: the day is 25 hours long.
        (Tz::Africa__Cairo,     "2026-10-29", "2026-10-28T12:00:00Z", ["2026-10-29T00:00:00+03:00", "2026-10-30T00:00:00+02:00"]),
        // Midnight itself comes twice: the first one counts.
        (Tz::America__Havana,   "2026-11-01", "2026-10-31T12:00:00Z", ["2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"]),
        (Tz::America__Havana,   "2026-10-31", "2026-10-30T12:00:00Z", ["2026-10-31T00:00:00-04:00", "2026-11-01T00:00:00-04:00"]),
        // Midnight to midnight, the short and the long day of a zone that changes at two.
        (Tz::Europe__Zurich,    "2026-03-29", "2026-03-28T12:00:00Z", ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]),
        (Tz::Europe__Zurich,    "2026-10-25", "2026-10-24T12:00:00Z", ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"]),
    ];
    for (zone, day, from, [stops, starts]) in cases {
        let always_but = schedule(*zone, &[], &[], &[day], &[]);
        let expected = [format!("{stops} stopped calendar"), format!("{starts} running declared")];
        assert_eq!(timeline(&running(&always_but), *zone, from, 4), expected, "{zone} {day}");
    }
}

#[test]
fn a_day_that_a_zone_skipped_excepts_nothing() {
    // Samoa crossed the date line on 30 December 2011.
    let always_but = schedule(Tz::Pacific__Apia, &[], &[], &["2011-12-30"], &[]);
    assert_eq!(timeline(&running(&always_but), Tz::Pacific__Apia, "2011-12-28T00:00:00Z", 7), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The two directions are inverse as far as they can be; all of the room rests on this.
    #[test]
    fn an_instant_has_come_exactly_if_the_wall_clock_has_reached_it(
        row in 0..CHANGES.len(),
        zone in proptest::option::of(proptest::sample::select(vec![
            Tz::America__Havana, Tz::Africa__Cairo, Tz::Antarctica__Troll, Tz::Asia__Kathmandu,
        ])),
        seconds in -10_000i64..10_000,
        distance in -10_000i64..10_000,
    ) {
        let (in_table, t, ..) = CHANGES[row];
        let t = match zone {
            None => at(t),
            // All four change, if at all, on the last Sundays or at the beginning of November.
            Some(Tz::America__Havana) => at("2026-11-01T05:00:00Z"),
            Some(Tz::Africa__Cairo) => at("2026-04-23T22:00:00Z"),
            Some(_) => at("2026-10-25T01:00:00Z"),
        };
        let zone = zone.unwrap_or(in_table);
        let t = t + TimeDelta::seconds(seconds);
        let wall = t.with_timezone(&zone).naive_local() + TimeDelta::seconds(distance);
        prop_assert_eq!(instant_of(zone, wall) <= t, wall <= wall_at(zone, t), "{} {} {}", zone, wall, t);
    }
}
