//! Load-balancer rules, and the rule that takes a request.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html>

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::tags::{TAGS_MAX, check_tag, set_tag};
use super::{Actor, Refusal, RegionId, World, refuse};
use crate::cloud::{Condition, Kind, ListedListener, Listener, Rule, RuleAction};
use crate::model::{Instant, RuleArn};
use crate::spec::ListenerTarget;

/// Condition values in one rule.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const VALUES_MAX: usize = 5;
/// Characters of a condition value.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>
const VALUE_LENGTH_MAX: usize = 128;

/// A listener in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimListener {
    /// Its ARN.
    pub arn: String,
    /// Name of its balancer.
    pub balancer: String,
    /// Its port.
    pub port: u16,
    /// The action for requests that no rule takes.
    pub default_action: RuleAction,
    /// Where that leads to, if it is a redirect.
    #[serde(default)]
    pub page: Option<String>,
    /// By priority.
    pub rules: Vec<SimRule>,
}

/// A rule in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimRule {
    /// Its ARN.
    pub arn: RuleArn,
    /// Lower is asked first.
    pub priority: u32,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// The action for a request that meets the conditions.
    pub action: RuleAction,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The author of the last change of its conditions.
    pub by: Actor,
    /// The time of that change.
    pub changed_at: Instant,
}

/// The result of routing a request.
#[derive(Clone, Copy, Debug)]
pub enum Routed<'a> {
    /// A rule took it.
    Rule(&'a SimRule),
    /// No rule did.
    Default(&'a RuleAction),
}

impl SimListener {
    pub(in crate::sim) fn is(&self, target: &ListenerTarget) -> bool {
        self.balancer == target.name && self.port == target.port
    }

    /// The first rule in order of priority whose conditions all hold, else the default action.
    pub fn route(&self, host: &str, path: &str, header: Option<(&str, &str)>) -> Routed<'_> {
        let takes = |rule: &&SimRule| rule.conditions.iter().all(|c| holds(c, host, path, header));
        self.rules.iter().find(takes).map_or(Routed::Default(&self.default_action), Routed::Rule)
    }

    pub(in crate::sim) fn shown(&self) -> Listener {
        let rules = self.rules.iter().map(|rule| Rule {
            arn: rule.arn.clone(),
            priority: rule.priority,
            conditions: rule.conditions.clone(),
            action: rule.action.clone(),
            tags: rule.tags.clone(),
        });
        Listener {
            arn: self.arn.clone(),
            default_action: self.default_action.clone(),
            rules: rules.collect(),
        }
    }
}

impl SimRule {
    /// Whether the rule has a condition on a header.
    pub fn asks_for(&self, header: &str) -> bool {
        self.conditions.iter().any(|condition| condition.is_header(header))
    }

    /// Target groups that it forwards to.
    pub fn target_groups(&self) -> &[String] {
        match &self.action {
            RuleAction::Forward(groups) | RuleAction::Other(groups) => groups,
            RuleAction::Redirect | RuleAction::Fixed => &[],
        }
    }
}

/// Hosts and header values are compared without case, paths with it; `*` and `?` are wildcards in all three.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>
fn holds(condition: &Condition, host: &str, path: &str, header: Option<(&str, &str)>) -> bool {
    let Condition { field, header: name, values } = condition;
    let any = |text: &str, folds: bool| values.iter().any(|value| matches(value, text, folds));
    match field.as_str() {
        "host-header" => any(host, true),
        "path-pattern" => any(path, false),
        "http-header" => header.is_some_and(|(sent, value)| {
            name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(sent)) && any(value, true)
        }),
        // Query strings, methods and source addresses: the requests of this world have none that match.
        _ => false,
    }
}

fn matches(pattern: &str, text: &str, folds: bool) -> bool {
    let fold = |c: char| if folds { c.to_ascii_lowercase() } else { c };
    let pattern: Vec<char> = pattern.chars().map(fold).collect();
    let text: Vec<char> = text.chars().map(fold).collect();
    // Positions to return to: after the last `*`, and where its match may be lengthened.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

impl World {
    /// Every listener of the balancers whose rules lead to one of these groups.
    pub(in crate::sim) fn listeners_of(&self, region: RegionId, groups: &[String]) -> Vec<ListedListener> {
        let all = &self.regions[region].listeners;
        let leads_there = |listener: &&SimListener| {
            listener.rules.iter().flat_map(SimRule::target_groups).any(|group| groups.contains(group))
        };
        let balancers: BTreeSet<&str> =
            all.iter().filter(leads_there).map(|it| it.balancer.as_str()).collect();
        let listed = all.iter().filter(|listener| balancers.contains(listener.balancer.as_str()));
        let mut listed: Vec<ListedListener> = listed
            .map(|listener| ListedListener {
                target: ListenerTarget { name: listener.balancer.clone(), port: listener.port },
                is_https: listener.port == 443,
                redirects_to: listener.page.as_deref().and_then(|page| page.parse().ok()),
            })
            .collect();
        listed.sort_by(|one, other| one.target.cmp(&other.target));
        listed
    }

    pub(in crate::sim) fn find_listener(
        &self,
        region: RegionId,
        target: &ListenerTarget,
    ) -> Option<&SimListener> {
        self.regions[region].listeners.iter().find(|listener| listener.is(target))
    }

    fn rule_mut(&mut self, region: RegionId, arn: &RuleArn) -> Result<&mut SimRule, Refusal> {
        let mut rules = self.regions[region].listeners.iter_mut().flat_map(|listener| &mut listener.rules);
        rules
            .find(|rule| rule.arn == *arn)
            .map_or_else(|| refuse(Kind::NotFound, format!("RuleNotFound: no rule {arn}")), Ok)
    }

    /// Replaces the conditions of a rule.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html>
    pub(in crate::sim) fn set_rule_conditions(
        &mut self,
        region: RegionId,
        arn: &RuleArn,
        conditions: &[Condition],
        by: Actor,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let rule = self.rule_mut(region, arn)?;
        if conditions.is_empty() || conditions.iter().any(|condition| condition.values.is_empty()) {
            return refuse(Kind::Invalid, "ValidationError: a condition value must be specified");
        }
        let values = conditions.iter().flat_map(|condition| &condition.values);
        if values.clone().count() > VALUES_MAX {
            return refuse(
                Kind::Invalid,
                format!("ValidationError: A rule can only have '{VALUES_MAX}' condition values"),
            );
        }
        if values.clone().any(|value| value.is_empty() || value.chars().count() > VALUE_LENGTH_MAX) {
            return refuse(Kind::Invalid, "ValidationError: a condition value has 1 to 128 characters");
        }
        rule.conditions = conditions.to_vec();
        (rule.by, rule.changed_at) = (by, now);
        Ok(())
    }

    pub(in crate::sim) fn tag_rule(
        &mut self,
        region: RegionId,
        arn: &RuleArn,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), Refusal> {
        check_tag(key, value.unwrap_or_default())?;
        let tags = &mut self.rule_mut(region, arn)?.tags;
        if value.is_some() && tags.len() >= TAGS_MAX && !tags.contains_key(key) {
            return refuse(Kind::Invalid, "TooManyTags: a rule has at most 50 tags");
        }
        set_tag(tags, key, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
