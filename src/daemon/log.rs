//! Every log line of the daemon about declarations, passes and actions. Only transitions, effects and outcomes
//! are logged: an observation that finds nothing new writes no line.
//!
//! The message is for people, its fields are for programs; both carry the same facts.

use std::sync::{Mutex, MutexGuard};

use tracing::{debug, error, info, warn};

use super::announce::Announcement;
use super::due::PassReason;
use super::in_force::Notice;
use crate::execute::{ActionOutcome, ActionResult, Progress};
use crate::model::{EnvironmentName, Instant, Revision};
use crate::plan::{Action, Plan, Step};
use crate::reconcile::{ReconcileError, Run, RunOutcome};
use crate::report::{labels, time_format};

/// What an environment shows in the status line until its first pass has ended.
pub(super) const FIRST_PASS: &str = "waiting for its first pass";

/// Logs the actions of one run, and keeps its newest plan.
#[derive(Debug, Default)]
pub(super) struct LogProgress {
    plan: Mutex<Option<Plan>>,
}

impl LogProgress {
    /// The newest plan of the run, if it came as far as planning.
    pub(super) fn plan(&self) -> Option<Plan> {
        self.slot().clone()
    }

    fn slot(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().expect("nothing panics while it holds this lock")
    }
}

impl Progress for LogProgress {
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
                warn!(action = id, kind, resource, seconds, "{noun} {what}: will be retried: {why}");
            }
            ActionResult::Unfinished { what: wait } => {
                info!(
                    action = id,
                    kind,
                    resource,
                    seconds,
                    "{noun} {what}: still running; the next run checks again: {wait}"
                );
            }
            ActionResult::Failed { why } => {
                error!(action = id, kind, resource, seconds, "{noun} {what}: failed: {why}");
            }
        }
    }
}

/// Logs a notice about the declarations.
pub(super) fn notice(notice: &Notice) {
    match notice {
        Notice::Adopted { revision, environments } => {
            info!(%revision, environments, "now applying revision {}", revision.short());
        }
        Notice::Broken { environment, revision, error, kept } => {
            let broken = revision.short();
            let kept = match kept {
                Some(kept) => format!("; still applying {}", kept.short()),
                None => " and no earlier valid version; tidegate does not manage it".to_owned(),
            };
            let hint = match *revision == Revision::worktree() {
                true => "to see every error: tidegate validate".to_owned(),
                false => format!("to see every error: git checkout {broken} && tidegate validate"),
            };
            error!(%environment, %revision, hint, "`{environment}` has errors in {broken}{kept}: {error}");
        }
        Notice::Unmanaged { environment } => {
            warn!(%environment, "`{environment}` was removed from the repository: tidegate no longer manages it and does not change its resources");
        }
        Notice::Unreachable { error, hint, accepted, since } => {
            let since = since.map_or_else(String::new, |since| format!(", in force since {}", in_utc(since)));
            let still = format!("{}{since}", still_applying(accepted.as_ref()));
            error!(hint, "cannot read the repository; {still}: {error}");
        }
        Notice::Reachable => info!("the repository can be read again"),
        Notice::Rewritten { from, to, accepted } => {
            let hint = format!("to accept the new history: tidegate poke --accept-revision {}", to.short());
            let (lost, still) = (from.short(), still_applying(accepted.as_ref()));
            error!(%from, %to, hint, "the branch was force-pushed: {lost} is no longer in its history; {still}");
        }
        Notice::Restored { environment, revision, since } => {
            let (short, at) = (revision.short(), in_utc(*since));
            info!(%environment, %revision, %since, "`{environment}`: {short} is in force, since {at}; the store has kept it, and the repository is read next");
        }
        Notice::NotRestored { environment, why } => {
            warn!(%environment, "`{environment}`: tidegate cannot use the declaration that the store has kept, and waits for the repository: {why}");
        }
        Notice::NothingPending { named } => {
            warn!("no force-pushed revision begins with `{named}`: tidegate accepted nothing");
        }
    }
}

fn in_utc(at: Instant) -> String {
    time_format::local(at, crate::schedule::Tz::UTC)
}

fn still_applying(accepted: Option<&Revision>) -> String {
    accepted.map_or_else(
        || "no revision is in force yet".to_owned(),
        |accepted| format!("still applying {}", accepted.short()),
    )
}

/// Logs an environment that this store knows and the repository does not declare.
pub(super) fn unmanaged(environment: &EnvironmentName) {
    warn!(%environment, "`{environment}` is known to this store but not declared in the repository: tidegate does not manage it");
}

/// Logs an override that ends soon, or a suspension that lasts.
pub(super) fn announcement(environment: &EnvironmentName, announcement: &Announcement) {
    match announcement {
        Announcement::OverrideEnds { state, until, about } => {
            let hint = format!(
                "to keep the state longer: tidegate override {environment} {state} --for 2h --reason 'still needed'"
            );
            warn!(%environment, %until, hint, "the override of `{environment}` ends at {until}: {about}");
        }
        Announcement::Suspended { since, about } => {
            let hint = format!("to end the suspension: tidegate resume {environment}");
            warn!(%environment, %since, hint, "`{environment}` has been suspended since {since} {about}");
        }
    }
}

