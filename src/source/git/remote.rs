//! A repository elsewhere, followed through a clone.
//!
//! An unchanged remote costs one listing (what `git ls-remote` does) and nothing else: the listing needs no
//! clone, and the clone is not even opened. A revision given as a commit is fetched once and then costs
//! nothing at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use git2::{Direction, ErrorClass, ErrorCode, Oid, ProxyOptions, Remote, RemoteCallbacks};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::auth::Credentials;
use super::choice::{Choice, Head, choose, names};
use super::deadline::{Abandoned, Deadline};
use super::{clone, history, limit_silence};
use crate::model::Revision;
use crate::source::gather::folder_of;
use crate::source::{Poll, RemoteFault, RemoteStep, RemoteUrl, Source, SourceError};

/// A remote repository.
pub struct GitSource {
    remote: Followed,
    timeout: Duration,
    deadline: Deadline,
    seen: Option<Choice>,
    accepted: Option<Oid>,
    /// Goes with the source, clone and all.
    _temporary: Option<TempDir>,
}

/// How often the remote was spoken to since the source was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfers {
    /// Listings of branches and tags.
    pub listings: u64,
    /// Transfers of commits.
    pub fetches: u64,
}

/// What stays the same from poll to poll.
#[derive(Clone)]
struct Followed {
    url: RemoteUrl,
    rev: Option<String>,
    folder: String,
    clone: PathBuf,
    credentials: Credentials,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    listings: AtomicU64,
    fetches: AtomicU64,
}

impl GitSource {
    /// A source that reads the folder `path` at `rev` (none: the remote's HEAD) and keeps its clone in
    /// `clones` (none: in a temporary folder). One poll takes at most `timeout`.
    ///
    /// # Errors
    /// When `path` leads out of the repository, or no temporary folder can be made.
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
        let counts = Arc::default();
        Ok(Self {
            remote: Followed { url, rev, folder, clone, credentials, counts },
            timeout,
            deadline: Deadline::default(),
            seen: None,
            accepted: None,
            _temporary: temporary,
        })
    }

    /// What this source has cost so far.
    pub fn transfers(&self) -> Transfers {
        Transfers {
            listings: self.remote.counts.listings.load(Ordering::Relaxed),
            fetches: self.remote.counts.fetches.load(Ordering::Relaxed),
        }
    }
}

impl Source for GitSource {
    fn poll(&mut self) -> Result<Poll, SourceError> {
        if let Some(Choice::Commit(_)) = self.seen {
            return Ok(Poll::Unchanged);
        }
        let (remote, seen, accepted) = (self.remote.clone(), self.seen.clone(), self.accepted);
        let place = self.remote.url.to_string();
        let (choice, poll) = self
            .deadline
            .run(self.timeout, &place, move |abandoned| remote.look(abandoned, seen.as_ref(), accepted))?;
        self.seen = Some(choice);
        Ok(poll)
    }

    fn accept(&mut self, revision: &Revision) {
        self.accepted = history::commit_id(revision);
    }

    fn describe(&self) -> String {
        format!("{} at {}", self.remote.url, self.remote.rev.as_deref().unwrap_or("HEAD"))
    }
}

impl Followed {
    fn look(
        &self,
        abandoned: &Abandoned,
        seen: Option<&Choice>,
        accepted: Option<Oid>,
    ) -> Result<(Choice, Poll), SourceError> {
        let mut connection = Connection { remote: self, abandoned, heads: Vec::new() };
        connection.list()?;
        let choice = choose(&connection.heads, self.rev.as_deref(), &connection.place())?;
        if seen == Some(&choice) {
            return Ok((choice, Poll::Unchanged));
        }
        let wanted = clone::FetchTarget { choice: &choice, folder: &self.folder, accepted };
        let poll = clone::answer(&self.clone, &connection, &wanted)?;
        Ok((choice, poll))
    }
}

