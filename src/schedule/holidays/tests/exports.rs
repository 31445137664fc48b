//! Calendars as programs really export them, shortened to the properties that decide.

use super::*;

const BERLIN: Tz = Tz::Europe__Berlin;

/// The days of a calendar, and everything that was left out.
fn read(lines: &[&str], zone: Tz) -> (Vec<String>, Vec<String>) {
    let text = lines.join("\r\n") + "\r\n";
    let found = read_holidays(text.as_bytes(), zone);
    let days = found.named.iter().map(|it| format!("{} {}", it.days, it.title)).collect();
    (days, found.problems.into_iter().map(|it| format!("{}: {}", it.line, it.message)).collect())
}

#[track_caller]
fn reads(lines: &[&str], zone: Tz, days: &[&str]) {
    let (found, problems) = read(lines, zone);
    assert_eq!(problems, [] as [String; 0]);
    assert_eq!(found, days);
}

#[test]
fn outlook_writes_bounds_and_exceptions_as_instants() {
    reads(
        &[
            "BEGIN:VCALENDAR",
            "PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN",
            "VERSION:2.0",
            "METHOD:PUBLISH",
            "X-MS-OLK-FORCEINSPECTOROPEN:TRUE",
            "BEGIN:VTIMEZONE",
            "TZID:W. Europe Standard Time",
            "BEGIN:STANDARD",
            "DTSTART:16011028T030000",
            "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
            "TZOFFSETFROM:+0200",
            "TZOFFSETTO:+0100",
            "END:STANDARD",
            "END:VTIMEZONE",
            "BEGIN:VEVENT",
            "CLASS:PUBLIC",
            "DTSTART;VALUE=DATE:20261221",
            "DTEND;VALUE=DATE:20261222",
            "EXDATE;TZID=\"W. Europe Standard Time\":20261222T000000",
            "RRULE:FREQ=DAILY;UNTIL=20261223T230000Z",
            "SUMMARY;LANGUAGE=de-ch:Betriebsferien",
            "TRANSP:TRANSPARENT",
            "UID:040000008200E00074C5B7101A82E008",
            "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
            "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        BERLIN,
        &["2026-12-21 Betriebsferien", "2026-12-23 Betriebsferien", "2026-12-24 Betriebsferien"],
    );
}

#[test]
fn exchange_writes_days_as_midnights_of_a_windows_zone() {
    reads(
        &[
            "BEGIN:VCALENDAR",
            "PRODID:Microsoft Exchange Server 2010",
            "X-WR-CALNAME:Feiertage",
            "BEGIN:VEVENT",
            "RRULE:FREQ=YEARLY;UNTIL=20281225T000000;INTERVAL=1;BYMONTHDAY=25;BYMONTH=12",
            "EXDATE;TZID=W. Europe Standard Time:20281225T000000",
            "SUMMARY:Weihnachten",
            "UID:a",
            "DTSTART;TZID=W. Europe Standard Time:20261225T000000",
            "DTEND;TZID=W. Europe Standard Time:20261226T000000",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20271225T000000",
            "SUMMARY:Weihnachten\\, verschoben",
            "UID:a",
            "DTSTART;TZID=W. Europe Standard Time:20271227T000000",
            "DTEND;TZID=W. Europe Standard Time:20271228T000000",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        // The schedule is elsewhere; the days are those of the series.
        Tz::America__New_York,
        &["2026-12-25 Weihnachten", "2027-12-27 Weihnachten, verschoben"],
    );
}

#[test]
fn google_marks_holidays_as_free_and_its_calendar_as_utc() {
    reads(
        &[
            "BEGIN:VCALENDAR",
            "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
            "VERSION:2.0",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "X-WR-CALNAME:Feiertage in der Schweiz",
            "X-WR-TIMEZONE:UTC",
            "BEGIN:VEVENT",
            "DTSTART;VALUE=DATE:20260801",
            "DTEND;VALUE=DATE:20260802",
            "DTSTAMP:20261101T120000Z",
            "UID:20260801_a@google.com",
            "CLASS:PUBLIC",
            "SUMMARY:Bundesfeier",
            "STATUS:CONFIRMED",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "DTSTART;VALUE=DATE:20261228",
            "DTEND;VALUE=DATE:20261229",
            "RRULE:FREQ=DAILY;UNTIL=20261230",
            "UID:b@google.com",
            "SUMMARY:Brückentage",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "DTSTART;VALUE=DATE:20261229",
            "DTEND;VALUE=DATE:20261230",
            "RECURRENCE-ID;VALUE=DATE:20261229",
            "STATUS:CANCELLED",
            "UID:b@google.com",
            "SUMMARY:Brückentage",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        BERLIN,
        &["2026-08-01 Bundesfeier", "2026-12-28 Brückentage", "2026-12-30 Brückentage"],
    );
}

#[test]
fn apple_writes_alarms_and_several_exceptions_in_a_line() {
    reads(
        &[
            "BEGIN:VCALENDAR",
            "METHOD:PUBLISH",
            "VERSION:2.0",
            "PRODID:-//Apple Inc.//macOS 15.1//EN",
            "X-WR-TIMEZONE:Europe/Zurich",
            "CALSCALE:GREGORIAN",
            "BEGIN:VEVENT",
            "TRANSP:TRANSPARENT",
            "DTEND;VALUE=DATE:20261225",
            "UID:C5C1E2A4-0000",
            "DTSTART;VALUE=DATE:20261224",
            "RRULE:FREQ=DAILY;COUNT=5",
            "EXDATE;VALUE=DATE:20261225,20261227",
            "SEQUENCE:1",
            "SUMMARY:Heiligabend",
            "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
            "BEGIN:VALARM",
            "TRIGGER:-PT15H",
            "ACTION:DISPLAY",
            "END:VALARM",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        BERLIN,
        &["2026-12-24 Heiligabend", "2026-12-26 Heiligabend", "2026-12-28 Heiligabend"],
    );
}

#[test]
fn nextcloud_and_evolution_write_durations_and_long_names_of_zones() {
    let zone = "/freeassociation.sourceforge.net/Europe/Zurich";
    let lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//SabreDAV//SabreDAV//EN",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        "BEGIN:VTIMEZONE",
        "TZID:/freeassociation.sourceforge.net/Europe/Zurich",
        "X-LIC-LOCATION:Europe/Zurich",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "UID:a",
        "DTSTART;VALUE=DATE:20260727",
        "DURATION:P2W",
        "SUMMARY:Werkferien",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:b",
        &format!("DTSTART;TZID={zone}:20261224T000000"),
        "DURATION:PT48H",
        &format!("RDATE;TZID={zone};VALUE=PERIOD:20261231T000000/P1D"),
        "SUMMARY:Zwischen den Jahren",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:c",
        // Midnight in Zurich: the calendar has one zone.
        "DTSTART:20270105T230000Z",
        "DTEND:20270106T230000Z",
        "SUMMARY:Dreikönig",
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    reads(
        &lines,
        Tz::Asia__Tokyo,
        &[
            "2026-07-27..2026-08-09 Werkferien",
            "2026-12-24..2026-12-25 Zwischen den Jahren",
            "2026-12-31 Zwischen den Jahren",
            "2027-01-06 Dreikönig",
        ],
    );
}

#[test]
fn a_calendar_without_a_zone_is_read_in_the_schedules() {
    let event = |zone: Tz| {
        let lines = [
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "DTSTART:20261223T230000Z",
            "DTEND:20261224T230000Z",
            "RRULE:FREQ=DAILY;COUNT=3",
            "EXDATE:20261224T230000Z",
            "SUMMARY:x",
            "END:VEVENT",
            "END:VCALENDAR",
        ];
        read(&lines, zone)
    };
    assert_eq!(event(BERLIN), (vec!["2026-12-24 x".to_owned(), "2026-12-26 x".to_owned()], vec![]));
    let (days, problems) = event(Tz::UTC);
    assert_eq!(days, [] as [String; 0], "an hour before midnight is not a whole day in UTC");
    assert_eq!(
        problems,
        ["3: calendar event `x` is ignored: tidegate does not understand `DTSTART:20261223T230000Z`"]
    );
}

#[test]
fn this_and_all_following_are_moved_or_cancelled() {
    let with = |lines: &[&str]| {
        let mut all = vec![
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "UID:a",
            "DTSTART;VALUE=DATE:20261201",
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "SUMMARY:x",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:a",
            "RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261215",
        ];
        all.extend(lines);
        all.extend(["END:VEVENT", "END:VCALENDAR"]);
        read(&all, BERLIN).0
    };
    let moved = with(&["DTSTART;VALUE=DATE:20261216", "DURATION:P2D", "SUMMARY:y"]);
    assert_eq!(
        moved,
        ["2026-12-01 x", "2026-12-08 x", "2026-12-16..2026-12-17 y", "2026-12-23..2026-12-24 x"]
    );
    let cancelled = with(&["DTSTART;VALUE=DATE:20261215", "STATUS:CANCELLED"]);
    assert_eq!(cancelled, ["2026-12-01 x", "2026-12-08 x"]);
}

#[test]
fn a_fold_may_stand_anywhere() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Mariä Empfängnis\nDTSTART;VALUE=DATE:20261208\nEND:VEVENT\nEND:VCALENDAR\n";
    let plain = read_holidays(text.as_bytes(), BERLIN);
    assert_eq!(plain.named[0].title, "Mariä Empfängnis");
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    for at in (1..text.len()).filter(|at| !starts.contains(at) && !starts.contains(&(at - 1))) {
        for fold in ["\r\n ", "\n\t", "\r "] {
            let mut folded = text.as_bytes().to_vec();
            folded.splice(at..at, fold.bytes());
            let found = read_holidays(&folded, BERLIN);
            assert_eq!((&found.days, &found.problems), (&plain.days, &plain.problems), "{at} {fold:?}");
            assert_eq!(found.named[0].title, plain.named[0].title, "{at} {fold:?}");
        }
    }
    let bom = [b"\xef\xbb\xbf", text.replace('\n', "\r\n").as_bytes()].concat();
    assert_eq!(read_holidays(&bom, BERLIN).days, plain.days);
}

#[test]
fn whatever_is_left_out_is_said_with_its_line() {
    for (lines, line, part) in [
        (&["BEGIN:VTODO", "DUE;VALUE=DATE:20261224", "END:VTODO"][..], 3, "`VTODO` is ignored"),
        (&["BEGIN:VEVENT", "SUMMARY:x", "END:VEVENT"], 3, "it has no `DTSTART`"),
        (&["BEGIN:VEVENT", "DTSTART:20261224T090000", "END:VEVENT"], 4, "20261224T090000"),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "DTEND:20261224T120000", "END:VEVENT"], 5, "DTEND"),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "DURATION:PT2H", "END:VEVENT"], 5, "DURATION"),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "RRULE:FREQ=HOURLY", "END:VEVENT"], 5, "FREQ=HOURLY"),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "RRULE:FREQ=DAILY;BYHOUR=3", "END:VEVENT"], 5, "BYHOUR"),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "RRULE:RSCALE=HEBREW;FREQ=YEARLY", "END:VEVENT"], 5, "RSCALE"),
        (
            &["BEGIN:VEVENT", "DTSTART:20261224", "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261231", "END:VEVENT"],
            5,
            "COUNT",
        ),
        (
            &["BEGIN:VEVENT", "DTSTART:20261224", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2", "END:VEVENT"],
            5,
            "DTSTART",
        ),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "EXDATE:tomorrow", "END:VEVENT"], 5, "EXDATE:tomorrow"),
        (&["BEGIN:VEVENT", "DTSTART:20261224", "RECURRENCE-ID:x", "END:VEVENT"], 5, "RECURRENCE-ID:x"),
        (&["X-WR-TIMEZONE:Mars/Olympus"], 2, "the zone of this calendar is unknown"),
        (&["METHOD:CANCEL"], 2, "METHOD:CANCEL"),
        (&["VERSION:2.0", "no property"], 3, "is not a property"),
    ] {
        let begin: &[&str] = if lines[0].starts_with("BEGIN") {
            &["BEGIN:VCALENDAR", "VERSION:2.0"]
        } else {
            &["BEGIN:VCALENDAR"]
        };
        let all = [begin, lines, &["END:VCALENDAR"]].concat();
        let (_, problems) = read(&all, BERLIN);
        let [only] = &problems[..] else { panic!("{lines:?}: {problems:?}") };
        assert!(only.starts_with(&format!("{line}: ")) && only.contains(part), "{lines:?}: {only}");
    }
}
