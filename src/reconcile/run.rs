//! What a run did, as it is kept in the history. Fields are added, never renamed.

mod outcome;

pub use outcome::RunOutcome;
use serde::{Deserialize, Serialize};

use super::ways_out::ways_out;
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

/// Two schema versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseReport {
    /// Before.
    pub from: Version,
    /// After.
    pub to: Version,
    /// Whether this run began the release and gave it up: `from` is what runs.
    #[serde(default)]
    pub given_up: bool,
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
    /// If it went wrong: the ways out, one a line.
    #[serde(default)]
    pub hints: Vec<String>,
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
        let reports = actions.iter().zip(outcomes);
        let reports = reports.map(|(action, outcome)| report(&self.environment, action, outcome)).collect();
        for action in actions {
            if let ActionKind::BeginRelease { from, to, .. } = &action.kind {
                self.release = Some(ReleaseReport { from: from.clone(), to: to.clone(), given_up: false });
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

    /// Takes in which way its release goes. What it found in progress, and leads back, is reported from the version
    /// that was on its way to the version that comes back.
    pub(super) fn heads_for(&mut self, plan: &Plan) {
        let finish =
            plan.actions.iter().find(|action| matches!(action.kind, ActionKind::FinishRelease { .. }));
        let Some(back) = finish.filter(|finish| !finish.before.is_empty()) else { return };
        let has_begun_it = self.steps.iter().any(|step| step.step == Step::Begin.as_str());
        match &mut self.release {
            Some(release) if has_begun_it => release.given_up = true,
            release => {
                let (from, to) = (back.before.as_str().into(), back.after.as_str().into());
                *release = Some(ReleaseReport { from, to, given_up: false });
            }
        }
    }

    /// The message of its last step, if that step did not end well.
    pub(super) fn last_trouble(&self) -> Option<String> {
        let mut actions = self.steps.last()?.actions.iter().rev();
        let last = actions.find(|action| action.message.is_some())?;
        Some(format!("{}: {}", last.resource, last.message.as_deref().unwrap_or_default()))
    }

    /// What went wrong last in it, if anything did.
    pub fn failure(&self) -> Option<String> {
        let failed = self.failed()?;
        Some(format!("{}: {}", failed.resource, failed.message.as_deref().unwrap_or("failed")))
    }

    /// The ways out of what went wrong last in it.
    pub fn ways_out(&self) -> &[String] {
        self.failed().map_or(&[], |failed| &failed.hints)
    }

    fn failed(&self) -> Option<&ActionReport> {
        let last = self.steps.last().into_iter().flat_map(|step| &step.actions);
        let earlier = self.steps.iter().rev().flat_map(|step| &step.actions);
        let mut trouble = last.filter(|action| !action.hints.is_empty());
        trouble.next().or_else(|| earlier.into_iter().find(|action| action.outcome == "failed"))
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

fn report(environment: &EnvironmentName, action: &Action, outcome: &ActionOutcome) -> ActionReport {
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
        hints: match &outcome.result {
            ActionResult::Done | ActionResult::Unfinished { .. } => Vec::new(),
            ActionResult::Again { .. } | ActionResult::Failed { .. } => {
                ways_out(environment.as_str(), action)
            }
        },
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
