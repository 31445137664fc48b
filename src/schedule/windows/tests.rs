use super::*;

fn windows(zone: Tz, allow: &[&str], deny: &[&str]) -> Windows {
    let parse = |texts: &[&str]| texts.iter().map(|text| Window::parse(text).unwrap()).collect();
    Windows { timezone: zone, allow: parse(allow), deny: parse(deny), applies_to: AppliesTo::default() }
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn show(state: WindowState) -> String {
    let time = |t: Option<Instant>| t.map_or("-".to_owned(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    match state {
        WindowState::Open { until } => format!("open until {}", time(until)),
        WindowState::Closed { opens_at } => format!("closed until {}", time(opens_at)),
    }
}

#[test]
fn a_window_is_open_from_its_minute_for_its_length() {
    let zurich = windows(Tz::Europe__Zurich, &["0 4 * * tue,thu for 2h"], &[]);
    for (t, expected) in [
        ("2026-11-23T12:00:00Z", "closed until 2026-11-24T03:00:00Z"),
        ("2026-11-24T02:59:59Z", "closed until 2026-11-24T03:00:00Z"),
        ("2026-11-24T03:00:00Z", "open until 2026-11-24T05:00:00Z"),
        ("2026-11-24T04:59:59Z", "open until 2026-11-24T05:00:00Z"),
        ("2026-11-24T05:00:00Z", "closed until 2026-11-26T03:00:00Z"),
    ] {
        assert_eq!(show(window_at(at(t), &zurich)), expected, "{t}");
    }
}

#[test]
fn deny_wins_and_nothing_allowed_is_everything_allowed() {
    let t = at("2026-12-23T12:00:00Z");
    for (allow, deny, expected) in [
        (&[][..], &[][..], "open until -"),
        (&[], &["2026-12-24..2027-01-03"], "open until 2026-12-24T00:00:00Z"),
        (&[], &["2026-12-20..2027-01-03"], "closed until 2027-01-04T00:00:00Z"),
        (&["2026-12-23"], &[], "open until 2026-12-24T00:00:00Z"),
        (&["2026-12-01"], &[], "closed until -"),
        (&["2026-12-25"], &[], "closed until 2026-12-25T00:00:00Z"),
        (&["0 11 * * * for 2h", "0 12 * * * for 3h"], &[], "open until 2026-12-23T15:00:00Z"),
        (&["0 4 * * * for 2h"], &["2026-12-24..2026-12-26"], "closed until 2026-12-27T04:00:00Z"),
        (&["0 12 * * * for 2h"], &["30 12 * * * for 10m"], "open until 2026-12-23T12:30:00Z"),
        (&["0 12 * * * for 2h"], &["55 11 * * * for 10m"], "closed until 2026-12-23T12:05:00Z"),
        // Occurrences that touch or overlap are one window; one that covers everything has no end.
        (&["* 0-12 * * * for 1m"], &[], "open until 2026-12-23T13:00:00Z"),
        (&["* * * * * for 1m"], &[], "open until -"),
        (&["0 0 * * * for 2d"], &[], "open until -"),
        (&["0 0 31 2 * for 2h"], &[], "closed until -"),
    ] {
        let windows = windows(Tz::UTC, allow, deny);
        assert_eq!(show(window_at(t, &windows)), expected, "allow {allow:?} deny {deny:?}");
    }
}

#[test]
fn length_is_time_that_passes_when_the_clock_is_changed() {
    let zurich = windows(Tz::Europe__Zurich, &["30 2 * * sun for 1h"], &[]);
    for (t, expected) in [
        // 02:30 is skipped: the window opens when the gap ends, and is as long as ever.
        ("2026-03-29T00:00:00Z", "closed until 2026-03-29T01:00:00Z"),
        ("2026-03-29T01:00:00Z", "open until 2026-03-29T02:00:00Z"),
        // 02:30 comes twice: it opens the first time only.
        ("2026-10-25T00:30:00Z", "open until 2026-10-25T01:30:00Z"),
        ("2026-10-25T01:30:00Z", "closed until 2026-11-01T01:30:00Z"),
    ] {
        assert_eq!(show(window_at(at(t), &zurich)), expected, "{t}");
    }
}

#[test]
fn says_whether_windows_meet_the_hours() {
    let schedule = |start: &str, stop: &str, except: &[&str]| Schedule {
        timezone: Tz::Europe__Zurich,
        start: vec![Crontab::parse(start).unwrap()],
        stop: vec![Crontab::parse(stop).unwrap()],
        except: except.iter().map(|text| DateRange::parse(text).unwrap()).collect(),
        holidays: Vec::new(),
        also: vec![],
    };
    let office = schedule("0 7 * * mon-fri", "30 18 * * mon-fri", &[]);
    let from = at("2026-11-23T12:00:00Z");
    for (allow, deny, schedule, meet) in [
        (&["0 4 * * tue,thu for 2h"][..], &[][..], &office, false),
        (&["0 4 * * tue,thu for 3h"], &[], &office, false),
        (&["0 4 * * tue,thu for 181m"], &[], &office, true),
        (&["0 12 * * sat for 6h"], &[], &office, false),
        (&[], &["2026-11-01..2028-12-31"], &office, false),
        (&["2026-11-28..2026-11-29"], &[], &office, false),
        (&["2026-11-28..2026-11-30"], &[], &office, true),
        (&["2029-01-01"], &[], &office, false),
        (&["0 9 1 1 * for 1h"], &[], &schedule("0 7 * * *", "0 18 * * *", &["2027-01-01"]), false),
        (&["0 9 1 1 * for 1h"], &[], &schedule("0 7 * * *", "0 18 * * *", &["2026-12-25"]), true),
    ] {
        let windows = windows(Tz::Europe__Zurich, allow, deny);
        assert_eq!(windows_meet_schedule(&windows, schedule, from), meet, "allow {allow:?} deny {deny:?}");
    }
}

#[test]
fn writes_windows_as_they_are_read() {
    for text in ["0 4 * * tue,thu for 2h", "0 4 * * * for 1d2h3m4s", "2026-12-24..2027-01-03", "2026-12-24"] {
        let window = Window::parse(text).unwrap();
        assert_eq!(window.to_string(), text);
        assert_eq!(Window::parse(&window.to_string()).unwrap(), window);
    }
}

#[test]
fn says_what_is_wrong_with_a_window_and_where() {
    for (text, message, column) in [
        ("0 4 * * tue,thu", "this window has no duration", 16),
        ("0 4 * * tue,thu for", "this window has no duration", 20),
        ("0 4 * * tuesday for 2h", "`tuesday` is not a day of the week", 9),
        ("  0 25 * * * for 2h", "`25` is not an hour", 5),
        ("0 4 * * * for 2", "`2` is not a duration", 15),
        ("0 4 * * * for 2 hours", "`2 hours` is not a duration", 15),
        ("0 4 * * * for 1M", "`1M` is not a duration", 15),
        ("0 4 * * * for 0s", "a window cannot stay open for `0s`", 15),
        ("0 4 * * * for 400d", "a window cannot stay open for `400d`", 15),
        ("tomorrow", "`tomorrow` is not a date", 1),
        ("2026-12-24..2026-12-23", "the range ends on 2026-12-23, before it begins on 2026-12-24", 13),
    ] {
        let error = Window::parse(text).unwrap_err();
        assert_eq!((error.message.as_str(), error.column), (message, column), "{text}");
        assert!(error.hint.is_some(), "{text}");
    }
}

#[test]
fn room_is_looked_for_in_this_window_and_in_the_next() {
    let windows = |allow: &[&str], deny: &[&str]| Windows {
        timezone: Tz::Europe__Zurich,
        allow: allow.iter().map(|text| Window::parse(text).unwrap()).collect(),
        deny: deny.iter().map(|text| Window::parse(text).unwrap()).collect(),
        applies_to: AppliesTo::Gated,
    };
    let nights = ["0 4 * * tue,thu for 2h"];
    for (t, minutes, deny, found) in [
        // In the window, with room, with exactly enough, with too little.
        ("2026-11-24T03:00:00Z", 60, &[][..], Some("2026-11-24T03:00:00Z")),
        ("2026-11-24T04:00:00Z", 60, &[], Some("2026-11-24T04:00:00Z")),
        ("2026-11-24T04:00:01Z", 60, &[], Some("2026-11-26T03:00:00Z")),
        // Before it; when the next is denied; when none is long enough.
        ("2026-11-24T00:00:00Z", 60, &[], Some("2026-11-24T03:00:00Z")),
        ("2026-11-24T04:30:00Z", 60, &["2026-11-26"], Some("2026-12-01T03:00:00Z")),
        ("2026-11-24T03:00:00Z", 121, &[], None),
        ("2026-11-24T04:30:00Z", 0, &[], Some("2026-11-24T04:30:00Z")),
    ] {
        let room =
            window_with_room(t.parse().unwrap(), &windows(&nights, deny), Duration::from_secs(minutes * 60));
        assert_eq!(room, found.map(|at| at.parse().unwrap()), "{t} {minutes} {deny:?}");
    }
    let always = windows(&[], &[]);
    let t = "2026-11-24T03:00:00Z".parse().unwrap();
    assert_eq!(window_with_room(t, &always, Duration::from_secs(1 << 30)), Some(t));
}
