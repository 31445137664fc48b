//! What may be done to the world. Every action is a value that holds all its execution needs: whoever
//! carries it out decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cloud::{Rollback, ScalableTarget};
use crate::model::{ContainerName, ImageRef, Instant, RuleArn, ServiceName, SiteName, StoreId, Version};
use crate::spec::Check;
use crate::store::journal::{GateParts, Recorded};

/// One action with what people are told about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Stable for the same intention: `service/graasp/start`.
    pub id: String,
    /// What is done.
    pub kind: ActionKind,
    /// What it is done to, as people call it: `graasp`, `graasp-prod`.
    pub resource: String,
    /// How it is now.
    pub before: String,
    /// How it will be.
    pub after: String,
    /// Why, and when in the order.
    pub reason: String,
    /// The step it belongs to: actions of one step go side by side, steps one after the other.
    pub step: Step,
    /// The field it corrects, when it puts back what somebody changed.
    pub corrects: Option<String>,
}

impl Action {
    /// Whether it changes nothing: a migration that runs is watched to its end.
    pub fn only_watches(&self) -> bool {
        matches!(&self.kind, ActionKind::Migrate(migration) if matches!(migration.start, MigrationStart::Adopt { .. }))
    }
}

/// The order of everything. Derived `Ord` is the order of execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step", content = "layer")]
pub enum Step {
    /// Tag the cluster with our store.
    Claim,
    /// Record a schema version that is there already: at first contact, because a person says so, or because a
    /// failed migration has changed nothing, or because a migration has succeeded.
    RecordPresent,
    /// Associate the CloudFront function, ahead of any release.
    Associate,
    /// Upload sites' assets.
    StageSites,
    /// Preflight has passed: the release is journaled with its digests.
    Begin,
    /// Close the gate.
    CloseGate,
    /// Associate the CloudFront function again, in a gate that somebody opened: closing comes first.
    Reassociate,
    /// Wait for requests in flight.
    Drain,
    /// Stop services; layer 0 first: dependents before what they depend on.
    StopServices(u16),
    /// Bring the database to `available`.
    StartDatabase,
    /// Take the snapshot.
    Snapshot,
    /// Run the migration.
    Migrate,
    /// Tag the database with its new schema version.
    Record,
    /// Wait after the migration.
    Settle,
    /// Start, roll and scale services; layer 0 first: dependencies before dependents.
    StartServices(u16),
    /// Switch sites' entry points.
    SwitchSites,
    /// Ask the checks.
    Check,
    /// Open the gate.
    OpenGate,
    /// Give back what was borrowed: rollback switches, old snapshots.
    Tidy,
    /// Stop the database, last of all.
    StopDatabase,
}

impl Step {
    /// The word for people and for `steps` in the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Claim => "claim",
            Step::RecordPresent | Step::Record => "record",
            Step::Associate | Step::Reassociate => "associate",
            Step::StageSites => "stage-sites",
            Step::Begin => "begin",
            Step::CloseGate => "close-gate",
            Step::Drain => "drain",
            Step::StopServices(_) => "stop-services",
            Step::StartDatabase => "start-database",
            Step::Snapshot => "snapshot",
            Step::Migrate => "migrate",
            Step::Settle => "settle",
            Step::StartServices(_) => "start-services",
            Step::SwitchSites => "switch-sites",
            Step::Check => "check",
            Step::OpenGate => "open-gate",
            Step::Tidy => "tidy",
            Step::StopDatabase => "stop-database",
        }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// Tag the cluster: `tidegate:owner=<store>`.
    ClaimOwner {
        /// Us.
        store: StoreId,
    },
    /// Tag the database: `tidegate:schema-version=<version>`, and forget `tidegate:migrating`.
    RecordSchema {
        /// The version.
        version: Version,
        /// The database it was read on.
        resource_id: String,
        /// Where it comes from.
        how: Recorded,
    },
    /// Associate the gate's function with a distribution.
    AssociateFunction {
        /// The distribution's id.
        distribution: String,
    },
    /// Copy a release's assets into the site's bucket; entry points stay.
    StageSite {
        /// The site.
        site: SiteName,
        /// Rendered source.
        source: String,
        /// Its version.
        version: Version,
    },
    /// Copy entry points, delete stale files, write the marker, ask for an invalidation.
    SwitchSite {
        /// The site.
        site: SiteName,
        /// Rendered source.
        source: String,
        /// Its version.
        version: Version,
    },
    /// Journal that a release has begun.
    BeginRelease {
        /// Recorded schema version; `None` where a release is gated for another reason.
        from: Version,
        /// Wanted version.
        to: Version,
        /// Images as written → pinned, for the whole release.
        images: BTreeMap<ImageRef, ImageRef>,
    },
    /// Add the header condition to rules and publish the closing function.
    CloseGate {
        /// Rules to change.
        rules: Vec<RuleArn>,
        /// Whether the function is to be changed.
        function: bool,
        /// Whether users get through now.
        was_open: bool,
        /// What it is closed with.
        with: GateParts,
    },
    /// Remove our header conditions and publish the open function.
    OpenGate {
        /// Rules to change.
        rules: Vec<RuleArn>,
        /// Whether the function is to be changed.
        function: bool,
        /// Whether the gate is open afterwards; else only what is kept open in a closed one.
        whole: bool,
    },
    /// Wait until requests have run out.
    Drain {
        /// At least until then.
        until: Instant,
        /// With metrics: at most until then.
        at_most_until: Instant,
    },
    /// Suspend scaling, set desired 0, wait until no task is left.
    StopService {
        /// The service.
        service: ServiceName,
        /// Its scalable target as it is, when it has one that still has to be suspended.
        scaling: Option<ScalableTarget>,
    },
    /// Start the database if it is stopped, and wait until it is available.
    StartDatabase,
    /// Stop the database and wait until it is stopped.
    StopDatabase,
    /// Take a snapshot and wait until it is available.
    TakeSnapshot {
        /// Its identifier: the same for the same database, from and to.
        identifier: String,
        /// Value of our tag: `<from>/<to>`.
        tag: String,
    },
    /// Run the migration task and wait for its end.
    Migrate(Migration),
    /// Journal that nobody knows how an attempt at a migration ended: its task is gone.
    EndLostMigration {
        /// Which attempt.
        attempt: u32,
        /// Whether it is known to have reached RUNNING.
        reached_running: bool,
    },
    /// Wait after a migration.
    Settle {
        /// Until then.
        until: Instant,
    },
    /// Bring a service up, or to other images, or to another count, and wait for the verdict.
    StartService(StartService),
    /// Bring a service's automatic rollbacks back to what they were.
    RestoreRollback {
        /// The service.
        service: ServiceName,
        /// What they were.
        rollback: Rollback,
    },
    /// Ask the checks until they pass.
    Check {
        /// All of them.
        checks: Vec<Check>,
    },
    /// Delete snapshots of ours.
    PruneSnapshots {
        /// Their identifiers.
        identifiers: Vec<String>,
    },
    /// Journal that the release is over.
    FinishRelease {
        /// What it brought.
        to: Version,
    },
}