/// Logs that a pass begins, for debugging only: most passes find nothing to do.
pub(super) fn pass_begins(environment: &EnvironmentName, reason: PassReason) {
    debug!(%environment, why = reason.as_str(), "pass begins");
}

/// Logs that a panic ended a pass. tidegate has no other pager than this line.
pub(super) fn defect(environment: &EnvironmentName, message: &str) -> LoggedStatus {
    error!(
        %environment,
        hint = "report it with the lines above; after a change of the declaration or `tidegate poke`, tidegate tries again at once",
        "`{environment}`: a defect of tidegate ended the pass, and nothing more is done for this environment for a while; others are not affected: {message}"
    );
    LoggedStatus { word: "defect", messages: vec![message.to_owned()] }
}

/// The outcome of an environment's last run, as it was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoggedStatus {
    /// One to five words: for the status line that systemd shows.
    pub(super) word: &'static str,
    /// The messages beside it. A difference in one of them is worth a new log line.
    messages: Vec<String>,
}

/// Logs how a run ended, if that is news: the run did something, or the outcome differs from `before`.
pub(super) fn run_ended(
    environment: &EnvironmentName,
    result: &Result<Run, ReconcileError>,
    plan: Option<&Plan>,
    before: Option<&LoggedStatus>,
) -> LoggedStatus {
    let status = LoggedStatus { word: word(result), messages: messages(result, plan) };
    let is_busy = result.as_ref().is_ok_and(|run| !run.steps.is_empty() || !run.requests.is_empty());
    if !is_busy && before == Some(&status) {
        return status;
    }
    let run = match result {
        Ok(run) => run,
        Err(ReconcileError::Busy { .. }) => {
            info!(%environment, "{}", status.messages.join("; "));
            return status;
        }
        Err(error) => {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            let why = causes.fold(error.to_string(), |why, cause| format!("{why}: {cause}"));
            error!(%environment, "cannot reconcile `{environment}`: {why}");
            return status;
        }
    };
    let (outcome, steps) = (status.word, run.steps.len());
    let text = status.messages.join("; ");
    // A run that did nothing is not in the history: its id would lead nowhere.
    let run_id = is_busy.then_some(run.id.as_str());
    let revision = run.revision.as_str();
    match run.outcome {
        Some(RunOutcome::Held | RunOutcome::GivenUp | RunOutcome::Blocked | RunOutcome::Failed) => {
            error!(%environment, run = run_id, revision, outcome, steps, "{environment} is {outcome}: {text}");
            let failed = if run.outcome == Some(RunOutcome::Failed) { run.ways_out() } else { &[] };
            for hint in failed.iter().chain(run.blocked.iter().flat_map(|blocked| &blocked.hints)) {
                warn!(%environment, "hint: {hint}");
            }
        }
        Some(RunOutcome::TimedOut) => {
            warn!(%environment, run = run_id, revision, outcome, steps, "{environment} is not as declared yet: {text}");
        }
        // A shutdown ended the run before it had done anything.
        Some(RunOutcome::Stopped) if !is_busy => {}
        Some(RunOutcome::Unmanaged) => {}
        _ if text.is_empty() => {
            info!(%environment, run = run_id, revision, outcome, steps, "{environment} is {outcome}");
        }
        _ => {
            info!(%environment, run = run_id, revision, outcome, steps, "{environment} is {outcome}: {text}")
        }
    }
    status
}

fn word(result: &Result<Run, ReconcileError>) -> &'static str {
    match result {
        Ok(run) => match run.outcome {
            Some(RunOutcome::Converged) => "as declared",
            Some(RunOutcome::Window) => "waiting for its window",
            Some(RunOutcome::Observed) => "observed",
            Some(RunOutcome::Blocked) => "blocked",
            Some(RunOutcome::Held) => "held",
            Some(RunOutcome::GivenUp) => "given up",
            Some(RunOutcome::Failed) => "failing",
            Some(RunOutcome::TimedOut) => "in progress",
            Some(RunOutcome::Stopped) | None => "interrupted",
            Some(RunOutcome::Unmanaged) => "unmanaged",
        },
        Err(ReconcileError::Busy { .. }) => "locked by another tidegate process",
        Err(_) => "failing",
    }
}

fn messages(result: &Result<Run, ReconcileError>, plan: Option<&Plan>) -> Vec<String> {
    let run = match result {
        Ok(run) => run,
        Err(error) => return vec![error.to_string()],
    };
    let blocked = run.blocked.iter().map(|blocked| one_line(&blocked.message));
    let waiting = run.waiting.iter().map(|waiting| one_line(&waiting.message));
    let mut messages: Vec<String> = run.message.iter().cloned().chain(blocked).chain(waiting).collect();
    if let (Some(plan), Some(RunOutcome::Observed)) = (plan, run.outcome) {
        messages.push(format!("mode: observe; tidegate would carry out {} actions", plan.actions.len()));
        messages.extend(plan.drift.iter().map(|drift| {
            format!("{} {}: {}, expected {}", drift.resource, drift.field, drift.observed, drift.expected)
        }));
    }
    messages
}

/// A message of several lines (one may quote the log of a migration) as one: a log has one line for each event.
fn one_line(message: &str) -> String {
    message.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}
