//! What every source of declarations answers: a tree of files, and whether it differs from the one before.

use std::collections::BTreeMap;

use super::error::SourceError;
use crate::model::{FileFault, Revision};

/// The files of declarations at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The commit, or `worktree`.
    pub revision: Revision,
    /// Every `*.yaml`, `*.yml` and `*.ics` below the folder of environments, subfolders included. The key is
    /// the path from the root of the repository, separated by `/`: `environments/production.yaml`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Files with such a name that exist and cannot be used, and folders that were not read: a problem of the
    /// environments that use them.
    pub faults: BTreeMap<String, FileFault>,
    /// Symbolic links with such a name. A source does not follow them, since a link could lead out of the
    /// repository; the caller should report that they were skipped.
    pub links: Vec<String>,
}

/// What a poll found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The same files as at the poll before.
    Unchanged,
    /// Other files than at the poll before. Always the answer of the first poll.
    Changed(Tree),
    /// Other files, and their history does not contain the accepted revision: the branch was force-pushed. The
    /// caller keeps the accepted declarations until an operator agrees.
    Rewritten {
        /// The accepted revision.
        from: Revision,
        /// The files after the force-push.
        tree: Tree,
    },
}

/// Something that holds declarations.
pub trait Source: Send {
    /// Reads the source once. Blocks until the answer arrives or the deadline passes.
    ///
    /// # Errors
    /// When the source cannot be reached or read. The source keeps what it knew, and the next poll retries.
    fn poll(&mut self) -> Result<Poll, SourceError>;

    /// Sets the revision in force, which decides [`Poll::Rewritten`]. After a restart the caller sets it again from
    /// its store. Without a call, `Rewritten` is never answered.
    fn accept(&mut self, revision: &Revision);

    /// The place and the revision that it follows, for people. Without credentials.
    fn describe(&self) -> String;
}
