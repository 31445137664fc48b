//! What the daemon remembers of one environment between its passes. It decides only when the next pass begins
//! and what is worth a log line: after a restart, the first pass rebuilds it.
//!
//! It reads neither clock nor store: the loop hands the values in.

use std::sync::Arc;

use super::announce::{self, Announced, Announcement};
use super::due::{self, LastPass, PassResult};
use super::log::{self, LoggedStatus};
use super::pass::DuePass;
use crate::clock::Monotonic;
use crate::cloud::LastObservation;
use crate::context;
use crate::model::Instant;
use crate::plan::Plan;
use crate::reconcile::{ActiveOverrides, DeclaredEnvironment, ReconcileError, Run, RunOutcome};
use crate::spec::EnvironmentSpec;

/// One environment, as its last pass left it.
#[derive(Debug, Default)]
pub(super) struct TrackedEnvironment {
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
    pub(super) result: &'a Result<Run, ReconcileError>,
    /// The newest plan of the run, if it came as far as planning.
    pub(super) plan: Option<Plan>,
    pub(super) began_at: Instant,
    pub(super) overrides: &'a ActiveOverrides,
}

impl TrackedEnvironment {
    /// Makes the next pass due now.
    pub(super) fn poke(&mut self) {
        self.is_poked = true;
    }

    /// The pass that is due at `now`, if one is. A poke counts once.
    pub(super) fn take_due(
        &mut self,
        declared: DeclaredEnvironment,
        now: Instant,
        monotonic: Monotonic,
    ) -> Option<DuePass> {
        let reason = due::due(now, monotonic, &declared.revision, self.is_poked, self.last_pass.as_ref())?;
        // A poke that arrives while this pass runs asks for another one.
        self.is_poked = false;
        let before = self.last_plan.clone().map(|plan| (plan, self.last_observation.clone()));
        Some(DuePass { declared, reason, before })
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
    pub(super) fn unchanged(&mut self, now: Monotonic) {
        if let Some(last) = &mut self.last_pass {
            last.ended_at = now;
        }
    }

    /// Remembers how a run ended, and logs that if it is news.
    pub(super) fn ended(&mut self, run: EndedRun<'_>, now: Instant, monotonic: Monotonic) {
        let EndedRun { declared, result, plan, began_at, overrides } = run;
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
        let inputs = context::says(spec, runtime_override.as_ref());
        let calendar = due::changes_at(began_at, &inputs, spec.windows.as_ref());
        self.last_pass = Some(LastPass {
            ended_at: monotonic,
            revision: result.as_ref().map_or_else(|_| declared.revision.clone(), |run| run.revision.clone()),
            result: pass_result,
            failures,
            changes_at: calendar.into_iter().chain(announce::next_at(now, overrides, in_git)).min(),
        });
    }

    /// One to five words for the status line that systemd shows.
    pub(super) fn status(&self) -> &'static str {
        self.logged.as_ref().map_or(log::FIRST_PASS, |logged| logged.word)
    }
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
