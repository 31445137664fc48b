//! What is written down. Each event is one line of the journal; fields are added, never renamed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cloud::{Rollback, ScalableTarget};
use crate::model::{ImageRef, Instant, Revision, ServiceName, State, Version, VersionKey};

/// An event of an environment's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Preflight has passed; these images, pinned, are the release's.
    ReleaseBegun {
        /// Recorded schema version.
        from: Version,
        /// Wanted version.
        to: Version,
        /// Images as written → pinned.
        images: BTreeMap<ImageRef, ImageRef>,
        /// Where the request came from.
        revision: Revision,
    },
    /// No gated target can be reached without the header: read back.
    GateClosed {
        /// Users could get through before: requests are in flight again.
        #[serde(default)]
        was_open: bool,
        /// What it was closed with; none in lines that are older than this field.
        #[serde(default)]
        with: Option<GateParts>,
    },
    /// Requests have run out, or their time has.
    Drained,
    /// The gate is open: read back.
    GateOpened,
    /// A snapshot is about to be asked for.
    SnapshotIntent {
        /// Its identifier.
        identifier: String,
        /// The database.
        resource_id: String,
        /// Recorded version.
        from: Version,
        /// Wanted version.
        to: Version,
    },
    /// The snapshot is available.
    SnapshotTaken {
        /// Its identifier.
        identifier: String,
    },
    /// A migration task is about to be asked for.
    MigrationIntent {
        /// The database.
        resource_id: String,
        /// Recorded version.
        from: Version,
        /// Wanted version.
        to: Version,
        /// Counts from 1 for each (database, to).
        attempt: u32,
        /// `clientToken`
        client_token: String,
        /// `startedBy`
        started_by: String,
        /// The definition to run; the same again when the request is sent again.
        definition: String,
    },
    /// RunTask answered with a task, or one of ours was found.
    MigrationTask {
        /// Which attempt.
        attempt: u32,
        /// The task.
        task: String,
    },
    /// The task was seen RUNNING, or is known to have been: the point of no return.
    MigrationRunning {
        /// Which attempt.
        attempt: u32,
    },
    /// The attempt is over.
    MigrationEnded {
        /// Which attempt.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// The task outlives its timeout: a person was told, it goes on.
    MigrationOverdue {
        /// Which attempt.
        attempt: u32,
    },
    /// The database carries the tag of this schema version.
    SchemaRecorded {
        /// The version.
        version: Version,
        /// The database.
        resource_id: String,
        /// Where it comes from.
        how: Recorded,
    },
    /// The wait after the migration is over.
    Settled,
    /// A service that writes to the migrated schema is about to be started.
    CodeStarted {
        /// Which.
        service: ServiceName,
    },
    /// A service did not come up.
    StartFailed {
        /// Which.
        service: ServiceName,
        /// Images it was to run, as written in its definition.
        images: Vec<ImageRef>,
        /// AWS's reason.
        why: String,
    },
    /// All checks have passed.
    ChecksPassed,
    /// The release is over, everything borrowed given back.
    ReleaseFinished {
        /// What it brought.
        to: Version,
    },
    /// Automatic rollbacks of a service are about to be switched off.
    RollbackBorrowed {
        /// Which.
        service: ServiceName,
        /// What they were.
        was: Rollback,
    },
    /// …and are back.
    RollbackRestored {
        /// Which.
        service: ServiceName,
    },
    /// Scaling of a service is about to be suspended for a stop.
    ScalingBorrowed {
        /// Which.
        service: ServiceName,
        /// What it was.
        was: ScalableTarget,
    },
    /// …and is back.
    ScalingRestored {
        /// Which.
        service: ServiceName,
    },
    /// A field that somebody changed was put back.
    Corrected {
        /// Of what.
        resource: String,
        /// Which field.
        field: String,
        /// What it was found at.
        before: String,
        /// What it was put back to.
        after: String,
    },
    /// Nothing was left to do.
    Converged {
        /// The effective state reached.
        state: State,
        /// The versions reached.
        versions: BTreeMap<VersionKey, Version>,
        /// Where the request came from.
        revision: Revision,
        /// Fingerprints of the declaration reached and of its parts; empty in lines that are older than this field.
        #[serde(default)]
        declaration: BTreeMap<String, String>,
        /// The schema version on the database's tag, by database: known from here on, whoever has put it there.
        #[serde(default)]
        schema: BTreeMap<String, Version>,
    },
    /// The cluster carries our tag: a take-over that a person let us do is spent.
    OwnerClaimed,
    /// A person decided something.
    Requested(OperatorRequest),
    /// An override has ended without a person.
    OverrideEnded {
        /// Why, in words.
        why: String,
    },
    /// A suspension has ended without a person.
    SuspensionEnded {
        /// Why, in words.
        why: String,
    },
    /// Who is found awake while the environment sleeps; grace runs from the first time that it is named.
    FoundAwake {
        /// `service/web`, `database`: all of them, none = everything sleeps again.
        parts: BTreeSet<String>,
    },
    /// The database was stopped by us: AWS starts it again after seven days.
    DatabaseStopped {
        /// The database.
        resource_id: String,
    },
}

/// What a gate is closed with: whoever opens it needs the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateParts {
    /// Lower-case name of the header.
    pub header: String,
    /// `graasp-prod:443`, if rules are gated.
    pub load_balancer: Option<String>,
    /// The CloudFront function, if there is one.
    pub function: Option<String>,
}

/// Where a recorded schema version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Exit code 0, and the stop code says that the container ended by itself.
    pub succeeded: bool,
    /// Whether the task ever reached RUNNING.
    pub reached_running: bool,
    /// The lost attempt: nobody knows.
    pub unknown: bool,
    /// Exit code of the essential container.
    pub exit_code: Option<i32>,
    /// `stopCode`
    pub stop_code: Option<String>,
    /// `stoppedReason`, or why no task was started.
    pub reason: Option<String>,
    /// The last lines it logged.
    pub log_tail: Vec<String>,
}

/// What a person asked for: who and why are kept for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorRequest {
    /// Who, as the system knows them.
    pub who: String,
    /// Their reason.
    pub reason: String,
    /// What they want.
    #[serde(flatten)]
    pub command: OperatorCommand,
}

/// What people may want.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "kebab-case")]
pub enum OperatorCommand {
    /// Try again what failed.
    Retry,
    /// Give the release up before the point of no return: the recorded version stays.
    Abort {
        /// The version that is given up.
        version: Version,
    },
    /// Stop the task of the migration under way. One that never ran is given up, too; what one that ran has
    /// left behind, nobody knows.
    StopMigration {
        /// Which attempt.
        attempt: u32,
    },
    /// The schema has this version.
    RecordSchema {
        /// Which.
        version: Version,
    },
    /// Begin the waiting release although its window is closed; spent when a release begins.
    IgnoreWindow,
    /// Take the cluster over from another store.
    TakeOver,
    /// The environment is in this state for a while. It holds by its record; here it is remembered.
    Override {
        /// The state.
        state: State,
        /// Its end.
        until: Instant,
    },
    /// The override ends now.
    ClearOverride,
    /// The environment is only observed from now on. It holds by its record, too.
    Suspend {
        /// Its end; none = until somebody resumes it.
        until: Option<Instant>,
    },
    /// The suspension ends now.
    Resume,
}

/// A correction younger than this counts for [`crate::plan`]'s contest.
pub const CONTEST_WINDOW_MINUTES: i64 = 60;

/// An instant and an event: one line.
pub type Line = (Instant, Event);
