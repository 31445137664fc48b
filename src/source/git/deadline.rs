//! One deadline over everything that a poll does in the network.
//!
//! libgit2 can hang in places that no callback reaches: resolving a name, a handshake, a server that sends
//! one byte a second while it lists. So the work goes into a thread of its own and the poll waits for it no
//! longer than it may. A thread that is left behind ends by itself at git's own timeouts, at the latest; until
//! then no other is started, so there is never more than one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::source::{RemoteFault, RemoteStep, SourceError};

/// Tells work that nobody waits for it any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs work with a deadline, one piece at a time.
#[derive(Default)]
pub(super) struct Deadline {
    left_behind: Option<JoinHandle<()>>,
}

impl Deadline {
    /// Runs `work` for at most `timeout`.
    pub(super) fn run<T: Send + 'static>(
        &mut self,
        timeout: Duration,
        place: &str,
        work: impl FnOnce(&Abandoned) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        if self.left_behind.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Err(SourceError::StillTrying { place: place.to_owned() });
        }
        let abandoned = Abandoned::default();
        let seen_by_work = abandoned.clone();
        let (sender, receiver) = sync_channel(1);
        let thread = Builder::new()
            .name("git".to_owned())
            .spawn(move || {
                // Nobody receives once the deadline has passed; the result is then of no use.
                let _ = sender.send(work(&seen_by_work));
            })
            .map_err(|error| trouble(place, format!("no thread can be started: {error}")))?;
        match receiver.recv_timeout(timeout) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => {
                abandoned.0.store(true, Ordering::Relaxed);
                self.left_behind = Some(thread);
                Err(SourceError::Deadline { place: place.to_owned(), timeout })
            }
            // git2 panics on a reference whose name is not UTF-8. A remote must not end the daemon.
            Err(RecvTimeoutError::Disconnected) => {
                Err(trouble(place, "it names a reference that is not UTF-8".to_owned()))
            }
        }
    }
}

fn trouble(place: &str, message: String) -> SourceError {
    SourceError::Remote {
        step: RemoteStep::List,
        place: place.to_owned(),
        message,
        fault: RemoteFault::Network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn work_that_hangs_is_left_behind_and_not_doubled() {
        let mut deadline = Deadline::default();
        let (release, held) = channel::<()>();
        let (tell, told) = channel();
        let soon = Duration::from_millis(20);
        let error = deadline
            .run(soon, "here", move |abandoned| {
                held.recv().ok();
                tell.send(abandoned.is_set()).ok();
                Ok(())
            })
            .unwrap_err();
        assert_eq!(error.to_string(), "here gave no complete answer within 20ms");
        let error = deadline.run(soon, "here", |_| Ok(())).unwrap_err();
        assert!(matches!(error, SourceError::StillTrying { .. }));

        drop(release);
        assert_eq!(told.recv(), Ok(true), "the work was told that nobody waits");
        while !deadline.left_behind.as_ref().unwrap().is_finished() {
            std::thread::yield_now();
        }
        assert_eq!(deadline.run(Duration::from_secs(60), "here", |_| Ok(7)).unwrap(), 7);
    }

    #[test]
    fn a_panic_inside_git_is_an_error_of_the_remote() {
        let error = Deadline::default()
            .run::<()>(Duration::from_secs(60), "here", |_| std::panic::resume_unwind(Box::new(())))
            .unwrap_err();
        assert!(matches!(error, SourceError::Remote { .. }));
    }
}
