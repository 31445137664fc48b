//! Which names AWS allows, so that an impossible name is found before a release and not during one.

use super::findings::Findings;
use crate::spec::decode::{Leaf, OriginId};
use crate::spec::diagnostic::Code;

/// The form of one kind of name.
pub(super) struct NameRule {
    noun: &'static str,
    longest: usize,
    allowed: fn(&str) -> bool,
    words: &'static str,
}

/// The name of an environment: it becomes part of tags, paths and file names.
pub(super) const ENVIRONMENT: NameRule = NameRule {
    noun: "name for an environment",
    longest: 64,
    allowed: |name| starts_alphanumeric(name) && all(name, "-_"),
    words: "letters, digits, `-` and `_`, beginning with a letter or digit",
};

/// Clusters, services, families, containers:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
pub(super) const ECS: NameRule = NameRule {
    noun: "ECS name",
    longest: 255,
    allowed: |name| all(name, "-_"),
    words: "letters, digits, `-` and `_`",
};

/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
pub(super) const DATABASE: NameRule = NameRule {
    noun: "database identifier",
    longest: 63,
    allowed: |name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && all(name, "-")
            && !name.ends_with('-')
            && !name.contains("--")
    },
    words: "letters, digits and single `-`, beginning with a letter",
};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
pub(super) const LOAD_BALANCER: NameRule = NameRule {
    noun: "name for a load balancer",
    longest: 32,
    allowed: |name| all(name, "-") && !name.starts_with('-') && !name.ends_with('-'),
    words: "letters, digits and `-`, not at the beginning or end",
};

/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html>
pub(super) const FUNCTION: NameRule = NameRule {
    noun: "name for a CloudFront function",
    longest: 64,
    allowed: |name| all(name, "-_"),
    words: "letters, digits, `-` and `_`",
};

/// The first digits of a SHA-256, as `sha256sum` writes it.
pub(super) const SHA256_PREFIX: NameRule = NameRule {
    noun: "SHA-256",
    longest: 64,
    allowed: |name| name.len() >= 12 && name.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')),
    words: "12 to 64 digits of `0-9 a-f`, in quotes",
};

/// A distribution, by alias (a host name) or by id (letters and digits).
pub(super) const DISTRIBUTION: NameRule = NameRule {
    noun: "alias or id of a distribution",
    longest: 253,
    allowed: |name| all(name, "-.*"),
    words: "an alias such as `assets.graasp.org`, or an id such as `E2EXAMPLE`",
};

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub(super) const BUCKET: NameRule = NameRule {
    noun: "name for a bucket",
    longest: 63,
    allowed: |name| {
        name.len() >= 3
            && starts_alphanumeric(name)
            && name.ends_with(|last: char| last.is_ascii_alphanumeric())
            && all(name, "-.")
            && !name.contains("..")
            && !name.contains(|c: char| c.is_ascii_uppercase())
    },
    words: "at least three of lower-case letters, digits, `-` and `.`",
};

/// Keys of `versions` and `sites`.
pub(super) const KEY: NameRule = NameRule {
    noun: "name",
    longest: 64,
    allowed: |name| all(name, "-_."),
    words: "letters, digits, `-`, `_` and `.`",
};

fn all(name: &str, punctuation: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c))
}

fn starts_alphanumeric(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

impl NameRule {
    fn allows(&self, name: &str) -> bool {
        !name.is_empty() && name.len() <= self.longest && (self.allowed)(name)
    }

    fn message(&self, name: &str) -> String {
        format!("`{name}` is not a valid {}", self.noun)
    }

    fn hint(&self) -> Option<String> {
        Some(format!("use up to {} characters: {}", self.longest, self.words))
    }
}

impl Findings<'_> {
    /// A name written as a value; empty if it is not a text.
    pub(super) fn name(&mut self, leaf: &Leaf<String>, rule: &NameRule) -> String {
        let Some(name) = leaf.get() else { return String::new() };
        if !rule.allows(name) {
            self.error(leaf.at, Code::BadName, rule.message(name)).hint = rule.hint();
        }
        name.clone()
    }

    /// A name written as a key.
    pub(super) fn key_name(&mut self, at: OriginId, name: &str, rule: &NameRule) {
        if !rule.allows(name) {
            self.error_at_key(at, Code::BadName, rule.message(name)).hint = rule.hint();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_service_that_keeps_them() {
        for (rule, good, bad) in [
            (&ENVIRONMENT, "eu-1_prod", "-prod"),
            (&ECS, "graasp_prod-1", "graasp prod"),
            (&DATABASE, "graasp-prod", "graasp--prod"),
            (&DATABASE, "g", "1graasp"),
            (&DATABASE, "g", "graasp.prod"),
            (&LOAD_BALANCER, "graasp-prod", "graasp_prod"),
            (&LOAD_BALANCER, "graasp-prod", "a-name-that-is-longer-than-a-balancer-may-have"),
            (&FUNCTION, "maintenance-check", "maintenance.check"),
            (&SHA256_PREFIX, "e3b0c44298fc", "e3b0c44298f"),
            (&SHA256_PREFIX, "000000000000", "E3B0C44298FC"),
            (&DISTRIBUTION, "*.graasp.org", "https://graasp.org"),
            (&BUCKET, "graasp-prod-client", "Graasp"),
            (&BUCKET, "graasp.org", "a..b"),
            (&KEY, "core", "co re"),
            (&KEY, "core", ""),
        ] {
            assert!(rule.allows(good), "{good}");
            assert!(!rule.allows(bad), "{bad}");
        }
    }
}
