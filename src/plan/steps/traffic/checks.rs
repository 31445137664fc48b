//! The checks before the gate opens: which of them are asked, and when they count as passed.

use crate::observe::{Observed, RuleSeen, RuleTarget};
use crate::plan::action::{ActionKind, Step};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{DeclaredGate, Facts, by_priority};
use crate::spec::Check;

/// Sends the checks that can be answered. Where rules still carry an older secret, they get the present one first.
pub(super) fn plan(facts: &Facts<'_>, gate: DeclaredGate<'_>, draft: &mut Draft) {
    if !are_due(facts, draft) {
        return;
    }
    let stale = gate.stale();
    if !stale.is_empty() && draft.actions.iter().all(|action| action.step != Step::CloseGate) {
        let kind = ActionKind::CloseGate {
            rules: stale.rules,
            function: stale.function,
            was_open: false,
            with: gate.parts(),
        };
        let words = Words::new(
            "closed with the previous secret",
            "closed",
            "the bypass secret changed, and the checks send it",
        );
        draft.act(Step::CloseGate, "gate/close", "maintenance", kind, words);
    }
    for check in facts.spec.checks.iter().filter(|check| leads_nowhere(facts, check)) {
        draft.note(format!(
            "the check {} is skipped: its service is not deployed (its version is empty)",
            check.url
        ));
    }
    let checks = asked(facts);
    let urls: Vec<&str> = checks.iter().map(|check| check.url.as_str()).collect();
    let words = Words::new("", "pass", "with the bypass header, before users return");
    let subject = urls.join(" ");
    draft.act(Step::Check, "check", subject, ActionKind::Check { checks }, words);
}

pub(super) fn are_due(facts: &Facts<'_>, draft: &Draft) -> bool {
    !asked(facts).is_empty() && !have_passed(facts, draft)
}

/// Checks that passed count as long as nothing has been started since, and for five minutes at most. A time in the
/// future, from a machine whose clock was ahead, is not fresh.
fn have_passed(facts: &Facts<'_>, draft: &Draft) -> bool {
    let fresh = chrono::TimeDelta::zero()..=chrono::TimeDelta::minutes(5);
    let starts =
        draft.actions.iter().any(|action| action.step < Step::Check && action.step >= Step::CloseGate);
    let passed_at = facts.ledger.checks_passed_at;
    !starts && passed_at.is_some_and(|at| fresh.contains(&(facts.now - at)))
}

fn asked(facts: &Facts<'_>) -> Vec<Check> {
    facts.spec.checks.iter().filter(|check| !leads_nowhere(facts, check)).cloned().collect()
}

/// Whether the load balancer routes a check to services of which none is deployed: no task could answer, and the gate
/// would stay closed for all others. In doubt the check is sent.
fn leads_nowhere(facts: &Facts<'_>, check: &Check) -> bool {
    let listener = facts.input.snapshot.traffic.as_ref().and_then(|traffic| traffic.listener.as_ref());
    let Some(Observed::Present(listener)) = listener else { return false };
    let taken = by_priority(listener).into_iter().find(|rule| takes(rule, check));
    let Some(RuleSeen { target: RuleTarget::Services(services), other_conditions: false, .. }) = taken else {
        return false;
    };
    let is_deployed =
        |name| facts.spec.services.get(name).is_some_and(|service| facts.spec.is_deployed(service));
    !services.is_empty() && !services.iter().any(is_deployed)
}

/// Whether a rule takes the request of a check, other conditions left out.
fn takes(rule: &RuleSeen, check: &Check) -> bool {
    let host = check.url.host_str().unwrap_or_default();
    let path = check.url.path();
    (rule.hosts.is_empty() || rule.hosts.iter().any(|pattern| crate::gate::matches_host(pattern, host)))
        && (rule.paths.is_empty()
            || rule.paths.iter().any(|pattern| crate::gate::matches_path(pattern, path)))
}
