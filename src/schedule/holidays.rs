//! Holidays from an iCalendar file: whole days, several in a row, and recurring ones.
//!
//! `lines` reads the syntax, `zones` and `when` make days of instants, `event` reads one event, `series` puts those
//! together that belong together, and the `rrule` crate unfolds rules. What is not understood is ignored and reported
//! with its line: an environment that is up on a holiday costs money, one that sleeps on a working day costs people
//! their morning. Whether an event blocks time (`TRANSP`, `CLASS`, alarms) makes no difference: calendars of holidays
//! mark their days as free.
//! Rules: <https://www.rfc-editor.org/rfc/rfc5545>.

mod event;
mod lines;
mod recurrence;
mod series;
mod when;
mod windows_zones;
mod zones;

pub use windows_zones::zone as windows_zone;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use self::lines::Component;
use self::recurrence::LAST_DAY;
use self::series::{EntryRemark, entries};
use self::zones::Zones;
use super::calendar::DateRange;

/// The holidays of one calendar file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    /// The days, sorted; days that follow each other are one range.
    pub days: Vec<DateRange>,
    /// The same by title, sorted: an event on several days stands here once for each time.
    pub named: Vec<Holiday>,
    /// What tidegate leaves out, and why.
    pub problems: Vec<HolidayProblem>,
}

/// One time of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// Its days.
    pub days: DateRange,
    /// Its title.
    pub title: String,
    /// The line of the file that its start stands in, counted from 1.
    pub line: usize,
}

/// Something in a calendar that tidegate leaves out, or a file that it cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidayProblem {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// Whether the whole file is unreadable; otherwise one thing is left out.
    pub is_fatal: bool,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub hint: &'static str,
}

/// More than that about one file helps no reader.
const PROBLEMS_MAX: usize = 100;

/// Reads an iCalendar file. `zone` is the schedule's: there, an instant becomes a day if neither its event nor its
/// calendar has a zone.
pub fn read_holidays(bytes: &[u8], zone: Tz) -> Holidays {
    let fatal = |line, message: String| {
        let hint = "export the calendar as iCalendar (`.ics`, UTF-8): `BEGIN:VCALENDAR` … `END:VCALENDAR`";
        let problem = HolidayProblem { line, is_fatal: true, message, hint };
        Holidays { problems: vec![problem], ..Holidays::default() }
    };
    let file = match lines::read(bytes) {
        Ok(file) => file,
        Err(misfit) => return fatal(misfit.line, misfit.message),
    };
    let calendars = || file.components.iter().filter(|component| component.name == "VCALENDAR");
    if calendars().next().is_none() {
        return fatal(1, "this is not an iCalendar file: it has no `VCALENDAR`".to_owned());
    }
    let mut found = Holidays::default();
    for misfit in file.misfits {
        found.leave_out(misfit.line, misfit.message, "correct the line, or export the calendar again");
    }
    for component in file.components.iter().filter(|component| component.name != "VCALENDAR") {
        let message = format!("`{}` is ignored: it stands outside of a calendar", component.name);
        found.leave_out(component.line, message, "put it between `BEGIN:VCALENDAR` and `END:VCALENDAR`");
    }
    calendars().for_each(|calendar| found.read(calendar, zone));
    found.named.sort_by_key(|named| (named.days.first, named.days.last, named.line));
    found.days = merged(found.named.iter().map(|holiday| &holiday.days));
    found.problems.sort_by_key(|problem| problem.line);
    let more = found.problems.len().saturating_sub(PROBLEMS_MAX);
    found.problems.truncate(PROBLEMS_MAX);
    if let (1.., Some(last)) = (more, found.problems.last()) {
        let message = format!("{more} more entries of this calendar are ignored or incomplete");
        found.leave_out(last.line, message, "keep holidays in a calendar of their own");
    }
    found
}

impl Holidays {
    fn read(&mut self, calendar: &Component, schedule: Tz) {
        let (zones, unknown) = Zones::of(calendar, schedule);
        if let Some((line, written)) = unknown {
            let message = format!("the zone of this calendar is unknown: `{written}`; the schedule's counts");
            self.leave_out(line, message, "write a name of IANA or Windows: `X-WR-TIMEZONE:Europe/Berlin`");
        }
        if calendar.value("METHOD").is_some_and(|method| method.eq_ignore_ascii_case("CANCEL")) {
            let line = calendar.property("METHOD").map_or(calendar.line, |method| method.line);
            let message =
                "this calendar cancels its events (`METHOD:CANCEL`): none of them counts".to_owned();
            return self.leave_out(line, message, "export the calendar itself (`METHOD:PUBLISH`)");
        }
        let known = ["VEVENT", "VTIMEZONE"];
        for part in calendar.parts.iter().filter(|part| !known.contains(&part.name.as_str())) {
            let message = format!("`{}` is ignored: only events (`VEVENT`) are holidays", part.name);
            self.leave_out(part.line, message, "enter the days as events of the whole day");
        }
        let events: Vec<&Component> = calendar.parts.iter().filter(|part| part.name == "VEVENT").collect();
        let (entries, remarks) = entries(&events, &zones);
        for EntryRemark { title, remark, is_ignored } in remarks {
            let message = match is_ignored {
                true => format!("calendar event `{title}` is ignored: {}", remark.what),
                false => format!("calendar event `{title}`: {}", remark.what),
            };
            self.leave_out(remark.line, message, remark.hint);
        }
        for entry in entries {
            for (first, length) in entry.times.into_iter().filter(|(first, _)| *first <= LAST_DAY) {
                let last = first.checked_add_signed(TimeDelta::days(length - 1)).unwrap_or(NaiveDate::MAX);
                let days = DateRange { first, last };
                self.named.push(Holiday { days, title: entry.title.clone(), line: entry.line });
            }
        }
    }

    fn leave_out(&mut self, line: usize, message: String, hint: &'static str) {
        self.problems.push(HolidayProblem { line, is_fatal: false, message, hint });
    }
}

/// Sorted ranges, with those that overlap or touch as one.
fn merged<'a>(sorted: impl Iterator<Item = &'a DateRange>) -> Vec<DateRange> {
    let mut days: Vec<DateRange> = Vec::new();
    for next in sorted {
        match days.last_mut() {
            Some(last) if last.last.succ_opt().is_none_or(|after| next.first <= after) => {
                last.last = last.last.max(next.last);
            }
            _ => days.push(next.clone()),
        }
    }
    days
}

#[cfg(test)]
mod tests;
