//! Versions as people write them, and the order between two of them.
//!
//! This is not semantic versioning: a `-hotfix` comes *after* the version it fixes, and a tag such as
//! `nightly` has no order at all. Inventing an order for it would decide whether a database is migrated.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A version as written. Equality is equality of the text: `1.2.3` and `v1.2.3` are different image tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

/// Which part of a version a change affects; `needed_for` lists these.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 1.2.3 → 2.0.0
    Major,
    /// 1.2.3 → 1.3.0
    Minor,
    /// 1.2.3 → 1.2.4, and changes of a suffix such as `-hotfix`
    Patch,
}

/// Where the declared version stands, seen from the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same text.
    Same,
    /// Later, by this much.
    Forward(Level),
    /// Earlier, by this much.
    Backward(Level),
    /// At least one of the two has no order.
    Unordered,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OrderedVersion<'a> {
    core: [u64; 3],
    /// Before the base (`-rc1`), the base itself, after it (`-hotfix`).
    side: i8,
    suffix: Vec<SuffixPart<'a>>,
}

/// A piece of a suffix: numbers compare as numbers, so `-hotfix10` comes after `-hotfix9`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SuffixPart<'a> {
    Number(u64),
    Text(&'a str),
}

impl Version {
    /// Wraps a version as written.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the empty version, which means: not deployed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the version can be compared with others; `nightly` cannot.
    pub fn is_ordered(&self) -> bool {
        parse(&self.0).is_some()
    }

    /// Where `wanted` stands, seen from `self`.
    pub fn relation_to(&self, wanted: &Version) -> Relation {
        if self == wanted {
            return Relation::Same;
        }
        let (Some(from), Some(to)) = (parse(&self.0), parse(&wanted.0)) else {
            return Relation::Unordered;
        };
        let level = match (0..3).find(|&i| from.core[i] != to.core[i]) {
            Some(0) => Level::Major,
            Some(1) => Level::Minor,
            _ => Level::Patch,
        };
        match to.cmp(&from) {
            Ordering::Less => Relation::Backward(level),
            // Equal order, other text (`1.2.3` → `v1.2.3`): another image; never a way back.
            Ordering::Equal | Ordering::Greater => Relation::Forward(level),
        }
    }
}

fn parse(text: &str) -> Option<OrderedVersion<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (numbers, suffix) = match text.split_once('-') {
        Some((numbers, suffix)) if !suffix.is_empty() => (numbers, Some(suffix)),
        Some(_) => return None,
        None => (text, None),
    };
    let mut parts = numbers.split('.').map(number);
    let core = [parts.next()??, parts.next()??, parts.next()??];
    if parts.next().is_some() {
        return None;
    }
    let side = match suffix {
        None => 0,
        Some(suffix) if suffix.starts_with("hotfix") => 1,
        Some(_) => -1,
    };
    Some(OrderedVersion { core, side, suffix: suffix.map(split_suffix).unwrap_or_default() })
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn split_suffix(suffix: &str) -> Vec<SuffixPart<'_>> {
    let mut parts = Vec::new();
    for piece in suffix.split(['.', '-']) {
        let mut rest = piece;
        while !rest.is_empty() {
            let is_digit = rest.as_bytes()[0].is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
            let (head, tail) = rest.split_at(end);
            parts.push(number(head).map_or(SuffixPart::Text(head), SuffixPart::Number));
            rest = tail;
        }
    }
    parts
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Version {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_what_the_platform_really_releases() {
        use Relation::*;
        for (from, to, relation) in [
            ("v1.8.0", "v1.9.2", Forward(Level::Minor)),
            ("v1.28.2", "v1.30.0", Forward(Level::Minor)),
            ("v1.30.0", "v1.28.2", Backward(Level::Minor)),
            ("v1.9.2", "v1.9.4", Forward(Level::Patch)),
            ("v1.9.10", "v1.9.9", Backward(Level::Patch)),
            ("v1.9.9", "v2.0.0", Forward(Level::Major)),
            ("v1.2.3", "v1.2.3-hotfix", Forward(Level::Patch)),
            ("v1.2.3-hotfix", "v1.2.3", Backward(Level::Patch)),
            ("v1.2.3-hotfix9", "v1.2.3-hotfix10", Forward(Level::Patch)),
            ("v1.2.3-hotfix", "v1.2.4", Forward(Level::Patch)),
            ("v1.2.3-rc.1", "v1.2.3", Forward(Level::Patch)),
            ("v1.2.3", "v1.2.3-rc.1", Backward(Level::Patch)),
            ("v1.2.3", "v1.2.3", Same),
            ("1.2.3", "v1.2.3", Forward(Level::Patch)),
            ("v1.2.3", "hotfix-poolSize", Unordered),
            ("hotfix-poolSize", "v1.2.3", Unordered),
            ("nightly", "nightly", Same),
            ("v1.2", "v1.3", Unordered),
            ("v1.2.3-", "v1.2.4", Unordered),
        ] {
            assert_eq!(Version::from(from).relation_to(&Version::from(to)), relation, "{from} → {to}");
        }
    }
}
