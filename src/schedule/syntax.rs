//! The error of every parser in this room: what is wrong with a text, and where in it. The caller knows in which
//! file the text stands.

/// A text that cannot be read: what, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, without the place.
    pub message: String,
    /// Where it is wrong: the character in the text that was given, counted from 1.
    pub column: usize,
    /// What to write instead, if that is known.
    pub hint: Option<String>,
}

impl SyntaxError {
    /// An error at `part`, which must be a slice of `whole`.
    pub(super) fn at(whole: &str, part: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), column: column_of(whole, part), hint: None }
    }

    /// The same error with advice.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error seen from `whole`, when it was found in its slice `part`.
    pub(super) fn within(mut self, whole: &str, part: &str) -> Self {
        self.column += column_of(whole, part) - 1;
        self
    }
}

/// The column of a slice in the text it was cut from. Slices know their place by address, so no parser has to
/// carry offsets along.
fn column_of(whole: &str, part: &str) -> usize {
    let offset = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    let before = whole.get(..offset).unwrap_or(whole);
    before.chars().count() + 1
}
