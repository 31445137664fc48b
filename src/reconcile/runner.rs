//! A run from its lease to its place in the history.

use super::context::Reconciler;
use super::declared::DeclaredEnvironment;
use super::error::ReconcileError;
use super::overrides::{self, ActiveOverrides};
use super::passes::Passes;
use super::patience::RunPatience;
use super::preview::preview;
use super::run::{ReleaseReport, Run, RunOutcome};
use crate::model::{EnvironmentName, Instant, Mode, Revision};
use crate::store::Lease;
use crate::store::journal::{Journal, read_ledger};

impl Reconciler<'_> {
    /// Brings an environment to its declaration, as far as that is possible without an operator and without the
    /// calendar. In `mode: observe` it only observes and plans.
    ///
    /// # Errors
    /// When another process holds the lease ([`ReconcileError::Busy`]: nothing was changed), when the lease is lost, or
    /// when the store fails. The next run finds what was begun.
    pub async fn converge(&self, environment: &EnvironmentName) -> Result<Run, ReconcileError> {
        let begun_at = self.clock.now();
        let Some(wanted) = self.declared.current() else {
            let mut run = Run::begin(environment, Revision::worktree(), self.holder, 0, begun_at);
            run.end(RunOutcome::Unmanaged, None, None, begun_at);
            return Ok(run);
        };
        if !self.has_to_write(&wanted, begun_at)? {
            return self.observe(wanted).await;
        }
        let lease = self.lease(environment)?;
        let journal = Journal::open(self.store, self.clock, &lease)?;
        let mut run = Run::begin(environment, wanted.revision, self.holder, lease.fencing(), begun_at);
        run.release = journal.ask(|ledger| {
            ledger.release.as_ref().map(|it| ReleaseReport {
                from: it.from.clone(),
                to: it.to.clone(),
                given_up: false,
            })
        });
        let patience = RunPatience::new(begun_at);
        let mut passes = Passes { with: *self, journal: &journal, run: &mut run, patience };
        let (outcome, message, plan) = match passes.converge(environment).await {
            Ok(end) => end,
            Err(error) => {
                // Otherwise the history would show a run that never ends. Writing it needs no lease.
                run.end(RunOutcome::Failed, Some(error.to_string()), None, self.clock.now());
                if let Err(unsaved) = self.keep(&run) {
                    tracing::warn!(%environment, run = %run.id, error = %unsaved, "cannot save the run in the history");
                }
                return Err(error);
            }
        };
        run.end(outcome, message, plan.as_ref(), self.clock.now());
        tracing::debug!(%environment, run = %run.id, outcome = outcome.as_str(), message = run.message, "run ended");
        self.keep(&run)?;
        Ok(run)
    }

    /// Whether a run may write anything. Where it may not, tidegate still watches a running migration, and journals who
    /// suspended the environment.
    fn has_to_write(&self, wanted: &DeclaredEnvironment, now: Instant) -> Result<bool, ReconcileError> {
        let DeclaredEnvironment { spec, .. } = wanted;
        let mode = ActiveOverrides::at(now, self.store, spec)?.mode(spec.mode);
        if mode == Mode::Enforce {
            return Ok(true);
        }
        let ledger = read_ledger(self.store, &spec.name)?;
        let is_suspended = spec.mode == Mode::Enforce;
        Ok(ledger.migration_in_flight()
            || (is_suspended && overrides::has_news(now, self.store, spec, &ledger)?))
    }

    /// `mode: observe` or a suspension, without a running migration: no lease, no journal, no history.
    async fn observe(&self, wanted: DeclaredEnvironment) -> Result<Run, ReconcileError> {
        let begun_at = self.clock.now();
        let mut run = Run::begin(&wanted.spec.name, wanted.revision.clone(), self.holder, 0, begun_at);
        if let Some(seen) = preview(self.cloud, self.clock, self.store, self.declared).await? {
            self.progress.plan_ready(&seen.plan);
            run.end(RunOutcome::of(&seen.plan), None, Some(&seen.plan), self.clock.now());
        }
        Ok(run)
    }

    /// Asks once. The caller decides how long to wait for a lease, in real time.
    fn lease(&self, environment: &EnvironmentName) -> Result<Lease, ReconcileError> {
        if let Some(lease) = self.store.acquire(environment, self.holder, self.clock.now())? {
            return Ok(lease);
        }
        let holder = self.store.lease_holder(environment)?;
        Err(ReconcileError::Busy { environment: environment.clone(), holder })
    }
}
