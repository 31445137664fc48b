//! The repository, looked at in a thread of its own: a remote that does not answer holds nothing back.
//!
//! The thread owns the source. What it finds goes into the shared declarations, where passes under way read it
//! at their next step; the loop only hears that there is something new.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::accepted::Accepted;
use super::control_loop::LoopEvent;
use super::in_force::{InForce, Notice};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::{Instant, Revision};
use crate::source::{self, Source, SourceError};

/// The declarations in force, shared by the thread that polls and all passes.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedInForce(Arc<Mutex<InForce>>);

impl SharedInForce {
    /// The declarations. Held for moments only: no I/O under this lock, and nothing of `async`.
    pub(super) fn lock(&self) -> MutexGuard<'_, InForce> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

/// What the thread is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PollRequest {
    /// To look now.
    Look,
    /// To take over rewritten history, up to a commit that begins so.
    Agree(String),
}

/// A source and where its declarations go.
pub(super) struct Poller {
    source: Box<dyn Source>,
    path: String,
    place: String,
    accepted: Accepted,
    head: SharedInForce,
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
        Ok(Self { source, path: settings.path.clone(), place, accepted, head: SharedInForce::default() })
    }

    /// Where the declarations come from, for people.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The declarations in force.
    pub(super) fn head(&self) -> SharedInForce {
        self.head.clone()
    }

    /// The first look. A remote that is away is a notice, not an error.
    ///
    /// # Errors
    /// When waiting will not help: no such repository, no such branch, no such folder.
    pub(super) fn first_look(&mut self) -> Result<Vec<Notice>, SourceError> {
        match self.source.poll() {
            Err(error) if !error.may_pass() => Err(error),
            poll => Ok(self.take(poll)),
        }
    }

    /// Looks again every `interval`, and whenever it is asked to, in a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn follow(
        mut self,
        interval: Duration,
        asks: Receiver<PollRequest>,
        tell: Sender<LoopEvent>,
    ) -> io::Result<()> {
        let work = move || {
            loop {
                let ask = match asks.recv_timeout(interval) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => PollRequest::Look,
                    Ok(ask) => ask,
                };
                // Files of other people are read here. One that brings a reader down must not stop the daemon
                // from following what comes next: the declarations in force stay as they were.
                let Ok(notices) = catch_unwind(AssertUnwindSafe(|| self.answer(&ask))) else {
                    tracing::error!(
                        "the newest declarations cannot be read: a defect of tidegate, see above"
                    );
                    continue;
                };
                if !notices.is_empty() && tell.send(LoopEvent::Noticed(notices)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("repository".to_owned()).spawn(work).map(|_| ())
    }

    fn answer(&mut self, ask: &PollRequest) -> Vec<Notice> {
        match ask {
            PollRequest::Look => {
                let poll = self.source.poll();
                self.take(poll)
            }
            PollRequest::Agree(revision) => {
                self.change(|head, path, place, now| match head.agree(revision, path, place, now) {
                    Some(notices) => notices,
                    None => vec![Notice::NothingHeld { named: revision.clone() }],
                })
            }
        }
    }

    fn take(&mut self, poll: Result<source::Poll, SourceError>) -> Vec<Notice> {
        self.change(|head, path, place, now| head.take(poll, path, place, now))
    }

    /// Reads aside, then replaces the declarations in force as a whole. Nobody else changes them.
    fn change(
        &mut self,
        change: impl FnOnce(&mut InForce, &str, &str, Instant) -> Vec<Notice>,
    ) -> Vec<Notice> {
        let mut next = self.head.lock().clone();
        let notices = change(&mut next, &self.path, &self.place, SystemClock.now());
        *self.head.lock() = next;
        self.accept(&notices);
        notices
    }

    /// The source judges what comes next against what is in force, after a restart, too.
    fn accept(&mut self, notices: &[Notice]) {
        let adopted = notices.iter().find_map(|notice| match notice {
            Notice::Adopted { revision, .. } if *revision != Revision::worktree() => Some(revision),
            _ => None,
        });
        let Some(revision) = adopted else { return };
        self.source.accept(revision);
        if let Err(error) = self.accepted.write(revision) {
            tracing::warn!(%error, "the revision cannot be kept: after a restart, rewritten history goes unnoticed");
        }
    }
}
