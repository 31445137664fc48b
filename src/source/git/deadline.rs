//! One deadline over everything that a poll does in the network.
//!
//! libgit2 can hang in places that no callback reaches: resolving a name, a handshake, a server that sends
//! one byte a second while it lists. So the work runs in its own thread, and the poll waits for it until the
//! deadline. An overdue thread is left behind: it ends when the server closes the connection, or at git's own timeout
//! of silence, which a server that drips never reaches. The next poll starts another one; only so many may hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::source::limits::HANGING_MAX;
use crate::source::{RemoteFault, RemoteStep, SourceError};

/// Set once the deadline has passed: work should stop, its result is dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs work with a deadline.
#[derive(Default)]
pub(super) struct DeadlineRunner {
    overdue: Vec<JoinHandle<()>>,
}

impl DeadlineRunner {
    /// Runs `work` for at most `timeout`.
    pub(super) fn run<T: Send + 'static>(
        &mut self,
        timeout: Duration,
        place: &str,
        work: impl FnOnce(&CancelFlag) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        self.overdue.retain(|thread| !thread.is_finished());
        if self.overdue.len() >= HANGING_MAX {
            return Err(SourceError::StillTrying { place: place.to_owned() });
        }
        let cancelled = CancelFlag::default();
        let seen_by_work = cancelled.clone();
        let (sender, receiver) = sync_channel(1);
        let thread = Builder::new()
            .name("git".to_owned())
            .spawn(move || {
                // After the deadline the receiver is gone and the result is of no use.
                let _ = sender.send(work(&seen_by_work));
            })
            .map_err(|error| remote_error(place, format!("cannot start a thread: {error}")))?;
        match receiver.recv_timeout(timeout) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => {
                cancelled.0.store(true, Ordering::Relaxed);
                self.overdue.push(thread);
                Err(SourceError::Deadline { place: place.to_owned(), timeout })
            }
            // git2 panics on a reference whose name is not UTF-8. A remote must not end the daemon.
            Err(RecvTimeoutError::Disconnected) => {
                Err(remote_error(place, "it has a reference whose name is not UTF-8".to_owned()))
            }
        }
    }
}

fn remote_error(place: &str, message: String) -> SourceError {
    SourceError::Remote {
        step: RemoteStep::List,
        place: place.to_owned(),
        message,
        fault: RemoteFault::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn work_that_hangs_holds_back_no_other_until_too_much_hangs() {
        let mut deadline = DeadlineRunner::default();
        let (report, reported) = channel();
        let soon = Duration::from_millis(5);
        let mut held = Vec::new();
        for hanging in 1..=HANGING_MAX {
            let (release, hang) = channel::<()>();
            held.push(release);
            let report = report.clone();
            let error = deadline
                .run(soon, "here", move |cancelled| {
                    hang.recv().ok();
                    report.send(cancelled.is_set()).ok();
                    Ok(())
                })
                .unwrap_err();
            assert_eq!(error.to_string(), "timeout: here did not answer completely within 5ms");
            if hanging < HANGING_MAX {
                assert_eq!(deadline.run(Duration::from_secs(60), "here", |_| Ok(7)).unwrap(), 7);
            }
        }
        let error = deadline.run(soon, "here", |_| Ok(())).unwrap_err();
        assert!(matches!(error, SourceError::StillTrying { .. }));

        held.pop();
        assert_eq!(reported.recv(), Ok(true), "the work sees that it was cancelled");
        while !deadline.overdue.iter().any(JoinHandle::is_finished) {
            std::thread::yield_now();
        }
        assert_eq!(deadline.run(Duration::from_secs(60), "here", |_| Ok(7)).unwrap(), 7);
    }

    #[test]
    fn a_panic_inside_git_is_an_error_of_the_remote() {
        let error = DeadlineRunner::default()
            .run::<()>(Duration::from_secs(60), "here", |_| std::panic::resume_unwind(Box::new(())))
            .unwrap_err();
        assert!(matches!(error, SourceError::Remote { .. }));
    }
}
