//! What each report is made from: one value a report, gathered by the caller, never changed here.

use std::collections::BTreeMap;

use super::page::Page;
use super::schedule::Prices;
use crate::model::{EnvironmentName, Instant, Revision, ServiceName};
use crate::observe::Snapshot;
use crate::plan::{Plan, Topic};
use crate::reconcile::{ActiveOverrides, Closure, Defect, Later, Run, Sizes};
use crate::schedule::{Change, Override, StateInputs, Tz};
use crate::spec::EnvironmentSpec;
use crate::store::LeaseHolder;
use crate::store::journal::Ledger;

/// A plan with what is needed to show it.
#[derive(Clone, Debug)]
pub struct PlanView<'a> {
    /// The environment that the plan is for.
    pub environment: &'a EnvironmentName,
    /// The plan for `now`.
    pub plan: &'a Plan,
    /// The revision that the environment reached last; none before it has reached one.
    pub before: Option<&'a Revision>,
    /// The instant that the plan was made for.
    pub now: Instant,
    /// The zone that every time in the text is shown in.
    pub zone: Tz,
    /// The page that the text is written for.
    pub page: &'a Page,
    /// The lines that change inside task definitions, by service, without secrets.
    pub diffs: BTreeMap<ServiceName, Vec<String>>,
    /// The plan for the end of the wait, while a release waits for a window or for the environment to wake.
    pub later: Option<&'a Later>,
    /// `override:` in git, even one that has ended.
    pub git_override: Option<&'a Override>,
    /// The override and the suspension that operators have set.
    pub overrides: &'a ActiveOverrides,
    /// The preflight checks, where they were asked for.
    pub preflight: Option<&'a [Topic]>,
}

/// The override of one environment.
#[derive(Clone, Debug)]
pub struct OverrideView<'a> {
    /// The declaration, which may contain an override of its own.
    pub spec: &'a EnvironmentSpec,
    /// The override and the suspension that operators have set.
    pub overrides: ActiveOverrides,
    /// The instant that decides which override holds.
    pub now: Instant,
    /// The zone that every time in the text is shown in.
    pub zone: Tz,
    /// The page that the text is written for.
    pub page: &'a Page,
}

/// Everything that a status is made from.
#[derive(Clone, Copy, Debug)]
pub struct StatusView<'a> {
    /// The declaration.
    pub spec: &'a EnvironmentSpec,
    /// The plan for `now`: its actions are what is still to be done.
    pub plan: &'a Plan,
    /// What was read from AWS.
    pub snapshot: &'a Snapshot,
    /// The folded journal.
    pub ledger: &'a Ledger,
    /// The newest run that did something and is not running now.
    pub last_run: Option<&'a Run>,
    /// The panic that ended the daemon's last pass.
    pub defect: Option<&'a Defect>,
    /// The process that holds the lease now.
    pub holder: Option<&'a LeaseHolder>,
    /// The next change by schedule, calendar or override.
    pub next_change: Option<Change>,
    /// The override and the suspension that operators have set.
    pub overrides: &'a ActiveOverrides,
    /// When AWS was read.
    pub now: Instant,
    /// The zone that every time in the text is shown in.
    pub zone: Tz,
    /// The page that the text is written for.
    pub page: &'a Page,
}

/// A run with what is needed to show it.
#[derive(Clone, Copy, Debug)]
pub struct RunView<'a> {
    /// The run as the store keeps it.
    pub run: &'a Run,
    /// Every closing of the environment's gate that the journal knows.
    pub closures: &'a [Closure],
    /// Whether the process of a run without an outcome still works.
    pub is_running: bool,
    /// The present, for a run that has no end yet.
    pub now: Instant,
    /// The zone that every time in the text is shown in.
    pub zone: Tz,
    /// The page that the text is written for.
    pub page: &'a Page,
}

/// The runs of an environment, newest first.
#[derive(Clone, Debug)]
pub struct HistoryView<'a> {
    /// The environment that the runs belong to.
    pub environment: &'a EnvironmentName,
    /// Newest first.
    pub runs: Vec<RunView<'a>>,
    /// The page that the text is written for.
    pub page: &'a Page,
}

/// Everything that a schedule is shown from.
#[derive(Clone, Debug)]
pub struct ScheduleView<'a> {
    /// The declaration.
    pub spec: &'a EnvironmentSpec,
    /// Everything that decides the state at an instant.
    pub inputs: StateInputs<'a>,
    /// When the run-time override was set: before that instant it did not decide anything.
    pub override_since: Option<Instant>,
    /// The first instant that is shown.
    pub from: Instant,
    /// The end, which is not shown itself.
    pub to: Instant,
    /// The present, which the picture marks.
    pub now: Instant,
    /// The zone of the wall clock in the picture.
    pub zone: Tz,
    /// The page that the text is written for.
    pub page: &'a Page,
    /// The sizes of tasks and database, as far as tidegate has seen them.
    pub sizes: Sizes,
    /// The price list for the estimate.
    pub prices: &'a Prices,
}
