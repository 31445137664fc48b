//! Everything that an action needs: ports, the journal, the declaration, and the report of its progress.
//!
//! Retries of calls live here: a transient refusal is tried again a few times, with pauses that
//! double. RunTask never goes through [`ActionContext::write`]: it is not repeated blindly.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::error::ActionError;
use super::progress::Progress;
use super::wait::{Wait, Watcher};
use crate::clock::Clock;
use crate::cloud::{CloudError, CloudWrite};
use crate::model::Revision;
use crate::observe::patiently;
use crate::retry::{Backoff, retry};
use crate::spec::{DatabaseTarget, EnvironmentSpec, Maintenance};
use crate::store::journal::Event;
use crate::store::journal::Journal;

/// Pauses of up to 1, 2, 4, 8 and 16 seconds between tries, half a minute in all. A longer disturbance is left to the
/// next pass.
pub(super) const WRITE: Backoff =
    Backoff { first: Duration::from_secs(1), tries_max: 6, time_max: Duration::from_secs(60) };

/// Everything that an action needs.
#[derive(Clone, Copy)]
pub struct ActionContext<'a> {
    /// AWS or the simulated cloud.
    pub cloud: &'a dyn CloudWrite,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Where intents and outcomes go, under the lease.
    pub journal: &'a Journal<'a>,
    /// The declaration. `mode` decides nothing here: every action that arrives is carried out.
    pub spec: &'a EnvironmentSpec,
    /// The commit that is carried out.
    pub revision: &'a Revision,
    /// Hears of the progress.
    pub progress: &'a dyn Progress,
    /// True as soon as long waits have to end: on shutdown, at a deadline, after an operator request.
    pub cancel: &'a (dyn Fn() -> bool + Send + Sync),
}

impl<'a> ActionContext<'a> {
    /// Journals an event.
    pub(super) fn record(&self, event: Event) -> Result<(), ActionError> {
        Ok(self.journal.record(event)?)
    }

    /// Changes AWS by a call that may be repeated.
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

    /// Reads, and retries while the failure is transient.
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
        database.ok_or_else(|| ActionError::refused("the repository no longer declares a database"))
    }

    /// The gate.
    pub(super) fn maintenance(&self) -> Result<&'a Maintenance, ActionError> {
        let maintenance = self.spec.maintenance.as_ref();
        maintenance.ok_or_else(|| ActionError::refused("the repository no longer declares a gate"))
    }
}
