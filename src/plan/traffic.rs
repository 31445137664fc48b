//! The gate's part of the plan: associate, close, check, open. What has to change is in `rules`, what makes it
//! unsafe in `problems`, what is asked before it opens in `checks`.

mod checks;
mod problems;
mod rules;

pub(super) use problems::{problems, unreadable_parts};
pub(super) use rules::is_closed;
use rules::{function, gate, summary, to_close, to_open};

use super::draft::{Draft, Words, blocked};
use super::goal::Goal;
use crate::model::{Gate, State};
use crate::observe::{DistributionSeen, TrafficSeen};
use crate::plan::{ActionKind, Blocked, BlockedReason, PlanningInput, Step};
use crate::spec::Maintenance;
use crate::store::journal::GateParts;

/// The one action that lets users in again.
pub(super) const OPEN_ID: &str = "gate/open";
/// Whether the gate has to be closed, and nobody can tell that it is or close it. Then nothing that users would
/// notice goes on behind it.
pub(super) fn is_stuck(input: &PlanningInput, closed_in: Option<State>) -> bool {
    let (Some(state), Some((maintenance, traffic))) = (closed_in, gate(input)) else { return false };
    !unreadable_parts(input).is_empty()
        || (traffic.secret.is_err() && !to_close(input, maintenance, traffic, state).is_empty())
}

/// What a gate that is declared like this is closed with.
fn parts(maintenance: &Maintenance) -> GateParts {
    GateParts {
        header: maintenance.bypass.header.clone(),
        load_balancer: maintenance.load_balancer.as_ref().map(|it| format!("{}:{}", it.name, it.port)),
        function: maintenance.cloudfront.as_ref().map(|it| it.function.clone()),
    }
}

/// The gate is closed by us, and it is not declared any more as it was then: nobody could open it again.
pub(super) fn taken_away(input: &PlanningInput) -> Option<Blocked> {
    let closed_with = input.ledger.gate_parts.as_ref()?;
    let declared = input.spec.maintenance.as_ref().map(parts);
    if declared.as_ref() == Some(closed_with) {
        return None;
    }
    let GateParts { header, load_balancer, function } = closed_with;
    let places: Vec<String> = load_balancer
        .iter()
        .map(|name| format!("load balancer {name}"))
        .chain(function.iter().map(|name| format!("function {name}")))
        .collect();
    let message = format!(
        "the gate is closed with header `{header}` at {}, and `maintenance` is not declared like that any more: it could not be opened again",
        places.join(" and ")
    );
    let hint = "put `maintenance` back as it was, let it open (`state: running`), then remove or rename it";
    Some(blocked(BlockedReason::GateUnsafe, message, [hint.to_owned()]))
}

/// The gate's actions. `closed_in`: the state it is closed in on the way, if it has to be closed at all.
pub(super) fn plan(
    input: &PlanningInput,
    goal: &Goal,
    closed_in: Option<State>,
    may_open: bool,
    draft: &mut Draft,
) {
    let Some((maintenance, traffic)) = gate(input) else { return };
    // In a gate that somebody has opened, users come first: an association takes minutes.
    let reopened = closed_in.is_some() && input.ledger.gate_closed_at.is_some() && !is_closed(input);
    associate(traffic, if reopened { Step::Reassociate } else { Step::Associate }, draft);
    unreadable_parts(input).into_iter().for_each(|unread| draft.block(unread));
    if let (Err(why), true, false) = (&traffic.secret, is_closed(input), goal.opens()) {
        draft.note(format!(
            "the bypass secret cannot be used: {why}; the gate stays closed with the one it has"
        ));
    }
    if let Some(state) = closed_in {
        close(input, goal, (maintenance, traffic), state, draft);
    }
    if goal.opens() {
        if may_open {
            open(input, goal, (maintenance, traffic), closed_in.is_some(), draft);
        }
    } else if !goal.held {
        reopen_kept(input, (maintenance, traffic), goal.state, draft);
    }
}

fn associate(traffic: &TrafficSeen, step: Step, draft: &mut Draft) {
    for (name, distribution) in function(traffic).iter().flat_map(|function| &function.distributions) {
        let (DistributionSeen::Unguarded { id } | DistributionSeen::Deploying { id }) = distribution else {
            continue;
        };
        let kind = ActionKind::AssociateFunction { distribution: id.clone() };
        let words = Words::new("", "function associated", "once, ahead of any release: it takes minutes");
        draft.act(step, &format!("distribution/{id}/associate"), name.as_str(), kind, words);
    }
}

