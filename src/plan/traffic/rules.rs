//! Which rules and which code have to change for a gate to be closed or open. Only compares; the actions are
//! made one room up.

use std::collections::BTreeSet;

use crate::model::{RuleArn, ServiceName, State};
use crate::observe::{
    CodeSeen, FunctionSeen, HeaderSeen, ListenerSeen, Observed, RuleSeen, RuleTarget, TrafficSeen,
};
use crate::plan::PlanningInput;
use crate::spec::Maintenance;

/// AWS allows five condition values a rule.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub(super) const CONDITION_VALUES_MAX: usize = 5;

/// What has to change.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub rules: Vec<RuleArn>,
    pub function: bool,
    /// What people see: hosts and paths of the rules.
    pub places: Vec<String>,
    /// Opening it lets somebody in; otherwise only marks of ours are cleared away.
    pub lets_in: bool,
}

impl Change {
    /// Everything is closed already, with a secret that counts no more.
    pub(super) fn is_rotation(&self, traffic: &TrafficSeen) -> bool {
        let rules = match &traffic.listener {
            Some(Observed::Present(listener)) => listener.rules.as_slice(),
            _ => &[],
        };
        let mut changed = rules.iter().filter(|rule| self.rules.contains(&rule.arn));
        let code = function(traffic).map(|function| function.code);
        changed.all(|rule| rule.header == HeaderSeen::Stale)
            && (!self.function || code == Some(CodeSeen::ClosedStale))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty() && !self.function
    }

    fn take(&mut self, rule: &RuleSeen) {
        self.rules.push(rule.arn.clone());
        self.places.push(place(rule));
    }
}

/// Which services count as up when it is asked what is kept open.
#[derive(Clone, Copy)]
pub(super) enum KeepOpen {
    /// Those that are up in a state.
    In(State),
    /// Those that have tasks at this moment, or are to have some while everything else is down: whose tasks
    /// somebody has taken away, leads nobody anywhere.
    Now,
}

/// Whether no gated target can be reached now. Without a gate, nothing is ever closed.
pub(in crate::plan) fn is_closed(input: &PlanningInput) -> bool {
    let Some((maintenance, traffic)) = gate(input) else { return false };
    let listener = match &traffic.listener {
        None => true,
        Some(Observed::Present(listener)) => {
            gated(input, maintenance, listener, KeepOpen::Now).all(|rule| rule.header != HeaderSeen::Absent)
        }
        Some(_) => false,
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

pub(super) fn gate(input: &PlanningInput) -> Option<(&Maintenance, &TrafficSeen)> {
    Some((input.spec.maintenance.as_ref()?, input.snapshot.traffic.as_ref()?))
}

/// Rules that must be gated while the gate is closed: what is kept open is so only while it is up.
pub(super) fn gated<'a>(
    input: &'a PlanningInput,
    maintenance: &'a Maintenance,
    listener: &'a ListenerSeen,
    up: KeepOpen,
) -> impl Iterator<Item = &'a RuleSeen> {
    let is_up = move |name: &ServiceName| match up {
        KeepOpen::In(state) => {
            input.spec.services.get(name).is_some_and(|service| input.spec.is_up_in(service, state))
        }
        KeepOpen::Now => {
            let seen = input.snapshot.services.get(name).and_then(|seen| seen.present());
            let declared = input.spec.services.get(name);
            seen.is_some_and(|seen| seen.service.desired > 0)
                || declared.is_some_and(|service| input.spec.is_up_in(service, State::DbOnly))
        }
    };
    let stays_open = move |name: &ServiceName| maintenance.keep_open.contains(name) && is_up(name);
    by_priority(listener).into_iter().filter(move |rule| match &rule.target {
        RuleTarget::Services(services) => !services.iter().all(&stays_open),
        RuleTarget::Redirect => true,
        RuleTarget::Unmanaged | RuleTarget::Fixed => false,
    })
}

/// The order in which a listener asks its rules.
pub(super) fn by_priority(listener: &ListenerSeen) -> Vec<&RuleSeen> {
    let mut rules: Vec<&RuleSeen> = listener.rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority);
    rules
}

/// What a closed gate in `state` still lacks.
pub(super) fn to_close(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    state: State,
) -> Change {
    let mut change = Change::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        for rule in gated(input, maintenance, listener, KeepOpen::In(state)) {
            if matches!(rule.header, HeaderSeen::Absent | HeaderSeen::Stale) && has_room(rule) {
                change.take(rule);
            }
        }
    }
    // One that could not be read is not written to.
    change.function = match &traffic.function {
        Some(Observed::Present(function)) => function.code != CodeSeen::Closed,
        Some(Observed::Absent | Observed::Unreadable { .. }) | None => false,
    };
    change
}

/// What is closed with a secret that counts no more.
pub(super) fn stale(traffic: &TrafficSeen) -> Change {
    let mut change = Change::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        let stale = by_priority(listener).into_iter().filter(|rule| rule.header == HeaderSeen::Stale);
        stale.for_each(|rule| change.take(rule));
    }
    change.function = function(traffic).is_some_and(|function| function.code == CodeSeen::ClosedStale);
    change
}

/// What an open gate still lacks. With `only`, only the rules that are not gated in that state.
pub(super) fn to_open(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    only: Option<State>,
) -> Change {
    let mut change = Change::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        let still: BTreeSet<&RuleArn> = match only {
            Some(state) => {
                gated(input, maintenance, listener, KeepOpen::In(state)).map(|rule| &rule.arn).collect()
            }
            None => BTreeSet::new(),
        };
        for rule in by_priority(listener) {
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

pub(super) fn function(traffic: &TrafficSeen) -> Option<&FunctionSeen> {
    traffic.function.as_ref().and_then(|function| function.present())
}

pub(super) fn has_room(rule: &RuleSeen) -> bool {
    rule.header != HeaderSeen::Absent || rule.values < CONDITION_VALUES_MAX
}

pub(super) fn place(rule: &RuleSeen) -> String {
    let hosts = if rule.hosts.is_empty() { "*".to_owned() } else { rule.hosts.join(" ") };
    if rule.paths.is_empty() { hosts } else { format!("{hosts}{}", rule.paths.join(" ")) }
}

pub(super) fn summary(change: &Change) -> String {
    let mut parts = Vec::new();
    if !change.rules.is_empty() {
        parts.push(format!("{} rule{}", change.rules.len(), if change.rules.len() == 1 { "" } else { "s" }));
    }
    if change.function {
        parts.push("the CloudFront function".to_owned());
    }
    parts.join(" and ")
}
