//! Elastic Load Balancing: one listener, its rules, their tags.

mod condition;
mod listed;

#[cfg(test)]
mod tests;

pub(super) use listed::listeners_of;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{self, ActionTypeEnum, Tag};
use futures_util::future::try_join_all;

use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Condition, Family, Kind, Listener, Rule, RuleAction};
use crate::model::RuleArn;
use crate::spec::ListenerTarget;

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>
const TAGGED_AT_ONCE_MAX: usize = 20;
const PAGES_MAX: usize = 20;
/// Codes that say that there is no such balancer or listener (any more).
const GONE: [&str; 2] = ["LoadBalancerNotFound", "ListenerNotFound"];

/// One request for the rules and one for the tags of twenty, once the listener's ARN is known; two more before.
/// The default action is that of the default rule, so the listener itself need not be asked again.
pub(super) async fn listener(
    session: &Session,
    target: &ListenerTarget,
) -> Result<Option<Listener>, CloudError> {
    again(session, target, None).await
}

/// The same. One request, while conditions are as they were in `known`: a mark of ours comes and goes with them.
pub(super) async fn again(
    session: &Session,
    target: &ListenerTarget,
    known: Option<&Listener>,
) -> Result<Option<Listener>, CloudError> {
    let key = (target.name.clone(), target.port);
    if let Some(arn) = session.caches.listeners.get(&key) {
        if let Some(found) = read(session, arn, known).await? {
            return Ok(Some(found));
        }
        // It was made anew under the same name, or is gone.
        session.caches.listeners.forget(&key);
    }
    let Some(arn) = find(session, target).await? else { return Ok(None) };
    session.caches.listeners.put(key, arn.clone());
    read(session, arn, known).await
}

async fn find(session: &Session, target: &ListenerTarget) -> Result<Option<String>, CloudError> {
    let client = &session.clients.balancers.read;
    let operation =
        Operation::new("elasticloadbalancing:DescribeLoadBalancers", Family::BalancerRead, &target.name);
    let request = client.describe_load_balancers().names(&target.name);
    let answer = session.calls.read_if(operation, &GONE, traced!(request)).await?;
    let Some(answer) = answer else { return Ok(None) };
    let Some(balancer) = answer.load_balancers().first().and_then(|found| found.load_balancer_arn()) else {
        return Ok(None);
    };
    let operation =
        Operation::new("elasticloadbalancing:DescribeListeners", Family::BalancerRead, &target.name);
    let mut marker = None;
    for _ in 0..PAGES_MAX {
        let request = client.describe_listeners().load_balancer_arn(balancer).set_marker(marker.take());
        let answer = session.calls.read_if(operation, &GONE, traced!(request)).await?;
        let Some(answer) = answer else { return Ok(None) };
        let port = Some(i32::from(target.port));
        if let Some(found) = answer.listeners().iter().find(|listener| listener.port() == port) {
            return Ok(found.listener_arn().map(str::to_owned));
        }
        marker = answer.next_marker;
        if marker.is_none() {
            return Ok(None);
        }
    }
    Err(operation.endless_list())
}

async fn read(
    session: &Session,
    arn: String,
    known: Option<&Listener>,
) -> Result<Option<Listener>, CloudError> {
    let operation = Operation::new("elasticloadbalancing:DescribeRules", Family::BalancerRead, &arn);
    let (mut found, mut marker) = (Vec::new(), None);
    for page in 0.. {
        if page == PAGES_MAX {
            return Err(operation.endless_list());
        }
        let request = session.clients.balancers.read.describe_rules().listener_arn(&arn);
        let answer =
            session.calls.read_if(operation, &GONE, traced!(request.set_marker(marker.take()))).await?;
        let Some(answer) = answer else { return Ok(None) };
        found.extend(answer.rules.unwrap_or_default());
        marker = answer.next_marker;
        if marker.is_none() {
            break;
        }
    }
    let (default, found): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|rule| rule.is_default() == Some(true));
    let default =
        default.first().ok_or_else(|| operation.error(Kind::Unavailable, "no default rule is listed"))?;
    let default_action = action(default.actions());
    let mut tags: Tags = known.into_iter().flat_map(|known| known_tags(known, &found)).collect();
    let unknown = found.iter().filter_map(|rule| rule.rule_arn.clone()).filter(|arn| !tags.contains_key(arn));
    let asked = ask_tags(session, &unknown.collect::<Vec<_>>()).await?;
    tags.extend(asked);
    let rules = found.iter().map(|rule| {
        let arn = rule.rule_arn().unwrap_or_default();
        // A priority that is no number belongs to the default rule alone.
        let priority = rule.priority().and_then(|priority| priority.parse().ok());
        Ok(Rule {
            arn: RuleArn::new(arn),
            priority: priority.ok_or_else(|| operation.error(Kind::Unavailable, "a rule has no priority"))?,
            conditions: rule.conditions().iter().map(condition::read).collect(),
            action: action(rule.actions()),
            tags: tags.remove(arn).unwrap_or_default(),
        })
    });
    let mut rules: Vec<Rule> = rules.collect::<Result<_, CloudError>>()?;
    rules.sort_by_key(|rule| rule.priority);
    Ok(Some(Listener { arn, default_action, rules }))
}

