//! Polls the repository in a thread of its own: a remote that does not answer delays no pass.
//!
//! The thread owns the source. It puts what it finds into the shared declarations, where running passes read it
//! at their next step. The loop receives only notices.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::accepted::Accepted;
use super::in_force::{InForce, Notice};
use super::kept::{Found, KeptDeclarations};
use super::message::{LoopEvent, PollRequest};
use super::shared::SharedInForce;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::{Instant, Revision};
use crate::source::{self, Source, SourceError};
use crate::store::{Store, StoreError};

/// The source, and the shared declarations that each poll updates.
pub(super) struct Poller {
    source: Box<dyn Source>,
    path: String,
    place: String,
    accepted: Accepted,
    kept: KeptDeclarations,
    /// The store could not keep a declaration; said once.
    save_failed: bool,
    in_force: SharedInForce,
}

impl Poller {
    /// Opens the source. Touches no network.
    ///
    /// # Errors
    /// When the settings name no source that could be opened.
    pub(super) fn open(settings: &Settings, root: &Path, store: Arc<dyn Store>) -> Result<Self, SourceError> {
        let source = source::open(settings.source(Some(root.join("repos"))))?;
        let accepted = Accepted::new(root, source.describe());
        let place = context::place(source.describe(), &settings.path);
        let kept = KeptDeclarations::new(store, place.clone());
        let in_force = SharedInForce::default();
        Ok(Self { source, path: settings.path.clone(), place, accepted, kept, save_failed: false, in_force })
    }

    /// Puts in force what was in force when the last daemon of this store ended. Touches no network.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn restore(&mut self) -> Result<Vec<Notice>, StoreError> {
        let now = SystemClock.now();
        let accepted = self.accepted.read();
        if let Some((revision, _)) = &accepted {
            self.source.accept(revision);
        }
        let mut in_force = self.in_force.lock();
        let mut notices = Vec::new();
        for (environment, found) in self.kept.load()? {
            notices.push(match found {
                Found::Declaration(kept) => in_force.restore(&environment, &kept, &self.path, now),
                Found::Elsewhere { place } => {
                    let why = format!("it is of another repository: {place}");
                    Notice::NotRestored { environment, why }
                }
                Found::Unreadable { why } => Notice::NotRestored { environment, why },
            });
        }
        if !in_force.environments.is_empty() {
            // Plain files have no history whose end is remembered: the newest declaration says the same.
            let newest = notices.iter().filter_map(|notice| match notice {
                Notice::Restored { revision, since, .. } => Some((*since, revision)),
                _ => None,
            });
            let newest = newest.max_by_key(|(since, _)| *since);
            let newest = newest.map(|(since, revision)| (revision.clone(), Some(since)));
            let (revision, since) = accepted.or(newest).unzip();
            (in_force.accepted, in_force.since) = (revision, since.flatten());
        }
        drop(in_force);
        Ok(notices)
    }

    /// Where the declarations come from, for people.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The declarations that this poller keeps up to date.
    pub(super) fn in_force(&self) -> SharedInForce {
        self.in_force.clone()
    }

    /// The first poll. A remote that cannot be reached is a notice, not an error.
    ///
    /// # Errors
    /// When nothing is in force and waiting will not help: no such repository, no such branch, no such folder.
    pub(super) fn first_poll(&mut self) -> Result<Vec<Notice>, SourceError> {
        match self.source.poll() {
            Err(error) if !error.may_pass() && self.in_force.lock().environments.is_empty() => Err(error),
            poll => Ok(self.take(poll)),
        }
    }

    /// Polls at once, every `interval` and at each request, in a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn follow(
        mut self,
        interval: Duration,
        requests: Receiver<PollRequest>,
        events: Sender<LoopEvent>,
    ) -> io::Result<()> {
        let work = move || {
            let first = self.guarded(Self::first_poll).unwrap_or_else(|| Ok(Vec::new()));
            let is_over = first.is_err();
            if events.send(LoopEvent::FirstPoll(first)).is_err() || is_over {
                return;
            }
            loop {
                let request = match requests.recv_timeout(interval) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => PollRequest::Poll,
                    Ok(request) => request,
                };
                let Some(notices) = self.guarded(|poller| poller.answer(&request)) else { continue };
                if !notices.is_empty() && events.send(LoopEvent::Noticed(notices)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("repository".to_owned()).spawn(work).map(|_| ())
    }

    /// These are files of other people. One that makes a parser or libgit2's binding panic must not stop the daemon from
    /// polling: the declarations in force stay, and the next commit may be readable.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| work(self))).ok();
        if done.is_none() && !std::mem::replace(&mut self.in_force.lock().reader_failed, true) {
            tracing::error!(
                "a defect of tidegate (see the panic above) kept it from reading the newest declarations; the last good ones stay in force until another commit can be read"
            );
        }
        done
    }

    fn answer(&mut self, request: &PollRequest) -> Vec<Notice> {
        match request {
            PollRequest::Poll => {
                let poll = self.source.poll();
                self.take(poll)
            }
            PollRequest::AcceptRevision(revision) => self.change(|in_force, path, place, now| match in_force
                .accept_rewritten(revision, path, place, now)
            {
                Some(notices) => notices,
                None => vec![Notice::NothingPending { named: revision.clone() }],
            }),
        }
    }

    fn take(&mut self, poll: Result<source::Poll, SourceError>) -> Vec<Notice> {
        self.change(|in_force, path, place, now| in_force.take(poll, path, place, now))
    }

    /// Changes a copy, then replaces the declarations in force as a whole. No other thread writes them.
    fn change(
        &mut self,
        change: impl FnOnce(&mut InForce, &str, &str, Instant) -> Vec<Notice>,
    ) -> Vec<Notice> {
        let mut next = self.in_force.lock().clone();
        let notices = change(&mut next, &self.path, &self.place, SystemClock.now());
        // Kept before they are in force: whatever a pass begins, the next daemon can end.
        self.keep(&mut next);
        let since = next.since;
        *self.in_force.lock() = next;
        self.accept(&notices, since);
        notices
    }

    /// Keeps in the store what has changed.
    fn keep(&mut self, in_force: &mut InForce) {
        let mut failed = None;
        for (environment, kept) in in_force.take_unsaved() {
            if let Err(error) = self.kept.save(&environment, kept.as_ref()) {
                in_force.still_unsaved(environment, kept);
                failed = Some(error);
            }
        }
        if let Some(error) = failed.as_ref().filter(|_| !self.save_failed) {
            tracing::warn!(%error, "cannot keep the declarations in the store: after a restart, tidegate would not know them until the repository can be read");
        }
        self.save_failed = failed.is_some();
    }

    /// From now on the source compares every poll with this revision, after a restart, too.
    fn accept(&mut self, notices: &[Notice], since: Option<Instant>) {
        let adopted = notices.iter().find_map(|notice| match notice {
            Notice::Adopted { revision, .. } if *revision != Revision::worktree() => Some(revision),
            _ => None,
        });
        let Some(revision) = adopted else { return };
        self.source.accept(revision);
        if let Err(error) = self.accepted.write(revision, since) {
            tracing::warn!(%error, "cannot save the accepted revision: after a restart, tidegate would not notice a force-push");
        }
    }
}
