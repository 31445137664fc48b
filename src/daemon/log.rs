//! What the log is told: transitions, effects and outcomes. A look that finds nothing new says nothing.
//!
//! The words are for people, the fields beside them for programs; both carry the same.

use std::sync::{Mutex, MutexGuard};

use tracing::{debug, error, info, warn};

use super::announce::Announcement;
use super::due::Why;
use super::in_force::Notice;
use crate::execute::{ActionOutcome, ActionResult, Progress};
use crate::model::EnvironmentName;
use crate::plan::{Action, Plan, Step};
use crate::reconcile::{ReconcileError, Run, RunOutcome};
use crate::report::{labels, time_format};

/// Watches one pass.
#[derive(Debug, Default)]
pub(super) struct Narrator {
    plan: Mutex<Option<Plan>>,
}

impl Narrator {
    /// The newest plan of the pass.
    pub(super) fn plan(&self) -> Option<Plan> {
        self.slot().clone()
    }

    fn slot(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().expect("nothing panics while it holds this lock")
    }
}

impl Progress for Narrator {
    fn plan_ready(&self, plan: &Plan) {
        debug!(revision = plan.revision.short(), actions = plan.actions.len(), "planned");
        *self.slot() = Some(plan.clone());
    }

    fn step_started(&self, step: Step, actions: &[Action]) {
        debug!(step = step.as_str(), actions = actions.len(), "{}", labels::title(step));
    }

    fn action_started(&self, action: &Action) {
        let Action { id, kind, resource, before, after, reason, .. } = action;
        let (kind, noun, change) = (kind.as_str(), labels::noun(kind), labels::change(action));
        let what = labels::resource(action);
        info!(action = id, kind, resource, before, after, reason, "{noun} {what}: {change}");
    }

    fn action_progress(&self, id: &str, text: &str) {
        debug!(action = id, "{text}");
    }

    fn action_finished(&self, action: &Action, outcome: &ActionOutcome) {
        let Action { id, kind, resource, .. } = action;
        let (kind, noun, what) = (kind.as_str(), labels::noun(kind), labels::resource(action));
        let seconds = (outcome.finished_at - outcome.started_at).num_seconds();
        let took = time_format::length(outcome.finished_at - outcome.started_at);
        match &outcome.result {
            ActionResult::Done => {
                info!(action = id, kind, resource, seconds, "{noun} {what}: done in {took}");
            }
            ActionResult::Again { why } => {
                warn!(action = id, kind, resource, seconds, "{noun} {what}: to be tried again: {why}");
            }
            ActionResult::Unfinished { what: wait } => {
                info!(action = id, kind, resource, seconds, "{noun} {what}: left to itself: {wait}");
            }
            ActionResult::Failed { why } => {
                error!(action = id, kind, resource, seconds, "{noun} {what}: failed: {why}");
            }
        }
    }
}

/// Tells a notice about the declarations.
pub(super) fn notice(notice: &Notice) {
    match notice {
        Notice::Adopted { revision, environments } => {
            info!(%revision, environments, "the declarations of {} are in force", revision.short());
        }
        Notice::Broken { environment, revision, error, kept } => {
            let kept = match kept {
                Some(_) => "the last good declaration stays in force",
                None => "nothing else is known of it, and nothing is done",
            };
            let hint = format!("every error: tidegate validate, at {}", revision.short());
            error!(%environment, %revision, hint, "`{environment}` is declared with errors, {kept}: {error}");
        }
        Notice::Unmanaged { environment } => {
            warn!(%environment, "`{environment}` is declared no more: it is left as it is");
        }
        Notice::Unreachable { error, hint } => {
            error!(hint, "the declarations cannot be read; what was declared last stays in force: {error}");
        }
        Notice::Reachable => info!("the declarations can be read again"),
        Notice::Rewritten { from, to } => {
            let hint = format!("to take it over: tidegate poke --accept-revision {}", to.short());
            error!(%from, %to, hint, "history was rewritten: {} is not in it; nothing of it is taken over", from.short());
        }
        Notice::NothingHeld { named } => {
            warn!("no rewritten history begins with `{named}`: nothing was taken over");
        }
    }
}

/// Tells of an environment that this store knows and nobody declares.
pub(super) fn orphan(environment: &EnvironmentName) {
    warn!(%environment, "`{environment}` has a journal here and is not declared: it is left as it is");
}

