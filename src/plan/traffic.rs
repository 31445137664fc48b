//! The gate: which rules and functions have to change for it to be closed or open, and what makes it unsafe.

mod problems;

use std::collections::BTreeSet;

pub(super) use problems::{problems, unreadable_parts};

use super::draft::{Draft, Words, blocked};
use super::goal::Goal;
use crate::model::{Gate, RuleArn, ServiceName, State};
use crate::observe::{
    CodeSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, Observed, RuleSeen, RuleTarget,
    TrafficSeen,
};
use crate::plan::{ActionKind, Blocked, BlockedReason, PlanningInput, Step};
use crate::schedule::Because;
use crate::spec::Maintenance;
use crate::store::journal::GateParts;

/// The one action that lets users in again.
pub(super) const OPEN_ID: &str = "gate/open";
/// AWS allows five condition values a rule.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const CONDITION_VALUES_MAX: usize = 5;

/// Whether the gate has to be closed, and nobody can tell that it is or close it. Then nothing that users would
/// notice goes on behind it.
pub(super) fn is_stuck(input: &PlanningInput, closed_in: Option<State>) -> bool {
    let (Some(state), Some((maintenance, traffic))) = (closed_in, gate(input)) else { return false };
    !unreadable_parts(input).is_empty()
        || (traffic.secret.is_err() && !to_close(input, maintenance, traffic, state).is_empty())
}

/// What has to change.
#[derive(Debug, Default)]
struct Change {
    rules: Vec<RuleArn>,
    function: bool,
    /// What people see: hosts and paths of the rules.
    places: Vec<String>,
    /// Opening it lets somebody in; otherwise only marks of ours are cleared away.
    lets_in: bool,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.rules.is_empty() && !self.function
    }

    fn take(&mut self, rule: &RuleSeen) {
        self.rules.push(rule.arn.clone());
        self.places.push(place(rule));
    }
}

/// Whether no gated target can be reached now. Without a gate, nothing is ever closed.
pub(super) fn is_closed(input: &PlanningInput) -> bool {
    let Some((maintenance, traffic)) = gate(input) else { return false };
    let unreadable = |unreadable: bool| !unreadable;
    let listener = match &traffic.listener {
        None => true,
        Some(Observed::Present(listener)) => {
            gated(input, maintenance, listener, State::DbOnly).all(|rule| rule.header != HeaderSeen::Absent)
        }
        Some(_) => unreadable(true),
    };
    let function = match &traffic.function {
        None => true,
        Some(Observed::Present(function)) => {
            matches!(function.code, CodeSeen::Closed | CodeSeen::ClosedStale)
        }
        Some(_) => false,
    };
    listener && function
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

fn gate(input: &PlanningInput) -> Option<(&Maintenance, &TrafficSeen)> {
    Some((input.spec.maintenance.as_ref()?, input.snapshot.traffic.as_ref()?))
}

/// Rules that must be gated while the gate is closed in `state`: what is kept open is so only while it is up.
fn gated<'a>(
    input: &'a PlanningInput,
    maintenance: &'a Maintenance,
    listener: &'a ListenerSeen,
    state: State,
) -> impl Iterator<Item = &'a RuleSeen> {
    let stays_open = move |name: &ServiceName| {
        maintenance.keep_open.contains(name)
            && input.spec.services.get(name).is_some_and(|service| input.spec.is_up_in(service, state))
    };
    listener.rules.iter().filter(move |rule| match &rule.target {
        RuleTarget::Services(services) => !services.iter().all(&stays_open),
        RuleTarget::Redirect => true,
        RuleTarget::Unmanaged | RuleTarget::Fixed => false,
    })
}

/// What a closed gate in `state` still lacks.
fn to_close(input: &PlanningInput, maintenance: &Maintenance, traffic: &TrafficSeen, state: State) -> Change {
    let mut change = Change::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        for rule in gated(input, maintenance, listener, state) {
            if matches!(rule.header, HeaderSeen::Absent | HeaderSeen::Stale) && has_room(rule) {
                change.take(rule);
            }
        }
    }
    if traffic.function.is_some() {
        let code = function(traffic).map(|function| function.code);
        change.function = code != Some(CodeSeen::Closed);
    }
    change
}

/// What an open gate still lacks. With `only`, only the rules that are not gated in that state.
fn to_open(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    only: Option<State>,
) -> Change {
    let mut change = Change::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        let still: BTreeSet<&RuleArn> = match only {
            Some(state) => gated(input, maintenance, listener, state).map(|rule| &rule.arn).collect(),
            None => BTreeSet::new(),
        };
        for rule in &listener.rules {
            if rule.marked && rule.header != HeaderSeen::Foreign && !still.contains(&rule.arn) {
                change.take(rule);
                change.lets_in |= rule.header != HeaderSeen::Absent;
            }
        }
    }
    if only.is_none() && traffic.function.is_some() {
        let code = function(traffic).map(|function| function.code);
        change.function = matches!(code, Some(CodeSeen::Closed | CodeSeen::ClosedStale));
        change.lets_in |= change.function;
    }
    change
}

