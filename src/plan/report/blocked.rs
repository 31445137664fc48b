//! What an operator must decide or repair, with the ways out.

use serde::{Deserialize, Serialize};

use crate::spec::EnvironmentSpec;

/// Something that needs an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// A stable word.
    pub reason: BlockedReason,
    /// What is wrong, where and why.
    pub message: String,
    /// The ways out, one a line; commands work as printed.
    pub hints: Vec<String>,
}

/// Stable words for what needs an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockedReason {
    /// A resource could not be read; tidegate does not change it.
    Unreadable,
    /// The credentials belong to another account.
    AccountMismatch,
    /// Another store owns the cluster.
    OwnedByAnother,
    /// The cluster, a service, the database, the balancer or a distribution does not exist.
    Missing,
    /// A service was deleted: it is DRAINING or INACTIVE.
    ServiceDeleted,
    /// A service is deployed by CodeDeploy, an external controller or ECS Express Mode, or it is a DAEMON service.
    UnsupportedController,
    /// An image does not exist.
    ImageMissing,
    /// A site's release does not exist.
    ReleaseMissing,
    /// The bypass secret cannot be read or used.
    BypassSecret,
    /// The gate cannot be closed safely: default action, rule limits, another function.
    GateUnsafe,
    /// A lifecycle hook of a service would bring old code back after a migration.
    LifecycleHook,
    /// The migration's task cannot be placed: its launch type or its capacity providers do not fit.
    Placement,
    /// Tasks outside the declared services run code that follows the migrated version.
    ForeignCode,
    /// A service has a scalable target that the declarations do not mention.
    AutoscalingUndeclared,
    /// The database cannot be stopped or is broken.
    Database,
    /// The database has no schema version yet, and none can be read from the running services.
    FirstContactUnreadable,
    /// The journal knows the schema version; the tag of the database is missing.
    SchemaTagLost,
    /// The declared version is older than the schema.
    Backward,
    /// Another task of the migration family is running.
    ForeignMigration,
    /// A migration failed.
    MigrationFailed,
    /// The result of a migration is unknown.
    OutcomeUnknown,
    /// A service did not start.
    StartFailed,
    /// An operator gave the release up.
    Aborted,
    /// tidegate gave the release up before its point of no return.
    GivenUp,
    /// Someone outside tidegate keeps changing the same field.
    Contested,
    /// A rule has the bypass header without tidegate's tag.
    ForeignCondition,
    /// The plan failed the internal safety check: a defect of tidegate. No action is taken.
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

/// A problem with its ways out.
pub(in crate::plan) fn blocked(
    reason: BlockedReason,
    message: impl Into<String>,
    hints: impl IntoIterator<Item = String>,
) -> Blocked {
    Blocked { reason, message: message.into(), hints: hints.into_iter().collect() }
}

/// AWS accepts no request: one problem, not one for each resource.
pub(in crate::plan) fn refused(why: &str, spec: &EnvironmentSpec) -> Blocked {
    let role =
        spec.assume_role.as_ref().map(|role| format!("; check that these credentials may assume {role}"));
    let hints = [
        format!("check who you are to AWS: aws sts get-caller-identity --region {}{}", spec.region, role.unwrap_or_default()),
        "after `aws sso login`, with `AWS_PROFILE` set, or with keys in the environment, run tidegate again; the daemon looks again by itself".to_owned(),
        "if AWS calls the signature expired or not yet current, correct the clock of this machine: timedatectl status".to_owned(),
    ];
    blocked(BlockedReason::Unreadable, format!("AWS accepts no request of tidegate: {why}"), hints)
}

/// A resource that could not be read.
pub(in crate::plan) fn unreadable(what: &str, why: &str) -> Blocked {
    blocked(
        BlockedReason::Unreadable,
        format!("{what} could not be read: {why}"),
        ["tidegate does not touch what it cannot read; it retries automatically".to_owned()],
    )
}
