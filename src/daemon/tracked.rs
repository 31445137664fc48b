//! What the daemon remembers of one environment between its passes. It decides only when the next pass begins
//! and what is worth a log line: after a restart, the first pass rebuilds it.
//!
//! It reads neither clock nor store: the loop hands the values in.

use std::sync::Arc;
use std::time::Duration;

use super::announce::{self, Announced, Announcement};
use super::due::{self, LastPass, PassResult, Present};
use super::log::{self, LoggedStatus};
use super::pass::DuePass;
use super::queue;
use crate::cloud::LastObservation;
use crate::context;
use crate::model::{EnvironmentName, InputsId, Instant};
use crate::plan::Plan;
use crate::reconcile::{ActiveOverrides, DeclaredEnvironment, ReconcileError, Run, RunOutcome};
use crate::spec::EnvironmentSpec;

/// The most that is taken off the interval between two passes.
const EARLY_MAX: Duration = Duration::from_secs(10);

/// One environment, as its last pass left it.
#[derive(Debug)]
pub(super) struct TrackedEnvironment {
    rng: fastrand::Rng,
    last_pass: Option<LastPass>,
    logged: Option<LoggedStatus>,
    is_poked: bool,
    /// The newest plan of the last run.
    last_plan: Option<Plan>,
    /// The answers of AWS that a quick observation may use again.
    last_observation: Arc<LastObservation>,
    announced: Announced,
}

/// A run that has ended, with everything that the next pass depends on.
pub(super) struct EndedRun<'a> {
    pub(super) declared: &'a DeclaredEnvironment,
    /// What the declaration was made of that the run applied at its end.
    pub(super) inputs: InputsId,
    pub(super) result: &'a Result<Run, ReconcileError>,
    /// The newest plan of the run, if it came as far as planning.
    pub(super) plan: Option<Plan>,
    pub(super) began_at: Instant,
    pub(super) overrides: &'a ActiveOverrides,
}

impl TrackedEnvironment {
    /// An environment without a pass so far.
    pub(super) fn new(name: &EnvironmentName) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(queue::spread(name)),
            last_pass: None,
            logged: None,
            is_poked: false,
            last_plan: None,
            last_observation: Arc::default(),
            announced: Announced::default(),
        }
    }

    /// Makes the next pass due now.
    pub(super) fn poke(&mut self) {
        self.is_poked = true;
    }

    /// Whether a pass is due at `now`.
    pub(super) fn is_due(&self, declared: &DeclaredEnvironment, now: Present) -> bool {
        due::due(now, &declared.inputs, self.is_poked, self.last_pass.as_ref()).is_some()
    }

    /// The pass that is due at `now`, if one is. A poke counts once.
    pub(super) fn take_due(&mut self, declared: Arc<DeclaredEnvironment>, now: Present) -> Option<DuePass> {
        let reason = due::due(now, &declared.inputs, self.is_poked, self.last_pass.as_ref())?;
        // A poke that arrives while this pass runs asks for another one.
        self.is_poked = false;
        let before = self.last_plan.clone().map(|plan| (plan, self.last_observation.clone()));
        let may_have_defect = self.last_pass.as_ref().is_none_or(|last| last.result == PassResult::Defect);
        Some(DuePass { declared, reason, before, may_have_defect })
    }

    /// What is to be announced at `now`, once each.
    pub(super) fn announcements(
        &mut self,
        overrides: &ActiveOverrides,
        spec: &EnvironmentSpec,
        now: Instant,
    ) -> Vec<Announcement> {
        self.announced.take(now, overrides, spec.override_.as_ref())
    }

    /// An observation found everything as the last run left it: only the interval begins anew.
    pub(super) fn unchanged(&mut self, now: Present) {
        if let Some(last) = &mut self.last_pass {
            last.ended_at = now.monotonic;
            last.early = early(&mut self.rng);
        }
    }

    /// A panic ended the pass. Nothing that it may have left in memory is used again.
    pub(super) fn failed_by_defect(&mut self, declared: &DeclaredEnvironment, message: &str, now: Present) {
        self.last_plan = None;
        self.last_observation = Arc::default();
        self.logged = Some(log::defect(&declared.spec.name, message));
        self.last_pass = Some(LastPass {
            ended_at: now.monotonic,
            inputs: declared.inputs.clone(),
            result: PassResult::Defect,
            early: Duration::ZERO,
            failures: 0,
            changes_at: None,
        });
    }

    /// Remembers how a run ended, and logs that if it is news.
    pub(super) fn ended(&mut self, run: EndedRun<'_>, now: Present) {
        let EndedRun { declared, inputs, result, plan, began_at, overrides } = run;
        let spec = &declared.spec;
        self.last_plan = plan;
        // The run has changed what was observed before it.
        self.last_observation = Arc::default();
        let logged = log::run_ended(&spec.name, result, self.last_plan.as_ref(), self.logged.as_ref());
        self.logged = Some(logged);
        let pass_result = pass_result(result);
        let failures = match (pass_result, &self.last_pass) {
            (PassResult::Failed, Some(last)) => last.failures + 1,
            (PassResult::Failed, None) => 1,
            _ => 0,
        };
        let (runtime_override, in_git) = (overrides.runtime_override(), spec.override_.as_ref());
        let says = context::says(spec, runtime_override.as_ref());
        let calendar = due::changes_at(began_at, &says, spec.windows.as_ref());
        self.last_pass = Some(LastPass {
            ended_at: now.monotonic,
            inputs,
            result: pass_result,
            early: early(&mut self.rng),
            failures,
            changes_at: calendar.into_iter().chain(announce::next_at(now.wall, overrides, in_git)).min(),
        });
    }

    /// One to five words for the status line that systemd shows.
    pub(super) fn status(&self) -> &'static str {
        self.logged.as_ref().map_or(log::FIRST_PASS, |logged| logged.word)
    }
}

fn early(rng: &mut fastrand::Rng) -> Duration {
    EARLY_MAX.mul_f64(rng.f64())
}

/// The part of a run's end that the next pass depends on.
fn pass_result(result: &Result<Run, ReconcileError>) -> PassResult {
    match result {
        Ok(run) => match run.outcome {
            Some(RunOutcome::Failed | RunOutcome::TimedOut) => PassResult::Failed,
            _ => PassResult::Settled,
        },
        Err(ReconcileError::Busy { .. }) => PassResult::Locked,
        Err(_) => PassResult::Failed,
    }
}
