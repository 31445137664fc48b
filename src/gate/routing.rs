//! Which way a request without the header takes through a listener: a pure walk over its rules.

use url::Url;

use super::is_ours;
use super::wildcard::{matches_host, matches_path};
use crate::cloud::{Condition, Listener, Rule, RuleAction};

/// Whether a closed gate sends everybody away who asks for this URL without the header, as far as the rules can
/// tell: a rule of ours would have taken it, no open one takes it, and what is left redirects. `false` also where
/// nobody can tell, because a condition asks for more than host and path.
pub fn turns_away(listener: &Listener, header: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let mut rules: Vec<&Rule> = listener.rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority);
    let mut was_gated = false;
    for rule in rules.into_iter().filter(|rule| takes_place(rule, host, url.path())) {
        if rule.conditions.iter().any(|condition| condition.is_header(header)) {
            was_gated |= is_ours(rule);
            continue;
        }
        let is_certain = rule.conditions.iter().all(is_place);
        return was_gated && is_certain && rule.action == RuleAction::Redirect;
    }
    was_gated && listener.default_action == RuleAction::Redirect
}

/// Whether host and path are a rule's, whatever else it asks for.
fn takes_place(rule: &Rule, host: &str, path: &str) -> bool {
    rule.conditions.iter().filter(|condition| is_place(condition)).all(|condition| {
        condition.values.iter().any(|pattern| match condition.field.as_str() {
            "host-header" => matches_host(pattern, host),
            _ => matches_path(pattern, path),
        })
    })
}

fn is_place(condition: &Condition) -> bool {
    matches!(condition.field.as_str(), "host-header" | "path-pattern")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cloud::tag;
    use crate::model::RuleArn;

    const HEADER: &str = "x-bypass";

    fn condition(field: &str, value: &str) -> Condition {
        Condition { field: field.to_owned(), header: None, values: vec![value.to_owned()] }
    }

    /// `host path action`, `+` = closed by us, `!` = closed by somebody else, `?` = asks for more.
    fn rule(priority: u32, text: &str) -> Rule {
        let words: Vec<&str> = text.split(' ').collect();
        let [host, path, action, marks @ ..] = words.as_slice() else { panic!("{text}") };
        let mut conditions = vec![condition("host-header", host), condition("path-pattern", path)];
        let mut tags = BTreeMap::new();
        for mark in marks {
            match *mark {
                "+" => drop(tags.insert(tag::GATE.to_owned(), super::super::TAG_VALUE.to_owned())),
                "?" => conditions.push(condition("query-string", "beta")),
                other => panic!("{other}"),
            }
        }
        if marks.contains(&"+") {
            conditions.push(Condition::header(HEADER, "secret"));
        }
        let action = match *action {
            "redirect" => RuleAction::Redirect,
            group => RuleAction::Forward(vec![group.to_owned()]),
        };
        Rule { arn: RuleArn::new(format!("rule/{priority}")), priority, conditions, action, tags }
    }

    #[test]
    fn a_closed_gate_turns_away_whom_no_open_rule_takes() {
        let (api, apex) = ("https://API.shop.example/health", "https://shop.example/api/health");
        for (rules, url, away) in [
            (vec!["api.shop.example * api +"], api, true),
            (vec!["*.shop.example /health api +"], api, true),
            (vec!["api.shop.example * api"], api, false),
            (vec!["other.example * api +"], api, false),
            (vec!["api.shop.example /Health api +"], api, false),
            // Without the header it reaches the next rule that is open: an administration that is kept up.
            (vec!["shop.example /api/* api +", "shop.example * admin"], apex, false),
            (vec!["shop.example /api/* api +", "shop.example * redirect"], apex, true),
            (vec!["shop.example /api/* api +", "shop.example * redirect ?"], apex, false),
            (vec!["shop.example /other/* admin", "shop.example /api/* api +"], apex, true),
            (vec!["shop.example /api/? api +"], apex, false),
        ] {
            let rules = (1..).zip(&rules).map(|(priority, text)| rule(priority, text)).collect();
            let listener =
                Listener { arn: "listener".to_owned(), default_action: RuleAction::Redirect, rules };
            assert_eq!(turns_away(&listener, HEADER, &url.parse().unwrap()), away, "{url} {listener:?}");
            let fixed = Listener { default_action: RuleAction::Fixed, ..listener };
            let by_rule = fixed.rules.iter().any(|rule| rule.action == RuleAction::Redirect);
            assert_eq!(turns_away(&fixed, HEADER, &url.parse().unwrap()), away && by_rule, "{url}");
        }
    }
}
