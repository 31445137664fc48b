//! Events that recur (`RRULE`), as the days on which they begin. The `rrule` crate unfolds them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rrule::RRuleSet;

use super::date::day;

/// The most occurrences of one event that are used: every day for some years, every year for some centuries.
const OCCURRENCES_MAX: u16 = 1_000;

/// Crontab lines are known until the same day.
const LAST_DAY: &str = "21001231T000000Z";

/// The first day of each occurrence, or `None` for a rule that cannot be read.
pub(super) fn occurrences(first: NaiveDate, rule: &str) -> Option<BTreeSet<NaiveDate>> {
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
