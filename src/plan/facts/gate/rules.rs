//! The rules of the listener: which of them the gate closes, and how they read in messages.

use crate::model::{ServiceName, State};
use crate::observe::{HeaderSeen, ListenerSeen, RuleSeen, RuleTarget};
use crate::plan::input::PlanningInput;
use crate::spec::Maintenance;

/// AWS allows five condition values a rule.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub(super) const CONDITION_VALUES_MAX: usize = 5;
/// AWS allows 50 tags a resource.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub(super) const TAGS_MAX: usize = 50;

/// Which services count as up when the gate keeps their rules open.
#[derive(Clone, Copy)]
pub(super) enum KeepOpen {
    /// Services that are up in a state.
    In(State),
    /// Services that have tasks now, or that are to have some in `db-only`. A rule whose service has lost its tasks
    /// answers no request.
    Now,
}

/// Rules that must be closed while the gate is closed. A rule of `keep_open` stays open only while its services
/// are up.
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

/// In the order in which the listener tries them.
pub(in crate::plan) fn by_priority(listener: &ListenerSeen) -> Vec<&RuleSeen> {
    let mut rules: Vec<&RuleSeen> = listener.rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority);
    rules
}

/// Whether the header condition fits into a rule, and tidegate's tag beside its tags.
pub(super) fn has_room(rule: &RuleSeen) -> bool {
    has_room_for_header(rule) && has_room_for_tag(rule)
}

pub(super) fn has_room_for_header(rule: &RuleSeen) -> bool {
    rule.header != HeaderSeen::Absent || rule.values < CONDITION_VALUES_MAX
}

fn has_room_for_tag(rule: &RuleSeen) -> bool {
    rule.marked || rule.tags < TAGS_MAX
}

/// Hosts and paths of a rule: `shop.example/api/*`.
pub(super) fn place(rule: &RuleSeen) -> String {
    let hosts = if rule.hosts.is_empty() { "*".to_owned() } else { rule.hosts.join(" ") };
    if rule.paths.is_empty() { hosts } else { format!("{hosts}{}", rule.paths.join(" ")) }
}
