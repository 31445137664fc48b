//! The upper floor: how the goal is reached. Each part adds its actions to the draft, in any order; the plan sorts them.

mod database;
mod release;
mod services;
mod sites;
mod strangers;
mod traffic;

pub(super) use database::waits as database_waits;
pub(super) use traffic::OPEN_ID;

use super::action::{ActionKind, Step};
use super::decide::{Decision, Work};
use super::draft::{Draft, Words};
use super::facts::Facts;
use crate::model::State;

/// The whole way from what is to the goal, as a draft.
pub(super) fn build(facts: &Facts<'_>, decision: &Decision) -> Draft {
    let mut draft = findings(decision);
    let goal = &decision.goal;
    if let Some(give_up) = &decision.give_up {
        release::give_up(facts, give_up, &mut draft);
    }
    if let Some((version, how)) = &decision.record {
        database::record_present(facts, version, *how, &mut draft);
    }
    if let Some(attempt) = &decision.lost {
        database::write_off(attempt, &mut draft);
    }
    if let Some(Work::Run { from, to, .. }) = &goal.migration {
        release::begin(facts, from, to, &mut draft);
    }
    sites::plan(facts, goal, &mut draft);
    let outlook = services::plan(facts, goal, &mut draft);
    strangers::plan(facts, goal, &mut draft);
    database::plan(facts, goal, outlook.moves || goal.is_release(), &mut draft);
    database::settle_rest(facts, &mut draft);
    let on_the_way = traffic::closed_in(facts, goal, outlook.moves);
    let closed_in = on_the_way.or(outlook.foreign_code.then_some(State::Restricted));
    let why = if on_the_way.is_none() { traffic::Closing::ForeignCode } else { traffic::Closing::Declared };
    traffic::plan(facts, goal, closed_in.map(|state| (state, why)), outlook.all_up, &mut draft);
    release::drain(facts, goal, closed_in, &mut draft);
    database::stop(facts, goal, outlook.all_down, &mut draft);
    release::tidy(facts, goal, outlook.all_up, &mut draft);
    if traffic::is_stuck(facts, on_the_way) {
        // Users of the services come through the rules: where they are unreadable, they may be so for a moment only.
        let may_go_down =
            !goal.is_release() && goal.state < State::Restricted && !facts.gate.rules_unreadable;
        draft.actions.retain(|action| {
            let goes_down = matches!(action.step, Step::StopServices(_) | Step::StopDatabase);
            action.step <= Step::CloseGate || action.only_watches() || (may_go_down && goes_down)
        });
    }
    services::newer_revisions(facts, &mut draft);
    services::note_unmanaged(facts, &mut draft);
    release::note_together(facts, goal, &mut draft);
    draft
}

/// The cluster is claimed before the first write, and only then.
pub(super) fn claim(facts: &Facts<'_>, draft: &mut Draft) {
    let (owner, store) = (facts.access.owner, &facts.input.store);
    if draft.actions.is_empty() || owner == Some(store) {
        return;
    }
    let before = owner.map_or("no owner".to_owned(), |owner| owner.to_string());
    let kind = ActionKind::ClaimOwner { store: store.clone() };
    let words = Words::new(before, store.to_string(), "so that no other store acts here");
    draft.act(Step::Claim, "cluster/claim", facts.spec.cluster.as_str(), kind, words);
}

/// A draft without actions: the reasons that were decided on.
fn findings(decision: &Decision) -> Draft {
    let Decision { goal: _, blocked, waiting, notes, awake, give_up: _, record: _, lost: _ } = decision;
    let mut draft = Draft { waiting: waiting.clone(), awake: awake.clone(), ..Draft::default() };
    blocked.iter().for_each(|blocked| draft.block(blocked.clone()));
    notes.iter().for_each(|note| draft.note(note.clone()));
    draft
}
