//! Everything that a run and each of its passes share.

use super::declared::CurrentDeclaration;
use super::error::ReconcileError;
use super::run::Run;
use super::shutdown::ShutdownLevel;
use crate::clock::{Clock, Monotonic};
use crate::cloud::CloudWrite;
use crate::execute::Progress;
use crate::store::Store;

/// Everything that a run needs.
#[derive(Clone, Copy)]
pub struct Reconciler<'a> {
    /// AWS or the simulated cloud.
    pub cloud: &'a dyn CloudWrite,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Lease, journal, history.
    pub store: &'a dyn Store,
    /// The newest declaration, asked for again in each pass.
    pub declared: &'a dyn CurrentDeclaration,
    /// Hears of plans, steps and actions as they happen.
    pub progress: &'a dyn Progress,
    /// This process, for people: user, host and process id.
    pub holder: &'a str,
    /// When the run has to be over.
    pub deadline: Option<Monotonic>,
    /// Asked between steps and during waits.
    pub shutdown: &'a (dyn Fn() -> ShutdownLevel + Send + Sync),
}

impl Reconciler<'_> {
    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.clock.monotonic() >= deadline)
    }

    /// Saves the run in the history, unless it did nothing worth a line there.
    pub(super) fn keep(&self, run: &Run) -> Result<(), ReconcileError> {
        if run.is_worth_keeping() {
            let value = serde_json::to_value(run).expect("a run is plain values with text keys");
            self.store.save_run(&run.environment, &run.id, &value)?;
        }
        Ok(())
    }
}
