//! Who wins: override, calendar, schedule, declaration.

use super::*;
use crate::schedule::Because as Why;
use State::*;

const ZURICH: Tz = Tz::Europe__Zurich;

fn office(except: &[&str], also: &[&str]) -> Schedule {
    schedule(ZURICH, &["0 7 * * mon-fri"], &["30 18 * * mon-fri"], except, also)
}

fn until(state: State, until: &str) -> Override {
    Override { state, until: at(until), reason: "load test".to_owned() }
}

fn holds(t: &str, declared: &StateInputs) -> (State, Why, Option<Instant>) {
    let effective = state_at(at(t), declared);
    (effective.state, effective.because, effective.until)
}

#[test]
fn a_week_at_the_office() {
    let office = office(&[], &[]);
    assert_eq!(
        timeline(&running(&office), ZURICH, "2026-11-26T00:00:00+01:00", 7),
        [
            "2026-11-26T07:00:00+01:00 running schedule",
            "2026-11-26T18:30:00+01:00 stopped schedule",
            "2026-11-27T07:00:00+01:00 running schedule",
            "2026-11-27T18:30:00+01:00 stopped schedule",
            "2026-11-30T07:00:00+01:00 running schedule",
            "2026-11-30T18:30:00+01:00 stopped schedule",
            "2026-12-01T07:00:00+01:00 running schedule",
            "2026-12-01T18:30:00+01:00 stopped schedule",
            "2026-12-02T07:00:00+01:00 running schedule",
            "2026-12-02T18:30:00+01:00 stopped schedule",
        ]
    );
}

#[test]
fn excepted_days_stay_stopped_and_also_beats_them() {
    let always = schedule(
        ZURICH,
        &["0 7 * * mon"],
        &["30 18 * * fri"],
        &["2026-11-25..2026-11-26"],
        &["2026-11-26 09:00..17:00", "2026-11-26 16:00..18:00", "2026-11-28 09:00..24:00"],
    );
    assert_eq!(
        timeline(&running(&always), ZURICH, "2026-11-23T00:00:00+01:00", 7),
        [
            "2026-11-23T07:00:00+01:00 running schedule",
            "2026-11-25T00:00:00+01:00 stopped calendar",
            "2026-11-26T09:00:00+01:00 running calendar",
            "2026-11-26T18:00:00+01:00 stopped calendar",
            "2026-11-27T00:00:00+01:00 running schedule",
            "2026-11-27T18:30:00+01:00 stopped schedule",
            "2026-11-28T09:00:00+01:00 running calendar",
            "2026-11-29T00:00:00+01:00 stopped schedule",
        ]
    );
}

#[test]
fn a_start_inside_an_excepted_day_counts_after_it() {
    let office = schedule(ZURICH, &["0 7 * * mon"], &["30 18 * * fri"], &["2026-11-23"], &[]);
    assert_eq!(
        timeline(&running(&office), ZURICH, "2026-11-22T00:00:00+01:00", 4),
        ["2026-11-24T00:00:00+01:00 running schedule"]
    );
}

#[test]
fn an_override_holds_until_its_end_and_not_at_it() {
    let office = office(&[], &[]);
    let evening = until(Running, "2026-11-24T22:00:00+01:00");
    let declared = StateInputs { git_override: Some(&evening), ..running(&office) };
    let end = Some(evening.until);
    let morning = Some(at("2026-11-25T07:00:00+01:00"));
    assert_eq!(holds("2026-11-24T12:00:00+01:00", &declared), (Running, Why::Override, end));
    assert_eq!(holds("2026-11-24T21:59:59.999+01:00", &declared), (Running, Why::Override, end));
    assert_eq!(holds("2026-11-24T22:00:00+01:00", &declared), (Stopped, Why::Schedule, morning));
    assert_eq!(
        timeline(&declared, ZURICH, "2026-11-24T12:00:00+01:00", 1),
        ["2026-11-24T22:00:00+01:00 stopped schedule", "2026-11-25T07:00:00+01:00 running schedule"]
    );
}

