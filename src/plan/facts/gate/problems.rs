//! What makes a gate unsafe: no secret, no room in a rule, another function on a distribution, rules that let users
//! fall through to something open. Nothing here changes the gate.

use std::collections::BTreeSet;

use super::rules::{
    CONDITION_VALUES_MAX, KeepOpen, TAGS_MAX, by_priority, gated, has_room, has_room_for_header, place,
};
use crate::model::{RuleArn, State};
use crate::observe::{
    DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, Observed, RuleSeen, TrafficSeen,
};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};
use crate::spec::Maintenance;

/// Parts of the gate that could not be read: tidegate cannot tell whether it is closed.
pub(super) fn unreadable_parts(maintenance: &Maintenance, traffic: &TrafficSeen) -> Vec<Blocked> {
    let mut unread = Vec::new();
    if let (Some(Observed::Unreadable { why }), Some(target)) =
        (&traffic.listener, &maintenance.load_balancer)
    {
        unread.push(unreadable(&format!("load balancer `{}`", target.name), why));
    }
    match &traffic.function {
        Some(Observed::Unreadable { why }) => unread.push(unreadable("the CloudFront function", why)),
        Some(Observed::Present(FunctionSeen { distributions_unreadable: Some(why), .. })) => {
            unread.push(unreadable("the distributions of the CloudFront function", why));
        }
        _ => {}
    }
    unread
}

/// What makes closing the gate unsafe or impossible.
pub(super) fn problems(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
) -> Vec<Blocked> {
    let mut problems = unreadable_parts(maintenance, traffic);
    problems.extend(secret_problem(traffic));
    problems.extend(missing_listener(maintenance, traffic));
    if let (Some(Observed::Present(listener)), Some(target)) = (&traffic.listener, &maintenance.load_balancer)
    {
        problems.extend(listener_problems(input, maintenance, listener, &target.name));
    }
    if let Some(Observed::Present(function)) = &traffic.function {
        problems.extend(distribution_problems(function));
    }
    problems
}

/// Without the secret nothing can be closed.
pub(super) fn secret_problem(traffic: &TrafficSeen) -> Option<Blocked> {
    let why = traffic.secret.as_ref().err()?;
    let hint = "the secret must have 20 to 128 characters of `A-Z a-z 0-9 _ -`, and the daemon's role must be allowed to read it";
    let message = format!("the bypass secret cannot be used: {why}");
    Some(blocked(BlockedReason::BypassSecret, message, [hint.to_owned()]))
}

fn listener_problems(
    input: &PlanningInput,
    maintenance: &Maintenance,
    listener: &ListenerSeen,
    name: &str,
) -> Vec<Blocked> {
    let mut problems = Vec::new();
    if !listener.default_is_closed {
        problems.push(blocked(
            BlockedReason::GateUnsafe,
            format!("the default action of load balancer `{name}` forwards requests: users without the header would reach its targets"),
            ["let the default action redirect to the maintenance page".to_owned()],
        ));
    }
    problems.extend(rules_without_room(input, maintenance, listener, State::DbOnly));
    problems
}

/// Rules that cannot be closed in `state`: no room for the header's value, or for the tag that marks it.
fn rules_without_room(
    input: &PlanningInput,
    maintenance: &Maintenance,
    listener: &ListenerSeen,
    state: State,
) -> Vec<Blocked> {
    let full = gated(input, maintenance, listener, KeepOpen::In(state)).filter(|rule| !has_room(rule));
    let problems = full.map(|rule| {
        let (number, place) = (rule.priority, place(rule));
        let (message, hint) = if has_room_for_header(rule) {
            (
                format!("rule {number} ({place}) already has {TAGS_MAX} tags: there is no room for the tag that marks tidegate's condition"),
                "remove a tag from the rule",
            )
        } else {
            (
                format!("rule {number} ({place}) already has {CONDITION_VALUES_MAX} condition values: there is no room for the header"),
                "split the rule in two",
            )
        };
        blocked(BlockedReason::GateUnsafe, message, [hint.to_owned()])
    });
    problems.collect()
}

