//! What a closed and an open gate are made of: the function's code, a rule's conditions, a usable secret.
//!
//! Shared by whoever looks at the gate and whoever changes it, so that both mean the same. Pure text and
//! values: nothing here asks or changes the cloud, and nothing here keeps the secret.

mod function;
mod routing;
mod wildcard;

pub use function::{recognise, write_code};
pub use routing::turns_away;
pub use wildcard::{matches_host, matches_path};

use secrecy::{ExposeSecret, SecretString};

use crate::cloud::{Condition, Rule, tag};

/// Value of [`tag::GATE`] on a rule whose header condition is ours.
pub const TAG_VALUE: &str = "closed";
/// Characters of a bypass secret. Below 20 it can be guessed; above 128 a rule's condition refuses it.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 20..=128;

/// Whether the secret can stand in a rule: `[A-Za-z0-9_-]{20,128}`. `*` and `?` would be wildcards there.
///
/// # Errors
/// What is wrong with it, without any part of it.
pub fn check_secret(secret: &SecretString) -> Result<(), String> {
    let text = secret.expose_secret();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !SECRET_LENGTH.contains(&text.len()) {
        return Err(format!("it has {} characters; 20 to 128 are needed", text.len()));
    }
    if !text.bytes().all(is_plain) {
        return Err("it has characters other than letters, digits, `_` and `-`".to_owned());
    }
    Ok(())
}

/// Whether a rule's condition on our header was put there by us.
pub fn is_ours(rule: &Rule) -> bool {
    rule.tags.contains_key(tag::GATE)
}

/// Whether a rule asks for the header with exactly this secret, and nothing else lets its requests through.
pub fn is_closed(rule: &Rule, header: &str, secret: &SecretString) -> bool {
    let mut asked = rule.conditions.iter().filter(|condition| condition.is_header(header)).peekable();
    asked.peek().is_some() && asked.all(|condition| condition.values == [secret.expose_secret()])
}

/// A rule's conditions while the gate is closed: its own, and the header with the present secret.
pub fn closed_conditions(conditions: &[Condition], header: &str, secret: &SecretString) -> Vec<Condition> {
    let mut closed = open_conditions(conditions, header);
    closed.push(Condition::header(header, secret.expose_secret()));
    closed
}

/// A rule's conditions while the gate is open: its own.
pub fn open_conditions(conditions: &[Condition], header: &str) -> Vec<Condition> {
    conditions.iter().filter(|condition| !condition.is_header(header)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::RuleAction;
    use std::collections::BTreeMap;

    const HEADER: &str = "x-maintenance-bypass";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn only_a_long_plain_secret_is_usable_and_no_message_shows_it() {
        for (text, good) in [
            ("a".repeat(20), true),
            ("A-b_9".repeat(25), true),
            ("a".repeat(19), false),
            ("a".repeat(129), false),
            (format!("{}*", "a".repeat(30)), false),
            (format!("{}\n", "a".repeat(30)), false),
        ] {
            let checked = check_secret(&secret(&text));
            assert_eq!(checked.is_ok(), good, "{text}");
            assert!(checked.err().is_none_or(|why| !why.contains("aaa")));
        }
    }

    #[test]
    fn closing_twice_and_opening_gives_back_what_was_there() {
        let own = vec![Condition { field: "host-header".into(), header: None, values: vec!["a".into()] }];
        let (one, two) = (secret(&"1".repeat(20)), secret(&"2".repeat(20)));
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
