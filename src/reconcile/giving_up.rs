//! When a release that cannot reach its migration ends: a step of it has failed for good, or none can be carried out for
//! too long. The run only journals that; the next plan leads back.

use chrono::TimeDelta;

use super::error::ReconcileError;
use super::observed::permitted;
use super::passes::Passes;
use crate::model::{Mode, Version};
use crate::plan::{Plan, Step};
use crate::store::journal::{Event, Ledger};

/// A release may stand still for so long while users see the maintenance page. What passes by itself (a throttled or an
/// unavailable API) has mostly passed by then.
const STALLED_MAX: TimeDelta = TimeDelta::minutes(10);

impl Passes<'_> {
    /// Journals that the first step has failed for good, if that ends the release. Once for each beginning of the
    /// release, so that a plan that cannot lead back ends the run.
    pub(super) fn gives_the_release_up(&self, plan: &Plan, why: &str) -> Result<bool, ReconcileError> {
        // A plan that cannot read the migration has no migration, and the step before it has failed all the same.
        let closes = plan.actions.first().is_some_and(|action| action.step == Step::CloseGate);
        let is_before = plan.is_before_the_point_of_no_return()
            || (closes && self.journal.ask(|ledger| unmigrated(ledger).is_some()));
        if plan.mode == Mode::Observe || !is_before {
            return Ok(false);
        }
        self.fails(why)
    }

    /// Journals since when the release stands still, and that this has lasted too long.
    pub(super) fn has_stalled_for_good(&self, plan: &Plan) -> Result<bool, ReconcileError> {
        let may_pass = plan.mode == Mode::Observe || plan.is_held() || !plan.waiting.is_empty();
        let Some(blocked) = plan.blocked.first().filter(|_| !may_pass) else { return Ok(false) };
        let Some(to) = self.journal.ask(unmigrated_behind_the_gate) else { return Ok(false) };
        let stalled_at = self.journal.ask(|ledger| ledger.stalled_at);
        let Some(stalled_at) = stalled_at else {
            self.journal.record(Event::ReleaseStalled { to, why: blocked.message.clone() })?;
            return Ok(false);
        };
        let has_lasted = self.with.clock.now() - stalled_at;
        if has_lasted < STALLED_MAX {
            return Ok(false);
        }
        self.fails(&format!("no step was possible for {} min: {}", has_lasted.num_minutes(), blocked.message))
    }

    /// Journals that the release no longer stands still.
    pub(super) fn resumes(&self, plan: &Plan) -> Result<(), ReconcileError> {
        let stalled = self.journal.ask(|ledger| {
            let stands = ledger.stalled_at.is_some() && ledger.failed_step.is_none();
            let release = ledger.release.as_ref().filter(|_| stands && !ledger.migration_in_flight())?;
            Some(release.to.clone())
        });
        match stalled.filter(|_| !permitted(plan).is_empty()) {
            Some(to) => Ok(self.journal.record(Event::ReleaseResumed { to })?),
            None => Ok(()),
        }
    }

    fn fails(&self, why: &str) -> Result<bool, ReconcileError> {
        let to = self.journal.ask(|ledger| {
            let may = !ledger.migration_in_flight() && ledger.failed_step.is_none();
            ledger.release.as_ref().filter(|_| may).map(|release| release.to.clone())
        });
        let Some(to) = to else { return Ok(false) };
        tracing::error!(environment = %self.run.environment, %to, "the release fails before its migration, and is given up: {why}");
        self.journal.record(Event::StepFailed { to, why: why.to_owned() })?;
        Ok(true)
    }
}

/// The version of the release in progress, if users are locked out by it, as long as nothing of its migration has run.
fn unmigrated_behind_the_gate(ledger: &Ledger) -> Option<Version> {
    unmigrated(ledger).filter(|_| ledger.gate_closed_at.is_some())
}

/// The version of the release in progress, if it is not given up, and nothing of its migration has run.
fn unmigrated(ledger: &Ledger) -> Option<Version> {
    let release = ledger.release.as_ref()?;
    let is_recorded = ledger.schema.values().any(|version| *version == release.to);
    let attempt = ledger.attempt.as_ref().filter(|attempt| attempt.to == release.to);
    let has_run = attempt.is_some_and(|attempt| attempt.reached_running);
    let is_over = is_recorded || has_run || ledger.migration_in_flight() || ledger.failed_step.is_some();
    (!is_over).then(|| release.to.clone())
}
