//! What an action is carried out with: ports, the journal, the spec, and somebody who watches.
//!
//! Patience with the cloud lives here: a transient refusal is tried again a few times, with pauses that
//! double. RunTask never comes through [`ActionContext::write`]: it is not repeated blindly.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::error::ActionError;
use super::journal::Journal;
use super::progress::Progress;
use super::wait::{Wait, Watcher};
use crate::clock::Clock;
use crate::cloud::{CloudError, CloudWrite};
use crate::model::Revision;
use crate::observe::patiently;
use crate::retry::{Backoff, retry};
use crate::spec::{DatabaseTarget, EnvironmentSpec, Maintenance};
use crate::store::journal::Event;

/// Pauses of up to 1, 2, 4, 8 and 16 seconds between tries, half a minute in all. A longer disturbance is left to the
/// next pass.
pub(super) const WRITE: Backoff = Backoff { first: Duration::from_secs(1), tries_max: 6 };

/// All that execution needs.
#[derive(Clone, Copy)]
pub struct ActionContext<'a> {
    /// The world.
    pub cloud: &'a dyn CloudWrite,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Where intents and outcomes go, under the lease.
    pub journal: &'a Journal<'a>,
    /// The environment. `mode` decides nothing here: what is asked for is done.
    pub spec: &'a EnvironmentSpec,
    /// Which commit is carried out.
    pub revision: &'a Revision,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// True as soon as long waits should be left to themselves.
    pub cancel: &'a (dyn Fn() -> bool + Send + Sync),
}

impl<'a> ActionContext<'a> {
    /// Writes an event down.
    pub(super) fn record(&self, event: Event) -> Result<(), ActionError> {
        Ok(self.journal.record(event)?)
    }

    /// Changes the world by a call that may be repeated.
    pub(super) async fn write<'f, T>(
        &self,
        call: impl Fn() -> BoxFuture<'f, Result<T, CloudError>>,
    ) -> Result<T, ActionError> {
        let call = &call;
        let attempt = || async move {
            self.journal.verify()?;
            Ok(call().await?)
        };
        retry(self.clock, WRITE, ActionError::is_transient, attempt).await
    }

    /// Reads, with some patience.
    pub(super) async fn read<'f, T>(
        &self,
        call: impl Fn() -> BoxFuture<'f, Result<T, CloudError>>,
    ) -> Result<T, ActionError> {
        Ok(patiently(self.clock, call).await?)
    }

    /// Begins to wait for something.
    pub(super) fn wait(&self, id: &'a str, what: impl Into<String>, at_most: Duration) -> Wait<'a> {
        let ActionContext { clock, journal, progress, cancel, .. } = *self;
        Wait::begin(Watcher { clock, journal, progress, cancel }, id, what.into(), at_most)
    }

    /// The database.
    pub(super) fn database(&self) -> Result<&'a DatabaseTarget, ActionError> {
        let database = self.spec.database.as_ref().map(|database| &database.target);
        database.ok_or_else(|| ActionError::refused("no database is declared any more"))
    }

    /// The gate.
    pub(super) fn maintenance(&self) -> Result<&'a Maintenance, ActionError> {
        let maintenance = self.spec.maintenance.as_ref();
        maintenance.ok_or_else(|| ActionError::refused("no gate is declared any more"))
    }
}
