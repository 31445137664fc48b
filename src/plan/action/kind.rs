//! Everything that tidegate can change, as values.

use std::collections::{BTreeMap, BTreeSet};

use super::migration::Migration;
use super::start::StartService;
use crate::cloud::{Rollback, ScalableTarget};
use crate::model::{ImageRef, Instant, RuleArn, ServiceName, SiteName, StoreId, Version};
use crate::spec::Check;
use crate::store::journal::{GateParts, Recorded};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// Tag the cluster: `tidegate:owner=<store>`.
    ClaimOwner {
        /// The store of this tidegate.
        store: StoreId,
    },
    /// Tag the database: `tidegate:schema-version=<version>`, and forget `tidegate:migrating`.
    RecordSchema {
        /// The schema version.
        version: Version,
        /// The database's resource id: another database under the same name is not tagged.
        resource_id: String,
        /// Where it comes from.
        how: Recorded,
    },
    /// Associate the gate's function with a distribution.
    AssociateFunction {
        /// The distribution's id.
        distribution: String,
    },
    /// Upload the files of a release that the site's bucket does not have; entry points and files that change stay.
    StageSite {
        /// The site.
        site: SiteName,
        /// Rendered source.
        source: String,
        /// Its version.
        version: Version,
    },
    /// Replace files that change, entry points last; delete stale files, ask for an invalidation, write the marker.
    SwitchSite {
        /// The site.
        site: SiteName,
        /// Rendered source.
        source: String,
        /// Its version.
        version: Version,
    },
    /// Ask a distribution again to forget what sites have replaced.
    Invalidate {
        /// As the sites declare it: an alias or an id.
        distribution: String,
        /// The sites whose paths it has not accepted yet.
        sites: BTreeSet<SiteName>,
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
    /// Journal that the release is given up before its point of no return.
    GiveUpRelease {
        /// The recorded schema version, which stays.
        from: Version,
        /// The version that the release led to.
        to: Version,
        /// What failed, and AWS's own words.
        why: String,
    },
    /// Add the header condition to rules and publish the closing function.
    CloseGate {
        /// Rules to change.
        rules: Vec<RuleArn>,
        /// Whether the function is to be changed.
        function: bool,
        /// Whether users can reach the services now.
        was_open: bool,
        /// Header, load balancer and function of the gate.
        with: GateParts,
    },
    /// Remove tidegate's header conditions and publish the open function.
    OpenGate {
        /// Rules to change.
        rules: Vec<RuleArn>,
        /// Whether the function is to be changed.
        function: bool,
        /// Whether the whole gate opens; otherwise only the rules that stay open in a closed gate.
        whole: bool,
    },
    /// Wait until no request is in flight.
    Drain {
        /// Wait at least until this instant.
        until: Instant,
        /// Where metrics show requests in flight: wait at most until this instant.
        at_most_until: Instant,
    },
    /// Suspend scaling, set desired 0, wait until no task is left.
    StopService {
        /// The service.
        service: ServiceName,
        /// Its scalable target as it is, when it has one that still has to be suspended.
        scaling: Option<ScalableTarget>,
    },
    /// Wait until tasks that belong to no declared service have ended. tidegate never stops them.
    AwaitTasks {
        /// The family of each task, by ARN.
        tasks: BTreeMap<String, String>,
    },
    /// Start the database if it is stopped, and wait until it is available.
    StartDatabase,
    /// Stop the database and wait until it is stopped.
    StopDatabase,
    /// Take a snapshot and wait until it is available.
    TakeSnapshot {
        /// Its identifier: the same for the same database, from and to.
        identifier: String,
        /// Value of tidegate's tag: `<from>/<to>`.
        tag: String,
    },
    /// Run the migration task and wait for its end.
    Migrate(Migration),
    /// Journal that the result of an attempt is unknown: AWS no longer lists its task.
    EndLostMigration {
        /// Which attempt.
        attempt: u32,
        /// Whether it is known to have run.
        reached_running: bool,
    },
    /// Wait after a migration.
    Settle {
        /// Until this instant.
        until: Instant,
    },
    /// Bring a service up, or to other images, or to another count, and wait for the verdict.
    StartService(StartService),
    /// Restore the automatic rollbacks of a service.
    RestoreRollback {
        /// The service.
        service: ServiceName,
        /// The setting before the release.
        rollback: Rollback,
    },
    /// Send the checks until they pass.
    Check {
        /// Every check that is due.
        checks: Vec<Check>,
    },
    /// Delete snapshots that tidegate took.
    PruneSnapshots {
        /// Their identifiers.
        identifiers: Vec<String>,
    },
    /// Journal that the release is over.
    FinishRelease {
        /// The version of the release.
        to: Version,
    },
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
            ActionKind::Invalidate { .. } => "invalidate",
            ActionKind::BeginRelease { .. } => "begin-release",
            ActionKind::GiveUpRelease { .. } => "give-up-release",
            ActionKind::CloseGate { .. } => "close-gate",
            ActionKind::OpenGate { .. } => "open-gate",
            ActionKind::Drain { .. } => "drain",
            ActionKind::StopService { .. } => "stop-service",
            ActionKind::AwaitTasks { .. } => "await-tasks",
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
