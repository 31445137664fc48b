//! What a run did, as it is kept in the history. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

use crate::execute::{ActionOutcome, ActionResult};
use crate::model::{EnvironmentName, Instant, Revision, RunId, Version};
use crate::plan::{Action, ActionKind, Blocked, BlockedReason, Plan, Step, Waiting, WaitingReason};
use crate::store::journal::OperatorRequest;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Sortable: the time at which it began, and a number.
    pub id: RunId,
    /// The environment that it changed.
    pub environment: EnvironmentName,
    /// The revision of its last pass.
    pub revision: Revision,
    /// Who ran it: `apply by ann@laptop`.
    pub holder: String,
    /// When it began.
    pub started_at: Instant,
    /// When it ended; none = it still runs, or its process died.
    pub finished_at: Option<Instant>,
    /// How it ended; none as above.
    pub outcome: Option<RunOutcome>,
    /// Why it ended so, if the outcome alone does not say it.
    pub message: Option<String>,
    /// The release that it began or continued.
    pub release: Option<ReleaseReport>,
    /// Operator requests that this run journaled.
    #[serde(default)]
    pub requests: Vec<OperatorRequest>,
    /// Overrides and suspensions that ended by themselves, in words.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The steps that it carried out, in order.
    pub steps: Vec<StepReport>,
    /// What blocked it at its end.
    #[serde(default)]
    pub blocked: Vec<BlockedReport>,
    /// What it waited for at its end.
    #[serde(default)]
    pub waiting: Vec<WaitingReport>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// The environment is as declared, or will be when it wakes.
    Converged,
    /// Only a window is missing.
    Window,
    /// `mode: observe`: actions are due, and none was carried out.
    Observed,
    /// An operator has to change something first.
    Blocked,
    /// A release failed and is held: the gate stays closed.
    Held,
    /// A step failed, and would fail again.
    Failed,
    /// Its deadline passed.
    TimedOut,
    /// A shutdown ended it.
    Stopped,
    /// The repository no longer declares the environment.
    Unmanaged,
}

impl RunOutcome {
    /// What a plan without further actions means for the run that ends with it.
    pub(super) fn of(plan: &Plan) -> RunOutcome {
        let awaits = |reason| plan.waiting.iter().any(|waiting| waiting.reason == reason);
        if plan.is_held() {
            RunOutcome::Held
        } else if !plan.blocked.is_empty() {
            RunOutcome::Blocked
        } else if !plan.actions.is_empty() {
            RunOutcome::Observed
        } else if awaits(WaitingReason::Person) {
            RunOutcome::Blocked
        } else if awaits(WaitingReason::Window) {
            RunOutcome::Window
        } else if plan.waiting.iter().all(|waiting| waiting.reason.ends_by_the_clock()) {
            RunOutcome::Converged
        } else {
            RunOutcome::TimedOut
        }
    }

    /// The word for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            RunOutcome::Converged => "converged",
            RunOutcome::Window => "window",
            RunOutcome::Observed => "observed",
            RunOutcome::Blocked => "blocked",
            RunOutcome::Held => "held",
            RunOutcome::Failed => "failed",
            RunOutcome::TimedOut => "timed-out",
            RunOutcome::Stopped => "stopped",
            RunOutcome::Unmanaged => "unmanaged",
        }
    }
}

/// Two schema versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseReport {
    /// Before.
    pub from: Version,
    /// After.
    pub to: Version,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Its word.
    pub step: String,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub finished_at: Instant,
    /// The worst of its actions: `done`, `again`, `left` or `failed`.
    pub outcome: String,
    /// What was done, side by side.
    pub actions: Vec<ActionReport>,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionReport {
    /// Stable for the same intention.
    pub id: String,
    /// What was done.
    pub kind: String,
    /// To what.
    pub resource: String,
    /// How it was.
    pub before: String,
    /// How it was to be.
    pub after: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The field that had drifted, if this action corrected drift.
    #[serde(default)]
    pub corrects: Option<String>,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub finished_at: Instant,
    /// `done`, `again`, `left` or `failed`.
    pub outcome: String,
    /// What went wrong.
    pub message: Option<String>,
}

/// What stood in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedReport {
    /// A stable word.
    pub reason: BlockedReason,
    /// What, where and why.
    pub message: String,
    /// The ways out.
    pub hints: Vec<String>,
}

/// What was waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingReport {
    /// A stable word.
    pub reason: WaitingReason,
    /// What for.
    pub message: String,
    /// When, if that is known.
    pub until: Option<Instant>,
}