type Tags = BTreeMap<String, BTreeMap<String, String>>;

/// Tags of rules that are in the condition in which they were known.
fn known_tags<'a>(
    known: &'a Listener,
    found: &'a [types::Rule],
) -> impl Iterator<Item = (String, BTreeMap<String, String>)> + 'a {
    known.rules.iter().filter_map(|before| {
        let now = found.iter().find(|rule| rule.rule_arn() == Some(before.arn.as_str()))?;
        let conditions: Vec<Condition> = now.conditions().iter().map(condition::read).collect();
        (conditions == before.conditions).then(|| (before.arn.as_str().to_owned(), before.tags.clone()))
    })
}

async fn ask_tags(session: &Session, arns: &[String]) -> Result<Tags, CloudError> {
    let batches = arns.chunks(TAGGED_AT_ONCE_MAX).map(|batch| async move {
        let resource = format!("{} rules", batch.len());
        let operation = Operation::new("elasticloadbalancing:DescribeTags", Family::BalancerRead, &resource);
        let request = session.clients.balancers.read.describe_tags();
        let answer =
            session.calls.read(operation, traced!(request.set_resource_arns(Some(batch.to_vec())))).await?;
        Ok::<_, CloudError>(answer.tag_descriptions.unwrap_or_default())
    });
    let described = try_join_all(batches).await?.into_iter().flatten();
    let by_rule = described.filter_map(|description| {
        let tags = description
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())));
        Some((description.resource_arn()?.to_owned(), tags.collect()))
    });
    Ok(by_rule.collect())
}

/// What a rule does in the end; authentication stands before it.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html>
fn action(actions: &[types::Action]) -> RuleAction {
    let kind = |wanted: &ActionTypeEnum| actions.iter().any(|action| action.r#type() == Some(wanted));
    let mut groups: Vec<String> = actions
        .iter()
        .flat_map(|action| {
            let weighted = action.forward_config().map(|forward| forward.target_groups()).unwrap_or_default();
            let weighted = weighted.iter().filter_map(|group| group.target_group_arn());
            weighted.chain(action.target_group_arn())
        })
        .map(str::to_owned)
        .collect();
    groups.sort();
    groups.dedup();
    match actions.len() {
        1 if kind(&ActionTypeEnum::Forward) => RuleAction::Forward(groups),
        1 if kind(&ActionTypeEnum::Redirect) => RuleAction::Redirect,
        1 if kind(&ActionTypeEnum::FixedResponse) => RuleAction::Fixed,
        _ => RuleAction::Other(groups),
    }
}

/// One request that reads the rule, one that writes. Only conditions are named: what is not named stays, its
/// transforms and actions, too.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html>
pub(super) async fn set_conditions(
    session: &Session,
    rule: &RuleArn,
    wanted: &[Condition],
) -> Result<(), CloudError> {
    let client = &session.clients.balancers;
    let operation = Operation::new("elasticloadbalancing:DescribeRules", Family::BalancerRead, rule.as_str());
    let answer =
        session.calls.read(operation, traced!(client.read.describe_rules().rule_arns(rule.as_str()))).await?;
    let found = answer.rules().first().map(types::Rule::conditions);
    let found = found.ok_or_else(|| operation.error(Kind::NotFound, "there is no such rule"))?;
    let hidden: Vec<&str> = wanted
        .iter()
        .filter(|condition| condition.header.is_some())
        .flat_map(|condition| condition.values.iter().map(String::as_str))
        .collect();
    let operation = Operation::new("elasticloadbalancing:ModifyRule", Family::BalancerWrite, rule.as_str());
    let operation = operation.hiding(&hidden);
    let conditions = condition::write(found, wanted).map_err(|why| operation.error(Kind::Invalid, why))?;
    let request = client.write.modify_rule().rule_arn(rule.as_str()).set_conditions(Some(conditions));
    session.calls.write(operation, traced!(request)).await?;
    Ok(())
}

/// One request.
pub(super) async fn tag_rule(
    session: &Session,
    rule: &RuleArn,
    key: &str,
    value: Option<&str>,
) -> Result<(), CloudError> {
    let client = &session.clients.balancers.write;
    match value {
        Some(value) => {
            let operation =
                Operation::new("elasticloadbalancing:AddTags", Family::BalancerWrite, rule.as_str());
            let tag = Tag::builder().key(key).value(value).build();
            let request = client.add_tags().resource_arns(rule.as_str()).tags(tag);
            session.calls.write(operation, traced!(request)).await?;
        }
        None => {
            let operation =
                Operation::new("elasticloadbalancing:RemoveTags", Family::BalancerWrite, rule.as_str());
            let request = client.remove_tags().resource_arns(rule.as_str()).tag_keys(key);
            session.calls.write(operation, traced!(request)).await?;
        }
    }
    Ok(())
}
