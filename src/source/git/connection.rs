//! One poll's conversation with a remote: list its references, transfer commits, turn git's errors into ours.
//!
//! Every call is counted, carries credentials, and ends early once the poll was cancelled. `remote` and `clone` decide
//! what follows from the answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use git2::{Direction, ErrorClass, ProxyOptions, Remote, RemoteCallbacks};
use secrecy::{ExposeSecret, SecretString};

use super::answer::{local_fault, remote_fault};
use super::auth::Credentials;
use super::deadline::CancelFlag;
use super::host_key::OfferedHostKey;
use super::resolve::{ListedRef, names};
use crate::source::{RemoteFault, RemoteStep, RemoteUrl, SourceError};

/// How often the remote was asked since the source was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfers {
    /// Listings of branches and tags (what `git ls-remote` does).
    pub listings: u64,
    /// Fetches of commits.
    pub fetches: u64,
}

/// Counts transfers, shared by all connections of a source.
#[derive(Default)]
pub(super) struct TransferCounts {
    listings: AtomicU64,
    fetches: AtomicU64,
}

impl TransferCounts {
    pub(super) fn so_far(&self) -> Transfers {
        Transfers {
            listings: self.listings.load(Ordering::Relaxed),
            fetches: self.fetches.load(Ordering::Relaxed),
        }
    }
}

/// The remote's address and how to reach it: the same in every poll.
#[derive(Clone)]
pub(super) struct RemoteAccess {
    pub(super) url: RemoteUrl,
    pub(super) credentials: Credentials,
    pub(super) counts: Arc<TransferCounts>,
}

/// One poll's conversation with the remote.
pub(super) struct Connection<'a> {
    remote: &'a RemoteAccess,
    cancelled: &'a CancelFlag,
    refs: Vec<ListedRef>,
}

impl<'a> Connection<'a> {
    /// Connects and lists the remote's references.
    pub(super) fn open(remote: &'a RemoteAccess, cancelled: &'a CancelFlag) -> Result<Self, SourceError> {
        let mut connection = Self { remote, cancelled, refs: Vec::new() };
        connection.list()?;
        Ok(connection)
    }

    /// The remote, for people.
    pub(super) fn place(&self) -> String {
        self.remote.url.to_string()
    }

    pub(super) fn url(&self) -> &RemoteUrl {
        &self.remote.url
    }

    /// What the remote listed, in its order.
    pub(super) fn refs(&self) -> &[ListedRef] {
        &self.refs
    }

    /// The branches and tags that were listed, as people write them.
    pub(super) fn known(&self) -> Vec<String> {
        names(&self.refs, true)
    }

    fn list(&mut self) -> Result<(), SourceError> {
        let mut refs = Vec::new();
        let url = self.remote.url.with_credentials();
        self.transfer(RemoteStep::List, |callbacks, proxy| {
            let mut remote = Remote::create_detached(url)?;
            let connection = remote.connect_auth(Direction::Fetch, Some(callbacks), Some(proxy))?;
            refs.extend(
                connection
                    .list()?
                    .iter()
                    .map(|head| ListedRef { name: head.name().to_owned(), id: head.oid() }),
            );
            Ok(())
        })?;
        self.refs = refs;
        Ok(())
    }

    /// Runs `work` against the remote: counted, with credentials, and stopped once the poll was cancelled.
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

        let mut attempts = self.remote.credentials.attempts(&self.remote.url)?;
        let token = attempts.token();
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(move |_, user, allowed| attempts.next(user, allowed));
        callbacks.transfer_progress(|_| !self.cancelled.is_set());
        callbacks.sideband_progress(|_| !self.cancelled.is_set());
        let offered = OfferedHostKey::default();
        offered.watch(&mut callbacks, self.remote.url.port());
        let mut proxy = ProxyOptions::new();
        proxy.auto();
        work(callbacks, proxy).map_err(|error| self.error(step, &error, token.as_ref(), &offered))
    }

    fn error(
        &self,
        step: RemoteStep,
        error: &git2::Error,
        token: Option<&SecretString>,
        offered: &OfferedHostKey,
    ) -> SourceError {
        let mut message = self.remote.url.redact(error.message());
        if let Some(token) = token.map(ExposeSecret::expose_secret).filter(|token| !token.is_empty()) {
            message = message.replace(token, "***");
        }
        if step == RemoteStep::Fetch && blames_clone(error) {
            let operation = "store the fetched commits";
            return SourceError::Git { operation, place: self.place(), message, fault: local_fault(error) };
        }
        let mut fault = remote_fault(error);
        if fault == RemoteFault::HostKeyUnknown {
            (fault, message) = offered.judge(message);
        }
        SourceError::Remote { step, place: self.place(), message, fault }
    }
}

/// Whether a fetch failed on this machine and not at the remote: at a lock file that a crash left, or at
/// missing objects. libgit2 reports both that lock and a broken connection as an error of the system; the
/// listing that succeeded just before makes the connection unlikely.
fn blames_clone(error: &git2::Error) -> bool {
    use ErrorClass::{Object, Odb, Os, Reference, Repository, Zlib};
    matches!(error.class(), Os | Reference | Odb | Object | Repository | Zlib)
}