#[test]
fn the_run_time_override_beats_the_one_in_git_while_it_lasts() {
    let office = office(&[], &["2026-11-24 19:00..23:00"]);
    let in_git = until(Restricted, "2026-11-24T22:00:00+01:00");
    let at_run_time = until(DbOnly, "2026-11-24T21:00:00+01:00");
    let declared =
        StateInputs { git_override: Some(&in_git), runtime_override: Some(&at_run_time), ..running(&office) };
    assert_eq!(
        timeline(&declared, ZURICH, "2026-11-24T20:00:00+01:00", 1),
        [
            "2026-11-24T21:00:00+01:00 restricted override",
            "2026-11-24T22:00:00+01:00 running calendar",
            "2026-11-24T23:00:00+01:00 stopped schedule",
            "2026-11-25T07:00:00+01:00 running schedule",
            "2026-11-25T18:30:00+01:00 stopped schedule",
        ]
    );
    assert_eq!(
        holds("2026-11-24T20:00:00+01:00", &declared),
        (DbOnly, Why::Override, Some(at("2026-11-24T21:00:00+01:00")))
    );
}

#[test]
fn the_end_of_an_override_that_changes_nothing_is_no_change() {
    let office = office(&[], &[]);
    let noon = until(Running, "2026-11-24T12:00:00+01:00");
    let declared = StateInputs { git_override: Some(&noon), ..running(&office) };
    assert_eq!(holds("2026-11-24T10:00:00+01:00", &declared).2, Some(noon.until));
    assert_eq!(
        next_change(at("2026-11-24T10:00:00+01:00"), &declared).map(|change| change.at),
        Some(at("2026-11-24T18:30:00+01:00"))
    );
}

#[test]
fn inside_hours_is_what_is_declared() {
    let office = office(&[], &[]);
    let (day, night) = ("2026-11-24T12:00:00+01:00", "2026-11-24T22:00:00+01:00");
    for state in [Running, Restricted, DbOnly] {
        let declared = StateInputs { state, ..running(&office) };
        assert_eq!((holds(day, &declared).0, holds(day, &declared).1), (state, Why::Schedule));
        assert_eq!((holds(night, &declared).0, holds(night, &declared).1), (Stopped, Why::Schedule));
    }
    let asleep = StateInputs { state: Stopped, ..running(&office) };
    assert_eq!(holds(day, &asleep), (Stopped, Why::Declared, None));
    assert_eq!(holds(night, &asleep), (Stopped, Why::Declared, None));
    let plain = StateInputs { schedule: None, ..running(&office) };
    assert_eq!(holds(night, &plain), (Running, Why::Declared, None));
}

#[test]
fn stopped_in_git_yields_to_an_override_only() {
    let office = office(&[], &["2026-11-24 12:00..13:00"]);
    let evening = until(Running, "2026-11-24T22:00:00+01:00");
    let declared = StateInputs { state: Stopped, runtime_override: Some(&evening), ..running(&office) };
    assert_eq!(
        timeline(&declared, ZURICH, "2026-11-24T00:00:00+01:00", 7),
        ["2026-11-24T22:00:00+01:00 stopped declared"]
    );
}

#[test]
fn stop_wins_at_the_same_minute() {
    let collide = schedule(ZURICH, &["0 7,9 * * *"], &["0 7,18 * * *"], &[], &[]);
    assert_eq!(
        timeline(&running(&collide), ZURICH, "2026-11-24T00:00:00+01:00", 1),
        ["2026-11-24T09:00:00+01:00 running schedule", "2026-11-24T18:00:00+01:00 stopped schedule"]
    );
}

#[test]
fn without_any_event_yet_the_declared_state_holds() {
    let t = "2026-11-24T12:00:00+01:00";
    let never = schedule(ZURICH, &["0 0 31 2 *"], &["0 0 30 2 *"], &[], &[]);
    assert_eq!(holds(t, &running(&never)), (Running, Why::Declared, None));
    let masked = schedule(ZURICH, &[], &[], &["2026-11-25"], &[]);
    assert_eq!(
        timeline(&running(&masked), ZURICH, t, 7),
        ["2026-11-25T00:00:00+01:00 stopped calendar", "2026-11-26T00:00:00+01:00 running declared"]
    );
}

