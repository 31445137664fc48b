//! The gate's parts: rules, the function's code, distributions. The secret is compared here and dropped.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use secrecy::SecretString;

use super::context::{ObserveContext, unreadable};
use super::distributions::{Distributions, ListedDistributions};
use super::services::Groups;
use super::snapshot::{
    CodeSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, Observed, RuleSeen, RuleTarget,
    TrafficSeen,
};
use crate::cloud::{Condition, Distribution, Function, Rule, RuleAction};
use crate::gate;
use crate::model::{Gate, ServiceName};
use crate::spec::{CloudFrontGate, ListenerTarget, Maintenance};

type ServiceGroups = BTreeMap<ServiceName, Vec<String>>;

/// The gate, if one is declared.
pub(super) async fn traffic(
    context: ObserveContext<'_>,
    groups: &Groups,
    distributions: &Distributions,
) -> Option<TrafficSeen> {
    let maintenance = context.spec.maintenance.as_ref()?;
    let secret = secret(context, maintenance).await;
    let usable = secret.as_ref().ok();
    let listener = async {
        let target = maintenance.load_balancer.as_ref()?;
        Some(listener(context, maintenance, target, usable, groups).await)
    };
    let function = async {
        let cloudfront = maintenance.cloudfront.as_ref()?;
        Some(function(context, maintenance, cloudfront, usable, distributions).await)
    };
    let (listener, function) = join(listener, function).await;
    Some(TrafficSeen { secret: secret.map(|_| ()), listener, function })
}

async fn secret(context: ObserveContext<'_>, maintenance: &Maintenance) -> Result<SecretString, String> {
    let secret = context.read(|cloud| cloud.secret(&maintenance.bypass.value_from)).await;
    let secret = secret.map_err(|error| error.to_string())?;
    gate::check_secret(&secret)?;
    Ok(secret)
}

async fn listener(
    context: ObserveContext<'_>,
    maintenance: &Maintenance,
    target: &ListenerTarget,
    secret: Option<&SecretString>,
    groups: &Groups,
) -> Observed<ListenerSeen> {
    // The services tell where a rule leads: without them, every rule would seem to lead elsewhere.
    let groups = match groups {
        Ok(groups) => groups,
        Err(why) => {
            return Observed::Unreadable { why: format!("its rules cannot be assigned to services: {why}") };
        }
    };
    let listener = match context.read(|cloud| cloud.listener(target)).await {
        Ok(Some(listener)) => listener,
        Ok(None) => return Observed::Absent,
        Err(error) => return unreadable(error),
    };
    let header = &maintenance.bypass.header;
    let mut rules: Vec<RuleSeen> =
        listener.rules.iter().map(|rule| rule_seen(rule, header, secret, groups)).collect();
    rules.sort_by_key(|rule| rule.priority);
    let default_is_closed = matches!(listener.default_action, RuleAction::Redirect | RuleAction::Fixed);
    Observed::Present(ListenerSeen { default_is_closed, rules })
}

fn rule_seen(rule: &Rule, header: &str, secret: Option<&SecretString>, groups: &ServiceGroups) -> RuleSeen {
    let own = || rule.conditions.iter().filter(|condition| !condition.is_header(header));
    let values_of = |field: &str| -> Vec<String> {
        own().filter(|condition| condition.field == field).flat_map(|c| c.values.clone()).collect()
    };
    let is_known = |condition: &Condition| matches!(condition.field.as_str(), "host-header" | "path-pattern");
    RuleSeen {
        arn: rule.arn.clone(),
        priority: rule.priority,
        hosts: values_of("host-header"),
        paths: values_of("path-pattern"),
        other_conditions: own().any(|condition| !is_known(condition)),
        target: target(&rule.action, groups),
        header: header_seen(rule, header, secret),
        marked: gate::is_ours(rule),
        values: own().map(|condition| condition.values.len()).sum(),
        tags: rule.tags.keys().filter(|key| !key.starts_with("aws:")).count(),
    }
}

/// With an unreadable secret, ours counts as current: that it is closed is certain, that it is stale is not.
fn header_seen(rule: &Rule, header: &str, secret: Option<&SecretString>) -> HeaderSeen {
    let asks = rule.conditions.iter().any(|condition| condition.is_header(header));
    match (asks, gate::is_ours(rule)) {
        (false, _) => HeaderSeen::Absent,
        (true, false) => HeaderSeen::Foreign,
        (true, true) if secret.is_none_or(|secret| gate::is_closed(rule, header, secret)) => {
            HeaderSeen::Current
        }
        (true, true) => HeaderSeen::Stale,
    }
}

