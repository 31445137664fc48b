//! The steps of a plan, in the one order in which they are carried out.

use serde::{Deserialize, Serialize};

/// The order of everything. Derived `Ord` is the order of execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step", content = "layer")]
pub enum Step {
    /// Tag the cluster with the store.
    Claim,
    /// Journal that the release is given up before its point of no return.
    GiveUp,
    /// Record a schema version that exists already: at first contact, because an operator says so, or because a
    /// migration has succeeded.
    RecordPresent,
    /// Associate the CloudFront function, ahead of any release.
    Associate,
    /// Upload the files of sites that their buckets do not have.
    StageSites,
    /// Preflight has passed: the release is journaled with its digests.
    Begin,
    /// Close the gate.
    CloseGate,
    /// Associate the CloudFront function in a gate that was opened outside tidegate: closing comes first.
    Reassociate,
    /// Wait for requests in flight.
    Drain,
    /// Stop services; layer 0 first: dependents before what they depend on.
    StopServices(u16),
    /// Wait for tasks of no declared service that may run old code.
    AwaitTasks,
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
    /// Replace the files of sites that change, entry points last.
    SwitchSites,
    /// Send the checks.
    Check,
    /// Open the gate.
    OpenGate,
    /// Restore rollback settings, delete old snapshots, finish the release.
    Tidy,
    /// Stop the database, after everything that uses it.
    StopDatabase,
    /// Ask CloudFront again for invalidations that it did not accept. Last, because nothing waits for it.
    Invalidate,
}

impl Step {
    /// The word in plans and in `steps` of the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Claim => "claim",
            Step::GiveUp => "give-up",
            Step::RecordPresent | Step::Record => "record",
            Step::Associate | Step::Reassociate => "associate",
            Step::StageSites => "stage-sites",
            Step::Begin => "begin",
            Step::CloseGate => "close-gate",
            Step::Drain => "drain",
            Step::StopServices(_) | Step::AwaitTasks => "stop-services",
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
            Step::Invalidate => "invalidate",
        }
    }
}