#[test]
fn looks_back_and_ahead_over_years() {
    let leap = schedule(Tz::UTC, &["0 7 29 2 *"], &["0 18 29 2 *"], &[], &[]);
    assert_eq!(
        holds("2026-11-24T12:00:00Z", &running(&leap)),
        (Stopped, Why::Schedule, Some(at("2028-02-29T07:00:00Z")))
    );
    assert_eq!(
        holds("2028-02-29T12:00:00Z", &running(&leap)),
        (Running, Why::Schedule, Some(at("2028-02-29T18:00:00Z")))
    );
    let started_once = schedule(Tz::UTC, &["0 7 29 2 *"], &["0 0 31 2 *"], &[], &[]);
    assert_eq!(holds("2026-11-24T12:00:00Z", &running(&started_once)), (Running, Why::Schedule, None));
}

#[test]
fn events_that_change_nothing_are_not_walked_one_by_one() {
    // Started every minute, stopped on New Year's Eve of leap years.
    let busy = schedule(Tz::UTC, &["* * * * *"], &["0 12 29 2 *"], &[], &[]);
    assert_eq!(
        timeline(&running(&busy), Tz::UTC, "2026-11-24T12:00:00Z", 1000),
        ["2028-02-29T12:00:00+00:00 stopped schedule", "2028-02-29T12:01:00+00:00 running schedule"]
    );
    // Every start is undone by a stop of the same minute, but for one day a year.
    let undone =
        schedule(Tz::UTC, &["* * * * *"], &["* * * 1-11 *", "* * 1-30 12 *", "1-59 * 31 12 *"], &[], &[]);
    assert_eq!(
        holds("2026-11-24T12:00:00Z", &running(&undone)),
        (Stopped, Why::Schedule, Some(at("2026-12-31T00:00:00Z")))
    );
    let always_undone = schedule(Tz::UTC, &["* * * * *"], &["* * * * *"], &[], &[]);
    assert_eq!(holds("2026-11-24T12:00:00Z", &running(&always_undone)), (Stopped, Why::Schedule, None));
    let undone_together =
        schedule(Tz::UTC, &["0 7 * * *"], &["0 7 * * mon-fri", "0 * * * sat,sun"], &[], &[]);
    assert_eq!(holds("2026-11-24T12:00:00Z", &running(&undone_together)), (Stopped, Why::Schedule, None));
    // A hundred years of exceptions is one step.
    let closed = schedule(Tz::UTC, &["*/2 * * * *"], &["1-59/2 * * * *"], &["2000-01-01..2099-12-31"], &[]);
    assert_eq!(
        holds("2026-11-24T12:00:00Z", &running(&closed)),
        (Stopped, Why::Calendar, Some(at("2100-01-01T00:00:00Z")))
    );
}

#[test]
fn a_change_at_the_first_instant_is_the_state_there_and_one_at_the_last_belongs_to_the_next_span() {
    let office = office(&[], &[]);
    assert_eq!(
        timeline(&running(&office), ZURICH, "2026-11-24T07:00:00+01:00", 1),
        ["2026-11-24T18:30:00+01:00 stopped schedule"]
    );
}

#[test]
fn a_time_of_day_is_the_next_one_also_where_clocks_are_set() {
    for (after, time, found) in [
        ("2026-11-24T12:00:00Z", "22:00", "2026-11-24T21:00:00Z"),
        ("2026-11-24T21:00:00Z", "22:00", "2026-11-25T21:00:00Z"),
        ("2026-11-24T23:30:00Z", "00:00", "2026-11-25T23:00:00Z"),
        // 02:30 is left out that night, and comes twice in the other; the first time counts.
        ("2027-03-27T23:30:00Z", "02:30", "2027-03-28T01:00:00Z"),
        ("2026-10-24T23:30:00Z", "02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25T00:45:00Z", "02:30", "2026-10-26T01:30:00Z"),
    ] {
        let time = chrono::NaiveTime::parse_from_str(time, "%H:%M").unwrap();
        assert_eq!(next_time_of_day(Tz::Europe__Zurich, time, at(after)), at(found), "{after} {time}");
    }
}
