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
mod port;

use std::path::PathBuf;
use std::time::Duration;

pub use dir::DirSource;
pub use error::{LocalFault, RemoteFault, RemoteStep, SourceError};
pub use git::{Credentials, GitSource, LocalRepoSource, Token, Transfers};
pub use limits::{ENTRIES_MAX, FILE_BYTES_MAX, FILES_MAX, TREE_BYTES_MAX};
pub use location::{Location, RemoteUrl};
pub use port::{Poll, Source, Tree};

/// The folder of environments inside a repository, unless the user gives another.
pub const PATH_DEFAULT: &str = "environments";

/// The deadline of one poll of a remote, unless the user sets another.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);

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
