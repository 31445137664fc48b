//! Holidays from an iCalendar file: whole days, several in a row, and those that come again.
//!
//! The crates read the syntax and unfold recurrences; what a holiday is, is decided here. What is not understood
//! is left out and said, with its line: an environment that is up on a holiday costs money, one that sleeps on
//! a working day costs people their morning. Rules: <https://www.rfc-editor.org/rfc/rfc5545>.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use icalendar::parser::{Component, Property, read_components, unfold};
use rrule::RRuleSet;

use super::calendar::DateRange;

/// Occurrences of one event that are looked at: every day of some years, every year of some centuries.
const OCCURRENCES_MAX: u16 = 1_000;
/// As far as crontab lines are known.
const LAST_DAY: &str = "21001231T000000Z";

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    /// Its days, in order.
    pub days: Vec<DateRange>,
    /// What of it is left out.
    pub problems: Vec<HolidayProblem>,
}

/// Something in a calendar that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidayProblem {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// Whether the file cannot be read at all.
    pub is_fatal: bool,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// Reads a calendar.
pub fn read_holidays(text: &str) -> Holidays {
    let text = text.trim_start_matches('\u{feff}');
    let unfolded = unfold(text);
    let lines = Lines::new(text, &unfolded);
    let fatal = |line, message: String| {
        let hint = "export it as iCalendar (`.ics`): BEGIN:VCALENDAR … END:VCALENDAR";
        let problem = HolidayProblem { line, is_fatal: true, message, hint };
        Holidays { days: Vec::new(), problems: vec![problem] }
    };
    let roots = match read_components(&unfolded) {
        Ok(roots) => roots,
        Err(error) => return fatal(lines.of_error(&error), "this is not an iCalendar file".to_owned()),
    };
    let calendars: Vec<&Component<'_>> = roots.iter().filter(|root| root.name == "VCALENDAR").collect();
    if calendars.is_empty() {
        return fatal(1, "this is not an iCalendar file: it has no VCALENDAR".to_owned());
    }
    let events = calendars.iter().flat_map(|calendar| &calendar.components);
    let events: Vec<&Component<'_>> = events.filter(|component| component.name == "VEVENT").collect();
    let moved = moved(&events);
    let mut found = Holidays::default();
    for event in events {
        let skipped = moved.get(&value(event, "UID").unwrap_or_default());
        match days_of(event, skipped) {
            Ok(days) => found.days.extend(days),
            Err(Left { what, hint }) => {
                let name = value(event, "SUMMARY").unwrap_or_else(|| "an event".to_owned());
                let line = lines.of(what.name.as_str());
                let said = format!("{}:{}", what.name.as_str(), what.val.as_str());
                let message = format!("`{name}` is left out: `{said}` is not understood");
                found.problems.push(HolidayProblem { line, is_fatal: false, message, hint });
            }
        }
    }
    found.days.sort_by_key(|days| (days.first, days.last));
    found.days.dedup();
    found
}

/// What keeps an event from being understood.
struct Left<'a> {
    what: &'a Property<'a>,
    hint: &'static str,
}

const WHOLE_DAYS: &str = "only whole days count: DTSTART;VALUE=DATE:20261224";

/// Days at which single occurrences of an event were moved, by its identity.
fn moved(events: &[&Component<'_>]) -> BTreeMap<String, BTreeSet<NaiveDate>> {
    let mut moved: BTreeMap<String, BTreeSet<NaiveDate>> = BTreeMap::new();
    for event in events {
        let day = event.find_prop("RECURRENCE-ID").and_then(|property| day(property.val.as_str()));
        if let (Some(day), Some(uid)) = (day, value(event, "UID")) {
            moved.entry(uid).or_default().insert(day);
        }
    }
    moved
}

fn days_of<'a>(
    event: &'a Component<'a>,
    moved: Option<&BTreeSet<NaiveDate>>,
) -> Result<Vec<DateRange>, Left<'a>> {
    if value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Ok(Vec::new());
    }
    let Some(start) = event.find_prop("DTSTART") else { return Ok(Vec::new()) };
    let left = |what, hint| Left { what, hint };
    let first = whole_day(start).ok_or_else(|| left(start, WHOLE_DAYS))?;
    let more = match (event.find_prop("DTEND"), event.find_prop("DURATION")) {
        (Some(end), _) => {
            let after = whole_day(end).ok_or_else(|| left(end, WHOLE_DAYS))?;
            // The end is the day after the last one; some programs write the day itself.
            if after < first {
                return Err(left(end, "DTEND is the day after the last one"));
            }
            (after - first - TimeDelta::days(1)).max(TimeDelta::zero())
        }
        (None, Some(length)) => {
            let length = days_in(length.val.as_str()).ok_or_else(|| left(length, "write whole days: P3D"))?;
            TimeDelta::days(length - 1)
        }
        (None, None) => TimeDelta::zero(),
    };
    let is_moved_itself = event.find_prop("RECURRENCE-ID").is_some();
    let mut firsts: BTreeSet<NaiveDate> = match event.find_prop("RRULE").filter(|_| !is_moved_itself) {
        Some(rule) => occurrences(first, rule.val.as_str())
            .ok_or_else(|| left(rule, "write a rule of RFC 5545, such as FREQ=YEARLY"))?,
        None => BTreeSet::from([first]),
    };
    for property in &event.properties {
        let days = || property.val.as_str().split(',').map(day).collect::<Option<Vec<_>>>();
        let unread = || left(property, "write days: 20261224,20261231");
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

/// The first days of an event that comes again.
fn occurrences(first: NaiveDate, rule: &str) -> Option<BTreeSet<NaiveDate>> {
    // A day has no zone; as midnight in UTC it has one, and so must its end.
    let parts = rule.split(';').map(|part| match part.split_once('=') {
        Some((key, end)) if key.eq_ignore_ascii_case("UNTIL") => match day(end) {
            Some(end) => format!("UNTIL={}T000000Z", end.format("%Y%m%d")),
            None => part.to_owned(),
        },
        _ => part.to_owned(),
    });
    let mut parts: Vec<String> = parts.collect();
    if !parts.iter().any(|part| part.starts_with("UNTIL=") || part.to_uppercase().starts_with("COUNT=")) {
        parts.push(format!("UNTIL={LAST_DAY}"));
    }
    let text = format!("DTSTART:{}T000000Z\nRRULE:{}", first.format("%Y%m%d"), parts.join(";"));
    let set: RRuleSet = text.parse().ok()?;
    let found = set.all(OCCURRENCES_MAX);
    Some(found.dates.into_iter().map(|date| date.date_naive()).collect())
}

/// A day, or midnight without a zone of its own: what some programs write for a day.
fn whole_day(property: &Property<'_>) -> Option<NaiveDate> {
    let text = property.val.as_str().trim();
    match text.split_once(['T', 't']) {
        None => day(text),
        Some((day_text, "000000")) => day(day_text),
        Some(_) => None,
    }
}

/// The day of `20261224` or `20261224T090000Z`.
fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.trim().get(..8)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| NaiveDate::parse_from_str(digits, "%Y%m%d").ok()).flatten()
}

