//! Whether a commit contains another one, and which answer to a poll follows from that.

use std::collections::HashSet;

use git2::{Oid, Repository};

use crate::model::Revision;
use crate::source::{Poll, Tree};

/// Whether `ancestor` is `tip` itself or stands in its history, as far as that is on this machine.
///
/// Walked by hand because libgit2's own question fails on a shallow clone, where parents are missing.
pub(super) fn contains(repository: &Repository, tip: Oid, ancestor: Oid) -> bool {
    let mut seen = HashSet::new();
    let mut next = vec![tip];
    while let Some(id) = next.pop() {
        if id == ancestor {
            return true;
        }
        if !seen.insert(id) {
            continue;
        }
        if let Ok(commit) = repository.find_commit(id) {
            next.extend(commit.parent_ids());
        }
    }
    false
}

/// The commit that a revision names, if it names one.
pub(super) fn commit_id(revision: &Revision) -> Option<Oid> {
    Oid::from_str(revision.as_str()).ok().filter(|_| revision.as_str().len() == 40)
}

/// The answer for a tree that differs from the last one seen.
pub(super) fn answer(accepted: Option<Oid>, is_contained: bool, tree: Tree) -> Poll {
    match accepted {
        Some(from) if !is_contained => Poll::Rewritten { from: Revision::commit(from.to_string()), tree },
        _ => Poll::Changed(tree),
    }
}
