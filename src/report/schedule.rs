//! A schedule for people: a picture of its days, the changes, and what the sleep is worth.
//!
//! The picture is hours × days on the wall clock of the environment's zone, half an hour a letter. Its letters
//! differ in shape, so that nothing hangs on colour, and it is 72 columns wide at most.

mod picture;
mod worth;

use chrono::TimeDelta;

use super::time_format;
use crate::model::{EnvironmentName, Instant, State};
use crate::reconcile::Sizes;
use crate::schedule::{self, Change, StateInputs, Tz};
use crate::spec::EnvironmentSpec;

pub use worth::{PriceError, Prices, RegionPrices};

/// Longer pictures are no pictures any more.
const PICTURE_DAYS_MAX: u32 = 35;

/// Everything that a schedule is shown with.
#[derive(Clone, Debug)]
pub struct ScheduleView<'a> {
    /// What is declared.
    pub spec: &'a EnvironmentSpec,
    /// What has a say in the state.
    pub says: StateInputs<'a>,
    /// Since when the override set at run time is there: before that it had no say.
    pub override_since: Option<Instant>,
    /// From when.
    pub from: Instant,
    /// To when, not included.
    pub to: Instant,
    /// The present.
    pub now: Instant,
    /// The zone of its wall clock.
    pub zone: Tz,
    /// How large its tasks are, as far as that is known.
    pub sizes: Sizes,
    /// What they cost.
    pub prices: &'a Prices,
}

impl<'a> ScheduleView<'a> {
    /// What had a say at `at`.
    fn says_at(&self, at: Instant) -> StateInputs<'a> {
        let is_set = self.override_since.is_none_or(|since| at >= since);
        StateInputs { runtime_override: self.says.runtime_override.filter(|_| is_set), ..self.says }
    }
}

/// The whole of it.
pub fn text(view: &ScheduleView) -> String {
    let ScheduleView { spec, says, from, to, zone, .. } = view;
    let holds = schedule::state_at(*from, says);
    let changes = schedule::changes(*from, *to, says);
    let mut text = heading(&spec.name, holds.state, time_format::because(holds.because), *from, *zone);
    text.push('\n');
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
    text.push_str(&worth::text(view, &spells(view)));
    text
}

fn heading(name: &EnvironmentName, state: State, because: &str, from: Instant, zone: Tz) -> String {
    format!("{name}  {state} {because}   at {}\n", time_format::local(from, zone))
}

/// A stretch of time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) state: State,
    pub(super) length: TimeDelta,
}

/// The whole time as stretches of one state each.
fn spells(view: &ScheduleView) -> Vec<Spell> {
    spells_between(view, view.from, view.to)
}

pub(super) fn spells_between(view: &ScheduleView, from: Instant, to: Instant) -> Vec<Spell> {
    let set_at = view.override_since.filter(|since| from < *since && *since < to);
    let Some(set_at) = set_at else { return spells_of(&view.says_at(from), from, to) };
    let before = spells_of(&view.says_at(from), from, set_at);
    before.into_iter().chain(spells_of(&view.says, set_at, to)).collect()
}

fn spells_of(says: &StateInputs, from: Instant, to: Instant) -> Vec<Spell> {
    let mut spells = Vec::new();
    let (mut since, mut state) = (from, schedule::state_at(from, says).state);
    for change in schedule::changes(from, to, says) {
        spells.push(Spell { state, length: change.at - since });
        (since, state) = (change.at, change.state);
    }
    spells.push(Spell { state, length: to - since });
    spells
}

/// How long of it the environment does not sleep.
pub(super) fn awake(spells: &[Spell]) -> TimeDelta {
    let awake = spells.iter().filter(|spell| spell.state != State::Stopped);
    awake.map(|spell| spell.length).sum()
}

#[cfg(test)]
mod tests;
