//! The context in which every part of an observation reads, and the step from an answer to an [`Observed`].

use futures_util::future::BoxFuture;

use super::ask::patiently;
use super::snapshot::Observed;
use crate::clock::Clock;
use crate::cloud::{CloudError, CloudRead};
use crate::spec::EnvironmentSpec;
use crate::store::journal::Ledger;

/// Reads beyond those of every observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObserveOptions {
    /// Resolve moving tags again although their image runs already: after a commit, a wake or a poke.
    pub refresh_images: bool,
    /// Look up every image, also those that run, and the limits of the database: for the preflight.
    pub all_images: bool,
}

/// One environment, and the ports through which it is read.
#[derive(Clone, Copy)]
pub(super) struct ObserveContext<'a> {
    pub(super) cloud: &'a dyn CloudRead,
    pub(super) clock: &'a dyn Clock,
    pub(super) spec: &'a EnvironmentSpec,
    pub(super) ledger: &'a Ledger,
    pub(super) options: ObserveOptions,
}

impl<'a> ObserveContext<'a> {
    /// Reads, and retries while the failure is transient.
    pub(super) async fn read<'f, T>(
        self,
        call: impl Fn(&'a dyn CloudRead) -> BoxFuture<'f, Result<T, CloudError>>,
    ) -> Result<T, CloudError> {
        patiently(self.clock, || call(self.cloud)).await
    }
}

pub(super) fn unreadable<T>(error: CloudError) -> Observed<T> {
    Observed::Unreadable { why: error.to_string() }
}