fn close(
    input: &PlanningInput,
    goal: &Goal,
    (maintenance, traffic): (&Maintenance, &TrafficSeen),
    state: State,
    draft: &mut Draft,
) {
    let change = to_close(input, maintenance, traffic, state);
    if change.is_empty() {
        return;
    }
    if let Some(problem) = problems::secret_problem(traffic) {
        return draft.block(problem);
    }
    problems::fall_through(input, maintenance, traffic, state, draft);
    let is_rotation = change.is_rotation(traffic);
    let before = match (is_rotation, is_closed(input)) {
        (true, _) => "closed with the secret before",
        (false, true) => "closed, not everywhere",
        (false, false) => "open",
    };
    let reason = if is_rotation {
        "the bypass secret has changed"
    } else if goal.is_release() || goal.state < State::Restricted {
        "first: users see the maintenance page"
    } else {
        "users see the maintenance page"
    };
    let observed = format!("{} open", summary(&change));
    let kind = ActionKind::CloseGate {
        rules: change.rules,
        function: change.function,
        was_open: !is_closed(input),
        with: parts(maintenance),
    };
    draft.act(Step::CloseGate, "gate/close", "maintenance", kind, Words::new(before, "closed", reason));
    if goal.is_settled("gate") && !is_rotation {
        draft.corrects("gate", "closed", observed);
    }
}

fn open(
    input: &PlanningInput,
    goal: &Goal,
    (maintenance, traffic): (&Maintenance, &TrafficSeen),
    closes_before: bool,
    draft: &mut Draft,
) {
    let mut change = to_open(input, maintenance, traffic, None);
    if closes_before {
        let closing = to_close(input, maintenance, traffic, State::DbOnly);
        change.rules.extend(
            closing.rules.into_iter().filter(|rule| !change.rules.contains(rule)).collect::<Vec<_>>(),
        );
        change.function |= closing.function;
        change.lets_in = true;
    }
    problems::foreign(traffic, draft);
    if change.is_empty() {
        if input.ledger.gate_closed_at.is_some() {
            let kind = ActionKind::OpenGate { rules: Vec::new(), function: false, whole: true };
            let words = Words::new("open", "open", "somebody else has opened it: noted");
            draft.act(Step::OpenGate, OPEN_ID, "maintenance", kind, words);
        }
        return;
    }
    if !change.lets_in {
        let kind = ActionKind::OpenGate { rules: change.rules, function: false, whole: true };
        let words =
            Words::new("open, still marked", "open", "a mark that an interrupted opening left behind");
        return draft.act(Step::OpenGate, "gate/unmark", "maintenance", kind, words);
    }
    if let Some(problem) = problems::secret_problem(traffic).filter(|_| checks::are_due(input, draft)) {
        return draft.block(problem);
    }
    checks::plan(input, (maintenance, traffic), draft);
    let reason = if input.spec.checks.is_empty() { "last" } else { "last: after checks pass" };
    let observed = format!("{} closed", summary(&change));
    let kind = ActionKind::OpenGate { rules: change.rules, function: change.function, whole: true };
    draft.act(Step::OpenGate, OPEN_ID, "maintenance", kind, Words::new("closed", "open", reason));
    if goal.is_settled("gate") && !closes_before {
        draft.corrects("gate", "open", observed);
    }
}

/// What is kept open is opened as soon as it is up, although the gate stays closed.
fn reopen_kept(
    input: &PlanningInput,
    (maintenance, traffic): (&Maintenance, &TrafficSeen),
    state: State,
    draft: &mut Draft,
) {
    let change = to_open(input, maintenance, traffic, Some(state));
    if change.is_empty() {
        return;
    }
    let words =
        Words::new("closed", format!("open: {}", change.places.join(", ")), "kept open while it is up");
    let kind = ActionKind::OpenGate { rules: change.rules, function: false, whole: false };
    draft.act(Step::OpenGate, "gate/keep-open", "maintenance", kind, words);
}

/// The state whose gate has to be closed on the way to the goal, if any. `moves` = services are still to be
/// stopped or started: until they are up, a release keeps users out, whoever opened the gate meanwhile.
pub(super) fn closed_in(input: &PlanningInput, goal: &Goal, moves: bool) -> Option<State> {
    if goal.is_release() {
        Some(State::DbOnly)
    } else if goal.state.gate() == Gate::Closed {
        Some(goal.state)
    } else if input.ledger.release.is_some() && moves {
        Some(State::Restricted)
    } else {
        None
    }
}
