//! `schedule.holidays`: calendars of the repository. The room `schedule` reads events; here its problems get their
//! place in the calendar file.

use super::findings::Findings;
use crate::schedule::{DateRange, Holiday, HolidayProblem, Holidays, Tz, read_holidays};
use crate::spec::decode::{Leaf, OneOrMany};
use crate::spec::diagnostic::{Code, Diagnostic, Place};
use crate::spec::extends::Files;
use crate::spec::{extends, files, foreign, suggest};

/// A holiday, and the calendar that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedHoliday {
    /// Its days, its title and its line.
    pub holiday: Holiday,
    /// The path of the calendar in the repository.
    pub file: String,
}

/// The days of all calendars, or `None` if one of them cannot be read; then that was reported. `zone` is the schedule's.
pub(super) fn days(
    f: &mut Findings<'_>,
    leaf: Option<&Leaf<OneOrMany<String>>>,
    files: &Files,
    zone: Tz,
) -> Option<Vec<DateRange>> {
    let read = calendars(f, leaf, files, zone)?;
    let mut days: Vec<DateRange> = read.into_iter().flat_map(|(_, found)| found.days).collect();
    days.sort_by_key(|days| (days.first, days.last));
    Some(days)
}

/// Each time of each event of all calendars, by day.
pub(super) fn listed(
    f: &mut Findings<'_>,
    leaf: Option<&Leaf<OneOrMany<String>>>,
    files: &Files,
    zone: Tz,
) -> Vec<ListedHoliday> {
    let read = calendars(f, leaf, files, zone).unwrap_or_default();
    let listed = read.into_iter().flat_map(|(file, found)| {
        found.named.into_iter().map(move |holiday| ListedHoliday { holiday, file: file.clone() })
    });
    let mut listed: Vec<ListedHoliday> = listed.collect();
    listed.sort_by_key(|it| (it.holiday.days.first, it.holiday.days.last));
    listed
}

fn calendars(
    f: &mut Findings<'_>,
    leaf: Option<&Leaf<OneOrMany<String>>>,
    files: &Files,
    zone: Tz,
) -> Option<Vec<(String, Holidays)>> {
    let Some(leaf) = leaf else { return Some(Vec::new()) };
    let OneOrMany(paths) = leaf.get()?;
    let read: Vec<Option<(String, Holidays)>> =
        paths.iter().map(|leaf| calendar(f, leaf, files, zone)).collect();
    read.into_iter().collect()
}

fn calendar(
    f: &mut Findings<'_>,
    leaf: &Leaf<String>,
    files: &Files,
    zone: Tz,
) -> Option<(String, Holidays)> {
    let text = leaf.get()?;
    // A path is relative to the file that it is written in, which may be one that others extend.
    let from = f.origin(leaf.at).value.file.clone();
    let Some(path) = extends::join(&from, text) else {
        let message = format!("`{text}` is outside the repository");
        let hint = "give a calendar of this repository, as a path from this file's folder";
        f.error(leaf.at, Code::HolidaysOutside, message).hint = Some(hint.to_owned());
        return None;
    };
    if let Some(fault) = files.fault(&path) {
        f.report(files::unusable(&path, fault));
        return None;
    }
    let Some(bytes) = files.get(&path) else {
        let calendars = files.keys().map(String::as_str).filter(|file| file.ends_with(".ics"));
        let near = suggest::nearest(&path, calendars);
        let hint = near.map(|near| format!("did you mean `{}`?", extends::relative(&from, near)));
        f.error(leaf.at, Code::HolidaysMissing, format!("there is no calendar `{path}`")).hint = hint;
        return None;
    };
    if let Some(problem) = foreign::problem(&path, bytes) {
        f.report(problem);
        return None;
    }
    let mut found = read_holidays(bytes, zone);
    let is_fatal = found.problems.iter().any(|problem| problem.is_fatal);
    for problem in std::mem::take(&mut found.problems) {
        f.report(diagnostic(&path, bytes, problem));
    }
    (!is_fatal).then_some((path, found))
}

fn diagnostic(path: &str, bytes: &[u8], problem: HolidayProblem) -> Diagnostic {
    let HolidayProblem { line, is_fatal, message, hint } = problem;
    let place = line_of(path, bytes, line);
    let made = if is_fatal {
        Diagnostic::error(place, Code::BadCalendar, message)
    } else {
        Diagnostic::warning(place, Code::CalendarEvent, message)
    };
    made.with_hint(hint)
}

/// A whole line. It ends in CRLF, LF or CR.
fn line_of(path: &str, bytes: &[u8], line: usize) -> Place {
    // A place does not count the byte-order mark.
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let mut start = 0;
    for number in 1.. {
        let length = bytes[start..].iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let end = length.map_or(bytes.len(), |length| start + length);
        if number == line {
            return Place { file: path.into(), line, column: 1, start, end };
        }
        start = end + if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        if start >= bytes.len() {
            break;
        }
    }
    Place::start_of(path)
}
