//! A value that does not fit, as serde reports it: kept in parts, so that the message can use plain words.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// Why a value does not fit.
#[derive(Debug)]
pub(super) enum Mismatch {
    /// The wrong shape; holds the expected one.
    Type(String),
    /// A word that is not allowed.
    Word { found: String, allowed: &'static [&'static str] },
    /// A key that is not allowed, in a mapping that is one of several shapes.
    Key { found: String, allowed: &'static [&'static str] },
    /// Any other message of serde; no type in `raw` causes one.
    Other(String),
}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Mismatch::Other(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Mismatch::Type(plain_words(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Mismatch::Type(plain_words(&expected.to_string()))
    }

    fn unknown_field(found: &str, allowed: &'static [&'static str]) -> Self {
        Mismatch::Key { found: found.to_owned(), allowed }
    }

    fn unknown_variant(found: &str, allowed: &'static [&'static str]) -> Self {
        Mismatch::Word { found: found.to_owned(), allowed }
    }
}

/// Replaces the names of Rust types by words of YAML.
fn plain_words(expected: &str) -> String {
    match expected {
        "a string" => "a text",
        "u16" | "u32" => "a whole number that is not negative",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a map" => "a mapping",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    }
    .to_owned()
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Type(expected) => write!(f, "expected {expected}"),
            Mismatch::Word { found, .. } | Mismatch::Key { found, .. } => write!(f, "unexpected {found}"),
            Mismatch::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Mismatch {}
