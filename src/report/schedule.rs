//! A schedule for people: a picture of its days, the changes, and an estimate of what the sleep saves.
//!
//! The picture is hours × days on the wall clock of the environment's zone, half an hour a letter. Its letters
//! differ in shape, so that no meaning depends on colour, and it is 72 columns wide at most.

mod picture;
mod prices;
mod savings;
mod stretch;

use serde_json::json;

use super::{ScheduleView, time_format};
use crate::model::Instant;
use crate::schedule::{self, Change, DateRange, Tz};
use crate::spec::ListedHoliday;

pub use prices::{PriceError, Prices, RegionPrices};

/// The schedule as text: heading, picture, changes, savings.
pub fn text(view: &ScheduleView) -> String {
    let ScheduleView { spec, inputs, from, to, zone, page, .. } = view;
    let holds = schedule::state_at(*from, inputs);
    let changes = schedule::changes(*from, *to, inputs);
    let heading = format!(
        "{}  {} {}   at {}\n\n",
        spec.name,
        holds.state,
        time_format::because(holds.because),
        time_format::local(*from, *zone)
    );
    let mut text = String::new();
    for Change { at, state, because } in &changes {
        let (at, because) = (time_format::local(*at, *zone), time_format::because(*because));
        text.push_str(&format!("  {at}   {:<10}  {because}\n", state.as_str()));
    }
    if changes.is_empty() {
        text.push_str(&format!("  no change until {}\n", time_format::local(*to, *zone)));
    }
    text.push('\n');
    text.push_str(&savings::text(view, &stretch::between(view, *from, *to)));
    // The picture is as wide as a day has half hours.
    format!("{}{}\n{}", page.fit(&heading), picture::text(view), page.fit(&text))
}

/// The holidays that touch `[from, to)`.
pub fn shown_holidays(all: &[ListedHoliday], from: Instant, to: Instant, zone: Tz) -> Vec<&ListedHoliday> {
    let day = |at: Instant| at.with_timezone(&zone).date_naive();
    let (first, last) = (day(from), day(to));
    all.iter().filter(|it| it.holiday.days.last >= first && it.holiday.days.first <= last).collect()
}

/// One line for each holiday: its days, its title, and where it stands.
pub fn holidays(shown: &[&ListedHoliday]) -> String {
    let days = |it: &ListedHoliday| {
        let DateRange { first, last } = &it.holiday.days;
        let first_text = first.format("%a %-d %b %Y").to_string();
        if first == last { first_text } else { format!("{first_text} – {}", last.format("%a %-d %b %Y")) }
    };
    let width = shown.iter().map(|it| days(it).chars().count()).max().unwrap_or_default();
    shown
        .iter()
        .map(|it| format!("  {:<width$}  {}   {}:{}\n", days(it), it.holiday.title, it.file, it.holiday.line))
        .collect()
}

/// The same as JSON: `[{"first", "last", "title", "file", "line"}]`.
pub fn holidays_json(shown: &[&ListedHoliday]) -> serde_json::Value {
    let one = |it: &&ListedHoliday| {
        let DateRange { first, last } = &it.holiday.days;
        let (title, file, line) = (&it.holiday.title, &it.file, it.holiday.line);
        json!({"first": first.to_string(), "last": last.to_string(), "title": title, "file": file, "line": line})
    };
    shown.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
