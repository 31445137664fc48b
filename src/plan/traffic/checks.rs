//! Which checks are asked before the gate opens, and when they count as passed.

use super::rules::{by_priority, stale};
use crate::gate;
use crate::observe::{Observed, RuleSeen, RuleTarget, TrafficSeen};
use crate::plan::draft::{Draft, Words};
use crate::plan::{ActionKind, PlanningInput, Step};
use crate::spec::{Check, Maintenance};

/// Asks the checks that can be answered; a header that the rules no longer know is renewed first.
pub(super) fn plan(
    input: &PlanningInput,
    (maintenance, traffic): (&Maintenance, &TrafficSeen),
    draft: &mut Draft,
) {
    if !are_due(input, draft) {
        return;
    }
    let stale = stale(traffic);
    if !stale.is_empty() && draft.actions.iter().all(|action| action.step != Step::CloseGate) {
        let kind = ActionKind::CloseGate {
            rules: stale.rules,
            function: stale.function,
            was_open: false,
            with: super::parts(maintenance),
        };
        let words = Words::new(
            "closed with the secret before",
            "closed",
            "the bypass secret has changed: checks carry it",
        );
        draft.act(Step::CloseGate, "gate/close", "maintenance", kind, words);
    }
    for check in input.spec.checks.iter().filter(|check| leads_nowhere(input, check)) {
        draft.note(format!(
            "the check {} is left out: it leads to what is not deployed (its version is empty)",
            check.url
        ));
    }
    let checks = asked(input);
    let urls: Vec<&str> = checks.iter().map(|check| check.url.as_str()).collect();
    let words = Words::new("", "pass", "with the bypass header, before users come back");
    let subject = urls.join(" ");
    draft.act(Step::Check, "check", subject, ActionKind::Check { checks }, words);
}

pub(super) fn are_due(input: &PlanningInput, draft: &Draft) -> bool {
    !asked(input).is_empty() && !have_passed(input, draft)
}

/// Checks that passed count as long as nothing has been started since, and not for ever.
fn have_passed(input: &PlanningInput, draft: &Draft) -> bool {
    const FRESH_MINUTES: i64 = 5;
    let starts =
        draft.actions.iter().any(|action| action.step < Step::Check && action.step >= Step::CloseGate);
    let passed_at = input.ledger.checks_passed_at;
    !starts && passed_at.is_some_and(|at| input.now - at <= chrono::TimeDelta::minutes(FRESH_MINUTES))
}

fn asked(input: &PlanningInput) -> Vec<Check> {
    input.spec.checks.iter().filter(|check| !leads_nowhere(input, check)).cloned().collect()
}

/// Whether the load balancer leads a check to services of which none is deployed: nobody could answer it, and
/// the gate would stay closed for all others. In doubt it is asked.
fn leads_nowhere(input: &PlanningInput, check: &Check) -> bool {
    let listener = input.snapshot.traffic.as_ref().and_then(|traffic| traffic.listener.as_ref());
    let Some(Observed::Present(listener)) = listener else { return false };
    let taken = by_priority(listener).into_iter().find(|rule| takes(rule, check));
    let Some(RuleSeen { target: RuleTarget::Services(services), other_conditions: false, .. }) = taken else {
        return false;
    };
    let is_deployed =
        |name| input.spec.services.get(name).is_some_and(|service| input.spec.is_deployed(service));
    !services.is_empty() && !services.iter().any(is_deployed)
}

/// Whether a rule takes the request of a check, other conditions left out.
fn takes(rule: &RuleSeen, check: &Check) -> bool {
    let host = check.url.host_str().unwrap_or_default();
    let path = check.url.path();
    (rule.hosts.is_empty() || rule.hosts.iter().any(|pattern| gate::matches_host(pattern, host)))
        && (rule.paths.is_empty() || rule.paths.iter().any(|pattern| gate::matches_path(pattern, path)))
}