fn function(traffic: &TrafficSeen) -> Option<&FunctionSeen> {
    traffic.function.as_ref().and_then(|function| function.present())
}

fn has_room(rule: &RuleSeen) -> bool {
    rule.header != HeaderSeen::Absent || rule.values < CONDITION_VALUES_MAX
}

fn place(rule: &RuleSeen) -> String {
    let hosts = if rule.hosts.is_empty() { "*".to_owned() } else { rule.hosts.join(" ") };
    if rule.paths.is_empty() { hosts } else { format!("{hosts}{}", rule.paths.join(" ")) }
}

/// The gate's actions. `closed_in`: the state it is closed in on the way, if it has to be closed at all.
pub(super) fn plan(
    input: &PlanningInput,
    goal: &Goal,
    closed_in: Option<State>,
    may_open: bool,
    settled: bool,
    draft: &mut Draft,
) {
    let Some((maintenance, traffic)) = gate(input) else { return };
    // In a gate that somebody has opened, users come first: an association takes minutes.
    let reopened = closed_in.is_some() && input.ledger.gate_closed_at.is_some() && !is_closed(input);
    associate(traffic, if reopened { Step::Reassociate } else { Step::Associate }, draft);
    unreadable_parts(input).into_iter().for_each(|unread| draft.block(unread));
    if let Some(state) = closed_in {
        close(input, goal, (maintenance, traffic), state, settled, draft);
    }
    if goal.opens() {
        if may_open {
            open(input, goal, (maintenance, traffic), closed_in.is_some(), settled, draft);
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
    settled: bool,
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
    let before = if is_closed(input) { "closed, not everywhere" } else { "open" };
    let reason = if goal.is_release() || goal.state < State::Restricted {
        "first: users see the maintenance page"
    } else {
        "users see the maintenance page"
    };
    let observed = summary(&change);
    let kind = ActionKind::CloseGate {
        rules: change.rules,
        function: change.function,
        was_open: !is_closed(input),
        with: parts(maintenance),
    };
    draft.act(Step::CloseGate, "gate/close", "maintenance", kind, Words::new(before, "closed", reason));
    if settled && !goal.is_release() {
        draft.corrects("gate", "closed", observed);
    }
}

fn open(
    input: &PlanningInput,
    goal: &Goal,
    (maintenance, traffic): (&Maintenance, &TrafficSeen),
    closes_before: bool,
    settled: bool,
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
    check(input, draft);
    let reason = if input.spec.checks.is_empty() { "last" } else { "last: after checks pass" };
    let observed = summary(&change);
    let kind = ActionKind::OpenGate { rules: change.rules, function: change.function, whole: true };
    draft.act(Step::OpenGate, OPEN_ID, "maintenance", kind, Words::new("closed", "open", reason));
    if settled && !closes_before && goal.planned.because != Because::Hold {
        draft.corrects("gate", "open", observed);
    }
}

fn check(input: &PlanningInput, draft: &mut Draft) {
    if input.spec.checks.is_empty() || has_passed(input, draft) {
        return;
    }
    let urls: Vec<&str> = input.spec.checks.iter().map(|check| check.url.as_str()).collect();
    let kind = ActionKind::Check { checks: input.spec.checks.clone() };
    let words = Words::new("", "pass", "with the bypass header, before users come back");
    draft.act(Step::Check, "check", urls.join(" "), kind, words);
}

/// Checks that passed count as long as nothing has been started since, and not for ever.
fn has_passed(input: &PlanningInput, draft: &Draft) -> bool {
    const FRESH_MINUTES: i64 = 5;
    let starts =
        draft.actions.iter().any(|action| action.step < Step::Check && action.step >= Step::CloseGate);
    let passed_at = input.ledger.checks_passed_at;
    !starts && passed_at.is_some_and(|at| input.now - at <= chrono::TimeDelta::minutes(FRESH_MINUTES))
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

fn summary(change: &Change) -> String {
    let mut parts = Vec::new();
    if !change.rules.is_empty() {
        parts.push(format!("{} rule{}", change.rules.len(), if change.rules.len() == 1 { "" } else { "s" }));
    }
    if change.function {
        parts.push("the CloudFront function".to_owned());
    }
    parts.join(" and ")
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