/// One poll's conversation with the remote.
pub(super) struct Connection<'a> {
    remote: &'a Followed,
    abandoned: &'a Abandoned,
    heads: Vec<Head>,
}

impl Connection<'_> {
    /// The remote, for people.
    pub(super) fn place(&self) -> String {
        self.remote.url.to_string()
    }

    pub(super) fn url(&self) -> &RemoteUrl {
        &self.remote.url
    }

    /// The branches and tags that were listed.
    pub(super) fn known(&self) -> Vec<String> {
        names(&self.heads, true)
    }

    fn list(&mut self) -> Result<(), SourceError> {
        let mut heads = Vec::new();
        let url = self.remote.url.with_credentials();
        self.transfer(RemoteStep::List, |callbacks, proxy| {
            let mut remote = Remote::create_detached(url)?;
            let connection = remote.connect_auth(Direction::Fetch, Some(callbacks), Some(proxy))?;
            heads.extend(
                connection.list()?.iter().map(|head| Head { name: head.name().to_owned(), id: head.oid() }),
            );
            Ok(())
        })?;
        self.heads = heads;
        Ok(())
    }

    /// Lets `work` speak to the remote: counted, with credentials, until nobody waits any more.
    pub(super) fn transfer(
        &self,
        step: RemoteStep,
        work: impl FnOnce(RemoteCallbacks<'_>, ProxyOptions<'_>) -> Result<(), git2::Error>,
    ) -> Result<(), SourceError> {
        let count = match step {
            RemoteStep::List => &self.remote.counts.listings,
            RemoteStep::Fetch => &self.remote.counts.fetches,
        };
        count.fetch_add(1, Ordering::Relaxed);

        let mut answers = self.remote.credentials.answers(&self.remote.url)?;
        let token = answers.token();
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(move |_, user, allowed| answers.next(user, allowed));
        callbacks.transfer_progress(|_| !self.abandoned.is_set());
        callbacks.sideband_progress(|_| !self.abandoned.is_set());
        let mut proxy = ProxyOptions::new();
        proxy.auto();
        work(callbacks, proxy).map_err(|error| self.trouble(step, &error, token.as_ref()))
    }

    fn trouble(&self, step: RemoteStep, error: &git2::Error, token: Option<&SecretString>) -> SourceError {
        let mut message = self.remote.url.redact(error.message());
        if let Some(token) = token.map(ExposeSecret::expose_secret).filter(|token| !token.is_empty()) {
            message = message.replace(token, "***");
        }
        if step == RemoteStep::Fetch && blames_clone(error) {
            let operation = "keep what was fetched";
            return SourceError::Git { operation, place: self.place(), message, foreign_owner: false };
        }
        SourceError::Remote { step, place: self.place(), message, fault: fault_of(error) }
    }
}

/// Whether a transfer failed on our side: at a lock that a crash left (which libgit2 reports as an error of
/// the system, like a connection that breaks; the listing just before makes that one unlikely), or at objects
/// that are gone.
fn blames_clone(error: &git2::Error) -> bool {
    use ErrorClass::{Object, Odb, Os, Reference, Repository, Zlib};
    matches!(error.class(), Os | Reference | Odb | Object | Repository | Zlib)
}

/// Servers hide what may not be seen behind "not found", and libgit2 knows status codes only as text.
fn fault_of(error: &git2::Error) -> RemoteFault {
    match (error.code(), error.class()) {
        (ErrorCode::Auth, _) => RemoteFault::Authentication,
        (ErrorCode::Certificate, _) | (_, ErrorClass::Ssl) => RemoteFault::Certificate,
        (ErrorCode::NotFound, _) => RemoteFault::NotFound,
        (_, ErrorClass::Http) if error.message().contains("404") => RemoteFault::NotFound,
        (_, ErrorClass::Ssh) if error.message().contains("authenticat") => RemoteFault::Authentication,
        _ => RemoteFault::Network,
    }
}

#[cfg(test)]
mod tests;
