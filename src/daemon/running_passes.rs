//! Passes that run side by side, at most one for each environment. None waits for another: a migration of one
//! hour in one environment does not delay the start of another one in the morning.

use std::collections::BTreeSet;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::model::EnvironmentName;

/// The passes that have begun and not ended; `T` is what a pass returns.
pub(super) struct RunningPasses<T> {
    names: BTreeSet<EnvironmentName>,
    passes: FuturesUnordered<LocalBoxFuture<'static, (EnvironmentName, T)>>,
}

impl<T> Default for RunningPasses<T> {
    fn default() -> Self {
        Self { names: BTreeSet::new(), passes: FuturesUnordered::new() }
    }
}

impl<T: 'static> RunningPasses<T> {
    /// Begins a pass. It makes progress whenever [`Self::next`] is awaited.
    pub(super) fn begin(&mut self, name: EnvironmentName, pass: LocalBoxFuture<'static, T>) {
        self.names.insert(name.clone());
        self.passes.push(Box::pin(pass.map(|ended| (name, ended))));
    }

    /// Whether a pass of this environment has not ended yet.
    pub(super) fn has(&self, name: &EnvironmentName) -> bool {
        self.names.contains(name)
    }

    /// The environments whose passes have not ended yet.
    pub(super) fn names(&self) -> &BTreeSet<EnvironmentName> {
        &self.names
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
    use futures_util::future::{pending, ready};

    use super::*;

    #[test]
    fn a_long_pass_delays_no_other() {
        let mut running = RunningPasses::default();
        running.begin("production".into(), pending().boxed_local());
        for turn in 0..3 {
            assert!(!running.has(&"dev".into()));
            running.begin("dev".into(), ready(turn).boxed_local());
            assert_eq!(running.next().now_or_never(), Some(Some(turn)));
        }
        assert_eq!(running.next().now_or_never(), None, "production still runs");
        assert!(running.has(&"production".into()) && !running.is_empty());
    }

    #[test]
    fn a_pass_continues_after_a_cancelled_wait() {
        let (pass, handle) = futures_util::future::abortable(pending::<()>());
        let mut running = RunningPasses::default();
        running.begin("dev".into(), pass.boxed_local());
        assert!(running.next().now_or_never().is_none());
        handle.abort();
        assert!(running.next().now_or_never().is_some_and(|ended| ended.is_some()));
        assert!(running.is_empty());
        assert_eq!(running.next().now_or_never().map(|ended| ended.is_none()), Some(true));
    }
}
