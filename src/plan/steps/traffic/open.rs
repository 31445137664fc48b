//! Opening the gate, and the rules that stay open in a closed one.

use super::checks;
use crate::model::State;
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{DeclaredGate, Facts};

/// The one action that lets users in again.
pub(in crate::plan) const OPEN_ID: &str = "gate/open";

pub(super) fn open(
    facts: &Facts<'_>,
    goal: &Goal,
    gate: DeclaredGate<'_>,
    closes_before: bool,
    draft: &mut Draft,
) {
    let mut change = gate.to_open();
    if closes_before {
        let closing = gate.to_close(State::DbOnly);
        change.rules.extend(
            closing.rules.into_iter().filter(|rule| !change.rules.contains(rule)).collect::<Vec<_>>(),
        );
        change.function |= closing.function;
        change.lets_in = true;
    }
    gate.foreign_conditions().into_iter().for_each(|problem| draft.block(problem));
    if change.is_empty() {
        if facts.ledger.gate_closed_at.is_some() {
            let kind = ActionKind::OpenGate { rules: Vec::new(), function: false, whole: true };
            let words = Words::new("open", "open", "opened outside tidegate; recording that");
            draft.act(Step::OpenGate, OPEN_ID, "maintenance", kind, words);
        }
        return;
    }
    if !change.lets_in {
        let kind = ActionKind::OpenGate { rules: change.rules, function: false, whole: true };
        let words =
            Words::new("open, still marked", "open", "removes a tag that an interrupted opening left behind");
        return draft.act(Step::OpenGate, "gate/unmark", "maintenance", kind, words);
    }
    if let Some(problem) = gate.secret_problem().filter(|_| checks::are_due(facts, draft)) {
        return draft.block(problem);
    }
    checks::plan(facts, gate, draft);
    let reason = if facts.spec.checks.is_empty() { "last" } else { "last: after checks pass" };
    let observed = format!("{} closed", change.summary());
    let kind = ActionKind::OpenGate { rules: change.rules, function: change.function, whole: true };
    draft.act(Step::OpenGate, OPEN_ID, "maintenance", kind, Words::new("closed", "open", reason));
    // tidegate opens what it has closed itself: that corrects nothing.
    if goal.is_settled("gate") && !closes_before && facts.ledger.gate_closed_at.is_none() {
        draft.corrects("gate", "open", observed);
    }
}

/// Rules that are kept open are opened as soon as their services are up, although the gate stays closed.
pub(super) fn keep_open(gate: DeclaredGate<'_>, state: State, draft: &mut Draft) {
    let change = gate.to_keep_open(state);
    if change.is_empty() {
        return;
    }
    let words =
        Words::new("closed", format!("open: {}", change.places.join(", ")), "kept open while it is up");
    let kind = ActionKind::OpenGate { rules: change.rules, function: false, whole: false };
    draft.act(Step::OpenGate, "gate/keep-open", "maintenance", kind, words);
}
