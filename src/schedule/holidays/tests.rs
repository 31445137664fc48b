mod exports;
mod oracle;

use super::*;

fn calendar(events: &[&str]) -> String {
    let events = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n"));
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.collect::<String>())
}

fn days(event: &str) -> Vec<String> {
    let found = read_holidays(calendar(&[event]).as_bytes(), Tz::Europe__Zurich);
    assert_eq!(found.problems, [], "{event}");
    found.days.iter().map(ToString::to_string).collect()
}

fn first_days(event: &str, count: usize) -> Vec<String> {
    days(event).into_iter().take(count).collect()
}

#[test]
fn whole_days_and_several_in_a_row() {
    for (event, expected) in [
        ("DTSTART;VALUE=DATE:20261225", "2026-12-25"),
        ("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226", "2026-12-25"),
        ("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20270104", "2026-12-24..2027-01-03"),
        ("DTSTART:20261224\r\nDURATION:P3D", "2026-12-24..2026-12-26"),
        ("DTSTART:20261224\r\nDURATION:P1W", "2026-12-24..2026-12-30"),
        ("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261225", "2026-12-25"),
        (
            "DTSTART;TZID=Europe/Zurich:20261225T000000\r\nDTEND;TZID=Europe/Zurich:20261226T000000",
            "2026-12-25",
        ),
    ] {
        assert_eq!(days(event), [expected], "{event}");
    }
    assert!(days("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED").is_empty());
}

#[test]
fn recurring_events_repeat_until_the_end_of_the_century() {
    let christmas = days("DTSTART;VALUE=DATE:20251225\r\nRRULE:FREQ=YEARLY");
    assert_eq!((christmas.len(), christmas.last().unwrap().as_str()), (76, "2100-12-25"));
    for (rule, expected) in [
        // The fourth Thursday of November.
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26", "2027-11-25", "2028-11-23"]),
        ("FREQ=YEARLY;INTERVAL=2", ["2026-11-26", "2028-11-26", "2030-11-26"]),
        ("FREQ=MONTHLY", ["2026-11-26", "2026-12-26", "2027-01-26"]),
    ] {
        let event = format!("DTSTART;VALUE=DATE:20261126\r\nRRULE:{rule}");
        assert_eq!(first_days(&event, 3), expected, "{rule}");
    }
    for (rule, expected) in [("COUNT=2", 2), ("UNTIL=20281126", 3), ("UNTIL=20281125", 2)] {
        let event = format!("DTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;{rule}");
        assert_eq!(days(&event).len(), expected, "{rule}");
    }
}

#[test]
fn single_occurrences_are_excluded_added_and_moved() {
    let rule = "UID:a\r\nDTSTART;VALUE=DATE:20260801\r\nRRULE:FREQ=YEARLY;COUNT=3";
    assert_eq!(days(&format!("{rule}\r\nEXDATE;VALUE=DATE:20270801")), ["2026-08-01", "2028-08-01"]);
    assert_eq!(days(&format!("{rule}\r\nRDATE;VALUE=DATE:20260803")).len(), 4);
    let moved = "UID:a\r\nRECURRENCE-ID;VALUE=DATE:20270801\r\nDTSTART;VALUE=DATE:20270802";
    let found = read_holidays(calendar(&[rule, moved]).as_bytes(), Tz::Europe__Zurich);
    let days: Vec<String> = found.days.iter().map(ToString::to_string).collect();
    assert_eq!(days, ["2026-08-01", "2027-08-02", "2028-08-01"]);
}

#[test]
fn an_event_that_is_not_understood_is_reported_with_its_line() {
    let folded = "SUMMARY:A long\r\n  name\r\nDTSTART:20261225T090000Z";
    for (event, line, message) in [
        (
            "DTSTART:20261225T090000Z",
            4,
            "calendar event `(no title)` is ignored: tidegate does not understand `DTSTART:20261225T090000Z`",
        ),
        (
            folded,
            6,
            "calendar event `A long name` is ignored: tidegate does not understand `DTSTART:20261225T090000Z`",
        ),
        (
            "DTSTART:20261325",
            4,
            "calendar event `(no title)` is ignored: tidegate does not understand `DTSTART:20261325`",
        ),
        (
            "DTSTART:20261225\r\nRRULE:FREQ=NEVER",
            5,
            "calendar event `(no title)` is ignored: tidegate does not understand `RRULE:FREQ=NEVER`",
        ),
    ] {
        let found = read_holidays(calendar(&[event]).as_bytes(), Tz::Europe__Zurich);
        assert_eq!(found.days, [], "{event}");
        let said: Vec<_> = found.problems.iter().map(|it| (it.line, it.message.as_str())).collect();
        assert_eq!(said, [(line, message)], "{event}");
    }
}

#[test]
fn a_file_that_is_no_calendar_is_refused() {
    for (text, line) in [
        ("", 1),
        ("holidays: none\n", 1),
        ("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nEND:VCALENDAR\n", 1),
        ("BEGIN:VTODO\nEND:VTODO\n", 1),
    ] {
        let found = read_holidays(text.as_bytes(), Tz::Europe__Zurich);
        assert!(found.problems.len() == 1 && found.problems[0].is_fatal, "{text:?}: {found:?}");
        assert!(found.problems[0].line >= line, "{text:?}: {found:?}");
    }
}
