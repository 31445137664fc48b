//! The file as it may be written: the mirror that `decode` fills and from which the JSON Schema is made.
//!
//! Everything is optional here and nothing is checked beyond its shape: a mirror holds what a person wrote,
//! right or wrong. `#[schemars(required)]` marks what a complete declaration needs; the rules themselves are
//! in `validate`. The comments on fields are what an editor shows, so they are written for operators.

mod migration;
mod release;
mod text;
mod time;

use schemars::JsonSchema;
use serde::Deserialize;

use super::AdoptRevision;
use super::decode::{Leaf, Table};
use crate::model::{Mode, State};
pub(super) use migration::{RawMigration, RawNeededFor, RawNetwork, RawSnapshot};
pub(super) use release::{
    RawBypass, RawCheck, RawCloudFront, RawLoadBalancer, RawMaintenance, RawSecretSource, RawSite,
};
pub(super) use text::{
    AccountText, CronText, DateText, DurationText, InstantText, RegionText, SpanText, TemplateText, UrlText,
    VersionText, WindowText, is_duration_text,
};
pub(super) use time::{RawOverride, RawSchedule, RawWindows};

/// One environment: what should run, when it sleeps, and how a release goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Environment", deny_unknown_fields)]
pub(super) struct RawEnvironment {
    /// The name of the environment; the same as the name of its file.
    #[schemars(required)]
    pub(super) name: Option<Leaf<String>>,
    /// A file that this one stands over, as a path from this file's folder: `platforms/graasp.yaml`. Mappings
    /// merge, texts and lists replace, `key: ~` removes.
    #[expect(dead_code, reason = "followed and taken out before a mirror is filled; the schema needs it")]
    pub(super) extends: Option<Leaf<String>>,
    /// Where it runs. tidegate acts on no other account.
    #[schemars(required)]
    pub(super) aws: Option<Leaf<RawAws>>,
    /// The ECS cluster.
    #[schemars(required)]
    pub(super) cluster: Option<Leaf<String>>,
    /// What the environment should be, unless its schedule or an override says otherwise.
    #[schemars(extend("default" = "running"))]
    pub(super) state: Option<Leaf<State>>,
    /// Whether tidegate may write.
    #[schemars(extend("default" = "enforce"))]
    pub(super) mode: Option<Leaf<Mode>>,
    /// The versions that should run, by a name of your choice; templates use them as `{name}`. Bumping one is
    /// a release. An empty text means: not deployed.
    pub(super) versions: Option<Leaf<Table<VersionText>>>,
    /// The ECS services, by name. `{}` = count and gate are managed, images are left alone.
    #[schemars(required)]
    pub(super) services: Option<Leaf<Table<RawService>>>,
    /// The database that is started, stopped, snapshotted and migrated. Absent = none is managed.
    pub(super) database: Option<Leaf<RawDatabase>>,
    /// The one-off task that changes the database's schema. Absent = every bump rolls.
    pub(super) migration: Option<Leaf<RawMigration>>,
    /// The gate: where users are sent while it is closed, and what is gated. Absent = no gate.
    pub(super) maintenance: Option<Leaf<RawMaintenance>>,
    /// Static sites, by a name of your choice.
    pub(super) sites: Option<Leaf<Table<RawSite>>>,
    /// What must answer before the gate opens.
    pub(super) checks: Option<Leaf<Vec<Leaf<RawCheck>>>>,
    /// The hours in which it is up. Absent = always.
    pub(super) schedule: Option<Leaf<RawSchedule>>,
    /// A state for a while, stronger than the schedule; it expires by itself.
    #[serde(rename = "override")]
    pub(super) override_: Option<Leaf<RawOverride>>,
    /// When a release that closes the gate may begin. Absent = always.
    pub(super) windows: Option<Leaf<RawWindows>>,
    /// When a newer revision of a task definition (Terraform's, a person's) is rolled out.
    #[schemars(extend("default" = "at-version-change"))]
    pub(super) adopt_revision: Option<Leaf<AdoptRevision>>,
}

/// Region, account and role.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Aws", deny_unknown_fields)]
pub(super) struct RawAws {
    /// The region, such as `eu-central-2`.
    #[schemars(required)]
    pub(super) region: Option<Leaf<RegionText>>,
    /// The account: twelve digits in quotes. tidegate refuses to act on any other.
    #[schemars(required)]
    pub(super) account: Option<Leaf<AccountText>>,
    /// A role in that account to act as. It must also be allowed in the daemon's own configuration.
    pub(super) assume_role: Option<Leaf<String>>,
}

/// One ECS service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Service", deny_unknown_fields)]
pub(super) struct RawService {
    /// Container → image, with `{name}` for entries of `versions`. Containers that are not named keep theirs.
    pub(super) images: Option<Leaf<Table<TemplateText>>>,
    /// Tasks while it is up. Default: `autoscaling.min`, else 1.
    #[schemars(range(min = 1))]
    pub(super) count: Option<Leaf<u32>>,
    /// The range of its scalable target; needed when it has one.
    pub(super) autoscaling: Option<Leaf<RawAutoscaling>>,
    /// Services that start before this one and stop after it.
    pub(super) after: Option<Leaf<Vec<Leaf<String>>>>,
    /// The states in which it is up. Holds `running`; never `stopped`.
    #[schemars(extend("default" = ["running", "restricted"]))]
    pub(super) up_in: Option<Leaf<Vec<Leaf<State>>>>,
}

/// The range of a scalable target.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Autoscaling", deny_unknown_fields)]
pub(super) struct RawAutoscaling {
    /// Fewest tasks while it is up.
    #[schemars(required)]
    pub(super) min: Option<Leaf<u32>>,
    /// Most tasks.
    #[schemars(required)]
    pub(super) max: Option<Leaf<u32>>,
}

/// An RDS instance or an Aurora cluster; one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Database", deny_unknown_fields)]
pub(super) struct RawDatabase {
    /// The identifier of an RDS instance.
    pub(super) instance: Option<Leaf<String>>,
    /// The identifier of an Aurora cluster.
    pub(super) cluster: Option<Leaf<String>>,
}