fn target(action: &RuleAction, groups: &ServiceGroups) -> RuleTarget {
    let led_to = match action {
        RuleAction::Redirect => return RuleTarget::Redirect,
        RuleAction::Fixed => return RuleTarget::Fixed,
        RuleAction::Forward(groups) | RuleAction::Other(groups) => groups,
    };
    let behind = groups.iter().filter(|(_, own)| own.iter().any(|group| led_to.contains(group)));
    let found: BTreeSet<ServiceName> = behind.map(|(name, _)| name.clone()).collect();
    if found.is_empty() { RuleTarget::Unmanaged } else { RuleTarget::Services(found) }
}

async fn function(
    context: ObserveContext<'_>,
    maintenance: &Maintenance,
    cloudfront: &CloudFrontGate,
    secret: Option<&SecretString>,
    distributions: &Distributions,
) -> Observed<FunctionSeen> {
    let found = match context.read(|cloud| cloud.function(&cloudfront.function)).await {
        Ok(found) => found,
        Err(error) => return unreadable(error),
    };
    // The function's code can be written without its distributions.
    let (listed, distributions_unreadable) = match distributions {
        Ok(listed) => (Some(listed), None),
        Err(why) => (None, Some(why.clone())),
    };
    let seen = listed.iter().flat_map(|listed| {
        cloudfront.distributions.iter().map(|name| {
            let seen = listed.named.get(name);
            let seen =
                seen.map_or(DistributionSeen::Missing, |seen| distribution(seen, &cloudfront.function));
            (name.clone(), seen)
        })
    });
    let distributions = seen.collect();
    // A function that does not exist yet is created by the first association or closing; its distributions exist.
    let foreign = found.as_ref().map(gate::foreign_code).unwrap_or_default();
    let comment = match foreign.is_empty() {
        true => None,
        // Only people read it: without it the plan says less.
        false => context.read(|cloud| cloud.function_comment(&cloudfront.function)).await.ok().flatten(),
    };
    let code = found.map_or(CodeSeen::Missing, |found| code(&found, maintenance, secret));
    Observed::Present(FunctionSeen {
        code,
        foreign,
        comment: comment.filter(|comment| !comment.is_empty()),
        undeclared_callers: listed.map(|listed| undeclared(listed, cloudfront)).unwrap_or_default(),
        distributions,
        distributions_unreadable,
    })
}

/// Distributions that call the function and are not declared: `E2EXAMPLE (docs.graasp.org)`.
fn undeclared(distributions: &ListedDistributions, gate: &CloudFrontGate) -> Vec<String> {
    let declared: BTreeSet<&str> = gate
        .distributions
        .iter()
        .filter_map(|name| distributions.named.get(name))
        .map(|distribution| distribution.id.as_str())
        .collect();
    let others = distributions.callers.iter().filter(|caller| !declared.contains(caller.id.as_str()));
    let mut named: Vec<String> = others
        .map(|caller| match caller.aliases.first() {
            Some(alias) => format!("{} ({alias})", caller.id),
            None => caller.id.clone(),
        })
        .collect();
    named.sort();
    named
}

/// As with rules, closed code of ours counts as current while the secret cannot be read.
fn code(found: &Function, maintenance: &Maintenance, secret: Option<&SecretString>) -> CodeSeen {
    let Some(live) = &found.live else { return CodeSeen::Missing };
    let closed =
        |secret| gate::write_code(Gate::Closed, &maintenance.page, &maintenance.bypass.header, secret);
    let open =
        gate::write_code(Gate::Open, &maintenance.page, &maintenance.bypass.header, &SecretString::default());
    match gate::recognise(live) {
        None => CodeSeen::Foreign,
        Some(Gate::Open) if *live == open => CodeSeen::Open,
        // tidegate's first line above other code: its effect is unknown.
        Some(Gate::Open) => CodeSeen::Foreign,
        Some(Gate::Closed) if secret.is_none_or(|secret| closed(secret) == *live) => CodeSeen::Closed,
        Some(Gate::Closed) => CodeSeen::ClosedStale,
    }
}

fn distribution(found: &Distribution, function: &str) -> DistributionSeen {
    let id = found.id.clone();
    let conflict = found.behaviours.iter().find_map(|behaviour| match &behaviour.function {
        Some(other) if other != function => Some(format!("`{}` calls `{other}`", behaviour.path)),
        _ if behaviour.lambda => Some(format!("`{}` calls Lambda@Edge", behaviour.path)),
        _ => None,
    });
    if let Some(what) = conflict {
        return DistributionSeen::Conflict { id, what };
    }
    let is_guarded = found.behaviours.iter().all(|behaviour| behaviour.function.is_some());
    match (is_guarded, found.deployed) {
        (true, true) => DistributionSeen::Guarded { id },
        (true, false) => DistributionSeen::Deploying { id },
        (false, _) => DistributionSeen::Unguarded { id },
    }
}
