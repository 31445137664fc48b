//! The events of the journal, as the program works with them. How a line writes them is `wire`.
//!
//! A new event also needs its arms in `ledger.rs`, which folds events, and in `wire`.

use std::collections::{BTreeMap, BTreeSet};

use super::operator::OperatorRequest;
use crate::cloud::{Placement, Rollback, ScalableTarget};
use crate::model::{ImageRef, InputsId, Instant, Revision, ServiceName, State, Version, VersionKey};

/// An event of an environment's journal: an intent before a one-shot action, an outcome, or a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A release has begun: preflight has passed, and these pinned images are what it will start.
    ReleaseBegun {
        /// The recorded schema version.
        from: Version,
        /// The version that the release leads to.
        to: Version,
        /// Images as written → pinned.
        images: BTreeMap<ImageRef, ImageRef>,
        /// The revision that declares it.
        revision: Revision,
    },
    /// The gate is closed: tidegate has read back that no gated target can be reached without the bypass header.
    GateClosed {
        /// Whether users could get through before. If so, requests are in flight and must drain again.
        was_open: bool,
        /// The parts that it was closed with; none in lines that are older than this field.
        with: Option<GateParts>,
    },
    /// The requests in flight have ended, or the time for them has.
    Drained,
    /// The gate is open; tidegate has read it back.
    GateOpened,
    /// Intent: tidegate is about to request a database snapshot.
    SnapshotIntent {
        /// The identifier of the snapshot.
        identifier: String,
        /// The resource id of the database.
        resource_id: String,
        /// The recorded schema version.
        from: Version,
        /// The version that the release leads to.
        to: Version,
    },
    /// AWS reports the snapshot as available.
    SnapshotTaken {
        /// The identifier of the snapshot.
        identifier: String,
    },
    /// Intent: tidegate is about to start a migration task.
    MigrationIntent {
        /// The resource id of the database.
        resource_id: String,
        /// The recorded schema version.
        from: Version,
        /// The version that the release leads to.
        to: Version,
        /// Counts from 1 for each (database, to).
        attempt: u32,
        /// `clientToken` of the RunTask request: AWS starts one task for it, however often tidegate sends it.
        client_token: String,
        /// `startedBy` of the RunTask request, by which the task is found again.
        started_by: String,
        /// The task definition to run. A request that is sent again names the same one.
        definition: String,
        /// Where the task is placed. A request that is sent again names the same place; none in lines that are older than
        /// this field.
        placement: Option<Placement>,
    },
    /// RunTask returned a task, or tidegate found the task of this attempt.
    MigrationTask {
        /// The number of the attempt.
        attempt: u32,
        /// The ARN of the task.
        task: String,
    },
    /// A container of the task that counts has run, or the task must have been running: the point of no return. It is
    /// remembered: no later answer that shows less takes it back. After the end of an attempt that counted as never run,
    /// a late answer corrects that.
    MigrationRunning {
        /// The number of the attempt.
        attempt: u32,
    },
    /// The attempt has ended.
    MigrationEnded {
        /// The number of the attempt.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
    },
    /// The task has exceeded its timeout: tidegate reported it, and the task keeps running.
    MigrationOverdue {
        /// The number of the attempt.
        attempt: u32,
    },
    /// The database's tag carries this schema version.
    SchemaRecorded {
        /// The schema version.
        version: Version,
        /// The resource id of the database.
        resource_id: String,
        /// Where the version comes from.
        how: Recorded,
    },
    /// The wait after the migration has ended.
    Settled,
    /// Intent: tidegate is about to start a service that writes to the migrated schema.
    CodeStarted {
        /// The service.
        service: ServiceName,
    },
    /// A service did not start.
    StartFailed {
        /// The service.
        service: ServiceName,
        /// The images that it should have run, as written in its task definition.
        images: Vec<ImageRef>,
        /// The reason that AWS gave.
        why: String,
        /// What else AWS reported meanwhile: events of the service, and why its targets are not healthy. None in lines
        /// that are older than this field.
        said: Vec<String>,
    },
    /// All checks of the release have passed.
    ChecksPassed,
    /// The release has ended, and everything borrowed is given back.
    ReleaseFinished {
        /// The version that it released.
        to: Version,
    },
    /// A step of the release before its point of no return has failed for good: its tries or its deadline are used up,
    /// or AWS refuses in a way that does not pass.
    StepFailed {
        /// The version that the release leads to.
        to: Version,
        /// What failed, what was tried, and AWS's own words.
        why: String,
    },
    /// No step of the release in progress can be carried out, and its migration is still to come.
    ReleaseStalled {
        /// The version that the release leads to.
        to: Version,
        /// What is in its way.
        why: String,
    },
    /// The next step of a release that had stalled can be carried out.
    ReleaseResumed {
        /// The version that the release leads to.
        to: Version,
    },
    /// tidegate has given the release up before its point of no return: the old version comes back.
    ReleaseGivenUp {
        /// The recorded schema version, which stays.
        from: Version,
        /// The version that the release led to.
        to: Version,
        /// What failed, what was tried, and AWS's own words.
        why: String,
    },
    /// Intent: tidegate is about to switch off a service's automatic rollbacks.
    RollbackBorrowed {
        /// The service.
        service: ServiceName,
        /// The setting before.
        was: Rollback,
    },
    /// The automatic rollbacks of the service are as they were.
    RollbackRestored {
        /// The service.
        service: ServiceName,
    },
    /// Intent: tidegate is about to suspend a service's scaling, to stop the service.
    ScalingBorrowed {
        /// The service.
        service: ServiceName,
        /// The scalable target before.
        was: ScalableTarget,
    },
    /// The scaling of the service is as it was.
    ScalingRestored {
        /// The service.
        service: ServiceName,
    },
    /// Drift: tidegate put back a field that someone outside tidegate had changed.
    Corrected {
        /// The resource: `service/web`.
        resource: String,
        /// The field of the resource.
        field: String,
        /// The value that tidegate found.
        before: String,
        /// The declared value that tidegate set.
        after: String,
    },
    /// The environment is as declared: a run found no action left.
    Converged {
        /// The effective state reached.
        state: State,
        /// The versions reached.
        versions: BTreeMap<VersionKey, Version>,
        /// The revision that declares it.
        revision: Revision,
        /// What its declaration is made of; none in lines that are older than this field.
        inputs: Option<InputsId>,
        /// Fingerprints of the declaration reached and of its parts; empty in lines that are older than this field.
        declaration: BTreeMap<String, String>,
        /// The schema version on the database's tag, by database: known from here on, no matter who set the tag.
        schema: BTreeMap<String, Version>,
    },
    /// The cluster carries this store's owner tag: a permission to take the cluster over is used up.
    OwnerClaimed,
    /// An operator decided something.
    Requested(OperatorRequest),
    /// An override has ended without an operator.
    OverrideEnded {
        /// The reason, as text for people.
        why: String,
    },
    /// A suspension has ended without an operator.
    SuspensionEnded {
        /// The reason, as text for people.
        why: String,
    },
    /// Parts that run although the environment should be down. Grace runs from the first event that names a part.
    FoundAwake {
        /// All such parts: `service/web`, `database`. Empty: everything is down again.
        parts: BTreeSet<String>,
    },
    /// tidegate stopped the database. AWS starts it again after seven days.
    DatabaseStopped {
        /// The resource id of the database.
        resource_id: String,
    },
}

