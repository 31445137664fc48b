//! A repository elsewhere, followed through a clone.
//!
//! An unchanged remote costs one listing (what `git ls-remote` does) and nothing else: the listing needs no
//! clone, so tidegate does not even open it. A revision given as a commit is fetched once; later polls do not
//! contact the remote at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use git2::Oid;
use tempfile::TempDir;

use super::auth::Credentials;
use super::connection::{Connection, RemoteAccess, Transfers};
use super::deadline::{CancelFlag, DeadlineRunner};
use super::libgit2::limit_silence;
use super::resolve::{ResolvedRev, resolve};
use super::{clone, history};
use crate::model::Revision;
use crate::source::gather::folder_of;
use crate::source::{Poll, RemoteUrl, Source, SourceError};

/// A remote repository, followed through a clone.
pub struct GitSource {
    remote: FollowedRemote,
    timeout: Duration,
    deadline: DeadlineRunner,
    seen: Option<ResolvedRev>,
    accepted: Option<Oid>,
    /// Removed together with the source, the clone inside it too.
    _temporary: Option<TempDir>,
}

/// What stays the same from poll to poll.
#[derive(Clone)]
struct FollowedRemote {
    access: RemoteAccess,
    rev: Option<String>,
    folder: String,
    clone: PathBuf,
}

impl GitSource {
    /// A source that reads the folder `path` at `rev` (none: the remote's HEAD) and keeps its clone in
    /// `clones` (none: in a temporary folder). One poll takes at most `timeout`.
    ///
    /// # Errors
    /// When `path` is outside the repository, or no temporary folder can be made.
    pub fn new(
        url: RemoteUrl,
        rev: Option<String>,
        path: &str,
        clones: Option<&Path>,
        credentials: Credentials,
        timeout: Duration,
    ) -> Result<Self, SourceError> {
        limit_silence();
        let folder = folder_of(path)?;
        let (clones, temporary) = match clones {
            Some(clones) => (clones.to_owned(), None),
            None => {
                let folder = tempfile::Builder::new()
                    .prefix("tidegate-")
                    .tempdir()
                    .map_err(|source| SourceError::Clone { path: std::env::temp_dir(), source })?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        let clone = clone::folder_for(&clones, &url.to_string());
        let access = RemoteAccess { url, credentials, counts: Arc::default() };
        Ok(Self {
            remote: FollowedRemote { access, rev, folder, clone },
            timeout,
            deadline: DeadlineRunner::default(),
            seen: None,
            accepted: None,
            _temporary: temporary,
        })
    }

    /// How often the remote was asked so far.
    pub fn transfers(&self) -> Transfers {
        self.remote.access.counts.so_far()
    }
}

impl Source for GitSource {
    fn poll(&mut self) -> Result<Poll, SourceError> {
        if let Some(ResolvedRev::Commit(_)) = self.seen {
            return Ok(Poll::Unchanged);
        }
        let (remote, seen, accepted) = (self.remote.clone(), self.seen.clone(), self.accepted);
        let place = self.remote.access.url.to_string();
        let (resolved, poll) = self
            .deadline
            .run(self.timeout, &place, move |cancelled| remote.poll(cancelled, seen.as_ref(), accepted))?;
        self.seen = Some(resolved);
        Ok(poll)
    }

    fn accept(&mut self, revision: &Revision) {
        self.accepted = history::commit_id(revision);
    }

    fn describe(&self) -> String {
        format!("{} at {}", self.remote.access.url, self.remote.rev.as_deref().unwrap_or("HEAD"))
    }
}

impl FollowedRemote {
    fn poll(
        &self,
        cancelled: &CancelFlag,
        seen: Option<&ResolvedRev>,
        accepted: Option<Oid>,
    ) -> Result<(ResolvedRev, Poll), SourceError> {
        let connection = Connection::open(&self.access, cancelled)?;
        let resolved = resolve(connection.refs(), self.rev.as_deref(), &connection.place())?;
        if seen == Some(&resolved) {
            return Ok((resolved, Poll::Unchanged));
        }
        let request = clone::FetchRequest { rev: &resolved, folder: &self.folder, accepted };
        let poll = clone::answer(&self.clone, &connection, &request)?;
        Ok((resolved, poll))
    }
}

#[cfg(test)]
mod tests;
