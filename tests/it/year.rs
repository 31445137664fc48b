//! A year of Graasp's development environment, from its real declarations: nights, weekends, holidays, releases at
//! noon and at night, databases that AWS starts, people who start things, overrides, faults, a daemon that is away.
//!
//! The world is looked at whenever its time moves. Each stretch in which it is not as the schedule says must have a
//! reason that the test put there itself; an hour without a reason is a failure.

mod diary;

use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use tidegate::model::{Instant, State};
use tidegate::schedule::{Schedule, Tz, read_holidays};
use tidegate::spec::EnvironmentSpec;

use crate::rig::{Rig, differences, from_folder};
use diary::{Diary, Reason};

/// Two weeks in summer, a day that comes again, and one that nobody wrote in `except`.
const HOLIDAYS: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Summer
DTSTART;VALUE=DATE:20270731
DTEND;VALUE=DATE:20270816
END:VEVENT
BEGIN:VEVENT
SUMMARY:Good Friday
DTSTART;VALUE=DATE:20270326
END:VEVENT
BEGIN:VEVENT
SUMMARY:Labour Day
DTSTART;VALUE=DATE:20240501
RRULE:FREQ=YEARLY
END:VEVENT
END:VCALENDAR
";

/// The development environment, with a calendar beside its `except`.
fn dev(now: Instant) -> EnvironmentSpec {
    let mut spec = from_folder(".", "dev", now);
    let holidays = read_holidays(HOLIDAYS.as_bytes(), Tz::Europe__Zurich);
    assert_eq!(holidays.problems, []);
    spec.schedule.as_mut().unwrap().holidays = holidays.days;
    spec
}

/// A Monday morning.
fn new_year() -> Instant {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

/// Something that happens on some days of the year, at an hour of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    Release,
    PersonStarts,
    Override,
    Faults,
    Heal,
    DaemonGoes,
    DaemonComes,
}

/// What happens when. The beginning is at nine in winter.
fn happenings() -> Vec<(Instant, Happening)> {
    use Happening::{DaemonComes, DaemonGoes, Faults, Heal, Override, PersonStarts, Release};
    let mut found = Vec::new();
    for day in 0..364 {
        let mut at = |hour: i64, minute: i64, what| {
            let offset = TimeDelta::days(day) + TimeDelta::minutes((hour - 9) * 60 + minute);
            found.push((new_year() + offset, what));
        };
        match day {
            day if day % 23 == 4 => at(13, 30, Release),
            day if day % 29 == 7 => at(23, 10, Release),
            // Minutes before the evening's stop.
            day if day % 61 == 8 => at(18, 24, Release),
            day if day % 31 == 9 => at(21, 0, PersonStarts),
            day if day % 45 == 10 => at(17, 0, Override),
            day if day % 37 == 11 => {
                at(12, 0, Faults);
                at(20, 0, Heal);
            }
            day if day % 53 == 12 => {
                at(15, 0, DaemonGoes);
                at(23, 30, DaemonComes);
            }
            day if day % 83 == 14 => {
                at(3, 0, DaemonGoes);
                at(11, 0, DaemonComes);
            }
            _ => {}
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found
}

/// A quarter of the year: journals are read as a whole, and one of a year is long.
fn quarter(number: i64) {
    let begin = new_year() + TimeDelta::days(91 * number);
    let end = new_year() + TimeDelta::days(91 * (number + 1));
    let mut diary = Diary::begin(dev(begin), begin);
    // The world begins awake, and the last quarter in the holidays.
    diary.excuse(TimeDelta::minutes(20), Reason::Begins);
    let mut releases = 0;
    let mut coming = happenings().into_iter().filter(|(at, _)| *at >= begin).peekable();
    while diary.rig.now() < end {
        while let Some((_, what)) = coming.next_if(|(at, _)| *at <= diary.rig.now()) {
            match what {
                Happening::Release => {
                    releases += 1;
                    let version = format!("v2.26.{releases}");
                    diary.rig.bump(&[("core", &version)]);
                    diary.excuse(TimeDelta::minutes(45), Reason::Release);
                }
                Happening::PersonStarts if diary.sleeps() => {
                    diary.rig.cloud.with(|world| world.person("dev").scale("umami", 1));
                    diary.excuse(TimeDelta::minutes(25), Reason::Person);
                }
                Happening::PersonStarts => {}
                Happening::Override => diary.overrides(State::Running, TimeDelta::hours(5)),
                Happening::Faults => diary.faults(true),
                Happening::Heal => diary.faults(false),
                Happening::DaemonGoes => diary.daemon_goes(),
                Happening::DaemonComes => diary.daemon_comes(),
            }
        }
        diary.pass();
        diary.wait_until(coming.peek().map_or(end, |(at, _)| *at).min(end));
    }
    let account = diary.account(end);
    assert_eq!(account.unexplained, [] as [String; 0], "{account:#?}");
    // Eleven and a half hours on working days, five for an override.
    assert!((550..800).contains(&account.scheduled_hours), "{account:#?}");
    assert!(
        (account.hours_up - account.scheduled_hours).abs() * 20 < account.scheduled_hours,
        "{account:#?}"
    );
    assert!(account.hours_off * 10 < account.scheduled_hours, "{account:#?}");
    // Christmas and the summer are longer than seven days.
    assert_eq!(account.restarts_by_aws > 0, matches!(number, 0 | 3), "{account:#?}");
    assert!(releases >= 5 && account.migrations == releases, "{releases}: {account:#?}");
    diary.rig.assert_clean("the quarter");
}

#[test]
fn no_hour_of_winter_is_unexplained() {
    quarter(0);
}

#[test]
fn no_hour_of_spring_is_unexplained() {
    quarter(1);
}

#[test]
fn no_hour_of_summer_is_unexplained() {
    quarter(2);
}

#[test]
fn no_hour_of_autumn_is_unexplained() {
    quarter(3);
}

/// A small environment that sleeps at night, at noon on a Tuesday.
fn shop() -> Rig {
    let now: Instant = "2026-11-24T11:00:00Z".parse().unwrap();
    let text = include_str!("../cases/plan/shop.yaml");
    let mut spec = crate::rig::environment("shop", text, now);
    let hours: Schedule = from_folder("examples/scheduled", "preview", now).schedule.unwrap();
    spec.schedule = Some(hours);
    let rig = Rig::new(&spec, &tidegate::sim::Age::UpToDate, 1, now);
    rig.apply();
    rig
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_daemon_that_was_down_ends_where_another_is(away_from in 1u64..30, hours in 1u64..100) {
        let here = shop();
        let away = shop();
        let until = here.now() + TimeDelta::hours((away_from + hours) as i64);
        for hour in 0.. {
            if here.now().min(away.now()) >= until {
                break;
            }
            here.clock.advance(Duration::from_secs(3600));
            away.clock.advance(Duration::from_secs(3600));
            here.apply();
            if hour < away_from {
                away.apply();
            }
        }
        away.apply();
        for rig in [&here, &away] {
            let spec = rig.repository.spec();
            let state = diary::scheduled(&spec, &[], rig.now());
            let differs = rig.cloud.with(|world| differences(world, &spec, state));
            prop_assert_eq!(differs, [] as [String; 0], "{}", rig.now());
        }
    }
}
