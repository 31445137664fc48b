//! Dates and lengths as iCalendar writes them.

use chrono::NaiveDate;
use icalendar::parser::Property;

/// The day of a property: a date, or midnight without a zone, which some programs write for a date.
pub(super) fn whole_day(property: &Property<'_>) -> Option<NaiveDate> {
    let text = property.val.as_str().trim();
    match text.split_once(['T', 't']) {
        None => day(text),
        Some((day_text, "000000")) => day(day_text),
        Some(_) => None,
    }
}

/// The day in `20261224` or `20261224T090000Z`.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.trim().get(..8)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| NaiveDate::parse_from_str(digits, "%Y%m%d").ok()).flatten()
}

/// The length in days of `P3D` or `P2W`.
pub(super) fn days_in(text: &str) -> Option<i64> {
    let number = text.trim().strip_prefix('P')?;
    let (number, unit) = number.split_at_checked(number.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| (1..=366).contains(number))?;
    match unit {
        "D" => Some(number),
        "W" => Some(number * 7),
        _ => None,
    }
}
