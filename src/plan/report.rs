//! Why the plan is as it is: what is blocked, waiting or drifting, and what people should know.

use serde::{Deserialize, Serialize};

use crate::model::{Instant, Mode, Revision, State};
use crate::plan::Action;
use crate::schedule::Because;

/// A finished plan: ordered actions and the reasons for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which commit it is for.
    pub revision: Revision,
    /// Whether it may be carried out.
    pub mode: Mode,
    /// The state it leads to.
    pub state: PlannedState,
    /// In order of execution: steps one after the other, actions of one step side by side.
    pub actions: Vec<Action>,
    /// What cannot go on without a person.
    pub blocked: Vec<Blocked>,
    /// What goes on by itself later.
    pub waiting: Vec<Waiting>,
    /// Differences that nobody declared.
    pub drift: Vec<Drift>,
    /// What somebody started while the environment sleeps.
    pub awake: Vec<Awake>,
    /// What people should know; nothing depends on it.
    pub notes: Vec<String>,
    /// Seconds for which users are locked out by this plan: `None` = until somebody opens the gate again.
    pub expected_downtime_seconds: Option<u64>,
}

/// The state a plan leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedState {
    /// `state:` in git.
    pub declared: State,
    /// What holds now.
    pub effective: State,
    /// Why.
    pub because: Because,
    /// Until when.
    pub until: Option<Instant>,
}

/// What cannot go on without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// A stable word.
    pub reason: BlockedReason,
    /// What, where and why.
    pub message: String,
    /// The ways out, a line each.
    pub hints: Vec<String>,
}

/// Stable words for what needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockedReason {
    /// Something could not be read; nothing is done to it.
    Unreadable,
    /// The credentials are of another account.
    AccountMismatch,
    /// Another store acts on this cluster.
    OwnedByAnother,
    /// The cluster, a service, the database, the balancer or a distribution does not exist.
    Missing,
    /// A service is rolled by CodeDeploy or a third party, or it is a DAEMON.
    UnsupportedController,
    /// An image does not exist.
    ImageMissing,
    /// A site's release does not exist.
    ReleaseMissing,
    /// The bypass secret cannot be read or used.
    BypassSecret,
    /// The gate cannot be closed safely: default action, rule limits, another function.
    GateUnsafe,
    /// A service has a scalable target that the declarations do not mention.
    AutoscalingUndeclared,
    /// The database cannot be stopped or is broken.
    Database,
    /// No schema version is known, and none can be read.
    FirstContactUnreadable,
    /// The journal knows the schema version, its tag is gone.
    SchemaTagLost,
    /// The wanted version is older than the schema.
    Backward,
    /// Another task of the migration family runs.
    ForeignMigration,
    /// A migration failed.
    MigrationFailed,
    /// Nobody knows how a migration ended.
    OutcomeUnknown,
    /// A service did not come up.
    StartFailed,
    /// A person gave the release up.
    Aborted,
    /// Somebody else keeps changing the same field.
    Contested,
    /// A rule carries our header without our tag.
    ForeignCondition,
    /// The plan broke one of its own rules: a defect of tidegate, and nothing is done.
    UnsafePlan,
}

impl BlockedReason {
    /// Whether this is a hold: the gate stays closed and nothing is restarted.
    pub fn is_hold(self) -> bool {
        matches!(
            self,
            BlockedReason::MigrationFailed | BlockedReason::OutcomeUnknown | BlockedReason::StartFailed
        )
    }
}

/// What goes on by itself later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// A stable word.
    pub reason: WaitingReason,
    /// What for.
    pub message: String,
    /// When, if that is known.
    pub until: Option<Instant>,
}

/// Stable words for what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingReason {
    /// A release waits for its window.
    Window,
    /// A bump waits until the environment wakes.
    Asleep,
    /// A migration is under way: it is never interrupted.
    Migration,
    /// A release is under way: a schedule never interrupts it.
    Release,
    /// The database is in a passing state.
    Database,
    /// A distribution is still learning its function.
    Distribution,
    /// A person started something while the environment sleeps: it is left alone for a while.
    Grace,
}

impl WaitingReason {
    /// Whether new versions wait for it.
    pub fn holds_a_release(self) -> bool {
        matches!(self, WaitingReason::Window | WaitingReason::Asleep)
    }

    /// Whether the environment is as good as converged: what is left comes with the clock.
    pub fn ends_by_the_clock(self) -> bool {
        matches!(self, WaitingReason::Asleep | WaitingReason::Grace)
    }
}

/// Something that runs although the environment sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awake {
    /// `service/web`, `database`.
    pub part: String,
    /// As people call it.
    pub resource: String,
    /// Since when that is known; none = it was not there before.
    pub since: Option<Instant>,
    /// Until when it is left alone; none = it is stopped now.
    pub left_until: Option<Instant>,
}

/// A difference that nobody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Of what.
    pub resource: String,
    /// Which field.
    pub field: String,
    /// As declared.
    pub expected: String,
    /// As found.
    pub observed: String,
}

impl Plan {
    /// The actions of the first step: what may be carried out now.
    pub fn frontier(&self) -> &[Action] {
        let Some(first) = self.actions.first() else { return &[] };
        let end = self.actions.iter().position(|action| action.step != first.step);
        &self.actions[..end.unwrap_or(self.actions.len())]
    }

    /// Whether nothing is to be done, and nothing stands in the way of anything.
    pub fn is_converged(&self) -> bool {
        self.actions.is_empty() && self.blocked.is_empty() && self.waiting.is_empty()
    }

    /// A release or a service is held: the gate stays closed until a person decides.
    pub fn is_held(&self) -> bool {
        self.state.because == Because::Hold
    }
}
