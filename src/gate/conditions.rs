//! Conditions of a load-balancer rule: those of a closed gate, and those of an open one.

use secrecy::{ExposeSecret, SecretString};

use crate::cloud::{Condition, Rule, tag};

/// Value of [`tag::GATE`] on a rule whose header condition tidegate added.
pub const TAG_VALUE: &str = "closed";

/// Whether tidegate added the header condition of this rule: it then carries our tag.
pub fn is_ours(rule: &Rule) -> bool {
    rule.tags.contains_key(tag::GATE)
}

/// Whether a rule demands the header with exactly this secret, and accepts no other value.
pub fn is_closed(rule: &Rule, header: &str, secret: &SecretString) -> bool {
    let mut demanded = rule.conditions.iter().filter(|condition| condition.is_header(header)).peekable();
    demanded.peek().is_some() && demanded.all(|condition| condition.values == [secret.expose_secret()])
}

/// The conditions of a rule while the gate is closed: its own, and the header with the current secret.
pub fn closed_conditions(conditions: &[Condition], header: &str, secret: &SecretString) -> Vec<Condition> {
    let mut closed = open_conditions(conditions, header);
    closed.push(Condition::header(header, secret.expose_secret()));
    closed
}

/// The conditions of a rule while the gate is open: its own, without the header.
pub fn open_conditions(conditions: &[Condition], header: &str) -> Vec<Condition> {
    conditions.iter().filter(|condition| !condition.is_header(header)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cloud::RuleAction;

    const HEADER: &str = "x-maintenance-bypass";

    fn secret(letter: &str) -> SecretString {
        SecretString::from(letter.repeat(20))
    }

    #[test]
    fn closing_twice_and_opening_gives_back_what_was_there() {
        let own = vec![Condition { field: "host-header".into(), header: None, values: vec!["a".into()] }];
        let (one, two) = (secret("1"), secret("2"));
        let closed = closed_conditions(&closed_conditions(&own, HEADER, &one), HEADER, &two);
        let rule = |conditions: &[Condition]| Rule {
            arn: "rule".into(),
            priority: 1,
            conditions: conditions.to_vec(),
            action: RuleAction::Redirect,
            tags: BTreeMap::new(),
        };
        assert_eq!(closed.len(), 2);
        assert!(is_closed(&rule(&closed), "X-Maintenance-Bypass", &two));
        assert!(!is_closed(&rule(&closed), HEADER, &one) && !is_closed(&rule(&own), HEADER, &one));
        assert_eq!(open_conditions(&closed, HEADER), own);
    }
}
