//! Closing the gate.

use crate::model::State;
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{DeclaredGate, Facts};

/// Why the gate has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan::steps) enum Closing {
    /// The state or a release asks for it.
    Declared,
    /// A service runs code that does not fit the recorded schema: users must not reach it.
    ForeignCode,
}

pub(super) fn close(
    facts: &Facts<'_>,
    goal: &Goal,
    gate: DeclaredGate<'_>,
    state: State,
    why: Closing,
    draft: &mut Draft,
) {
    gate.cannot_close(state).into_iter().for_each(|problem| draft.block(problem));
    let change = gate.to_close(state);
    if change.is_empty() {
        return;
    }
    let seals = gate.secret_problem().is_some();
    gate.secret_problem().into_iter().for_each(|problem| draft.block(problem));
    if change.function {
        gate.overwritten().into_iter().for_each(|note| draft.note(note));
    }
    gate.fall_through(state).into_iter().for_each(|note| draft.note(note));
    let is_rotation = change.is_rotation(gate.traffic);
    let before = match (is_rotation, facts.gate.is_closed) {
        (true, _) => "closed with the previous secret",
        (false, true) => "partly closed",
        (false, false) => "open",
    };
    let reason = if why == Closing::ForeignCode {
        "first: code runs that does not fit the schema"
    } else if seals {
        "users see the maintenance page; the bypass header opens it once its secret can be read"
    } else if is_rotation {
        "the bypass secret changed"
    } else if goal.is_release() || goal.state < State::Restricted {
        "first: users see the maintenance page"
    } else {
        "users see the maintenance page"
    };
    let observed = format!("{} open", change.summary());
    let kind = ActionKind::CloseGate {
        rules: change.rules,
        function: change.function,
        was_open: !facts.gate.is_closed,
        with: gate.parts(),
    };
    draft.act(Step::CloseGate, "gate/close", "maintenance", kind, Words::new(before, "closed", reason));
    if goal.is_settled("gate") && !is_rotation && why == Closing::Declared {
        draft.corrects("gate", "closed", observed);
    }
}
