//! Passes that go side by side, at most one an environment. None waits for another: a migration of one hour
//! keeps nobody else's morning waiting.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::model::EnvironmentName;

/// What has begun and not ended; `T` is how it ends.
pub(super) struct UnderWay<'a, T> {
    names: BTreeSet<EnvironmentName>,
    passes: FuturesUnordered<LocalBoxFuture<'a, (EnvironmentName, T)>>,
}

impl<T> Default for UnderWay<'_, T> {
    fn default() -> Self {
        Self { names: BTreeSet::new(), passes: FuturesUnordered::new() }
    }
}

impl<'a, T> UnderWay<'a, T> {
    /// Takes a pass up; it goes on whenever [`Self::next`] is awaited.
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

    /// The next that ends. None: all have. May be given up at any time; nothing is lost.
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
    fn a_pass_that_takes_long_holds_nobody_back() {
        let mut under_way = UnderWay::default();
        under_way.begin("production".into(), pending());
        for turn in 0..3 {
            assert!(!under_way.has(&"dev".into()));
            under_way.begin("dev".into(), ready(turn));
            assert_eq!(under_way.next().now_or_never(), Some(Some(turn)));
        }
        assert_eq!(under_way.next().now_or_never(), None, "production goes on");
        assert!(under_way.has(&"production".into()) && !under_way.is_empty());
    }

    #[test]
    fn what_was_given_up_while_it_was_awaited_goes_on_later() {
        let (tell, told) = futures_util::future::abortable(pending::<()>());
        let mut under_way = UnderWay::default();
        under_way.begin("dev".into(), tell);
        assert!(under_way.next().now_or_never().is_none());
        told.abort();
        assert!(under_way.next().now_or_never().is_some_and(|ended| ended.is_some()));
        assert!(under_way.is_empty());
        assert_eq!(under_way.next().now_or_never().map(|ended| ended.is_none()), Some(true));
    }
}
