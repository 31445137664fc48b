//! Where declarations come from: a git repository, or plain files.
//!
//! A source says what stands in the repository *now* and whether that differs from what it said before.
//! It never reads YAML and never judges what it hands over: the last good tree stays with the caller.
//!
//! Architecture Invariant: only `source/git.rs` and its parts know git, and no credential leaves this room:
//! not in an error, not in `describe`, not in `Debug`.

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

/// The folder of environments inside a repository, unless the user names another.
pub const PATH_DEFAULT: &str = "environments";

/// How long one poll of a remote may take in all, unless the user says otherwise.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);

/// The declarations at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The commit, or `worktree`.
    pub revision: Revision,
    /// Every `*.yaml`, `*.yml` and `*.ics` below the folder of environments, subfolders included. The key is
    /// the path from the root of the repository, separated by `/`: `environments/production.yaml`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Symbolic links that carry such a name. They are not followed (a link could lead out of the
    /// repository), so whoever reads the tree should say that they were passed over.
    pub links: Vec<String>,
}

/// What a poll found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The same as at the poll before.
    Unchanged,
    /// Something else than at the poll before; always so at the first one.
    Changed(Tree),
    /// Something else, and its history does not contain the accepted revision: somebody rewrote it. The
    /// caller holds it until a person has agreed.
    Rewritten {
        /// The accepted revision.
        from: Revision,
        /// What stands there now.
        tree: Tree,
    },
}

/// Something that holds declarations.
pub trait Source: Send {
    /// Looks once. Blocks until the answer is there or the deadline has passed.
    ///
    /// # Errors
    /// When the place cannot be reached or read. Nothing is forgotten then: the next poll tries again.
    fn poll(&mut self) -> Result<Poll, SourceError>;

    /// Names the revision in force, against which [`Poll::Rewritten`] is judged. Callers repeat it after a
    /// restart from what they stored; one who never calls it never sees `Rewritten`.
    fn accept(&mut self, revision: &Revision);

    /// The place and the revision asked for, for people. Without credentials.
    fn describe(&self) -> String;
}

/// Everything that opening a source needs.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// Where the declarations are.
    pub location: Location,
    /// A branch, a tag or a commit; none is the remote's HEAD. Plain files have none.
    pub rev: Option<String>,
    /// The folder of environments inside it, [`PATH_DEFAULT`] usually.
    pub path: String,
    /// The folder that keeps clones of remotes (`repos` in the store). None: a temporary one, which goes with
    /// the source, for verbs that must not create a store.
    pub clones: Option<PathBuf>,
    /// How to show remotes who we are.
    pub credentials: Credentials,
    /// How long one poll of a remote may take in all.
    pub timeout: Duration,
}

/// Opens the source that `request` describes. Touches neither the network nor the disk, except for making
/// a temporary folder: the first poll does the work.
///
/// # Errors
/// When `path` leads out of the repository, or no temporary folder can be made.
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
