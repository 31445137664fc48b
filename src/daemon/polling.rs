//! Polls the repository in a thread of its own: a remote that does not answer delays no pass.
//!
//! The thread owns the source. It puts what it finds into the shared declarations, where running passes read it
//! at their next step. The loop receives only notices.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::accepted::Accepted;
use super::in_force::{InForce, Notice};
use super::message::{LoopEvent, PollRequest};
use super::shared::SharedInForce;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::{Instant, Revision};
use crate::source::{self, Source, SourceError};

/// The source, and the shared declarations that each poll updates.
pub(super) struct Poller {
    source: Box<dyn Source>,
    path: String,
    place: String,
    accepted: Accepted,
    in_force: SharedInForce,
}

impl Poller {
    /// Opens the source. Touches no network.
    ///
    /// # Errors
    /// When the settings name no source that could be opened.
    pub(super) fn open(settings: &Settings, root: &Path) -> Result<Self, SourceError> {
        let mut source = source::open(settings.source(Some(root.join("repos"))))?;
        let accepted = Accepted::new(root, source.describe());
        if let Some(revision) = accepted.read() {
            source.accept(&revision);
        }
        let place = context::place(source.describe(), &settings.path);
        Ok(Self { source, path: settings.path.clone(), place, accepted, in_force: SharedInForce::default() })
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
    /// When waiting will not help: no such repository, no such branch, no such folder.
    pub(super) fn first_poll(&mut self) -> Result<Vec<Notice>, SourceError> {
        match self.source.poll() {
            Err(error) if !error.may_pass() => Err(error),
            poll => Ok(self.take(poll)),
        }
    }

    /// Polls every `interval` and at each request, in a thread of its own.
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
            loop {
                let request = match requests.recv_timeout(interval) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => PollRequest::Poll,
                    Ok(request) => request,
                };
                // These are files of other people. One that makes a parser panic must not stop the daemon from
                // polling: the declarations in force stay, and the next commit may be readable.
                let Ok(notices) = catch_unwind(AssertUnwindSafe(|| self.answer(&request))) else {
                    tracing::error!(
                        "a bug in tidegate (see the panic above) kept it from reading the newest declarations; the last good ones stay in force"
                    );
                    continue;
                };
                if !notices.is_empty() && events.send(LoopEvent::Noticed(notices)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("repository".to_owned()).spawn(work).map(|_| ())
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
        *self.in_force.lock() = next;
        self.accept(&notices);
        notices
    }

    /// From now on the source compares every poll with this revision, after a restart, too.
    fn accept(&mut self, notices: &[Notice]) {
        let adopted = notices.iter().find_map(|notice| match notice {
            Notice::Adopted { revision, .. } if *revision != Revision::worktree() => Some(revision),
            _ => None,
        });
        let Some(revision) = adopted else { return };
        self.source.accept(revision);
        if let Err(error) = self.accepted.write(revision) {
            tracing::warn!(%error, "cannot save the accepted revision: after a restart, tidegate would not notice a force-push");
        }
    }
}
