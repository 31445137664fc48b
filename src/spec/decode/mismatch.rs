//! What serde says when a value does not fit, kept as parts so that it can be said in our words.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// A value that does not fit its place in the mirror.
#[derive(Debug)]
pub(super) enum Mismatch {
    /// Wrong shape; what was expected.
    Type(String),
    /// None of the allowed words.
    Word { found: String, allowed: &'static [&'static str] },
    /// Anything else serde may say; no rule of the mirror does.
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

    fn unknown_variant(found: &str, allowed: &'static [&'static str]) -> Self {
        Mismatch::Word { found: found.to_owned(), allowed }
    }
}

/// serde speaks of Rust types; operators do not.
fn plain_words(expected: &str) -> String {
    match expected {
        "a string" => "a text",
        "u16" | "u32" => "a whole number, not negative",
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
            Mismatch::Word { found, .. } => write!(f, "unexpected {found}"),
            Mismatch::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Mismatch {}
