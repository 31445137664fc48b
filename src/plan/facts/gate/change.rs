//! Which rules and which code have to change for the gate to be closed or open. Compares only; the actions are made
//! by the steps.

use std::collections::BTreeSet;

use super::rules::{KeepOpen, by_priority, gated, has_room, place};
use crate::model::{RuleArn, State};
use crate::observe::{CodeSeen, FunctionSeen, HeaderSeen, Observed, RuleSeen, TrafficSeen};
use crate::plan::input::PlanningInput;
use crate::spec::Maintenance;

/// The rules and the function that have to change.
#[derive(Debug, Default)]
pub(in crate::plan) struct GateChange {
    pub rules: Vec<RuleArn>,
    pub function: bool,
    /// Hosts and paths of the rules, for messages.
    pub places: Vec<String>,
    /// The change lets users in; otherwise it only clears marks that tidegate left behind.
    pub lets_in: bool,
}

impl GateChange {
    /// Everything is closed already, with an older secret.
    pub(in crate::plan) fn is_rotation(&self, traffic: &TrafficSeen) -> bool {
        let rules = match &traffic.listener {
            Some(Observed::Present(listener)) => listener.rules.as_slice(),
            _ => &[],
        };
        let mut changed = rules.iter().filter(|rule| self.rules.contains(&rule.arn));
        let code = function(traffic).map(|function| function.code);
        changed.all(|rule| rule.header == HeaderSeen::Stale)
            && (!self.function || code == Some(CodeSeen::ClosedStale))
    }

    /// Whether nothing has to change.
    pub(in crate::plan) fn is_empty(&self) -> bool {
        self.rules.is_empty() && !self.function
    }

    /// `2 rules and the CloudFront function`.
    pub(in crate::plan) fn summary(&self) -> String {
        let mut parts = Vec::new();
        if !self.rules.is_empty() {
            parts.push(format!("{} rule{}", self.rules.len(), if self.rules.len() == 1 { "" } else { "s" }));
        }
        if self.function {
            parts.push("the CloudFront function".to_owned());
        }
        parts.join(" and ")
    }

    fn take(&mut self, rule: &RuleSeen) {
        self.rules.push(rule.arn.clone());
        self.places.push(place(rule));
    }
}

/// What has to change for the gate to be closed in `state`.
pub(super) fn to_close(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    state: State,
) -> GateChange {
    let mut change = GateChange::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        for rule in gated(input, maintenance, listener, KeepOpen::In(state)) {
            if matches!(rule.header, HeaderSeen::Absent | HeaderSeen::Stale) && has_room(rule) {
                change.take(rule);
            }
        }
    }
    // A function that could not be read is not written to, and code of someone else stays unless git says otherwise.
    let may_write = |function: &FunctionSeen| {
        let gate = maintenance.cloudfront.as_ref();
        function.foreign.first().is_none_or(|code| gate.is_some_and(|gate| gate.replaces(&code.sha256)))
    };
    change.function = match &traffic.function {
        Some(Observed::Present(function)) => function.code != CodeSeen::Closed && may_write(function),
        Some(Observed::Absent | Observed::Unreadable { .. }) | None => false,
    };
    change
}

/// What is closed with an older secret.
pub(super) fn stale(traffic: &TrafficSeen) -> GateChange {
    let mut change = GateChange::default();
    if let Some(Observed::Present(listener)) = &traffic.listener {
        let stale = by_priority(listener).into_iter().filter(|rule| rule.header == HeaderSeen::Stale);
        stale.for_each(|rule| change.take(rule));
    }
    change.function = function(traffic).is_some_and(|function| function.code == CodeSeen::ClosedStale);
    change
}

/// What has to change for the gate to be open. With `only`, only the rules that are not gated in that state.
pub(super) fn to_open(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    only: Option<State>,
) -> GateChange {
    let mut change = GateChange::default();
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

/// The CloudFront function, if it was observed.
pub(super) fn function(traffic: &TrafficSeen) -> Option<&FunctionSeen> {
    traffic.function.as_ref().and_then(|function| function.present())
}
