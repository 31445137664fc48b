//! What is known of the files that declarations are made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A file that exists and that tidegate does not read: a problem of the environments that use it, and of no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// What is wrong with the file, in one sentence.
    pub message: String,
    /// What to do, in one sentence.
    pub hint: String,
}

/// Identifies what one declaration is made of: its file, the files that it extends, its calendars. A commit concerns
/// an environment exactly if it changes this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InputsId(String);

impl InputsId {
    /// A hash of the files, or another text that changes whenever they do.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for InputsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
