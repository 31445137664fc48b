//! `schedule.holidays`: calendars of the repository. The room `schedule` reads events; here its problems get their
//! place in the calendar file.

use super::findings::Findings;
use crate::schedule::{DateRange, HolidayProblem, read_holidays};
use crate::spec::decode::{Leaf, OneOrMany};
use crate::spec::diagnostic::{Code, Diagnostic, Place};
use crate::spec::extends::Files;
use crate::spec::{extends, files, foreign, suggest};

/// The days of all calendars, or `None` if one of them cannot be read; then that was reported.
pub(super) fn days(
    f: &mut Findings<'_>,
    leaf: Option<&Leaf<OneOrMany<String>>>,
    files: &Files,
) -> Option<Vec<DateRange>> {
    let Some(leaf) = leaf else { return Some(Vec::new()) };
    let OneOrMany(paths) = leaf.get()?;
    let calendars: Vec<Option<Vec<DateRange>>> = paths.iter().map(|leaf| calendar(f, leaf, files)).collect();
    let mut days: Vec<DateRange> = calendars.into_iter().collect::<Option<Vec<_>>>()?.concat();
    days.sort_by_key(|days| (days.first, days.last));
    Some(days)
}

fn calendar(f: &mut Findings<'_>, leaf: &Leaf<String>, files: &Files) -> Option<Vec<DateRange>> {
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
    let Ok(text) = std::str::from_utf8(bytes) else {
        let message = "this calendar is not UTF-8 text";
        f.report(Diagnostic::error(Place::start_of(&path), Code::BadCalendar, message));
        return None;
    };
    let found = read_holidays(text);
    let is_fatal = found.problems.iter().any(|problem| problem.is_fatal);
    for problem in found.problems {
        f.report(diagnostic(&path, text, problem));
    }
    (!is_fatal).then_some(found.days)
}

fn diagnostic(path: &str, text: &str, problem: HolidayProblem) -> Diagnostic {
    let HolidayProblem { line, is_fatal, message, hint } = problem;
    let place = line_of(path, text, line);
    let made = if is_fatal {
        Diagnostic::error(place, Code::BadCalendar, message)
    } else {
        Diagnostic::warning(place, Code::CalendarEvent, message)
    };
    made.with_hint(hint)
}

/// A whole line.
fn line_of(path: &str, text: &str, line: usize) -> Place {
    // A place does not count the byte-order mark.
    let text = text.trim_start_matches('\u{feff}');
    let mut start = 0;
    for (index, found) in text.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let end = start + found.trim_end_matches(['\r', '\n']).len();
            return Place { file: path.into(), line, column: 1, start, end };
        }
        start += found.len();
    }
    Place::start_of(path)
}
