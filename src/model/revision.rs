//! The revision that declarations were read at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A commit of the repository of declarations, or `worktree` for plain files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(String);

impl Revision {
    /// A commit id, in full.
    pub fn commit(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Plain files as they are now, without a commit.
    pub fn worktree() -> Self {
        Self("worktree".to_owned())
    }

    /// The text itself: a commit id, or `worktree`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Seven characters of a commit id, as git shows it; `worktree` whole.
    pub fn short(&self) -> &str {
        if self.0.len() == 40 { &self.0[..7] } else { &self.0 }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
