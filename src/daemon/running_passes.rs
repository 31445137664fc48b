//! Passes that run side by side, at most one for each environment. None waits for another: a migration of one
//! hour in one environment does not delay the start of another one in the morning.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::model::EnvironmentName;

/// The passes that have begun and not ended; `T` is what a pass returns.
pub(super) struct RunningPasses<'a, T> {
    names: BTreeSet<EnvironmentName>,
    passes: FuturesUnordered<LocalBoxFuture<'a, (EnvironmentName, T)>>,
}

impl<T> Default for RunningPasses<'_, T> {
    fn default() -> Self {
        Self { names: BTreeSet::new(), passes: FuturesUnordered::new() }
    }
}

impl<'a, T> RunningPasses<'a, T> {
    /// Begins a pass. It makes progress whenever [`Self::next`] is awaited.
    pub(super) fn begin(&mut self, name: EnvironmentName, pass: impl Future<Output = T> + 'a) {
        self.names.insert(name.clone());
        self.passes.push(Box::pin(async move { (name, pass.await) }));
    }

    /// Whether a pass of this environment has not ended yet.
    pub(super) fn has(&self, name: &EnvironmentName) -> bool {
        self.names.contains(name)
    }

    /// Whether all have ended.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Waits for the next pass to end. None: all have ended. Safe to cancel at any time.
    pub(super) async fn next(&mut self) -> Option<T> {
        let (name, ended) = self.passes.next().await?;
        self.names.remove(&name);
        Some(ended)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use futures_util::future::{pending, ready};

    use super::*;

    #[test]
    fn a_long_pass_delays_no_other() {
        let mut running = RunningPasses::default();
        running.begin("production".into(), pending());
        for turn in 0..3 {
            assert!(!running.has(&"dev".into()));
            running.begin("dev".into(), ready(turn));
            assert_eq!(running.next().now_or_never(), Some(Some(turn)));
        }
        assert_eq!(running.next().now_or_never(), None, "production still runs");
        assert!(running.has(&"production".into()) && !running.is_empty());
    }

    #[test]
    fn a_pass_continues_after_a_cancelled_wait() {
        let (pass, handle) = futures_util::future::abortable(pending::<()>());
        let mut running = RunningPasses::default();
        running.begin("dev".into(), pass);
        assert!(running.next().now_or_never().is_none());
        handle.abort();
        assert!(running.next().now_or_never().is_some_and(|ended| ended.is_some()));
        assert!(running.is_empty());
        assert_eq!(running.next().now_or_never().map(|ended| ended.is_none()), Some(true));
    }
}
