//! Holidays from an iCalendar file: whole days, several in a row, and recurring ones.
//!
//! The crates read the syntax and unfold recurrences; this file decides which events are holidays. An event that
//! it does not understand is ignored and reported with its line: an environment that is up on a holiday costs
//! money, one that sleeps on a working day costs people their morning.
//! Rules: <https://www.rfc-editor.org/rfc/rfc5545>.

mod date;
mod event;
mod recurrence;
mod source_lines;

use icalendar::parser::{Component, read_components, unfold};

use self::event::{IgnoredProperty, days_of, moved_days, value};
use self::source_lines::SourceLines;
use super::calendar::DateRange;

/// The holidays of one calendar file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    /// The days, sorted, each once.
    pub days: Vec<DateRange>,
    /// The events that tidegate ignores, and why.
    pub problems: Vec<HolidayProblem>,
}

/// An event that tidegate ignores, or a file that it cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidayProblem {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// Whether the whole file is unreadable; otherwise one event is ignored.
    pub is_fatal: bool,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub hint: &'static str,
}

/// Reads the text of an iCalendar file.
pub fn read_holidays(text: &str) -> Holidays {
    let text = text.trim_start_matches('\u{feff}');
    let unfolded = unfold(text);
    let lines = SourceLines::new(text, &unfolded);
    let fatal = |line, message: String| {
        let hint = "export the calendar as iCalendar (`.ics`): `BEGIN:VCALENDAR` … `END:VCALENDAR`";
        let problem = HolidayProblem { line, is_fatal: true, message, hint };
        Holidays { days: Vec::new(), problems: vec![problem] }
    };
    let roots = match read_components(&unfolded) {
        Ok(roots) => roots,
        Err(error) => return fatal(lines.of_error(&error), "this is not an iCalendar file".to_owned()),
    };
    let calendars: Vec<&Component<'_>> = roots.iter().filter(|root| root.name == "VCALENDAR").collect();
    if calendars.is_empty() {
        return fatal(1, "this is not an iCalendar file: it has no `VCALENDAR`".to_owned());
    }
    let events = calendars.iter().flat_map(|calendar| &calendar.components);
    let events: Vec<&Component<'_>> = events.filter(|component| component.name == "VEVENT").collect();
    let moved = moved_days(&events);
    let mut found = Holidays::default();
    for event in events {
        let moved = moved.get(&value(event, "UID").unwrap_or_default());
        match days_of(event, moved) {
            Ok(days) => found.days.extend(days),
            Err(IgnoredProperty { property, hint }) => {
                let name = value(event, "SUMMARY").unwrap_or_else(|| "(no title)".to_owned());
                let line = lines.of(property.name.as_str());
                let text = format!("{}:{}", property.name.as_str(), property.val.as_str());
                let message =
                    format!("calendar event `{name}` is ignored: tidegate does not understand `{text}`");
                found.problems.push(HolidayProblem { line, is_fatal: false, message, hint });
            }
        }
    }
    found.days.sort_by_key(|days| (days.first, days.last));
    found.days.dedup();
    found
}

#[cfg(test)]
mod tests;