/// Tells what is coming, or still lasts.
pub(super) fn announce(environment: &EnvironmentName, news: &Announcement) {
    match news {
        Announcement::OverrideEnds { until, about } => {
            let hint = format!("to keep it: tidegate override {environment} STATE --for 2h --reason …");
            warn!(%environment, %until, hint, "the override of `{environment}` ends at {until}: {about}");
        }
        Announcement::Suspended { since, about } => {
            let hint = format!("to end that: tidegate resume {environment}");
            warn!(%environment, %since, hint, "`{environment}` is suspended since {since} {about}");
        }
    }
}

/// Tells that a pass begins. Most of them find nothing.
pub(super) fn begins(environment: &EnvironmentName, why: Why) {
    debug!(%environment, why = why.as_str(), "looking");
}

/// How an environment stands, as it was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// One or two words: for the line that systemd shows.
    pub(super) word: &'static str,
    /// Everything that is news when it changes.
    said: Vec<String>,
}

/// Tells how a pass ended, if that is news: something was done, or it stands otherwise than `before`.
pub(super) fn ended(
    environment: &EnvironmentName,
    ended: &Result<Run, ReconcileError>,
    plan: Option<&Plan>,
    before: Option<&Told>,
) -> Told {
    let told = Told { word: word(ended), said: said(ended, plan) };
    let is_busy = ended.as_ref().is_ok_and(|run| !run.steps.is_empty() || !run.requests.is_empty());
    if !is_busy && before == Some(&told) {
        return told;
    }
    let run = match ended {
        Ok(run) => run,
        Err(ReconcileError::Busy { .. }) => {
            info!(%environment, "{}", told.said.join("; "));
            return told;
        }
        Err(error) => {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            let why = causes.fold(error.to_string(), |why, cause| format!("{why}: {cause}"));
            error!(%environment, "`{environment}` cannot be worked on: {why}");
            return told;
        }
    };
    let (outcome, steps) = (told.word, run.steps.len());
    let text = told.said.join("; ");
    // Only what is in the history has a name there.
    let run_id = is_busy.then_some(run.id.as_str());
    let revision = run.revision.as_str();
    match run.outcome {
        Some(RunOutcome::Held | RunOutcome::Blocked | RunOutcome::Failed) => {
            error!(%environment, run = run_id, revision, outcome, steps, "{environment} is {outcome}: {text}");
            for blocked in &run.blocked {
                for hint in &blocked.hints {
                    warn!(%environment, "hint: {hint}");
                }
            }
        }
        Some(RunOutcome::TimedOut) => {
            warn!(%environment, run = run_id, revision, outcome, steps, "{environment} is not there yet: {text}");
        }
        // It was on its way out before it had done anything.
        Some(RunOutcome::Stopped) if !is_busy => {}
        Some(RunOutcome::Unmanaged) => {}
        _ if text.is_empty() => {
            info!(%environment, run = run_id, revision, outcome, steps, "{environment} is {outcome}");
        }
        _ => {
            info!(%environment, run = run_id, revision, outcome, steps, "{environment} is {outcome}: {text}")
        }
    }
    told
}

fn word(ended: &Result<Run, ReconcileError>) -> &'static str {
    match ended {
        Ok(run) => match run.outcome {
            Some(RunOutcome::Converged) => "as declared",
            Some(RunOutcome::Window) => "waiting for its window",
            Some(RunOutcome::Observed) => "observed",
            Some(RunOutcome::Blocked) => "blocked",
            Some(RunOutcome::Held) => "held",
            Some(RunOutcome::Failed) => "failing",
            Some(RunOutcome::TimedOut) => "under way",
            Some(RunOutcome::Stopped) | None => "interrupted",
            Some(RunOutcome::Unmanaged) => "unmanaged",
        },
        Err(ReconcileError::Busy { .. }) => "in other hands",
        Err(_) => "failing",
    }
}

fn said(ended: &Result<Run, ReconcileError>, plan: Option<&Plan>) -> Vec<String> {
    let run = match ended {
        Ok(run) => run,
        Err(error) => return vec![error.to_string()],
    };
    let blocked = run.blocked.iter().map(|blocked| one_line(&blocked.message));
    let waiting = run.waiting.iter().map(|waiting| one_line(&waiting.message));
    let mut said: Vec<String> = run.message.iter().cloned().chain(blocked).chain(waiting).collect();
    if let (Some(plan), Some(RunOutcome::Observed)) = (plan, run.outcome) {
        said.push(format!("mode: observe, {} actions are not carried out", plan.actions.len()));
        said.extend(plan.drift.iter().map(|drift| {
            format!("{} {}: {}, expected {}", drift.resource, drift.field, drift.observed, drift.expected)
        }));
    }
    said
}

/// A message of several lines, the log of a migration in it, as one: a log has a line for each event.
fn one_line(message: &str) -> String {
    message.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
