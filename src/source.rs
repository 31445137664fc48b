//! Where declarations come from: a git repository, or plain files.
//!
//! A source gives the files that the repository holds *now*, and says whether they differ from the poll before. It
//! never reads YAML and never judges the files: the caller keeps the last good declarations.
//!
//! Architecture Invariant: only `source/git.rs` and its parts know git. No credential leaves this room, neither in
//! an error nor in `describe` nor in `Debug`.

mod dir;
mod error;
mod gather;
mod git;
mod limits;
mod location;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use dir::DirSource;
pub use error::{RemoteFault, RemoteStep, SourceError};
pub use git::{Credentials, GitSource, LocalRepoSource, Token, Transfers};
pub use limits::{FILE_BYTES_MAX, FILES_MAX, TREE_BYTES_MAX};
pub use location::{Location, RemoteUrl};

use crate::model::Revision;

/// The folder of environments inside a repository, unless the user gives another.
pub const PATH_DEFAULT: &str = "environments";

/// The deadline of one poll of a remote, unless the user sets another.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);

/// The files of declarations at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The commit, or `worktree`.
    pub revision: Revision,
    /// Every `*.yaml`, `*.yml` and `*.ics` below the folder of environments, subfolders included. The key is
    /// the path from the root of the repository, separated by `/`: `environments/production.yaml`.
    pub files: BTreeMap<String, Vec<u8>>,
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

/// Which source to open, and how.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// Where the declarations are.
    pub location: Location,
    /// A branch, a tag or a commit. `None` is HEAD. Plain files have no revision.
    pub rev: Option<String>,
    /// The folder of environments inside it, [`PATH_DEFAULT`] usually.
    pub path: String,
    /// The folder that keeps clones of remotes (`repos` in the store). `None`: a temporary folder that is removed
    /// with the source, for verbs that must not create a store.
    pub clones: Option<PathBuf>,
    /// The credentials for remotes.
    pub credentials: Credentials,
    /// The deadline of one poll of a remote.
    pub timeout: Duration,
}

/// Opens the source that `request` describes. It contacts no network and writes nothing except a temporary folder:
/// the first poll does the work.
///
/// # Errors
/// When `path` is outside the repository, or no temporary folder can be made.
pub fn open(request: OpenRequest) -> Result<Box<dyn Source>, SourceError> {
    let OpenRequest { location, rev, path, clones, credentials, timeout } = request;
    Ok(match location {
        Location::Dir(root) => Box::new(DirSource::new(root, &path)?),
        Location::LocalRepo(root) => Box::new(LocalRepoSource::new(root, rev, &path)?),
        Location::Remote(url) if !cfg!(feature = "remotes") && url.scheme() != "file" => {
            return Err(SourceError::NoRemotes { place: url.to_string() });
        }
        Location::Remote(url) => {
            Box::new(GitSource::new(url, rev, &path, clones.as_deref(), credentials, timeout)?)
        }
    })
}

#[cfg(test)]
pub(crate) mod fixture;