/// The parts that a gate is closed with. Opening it needs the same parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateParts {
    /// Lower-case name of the header.
    pub header: String,
    /// `graasp-prod:443`, if rules are gated.
    pub load_balancer: Option<String>,
    /// The CloudFront function, if there is one.
    pub function: Option<String>,
}

/// Where a recorded schema version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The version that ran when tidegate first observed the database.
    FirstContact,
    /// A migration that tidegate ran ended well.
    Migration,
    /// An operator said so (`tidegate record-schema`).
    Person,
    /// The migration failed without changing the schema, and its version is no longer declared.
    Unchanged,
}

/// How an attempt at a migration ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Exit code 0, and the stop code says that the container ended by itself.
    pub succeeded: bool,
    /// Whether a container of the task that counts has run, or may have run.
    pub reached_running: bool,
    /// What AWS showed of the stopped task does not say whether it ran: it counts as if it had. `false` in lines that are
    /// older than this field.
    pub unclear: bool,
    /// The attempt was lost: its result is unknown.
    pub unknown: bool,
    /// The exit code of the essential container.
    pub exit_code: Option<i32>,
    /// `stopCode` of the task.
    pub stop_code: Option<String>,
    /// `stoppedReason` of the task and the `reason` of each container, or why no task was started.
    pub reason: Option<String>,
    /// The last lines that the containers logged that count.
    pub log_tail: Vec<String>,
    /// Why a log of these containers could not be read. None in lines that are older than this field.
    pub log_unread: Option<String>,
}

/// A correction younger than this counts for [`crate::plan`]'s contest.
pub const CONTEST_WINDOW_MINUTES: i64 = 60;

/// An event, and when it was written.
pub type Line = (Instant, Event);