/// One attempt at one migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    /// Recorded version.
    pub from: Version,
    /// Wanted version.
    pub to: Version,
    /// Counts from 1 for each (database, to).
    pub attempt: u32,
    /// The database it changes.
    pub resource_id: String,
    /// How it is brought about.
    pub start: MigrationStart,
    /// `clientToken`
    pub client_token: String,
    /// `startedBy`
    pub started_by: String,
    /// After this, a person is told; the task goes on.
    pub timeout: Duration,
}

/// How an attempt is brought about.
#[derive(Clone, Debug, PartialEq)]
pub enum MigrationStart {
    /// Journal the intent, tag the database, register the definition, send RunTask.
    Send {
        /// Revision that the new one is made from.
        template: String,
        /// Images, pinned where the registry gave a digest.
        images: BTreeMap<ContainerName, ImageRef>,
    },
    /// The intent is journaled, no task is found: send the same RunTask again, same token.
    Resend {
        /// Definition of the intent.
        definition: String,
    },
    /// A task of this attempt exists: watch it.
    Adopt {
        /// Its ARN.
        task: String,
    },
    /// A task of this attempt exists, and a person wants it to be stopped: stop it, and watch it to its end.
    Stop {
        /// Its ARN.
        task: String,
        /// Who wants it and why, for AWS's record of the task.
        why: String,
    },
}

/// A service on its way up.
#[derive(Clone, Debug, PartialEq)]
pub struct StartService {
    /// The service.
    pub service: ServiceName,
    /// Other images: `None` = the definition stays.
    pub definition: Option<NewDefinition>,
    /// Tasks wanted; `None` = the count stays (autoscaling owns it).
    pub desired: Option<u32>,
    /// Scaling as it has to be afterwards; `None` = it is right already.
    pub scaling: Option<ScalableTarget>,
    /// Switch automatic rollbacks off for this start: what they are now.
    pub rollback_off: Option<Rollback>,
    /// Its code follows the migrated version: from its start on, an older snapshot counts no more.
    pub follows_migration: bool,
}

/// Another definition for a service.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDefinition {
    /// Revision that the new one is made from.
    pub template: String,
    /// Images to put in; empty = the template as it is.
    pub images: BTreeMap<ContainerName, ImageRef>,
}

impl ActionKind {
    /// The word in JSON and in the history.
    pub fn as_str(&self) -> &'static str {
        match self {
            ActionKind::ClaimOwner { .. } => "claim-owner",
            ActionKind::RecordSchema { .. } => "record-schema",
            ActionKind::AssociateFunction { .. } => "associate-function",
            ActionKind::StageSite { .. } => "stage-site",
            ActionKind::SwitchSite { .. } => "switch-site",
            ActionKind::BeginRelease { .. } => "begin-release",
            ActionKind::CloseGate { .. } => "close-gate",
            ActionKind::OpenGate { .. } => "open-gate",
            ActionKind::Drain { .. } => "drain",
            ActionKind::StopService { .. } => "stop-service",
            ActionKind::StartDatabase => "start-database",
            ActionKind::StopDatabase => "stop-database",
            ActionKind::TakeSnapshot { .. } => "take-snapshot",
            ActionKind::Migrate(_) => "migrate",
            ActionKind::EndLostMigration { .. } => "end-lost-migration",
            ActionKind::Settle { .. } => "settle",
            ActionKind::StartService(start) if start.definition.is_some() => "roll-service",
            ActionKind::StartService(_) => "start-service",
            ActionKind::RestoreRollback { .. } => "restore-rollback",
            ActionKind::Check { .. } => "check",
            ActionKind::PruneSnapshots { .. } => "prune-snapshots",
            ActionKind::FinishRelease { .. } => "finish-release",
        }
    }
}
