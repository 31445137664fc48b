//! The gate's part of the plan: associate, close, check, open.

mod checks;
mod close;
mod open;

pub(super) use close::Closing;
pub(in crate::plan) use open::OPEN_ID;

use crate::model::{Gate, State};
use crate::observe::DistributionSeen;
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{DeclaredGate, Facts};

/// The state whose gate has to be closed on the way to the goal, if any. `moves` = services are still to be stopped or
/// started: until they are up, a release keeps users out, even if the gate was opened outside tidegate.
pub(super) fn closed_in(facts: &Facts<'_>, goal: &Goal, moves: bool) -> Option<State> {
    if goal.is_release() {
        Some(State::DbOnly)
    } else if goal.state.gate() == Gate::Closed {
        Some(goal.state)
    } else if facts.ledger.release.is_some() && moves {
        Some(State::Restricted)
    } else {
        None
    }
}

/// Whether the gate has to be closed, and tidegate cannot tell that it is. Then nothing comes up behind it, and no
/// migration begins; what only goes down goes down.
pub(super) fn is_stuck(facts: &Facts<'_>, closed_in: Option<State>) -> bool {
    closed_in.is_some() && !facts.gate.unreadable.is_empty()
}

/// The gate's actions. `closed_in`: the state it is closed in on the way, and why, if it has to be closed at all.
pub(super) fn plan(
    facts: &Facts<'_>,
    goal: &Goal,
    closed_in: Option<(State, Closing)>,
    may_open: bool,
    draft: &mut Draft,
) {
    let Some(gate) = facts.gate.declared else { return };
    let is_closed = facts.gate.is_closed;
    // In a gate that was opened outside tidegate, closing comes first: an association takes minutes.
    let reopened = closed_in.is_some() && facts.ledger.gate_closed_at.is_some() && !is_closed;
    if facts.gate.foreign_code.is_none() {
        associate(goal, gate, if reopened { Step::Reassociate } else { Step::Associate }, draft);
    }
    let unusable = facts.gate.unreadable.iter().chain(&facts.gate.missing).chain(&facts.gate.foreign_code);
    unusable.for_each(|problem| draft.block(problem.clone()));
    if let (Err(why), true, false) = (&gate.traffic.secret, is_closed, goal.opens()) {
        draft.note(format!(
            "the bypass secret cannot be used: {why}; the gate stays closed with the value that it has"
        ));
    }
    if let Some((state, why)) = closed_in {
        close::close(facts, goal, gate, state, why, draft);
    }
    if goal.opens() {
        if may_open {
            open::open(facts, goal, gate, closed_in.is_some(), draft);
        }
    } else if !goal.held {
        open::keep_open(gate, goal.state, draft);
    }
}

fn associate(goal: &Goal, gate: DeclaredGate<'_>, step: Step, draft: &mut Draft) {
    for (name, distribution) in gate.function().iter().flat_map(|function| &function.distributions) {
        let (DistributionSeen::Unguarded { id } | DistributionSeen::Deploying { id }) = distribution else {
            continue;
        };
        let kind = ActionKind::AssociateFunction { distribution: id.clone() };
        let words = Words::new("", "function associated", "once, before any release: it takes minutes");
        draft.act(step, &format!("distribution/{id}/associate"), name.as_str(), kind, words);
        // It was associated when the environment was reached as declared: someone has taken it off since.
        if goal.is_settled("gate") && matches!(distribution, DistributionSeen::Unguarded { .. }) {
            draft.corrects("function association", "associated", "none");
        }
        gate.overwritten().into_iter().for_each(|note| draft.note(note));
    }
}