/// `P3D`, `P2W`.
fn days_in(text: &str) -> Option<i64> {
    let number = text.trim().strip_prefix('P')?;
    let (number, unit) = number.split_at_checked(number.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| (1..=366).contains(number))?;
    match unit {
        "D" => Some(number),
        "W" => Some(number * 7),
        _ => None,
    }
}

fn value(event: &Component<'_>, name: &str) -> Option<String> {
    event.find_prop(name).map(|property| property.val.as_str().trim().to_owned())
}

/// Which line of the file a piece of the unfolded text comes from.
struct Lines<'a> {
    unfolded: &'a str,
    /// The line of the file at which each unfolded line begins.
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &str, unfolded: &'a str) -> Self {
        let whole = text.lines().enumerate().filter(|(_, line)| !line.starts_with([' ', '\t']));
        Lines { unfolded, begins: whole.map(|(index, _)| index + 1).collect() }
    }

    /// The line of a slice of the unfolded text. Slices know their place by address.
    fn of(&self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.unfolded.as_ptr() as usize);
        let before = self.unfolded.get(..offset).unwrap_or_default();
        self.at(before.matches('\n').count())
    }

    /// The line that the parser names: `… at line 3, in …`.
    fn of_error(&self, error: &str) -> usize {
        let named = error.split("at line ").nth(1);
        let digits = named.map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
        let line: usize = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
        self.at(line.saturating_sub(1))
    }

    fn at(&self, unfolded_line: usize) -> usize {
        self.begins.get(unfolded_line).copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &[&str]) -> String {
        let events = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n"));
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.collect::<String>())
    }

    fn days(event: &str) -> Vec<String> {
        let found = read_holidays(&calendar(&[event]));
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
    fn what_comes_again_comes_until_the_end_of_the_century() {
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
    fn single_occurrences_are_left_out_added_and_moved() {
        let rule = "UID:a\r\nDTSTART;VALUE=DATE:20260801\r\nRRULE:FREQ=YEARLY;COUNT=3";
        assert_eq!(days(&format!("{rule}\r\nEXDATE;VALUE=DATE:20270801")), ["2026-08-01", "2028-08-01"]);
        assert_eq!(days(&format!("{rule}\r\nRDATE;VALUE=DATE:20260803")).len(), 4);
        let moved = "UID:a\r\nRECURRENCE-ID;VALUE=DATE:20270801\r\nDTSTART;VALUE=DATE:20270802";
        let found = read_holidays(&calendar(&[rule, moved]));
        let days: Vec<String> = found.days.iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-08-01", "2027-08-02", "2028-08-01"]);
    }

    #[test]
    fn what_is_not_understood_is_said_with_its_line() {
        let folded = "SUMMARY:A long\r\n  name\r\nDTSTART:20261225T090000Z";
        for (event, line, message) in [
            (
                "DTSTART:20261225T090000Z",
                4,
                "`an event` is left out: `DTSTART:20261225T090000Z` is not understood",
            ),
            (folded, 6, "`A long name` is left out: `DTSTART:20261225T090000Z` is not understood"),
            ("DTSTART:20261325", 4, "`an event` is left out: `DTSTART:20261325` is not understood"),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=NEVER",
                5,
                "`an event` is left out: `RRULE:FREQ=NEVER` is not understood",
            ),
        ] {
            let found = read_holidays(&calendar(&[event]));
            assert_eq!(found.days, [], "{event}");
            let said: Vec<_> = found.problems.iter().map(|it| (it.line, it.message.as_str())).collect();
            assert_eq!(said, [(line, message)], "{event}");
        }
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        for (text, line) in [
            ("", 1),
            ("holidays: none\n", 1),
            ("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nEND:VCALENDAR\n", 1),
            ("BEGIN:VTODO\nEND:VTODO\n", 1),
        ] {
            let found = read_holidays(text);
            assert!(found.problems.len() == 1 && found.problems[0].is_fatal, "{text:?}: {found:?}");
            assert!(found.problems[0].line >= line, "{text:?}: {found:?}");
        }
    }
}
