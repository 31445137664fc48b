//! What an action is carried out with: ports, the journal, the spec, and somebody who watches.
//!
//! Patience with the cloud lives here: a transient refusal is tried again a few times, with pauses that
//! double. RunTask never comes through [`ActionContext::write`]: it is not repeated blindly.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::error::ActionError;
use super::progress::Progress;
use super::wait::Wait;
use crate::clock::Clock;
use crate::cloud::{CloudError, CloudWrite};
use crate::model::Revision;
use crate::observe::patiently;
use crate::spec::{DatabaseTarget, EnvironmentSpec, Maintenance};
use crate::store::journal::Event;
use crate::store::journal::Journal;

/// Tries of a call whose refusals are transient: pauses of 1, 2, 4, 8 and 16 seconds between them, half a
/// minute in all. A longer trouble is the next pass's.
pub(super) const TRIES_MAX: u32 = 6;

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
        let mut pause = Duration::from_secs(1);
        for _ in 1..TRIES_MAX {
            self.journal.verify()?;
            match call().await {
                Err(error) if error.kind.is_transient() => {
                    tracing::debug!(%error, "tried again");
                    self.clock.sleep(pause).await;
                    pause *= 2;
                }
                answer => return Ok(answer?),
            }
        }
        self.journal.verify()?;
        Ok(call().await?)
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
        Wait::begin(*self, id, what.into(), at_most)
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
