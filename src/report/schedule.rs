//! A schedule for people: a picture of its days, the changes, and an estimate of what the sleep saves.
//!
//! The picture is hours × days on the wall clock of the environment's zone, half an hour a letter. Its letters
//! differ in shape, so that no meaning depends on colour, and it is 72 columns wide at most.

mod picture;
mod prices;
mod savings;
mod stretch;

use super::{ScheduleView, time_format};
use crate::schedule::{self, Change};

pub use prices::{PriceError, Prices, RegionPrices};

/// The schedule as text: heading, picture, changes, savings.
pub fn text(view: &ScheduleView) -> String {
    let ScheduleView { spec, inputs, from, to, zone, .. } = view;
    let holds = schedule::state_at(*from, inputs);
    let changes = schedule::changes(*from, *to, inputs);
    let mut text = format!(
        "{}  {} {}   at {}\n\n",
        spec.name,
        holds.state,
        time_format::because(holds.because),
        time_format::local(*from, *zone)
    );
    text.push_str(&picture::text(view));
    text.push('\n');
    for Change { at, state, because } in &changes {
        let (at, because) = (time_format::local(*at, *zone), time_format::because(*because));
        text.push_str(&format!("  {at}   {:<10}  {because}\n", state.as_str()));
    }
    if changes.is_empty() {
        text.push_str(&format!("  no change until {}\n", time_format::local(*to, *zone)));
    }
    text.push('\n');
    text.push_str(&savings::text(view, &stretch::between(view, *from, *to)));
    text
}

#[cfg(test)]
mod tests;
