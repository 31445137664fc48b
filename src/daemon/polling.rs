//! The repository, looked at in a thread of its own: a remote that does not answer holds nothing back.
//!
//! The thread owns the source. What it finds goes into the shared declarations, where passes under way read it
//! at their next step; the loop only hears that there is something new.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::accepted::Accepted;
use super::rounds::Heard;
use super::wanted::{Declarations, Notice};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::Revision;
use crate::source::{self, Source, SourceError};

/// The declarations in force, shared by the thread that polls and all passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Head(Arc<Mutex<Declarations>>);

impl Head {
    /// The declarations. Held for moments only: no I/O under this lock, and nothing of `async`.
    pub(super) fn lock(&self) -> MutexGuard<'_, Declarations> {
        self.0.lock().expect("the fold of a poll does not panic")
    }
}

/// What the thread is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
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
    head: Head,
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
        Ok(Self { source, path: settings.path.clone(), place, accepted, head: Head::default() })
    }

    /// Where the declarations come from, for people.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The declarations in force.
    pub(super) fn head(&self) -> Head {
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
        asks: Receiver<Ask>,
        tell: Sender<Heard>,
    ) -> io::Result<()> {
        let work = move || {
            loop {
                let notices = match asks.recv_timeout(interval) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(Ask::Agree(revision)) => self.agree(&revision),
                    Ok(Ask::Look) | Err(RecvTimeoutError::Timeout) => self.look(),
                };
                if !notices.is_empty() && tell.send(Heard::Noticed(notices)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("repository".to_owned()).spawn(work).map(|_| ())
    }

    fn look(&mut self) -> Vec<Notice> {
        let poll = self.source.poll();
        self.take(poll)
    }

    fn take(&mut self, poll: Result<source::Poll, SourceError>) -> Vec<Notice> {
        let notices = self.head.lock().take(poll, &self.path, &self.place, SystemClock.now());
        self.accept(&notices);
        notices
    }

    fn agree(&mut self, revision: &str) -> Vec<Notice> {
        let agreed = self.head.lock().agree(revision, &self.path, &self.place, SystemClock.now());
        let notices = agreed.unwrap_or_else(|| vec![Notice::NothingHeld { named: revision.to_owned() }]);
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