impl Run {
    pub(super) fn begin(
        environment: &EnvironmentName,
        revision: Revision,
        holder: &str,
        fencing: u64,
        now: Instant,
    ) -> Self {
        Run {
            id: RunId::new(format!("{}-{fencing:06}", now.format("%Y%m%dT%H%M%SZ"))),
            environment: environment.clone(),
            revision,
            holder: holder.to_owned(),
            started_at: now,
            finished_at: None,
            outcome: None,
            message: None,
            release: None,
            requests: Vec::new(),
            notes: Vec::new(),
            steps: Vec::new(),
            blocked: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes a step in.
    pub(super) fn took(
        &mut self,
        step: Step,
        actions: &[Action],
        outcomes: &[ActionOutcome],
        from: Instant,
        to: Instant,
    ) {
        let reports = actions.iter().zip(outcomes).map(|(action, outcome)| report(action, outcome)).collect();
        for action in actions {
            if let ActionKind::BeginRelease { from, to, .. } = &action.kind {
                self.release = Some(ReleaseReport { from: from.clone(), to: to.clone() });
            }
        }
        let worst = outcomes.iter().map(|outcome| &outcome.result).max_by_key(|result| severity(result));
        let step = StepReport {
            step: step.as_str().to_owned(),
            started_at: from,
            finished_at: to,
            outcome: worst.map_or("done", word).to_owned(),
            actions: reports,
        };
        // What was left to itself and taken up again at once is one step.
        match self.steps.last_mut().filter(|last| last.outcome == "left" && last.continues_as(&step)) {
            Some(last) => *last = StepReport { started_at: last.started_at, ..step },
            None => self.steps.push(step),
        }
    }

    /// Ends it with the plan it ended on.
    pub(super) fn end(
        &mut self,
        outcome: RunOutcome,
        message: Option<String>,
        plan: Option<&Plan>,
        now: Instant,
    ) {
        self.finished_at = Some(now);
        self.outcome = Some(outcome);
        self.message = message;
        self.blocked =
            plan.map(|plan| plan.blocked.iter().map(BlockedReport::of).collect()).unwrap_or_default();
        self.waiting =
            plan.map(|plan| plan.waiting.iter().map(WaitingReport::of).collect()).unwrap_or_default();
    }

    /// What went wrong last in it, if anything did.
    pub fn failure(&self) -> Option<String> {
        let mut actions = self.steps.iter().rev().flat_map(|step| &step.actions);
        let failed = actions.find(|action| action.outcome == "failed")?;
        Some(format!("{}: {}", failed.resource, failed.message.as_deref().unwrap_or("failed")))
    }

    /// Whether it ran under the lease of this number.
    pub fn is_under(&self, fencing: u64) -> bool {
        self.id.as_str().ends_with(&format!("-{fencing:06}"))
    }

    /// Whether it is worth keeping: it did something, took something up, or failed.
    pub(super) fn is_worth_keeping(&self) -> bool {
        !self.steps.is_empty() || !self.requests.is_empty() || !self.notes.is_empty()
    }
}

impl StepReport {
    fn continues_as(&self, next: &StepReport) -> bool {
        let ids = |step: &StepReport| step.actions.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        self.step == next.step && ids(self) == ids(next)
    }
}

impl BlockedReport {
    fn of(blocked: &Blocked) -> Self {
        BlockedReport {
            reason: blocked.reason,
            message: blocked.message.clone(),
            hints: blocked.hints.clone(),
        }
    }
}

impl WaitingReport {
    fn of(waiting: &Waiting) -> Self {
        WaitingReport { reason: waiting.reason, message: waiting.message.clone(), until: waiting.until }
    }
}

fn report(action: &Action, outcome: &ActionOutcome) -> ActionReport {
    let message = match &outcome.result {
        ActionResult::Done => None,
        ActionResult::Again { why } | ActionResult::Failed { why } => Some(why.clone()),
        ActionResult::Unfinished { what } => Some(format!("still running: {what}")),
    };
    ActionReport {
        id: action.id.clone(),
        kind: action.kind.as_str().to_owned(),
        resource: action.resource.clone(),
        before: action.before.clone(),
        after: action.after.clone(),
        reason: action.reason.clone(),
        corrects: action.corrects.clone(),
        started_at: outcome.started_at,
        finished_at: outcome.finished_at,
        outcome: word(&outcome.result).to_owned(),
        message,
    }
}

fn word(result: &ActionResult) -> &'static str {
    match result {
        ActionResult::Done => "done",
        ActionResult::Again { .. } => "again",
        ActionResult::Unfinished { .. } => "left",
        ActionResult::Failed { .. } => "failed",
    }
}

fn severity(result: &ActionResult) -> u8 {
    match result {
        ActionResult::Done => 0,
        ActionResult::Unfinished { .. } => 1,
        ActionResult::Again { .. } => 2,
        ActionResult::Failed { .. } => 3,
    }
}
