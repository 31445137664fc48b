//! AWS, the machine's clock, and a store on this machine.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use tokio::runtime::{Builder, Runtime};

use super::super::ContextError;
use super::super::access::Access;
use super::super::aws::{self, CloudOf};
use crate::clock::{Clock, Monotonic, SystemClock};
use crate::cloud::Valve;
use crate::config::Settings;
use crate::model::Instant;
use crate::reconcile::ShutdownLevel;
use crate::store::{LocalStore, Store};

/// Calls spend their time waiting for AWS: two threads are enough for all environments.
const THREADS: usize = 2;

/// Clock, cloud and store.
pub(super) struct Real {
    pub(super) clock: Ahead,
    pub(super) cloud_of: CloudOf,
    valve: Valve,
    pub(super) store: Arc<dyn Store>,
    pub(super) runtime: Threads,
}

impl Real {
    pub(super) fn open(
        settings: &Settings,
        root: &Path,
        access: Access,
        at: Option<Instant>,
    ) -> Result<Self, ContextError> {
        let (cloud_of, valve) = aws::cloud_of(settings)?;
        let store = match access {
            Access::Look => LocalStore::open_existing(root)?,
            // There is no lock on AWS to wait for; the store has a lease for each environment.
            Access::Change { wait_max: _ } => LocalStore::open(root)?,
        };
        Ok(Self {
            clock: Ahead::to(at),
            cloud_of,
            store: Arc::new(store),
            runtime: Threads(Some(runtime()?)),
            valve,
        })
    }
}

/// How long the answer of a write is awaited at the end of the process. With the grace period of a signal before it
/// (three seconds), the process ends within ten.
const ANSWER_MAX: Duration = Duration::from_millis(5_500);
/// How often it is asked whether the process has to end.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// For a pass whose write was answered just now: until the outcome is in the journal.
const NOTE_MAX: Duration = Duration::from_millis(300);

impl Real {
    /// Waits until everything that runs has to be dropped: a shutdown cuts waits short, and no write is unanswered, or
    /// has been for too long. Reads are not awaited.
    pub(super) async fn cut(&self, shutdown: &(dyn Fn() -> ShutdownLevel + Send + Sync)) {
        while shutdown() < ShutdownLevel::Now {
            SystemClock.sleep(ASK_EVERY).await;
        }
        self.valve.close();
        let asks = ANSWER_MAX.as_millis() / ASK_EVERY.as_millis();
        for _ in 0..asks {
            if self.valve.unanswered_writes() == 0 {
                break;
            }
            SystemClock.sleep(ASK_EVERY).await;
        }
        SystemClock.sleep(NOTE_MAX).await;
    }
}

/// The runtime. Its end waits for no thread: one that looks up a name may hang for a minute.
pub(super) struct Threads(Option<Runtime>);

impl Deref for Threads {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is taken at its end only")
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The threads that send requests.
pub(in crate::context) fn runtime() -> Result<Runtime, ContextError> {
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    runtime.map_err(ContextError::Runtime)
}

/// The machine's clock, set forward for `--at`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    by: TimeDelta,
    pub(super) began_at: Instant,
}

impl Ahead {
    /// A time in the past counts as now.
    fn to(at: Option<Instant>) -> Self {
        let now = SystemClock.now();
        let began_at = at.map_or(now, |at| at.max(now));
        Self { by: began_at - now, began_at }
    }
}

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Instant {
        SystemClock.now() + self.by
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }

    fn in_present(&self, recorded: Instant) -> Instant {
        SystemClock.in_present(recorded)
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_set_forward_and_never_back() {
        let now = SystemClock.now();
        let hour = TimeDelta::hours(1);
        let ahead = Ahead::to(Some(now + hour));
        assert!(ahead.now() - now >= hour);
        assert_eq!(ahead.began_at, now + hour, "exactly the time that was given");
        assert!(Ahead::to(Some(now - hour)).now() >= now && Ahead::to(Some(now - hour)).began_at >= now);
        assert!(Ahead::to(None).now() >= now);
    }
}