/// Rules that cannot be closed in `state`, whatever the goal.
pub(super) fn cannot_close(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    state: State,
) -> Vec<Blocked> {
    match &traffic.listener {
        Some(Observed::Present(listener)) => rules_without_room(input, maintenance, listener, state),
        _ => Vec::new(),
    }
}

/// A load balancer without the declared listener, or no load balancer at all: no request arrives there, and nothing
/// can be closed or opened.
pub(super) fn missing_listener(maintenance: &Maintenance, traffic: &TrafficSeen) -> Option<Blocked> {
    let (Some(Observed::Absent), Some(target)) = (&traffic.listener, &maintenance.load_balancer) else {
        return None;
    };
    let hints = [
        format!("look: aws elbv2 describe-load-balancers --names {}", target.name),
        "create the listener again, or correct `maintenance.load_balancer`".to_owned(),
    ];
    let message = format!(
        "load balancer `{}` with a listener on port {} does not exist: the gate has no rules that could be closed or opened",
        target.name, target.port
    );
    Some(blocked(BlockedReason::Missing, message, hints))
}

fn distribution_problems(function: &FunctionSeen) -> Vec<Blocked> {
    let mut problems = Vec::new();
    for (name, distribution) in &function.distributions {
        match distribution {
            DistributionSeen::Missing => problems.push(blocked(
                BlockedReason::Missing,
                format!("distribution `{name}` does not exist"),
                ["correct `maintenance.cloudfront.distributions`: use an alias or an id".to_owned()],
            )),
            DistributionSeen::Conflict { id, what } => problems.push(blocked(
                BlockedReason::GateUnsafe,
                format!("distribution `{name}` ({id}) cannot be gated: {what}"),
                ["CloudFront allows one function for each event of a behaviour: remove the other function, or remove the distribution from the gate".to_owned()],
            )),
            DistributionSeen::Guarded { .. } | DistributionSeen::Deploying { .. } | DistributionSeen::Unguarded { .. } => {}
        }
    }
    problems
}

/// Rules with the gate's header and without tidegate's tag: tidegate does not remove a condition that it did not add.
pub(super) fn foreign_conditions(traffic: &TrafficSeen) -> Vec<Blocked> {
    let Some(Observed::Present(listener)) = &traffic.listener else { return Vec::new() };
    let foreign = by_priority(listener).into_iter().filter(|rule| rule.header == HeaderSeen::Foreign);
    let problems = foreign.map(|rule| {
        let message = format!(
            "rule {} ({}) already has a condition on the bypass header that tidegate did not add; tidegate does not change it",
            rule.priority,
            place(rule)
        );
        let hint =
            "remove the condition, or tag the rule `tidegate:gate=closed` so that tidegate manages it".to_owned();
        blocked(BlockedReason::ForeignCondition, message, [hint])
    });
    problems.collect()
}

/// Names gated rules whose users reach a rule that stays open, not the maintenance page.
pub(super) fn fall_through(
    input: &PlanningInput,
    maintenance: &Maintenance,
    traffic: &TrafficSeen,
    state: State,
) -> Vec<String> {
    let Some(Observed::Present(listener)) = &traffic.listener else { return Vec::new() };
    let closed: BTreeSet<&RuleArn> =
        gated(input, maintenance, listener, KeepOpen::In(state)).map(|rule| &rule.arn).collect();
    let rules = by_priority(listener);
    let gated = rules.iter().enumerate().filter(|(_, rule)| closed.contains(&rule.arn));
    let notes = gated.filter_map(|(index, rule)| {
        let mut later = rules[index + 1..].iter();
        let next = later.find(|next| !closed.contains(&next.arn) && takes_over(next, rule))?;
        Some(format!(
            "while the gate is closed, requests for {} (rule {}) reach rule {} ({}), which stays open, instead of the maintenance page",
            place(rule), rule.priority, next.priority, place(next)
        ))
    });
    notes.collect()
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
