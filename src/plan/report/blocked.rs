//! What an operator must decide or repair, with the ways out.

use serde::{Deserialize, Serialize};

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

/// Something that needs a person.
pub(in crate::plan) fn blocked(
    reason: BlockedReason,
    message: impl Into<String>,
    hints: impl IntoIterator<Item = String>,
) -> Blocked {
    Blocked { reason, message: message.into(), hints: hints.into_iter().collect() }
}

/// A thing that could not be read.
pub(in crate::plan) fn unreadable(what: &str, why: &str) -> Blocked {
    blocked(
        BlockedReason::Unreadable,
        format!("{what} could not be read: {why}"),
        ["nothing is done to what cannot be read; it is read again at the next pass".to_owned()],
    )
}
