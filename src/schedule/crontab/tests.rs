use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};
use proptest::prelude::*;

use super::Crontab;
use crate::schedule::tests::plain::{Plain, any_line};

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

fn crontab(text: &str) -> Crontab {
    Crontab::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn next(text: &str, after: &str) -> Option<String> {
    crontab(text).next_after(wall(after)).map(|wall| wall.format("%Y-%m-%d %H:%M").to_string())
}

fn last(text: &str, until: &str) -> Option<String> {
    crontab(text).last_until(wall(until)).map(|wall| wall.format("%Y-%m-%d %H:%M").to_string())
}

#[test]
fn every_way_to_write_a_weekday_is_that_weekday() {
    use Weekday::*;
    for (text, expected) in [
        ("0", &[Sun][..]),
        ("1", &[Mon]),
        ("2", &[Tue]),
        ("3", &[Wed]),
        ("4", &[Thu]),
        ("5", &[Fri]),
        ("6", &[Sat]),
        ("7", &[Sun]),
        ("sun", &[Sun]),
        ("mon", &[Mon]),
        ("tue", &[Tue]),
        ("wed", &[Wed]),
        ("thu", &[Thu]),
        ("fri", &[Fri]),
        ("sat", &[Sat]),
        ("SUN", &[Sun]),
        ("Wed", &[Wed]),
        ("mon-fri", &[Mon, Tue, Wed, Thu, Fri]),
        ("1-5", &[Mon, Tue, Wed, Thu, Fri]),
        ("fri-mon", &[Fri, Sat, Sun, Mon]),
        ("5-1", &[Fri, Sat, Sun, Mon]),
        ("sat-sun", &[Sat, Sun]),
        ("sat,sun", &[Sat, Sun]),
        ("6-7", &[Sat, Sun]),
        ("7-2", &[Sun, Mon, Tue]),
        ("0-2", &[Sun, Mon, Tue]),
        ("fri-mon/2", &[Fri, Sun]),
        ("0-7", &[Mon, Tue, Wed, Thu, Fri, Sat, Sun]),
        ("1-7", &[Mon, Tue, Wed, Thu, Fri, Sat, Sun]),
        ("sun-sat", &[Mon, Tue, Wed, Thu, Fri, Sat, Sun]),
        ("mon-sun", &[Mon, Tue, Wed, Thu, Fri, Sat, Sun]),
        ("*", &[Mon, Tue, Wed, Thu, Fri, Sat, Sun]),
        ("*/2", &[Tue, Thu, Sat, Sun]),
        ("*/7", &[Sun]),
        ("1-5/2", &[Mon, Wed, Fri]),
    ] {
        let line = crontab(&format!("0 12 * * {text}"));
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let fires: Vec<Weekday> = monday
            .iter_days()
            .take(7)
            .filter(|day| line.fires_at(day.and_hms_opt(12, 0, 0).unwrap()))
            .map(|day| day.weekday())
            .collect();
        let mut expected = expected.to_vec();
        expected.sort_by_key(Weekday::num_days_from_monday);
        assert_eq!(fires, expected, "{text}");
    }
}

#[test]
fn finds_the_occurrence_before_and_after() {
    for (text, at, before, after) in [
        // On the minute itself: it counts as past.
        ("0 7 * * mon-fri", "2026-11-23 07:00", "2026-11-23 07:00", "2026-11-24 07:00"),
        ("0 7 * * mon-fri", "2026-11-22 12:00", "2026-11-20 07:00", "2026-11-23 07:00"),
        ("*/15 * * * *", "2026-11-23 07:01", "2026-11-23 07:00", "2026-11-23 07:15"),
        ("59 23 31 12 *", "2026-11-23 07:00", "2025-12-31 23:59", "2026-12-31 23:59"),
        ("0 0 1 nov-feb *", "2026-06-01 00:00", "2026-02-01 00:00", "2026-11-01 00:00"),
        ("5-20/5,40 8 * * *", "2026-11-23 08:21", "2026-11-23 08:20", "2026-11-23 08:40"),
        ("05\t07  * * *", "2026-11-23 08:00", "2026-11-23 07:05", "2026-11-24 07:05"),
        // 29 February, over a year without one: 1900 rules do not matter, 2000 and 2028 do.
        ("0 0 29 2 *", "2027-03-01 00:00", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 29 2 */7", "2026-11-23 00:00", "2004-02-29 00:00", "2032-02-29 00:00"),
        // Both day fields restricted: either is enough.
        ("0 0 13 * fri", "2026-11-14 00:00", "2026-11-13 00:00", "2026-11-20 00:00"),
        ("0 0 24 * mon", "2026-11-23 12:00", "2026-11-23 00:00", "2026-11-24 00:00"),
        // A field that starts with a star is not restricted: both must match.
        ("0 0 */2 * mon", "2026-11-23 12:00", "2026-11-23 00:00", "2026-12-07 00:00"),
        ("0 0 13 * */5", "2026-11-14 00:00", "2026-11-13 00:00", "2026-12-13 00:00"),
        // …but a star further on does not count.
        ("0 0 13,* * fri", "2026-11-14 12:00", "2026-11-14 00:00", "2026-11-15 00:00"),
    ] {
        assert_eq!(last(text, at).as_deref(), Some(before), "{text} until {at}");
        assert_eq!(next(text, at).as_deref(), Some(after), "{text} after {at}");
    }
}

#[test]
fn a_line_that_never_fires_says_so() {
    for text in ["0 0 31 2 *", "0 0 30 feb *", "0 0 31 4,6,9,11 */2"] {
        assert_eq!(next(text, "2026-11-23 00:00"), None, "{text}");
        assert_eq!(last(text, "2026-11-23 00:00"), None, "{text}");
    }
}

#[test]
fn shows_the_text_as_it_was_written() {
    assert_eq!(crontab("0 7 * * MON-fri").to_string(), "0 7 * * MON-fri");
    assert_eq!(format!("{:?}", crontab("0 7 * * *")), r#"Crontab("0 7 * * *")"#);
}

#[test]
fn says_what_is_wrong_and_where_and_what_to_write() {
    let mut errors = String::new();
    for text in [
        "",
        "   ",
        "0 7 * *",
        "0 0 7 * * mon-fri",
        "@daily",
        "@Weekly",
        "@reboot",
        "60 7 * * *",
        "0 24 * * *",
        "0 7 0 * *",
        "0 7 32 * *",
        "0 7 * 13 *",
        "0 7 * * 8",
        "0 7 * * monday",
        "0 7 * * mon-",
        "0 7 * * mon,,tue",
        "0 7 * * -5",
        "0 7 ? * mon",
        "0 7 L * *",
        "0 7 * * fri#2",
        "0 7 mon * *",
        "0 22-6 * * *",
        "5/10 * * * *",
        "*/0 * * * *",
        "*/90 * * * *",
        "*/x * * * *",
        "0 +7 * * *",
        "0 7 * * mön",
        "é 7 * * 9",
    ] {
        let error = Crontab::parse(text).unwrap_err();
        let hint = error.hint.as_deref().unwrap_or("-");
        errors += &format!("{text:<20} {:>2}  {}\n{:25}hint: {hint}\n", error.column, error.message, "");
    }
    insta::assert_snapshot!(errors);
}

/// The first minute from `from` on, in steps of `step`, at which the line is due, within `days`.
fn scan(line: &Plain, from: NaiveDateTime, step: TimeDelta, days: i32) -> Option<NaiveDateTime> {
    let mut at = from;
    for _ in 0..days * 24 * 60 {
        if line.is_due(at) {
            return Some(at);
        }
        at += step;
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn agrees_with_plain_crontab_minute_by_minute(
        line in any_line(),
        minutes in 0i64..5 * 366 * 24 * 60,
        seconds in 0i64..60,
    ) {
        const DAYS: i32 = 20;
        let minute = wall("2026-01-01 00:00") + TimeDelta::minutes(minutes);
        let at = minute + TimeDelta::seconds(seconds);
        let crontab = line.crontab();
        let reach = TimeDelta::days(i64::from(DAYS));
        let one = TimeDelta::minutes(1);

        prop_assert_eq!(crontab.fires_at(minute), line.is_due(minute), "{}", line.text());
        let next = crontab.next_after(at).filter(|next| *next < minute + one + reach);
        prop_assert_eq!(next, scan(&line, minute + one, one, DAYS), "{} after {}", line.text(), at);
        let last = crontab.last_until(at).filter(|last| *last > minute - reach);
        prop_assert_eq!(last, scan(&line, minute, -one, DAYS), "{} until {}", line.text(), at);
    }
}
