//! The gate: which rules and functions have to change for it to be closed or open, and what makes it unsafe.

use std::collections::BTreeSet;

use super::draft::{Draft, Words, blocked, unreadable};
use super::goal::Goal;
use crate::model::{Gate, RuleArn, ServiceName, State};
use crate::observe::{
    CodeSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, Observed, RuleSeen, RuleTarget,
    TrafficSeen,
};
use crate::plan::{ActionKind, Blocked, BlockedReason, PlanningInput, Step};
use crate::schedule::Because;
use crate::spec::Maintenance;

/// AWS allows five condition values a rule.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const CONDITION_VALUES_MAX: usize = 5;

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

/// Whether somebody may be turned away: a part of the gate is closed, or cannot be read.
pub(super) fn may_be_closed(input: &PlanningInput) -> bool {
    let Some((_, traffic)) = gate(input) else { return false };
    let by_rule = match &traffic.listener {
        Some(Observed::Present(listener)) => {
            listener.rules.iter().any(|rule| rule.marked && rule.header != HeaderSeen::Absent)
        }
        _ => false,
    };
    let by_function = function(traffic)
        .is_some_and(|function| matches!(function.code, CodeSeen::Closed | CodeSeen::ClosedStale));
    by_rule || by_function || unseen(traffic).is_some()
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

/// What makes closing the gate unsafe or impossible.
pub(super) fn problems(input: &PlanningInput, problems: &mut Vec<Blocked>) {
    let Some((maintenance, traffic)) = gate(input) else { return };
    if let Err(why) = &traffic.secret {
        let hint =
            "the secret is 20 to 128 of `A-Z a-z 0-9 _ -`; give the daemon's role the right to read it"
                .to_owned();
        problems.push(blocked(
            BlockedReason::BypassSecret,
            format!("the bypass secret cannot be used: {why}"),
            [hint],
        ));
    }
    match (&traffic.listener, &maintenance.load_balancer) {
        (Some(Observed::Present(listener)), Some(target)) => {
            listener_problems(input, maintenance, listener, &target.name, problems);
        }
        (Some(Observed::Unreadable { why }), Some(target)) => {
            problems.push(unreadable(&format!("load balancer `{}`", target.name), why));
        }
        (Some(Observed::Absent), Some(target)) => problems.push(blocked(
            BlockedReason::Missing,
            format!("load balancer `{}` has no listener on port {}", target.name, target.port),
            ["correct `maintenance.load_balancer`".to_owned()],
        )),
        _ => {}
    }
    match &traffic.function {
        Some(Observed::Unreadable { why }) => problems.push(unreadable("the CloudFront function", why)),
        Some(Observed::Present(function)) => distribution_problems(function, problems),
        Some(Observed::Absent) | None => {}
    }
}

fn listener_problems(
    input: &PlanningInput,
    maintenance: &Maintenance,
    listener: &ListenerSeen,
    name: &str,
    problems: &mut Vec<Blocked>,
) {
    if !listener.default_is_closed {
        problems.push(blocked(
            BlockedReason::GateUnsafe,
            format!("the default action of load balancer `{name}` forwards: users without the header would fall through to it"),
            ["let the default action redirect to the maintenance page".to_owned()],
        ));
    }
    for rule in gated(input, maintenance, listener, State::DbOnly).filter(|rule| !has_room(rule)) {
        problems.push(blocked(
            BlockedReason::GateUnsafe,
            format!("rule {} ({}) already has {CONDITION_VALUES_MAX} condition values: there is no room for the header", rule.priority, place(rule)),
            ["split the rule in two".to_owned()],
        ));
    }
}

fn distribution_problems(function: &FunctionSeen, problems: &mut Vec<Blocked>) {
    for (name, distribution) in &function.distributions {
        match distribution {
            DistributionSeen::Missing => problems.push(blocked(
                BlockedReason::Missing,
                format!("distribution `{name}` does not exist"),
                ["correct `maintenance.cloudfront.distributions`: an alias or an id".to_owned()],
            )),
            DistributionSeen::Conflict { id, what } => problems.push(blocked(
                BlockedReason::GateUnsafe,
                format!("distribution `{name}` ({id}) cannot be gated: {what}"),
                ["one function an event and behaviour: take the other away, or take the distribution out of the gate".to_owned()],
            )),
            DistributionSeen::Guarded { .. } | DistributionSeen::Deploying { .. } | DistributionSeen::Unguarded { .. } => {}
        }
    }
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
    if let Some(why) = unseen(traffic) {
        draft.block(why);
        // Whatever comes after the closing needs to know that it is closed. A migration that runs is watched.
        if closed_in.is_some() {
            draft.actions.retain(|action| action.step < Step::CloseGate || action.is_watching());
        }
        return;
    }
    associate(traffic, draft);
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

/// The part of the gate that could not be read.
fn unseen(traffic: &TrafficSeen) -> Option<Blocked> {
    match (&traffic.listener, &traffic.function) {
        (Some(Observed::Unreadable { why }), _) => Some(unreadable("the load balancer", why)),
        (_, Some(Observed::Unreadable { why })) => Some(unreadable("the CloudFront function", why)),
        _ => None,
    }
}

fn associate(traffic: &TrafficSeen, draft: &mut Draft) {
    for (name, distribution) in function(traffic).iter().flat_map(|function| &function.distributions) {
        let (DistributionSeen::Unguarded { id } | DistributionSeen::Deploying { id }) = distribution else {
            continue;
        };
        let kind = ActionKind::AssociateFunction { distribution: id.clone() };
        let words = Words::new("", "function associated", "once, ahead of any release: it takes minutes");
        draft.act(Step::Associate, &format!("distribution/{id}/associate"), name.as_str(), kind, words);
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
    fall_through(input, maintenance, traffic, state, draft);
    let before = if is_closed(input) { "closed, not everywhere" } else { "open" };
    let reason = if goal.is_release() || goal.state < State::Restricted {
        "first: users see the maintenance page"
    } else {
        "users see the maintenance page"
    };
    let observed = summary(&change);
    let kind = ActionKind::CloseGate { rules: change.rules, function: change.function };
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
    foreign(traffic, draft);
    if change.is_empty() {
        return;
    }
    if !change.lets_in {
        let kind = ActionKind::OpenGate { rules: change.rules, function: false };
        let words =
            Words::new("open, still marked", "open", "a mark that an interrupted opening left behind");
        return draft.act(Step::OpenGate, "gate/unmark", "maintenance", kind, words);
    }
    check(input, draft);
    let reason = if input.spec.checks.is_empty() { "last" } else { "last: after checks pass" };
    let observed = summary(&change);
    let kind = ActionKind::OpenGate { rules: change.rules, function: change.function };
    draft.act(Step::OpenGate, "gate/open", "maintenance", kind, Words::new("closed", "open", reason));
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
    let kind = ActionKind::OpenGate { rules: change.rules, function: false };
    draft.act(Step::OpenGate, "gate/keep-open", "maintenance", kind, words);
}

/// Our header without our tag: whoever put it there may take it away.
fn foreign(traffic: &TrafficSeen, draft: &mut Draft) {
    let Some(Observed::Present(listener)) = &traffic.listener else { return };
    for rule in listener.rules.iter().filter(|rule| rule.header == HeaderSeen::Foreign) {
        let message = format!(
            "rule {} ({}) asks for the bypass header, but not because of tidegate: it is left as it is",
            rule.priority,
            place(rule)
        );
        let hint =
            "remove the condition, or hand it over by tagging the rule `tidegate:gate=closed`".to_owned();
        draft.block(blocked(BlockedReason::ForeignCondition, message, [hint]));
    }
}

/// Names gated rules whose users land on something that stays open, not on the maintenance page.
fn fall_through(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    state: State,
    draft: &mut Draft,
) {
    let Some(Observed::Present(listener)) = &traffic.listener else { return };
    let closed: BTreeSet<&RuleArn> =
        gated(input, maintenance, listener, state).map(|rule| &rule.arn).collect();
    for (index, rule) in listener.rules.iter().enumerate().filter(|(_, rule)| closed.contains(&rule.arn)) {
        let next = listener.rules[index + 1..]
            .iter()
            .find(|next| !closed.contains(&next.arn) && takes_over(next, rule));
        if let Some(next) = next {
            draft.notes.push(format!(
                "while the gate is closed, requests for {} (rule {}) reach rule {} ({}), which stays open, not the maintenance page",
                place(rule), rule.priority, next.priority, place(next)
            ));
        }
    }
}

/// Whether a request that `rule` took can match `next`.
fn takes_over(next: &RuleSeen, rule: &RuleSeen) -> bool {
    let hosts = next.hosts.is_empty()
        || rule.hosts.is_empty()
        || next.hosts.iter().any(|host| rule.hosts.contains(host));
    let paths = next.paths.is_empty()
        || rule.paths.is_empty()
        || next.paths.iter().any(|path| rule.paths.contains(path));
    hosts && paths
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

/// The state whose gate has to be closed on the way to the goal, if any.
pub(super) fn closed_in(goal: &Goal) -> Option<State> {
    if goal.is_release() {
        Some(State::DbOnly)
    } else if goal.state.gate() == Gate::Closed {
        Some(goal.state)
    } else {
        None
    }
}
