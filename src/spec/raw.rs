//! A declaration file as a person may write it: `decode` fills these types, and the JSON Schema is made from them.
//!
//! Everything is optional here and only shapes are checked: the types hold what a person wrote, right or wrong.
//! `#[schemars(required)]` marks what a complete declaration needs; the rules themselves are in `validate`.
//! Editors show the comments on fields, so they are written for operators: meaning, unit, example, default.

mod migration;
mod release;
mod run_on;
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
pub(super) use run_on::{RawCapacityProviders, RawRunOn};
pub(super) use text::{
    AccountText, CronText, DateText, DurationText, InstantText, RegionText, SpanText, TemplateText, UrlText,
    VersionText, WindowText, is_duration_text,
};
pub(super) use time::{RawOverride, RawSchedule, RawWindows};

/// One environment: what runs in it, when it sleeps, and how tidegate releases a new version.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Environment", deny_unknown_fields)]
pub(super) struct RawEnvironment {
    /// The name of the environment: the same as the file's name without `.yaml`, such as `production`.
    #[schemars(required)]
    pub(super) name: Option<Leaf<String>>,
    /// A file whose content this file inherits, as a path from this file's folder: `platforms/graasp.yaml`. The
    /// two are merged key by key: a text or a list here replaces the inherited one, and `key: ~` removes it.
    #[expect(dead_code, reason = "`extends.rs` follows and removes it before decoding; the schema needs it")]
    pub(super) extends: Option<Leaf<String>>,
    /// The AWS region and account of the environment. tidegate refuses to act in any other account.
    #[schemars(required)]
    pub(super) aws: Option<Leaf<RawAws>>,
    /// The name of the ECS cluster. Each environment needs its own.
    #[schemars(required)]
    pub(super) cluster: Option<Leaf<String>>,
    /// The state that tidegate keeps the environment in, unless a schedule or an override changes it. Default: `running`.
    #[schemars(extend("default" = "running"))]
    pub(super) state: Option<Leaf<State>>,
    /// Whether tidegate changes anything: `enforce` plans and applies, `observe` only reports. Default: `enforce`.
    #[schemars(extend("default" = "enforce"))]
    pub(super) mode: Option<Leaf<Mode>>,
    /// The versions to run, under names that you choose: `core: v2.24.0`. Images and site sources refer to them as
    /// `{core}`. A changed version is rolled out. An empty text (`""`) means: not deployed.
    pub(super) versions: Option<Leaf<Table<VersionText>>>,
    /// The ECS services, by their names in ECS. `{}` manages a service's task count and its place behind the gate, but
    /// not its images.
    #[schemars(required)]
    pub(super) services: Option<Leaf<Table<RawService>>>,
    /// The database that tidegate starts, stops, snapshots and migrates. Default: tidegate manages no database.
    pub(super) database: Option<Leaf<RawDatabase>>,
    /// The one-off task that changes the database's schema. Default: no version change needs a migration.
    pub(super) migration: Option<Leaf<RawMigration>>,
    /// The gate: what it protects, and where users are sent while it is closed. Default: there is no gate.
    pub(super) maintenance: Option<Leaf<RawMaintenance>>,
    /// Static sites, under names that you choose.
    pub(super) sites: Option<Leaf<Table<RawSite>>>,
    /// Requests that must be answered as expected before tidegate opens the gate.
    pub(super) checks: Option<Leaf<Vec<Leaf<RawCheck>>>>,
    /// The hours in which the environment is up. Default: always.
    pub(super) schedule: Option<Leaf<RawSchedule>>,
    /// A temporary state that wins over the schedule and over `state`. It ends by itself at `until`.
    #[serde(rename = "override")]
    pub(super) override_: Option<Leaf<RawOverride>>,
    /// When a release that closes the gate may begin. Default: at any time.
    pub(super) windows: Option<Leaf<RawWindows>>,
    /// When tidegate rolls out a task-definition revision that someone else registered (Terraform, an operator).
    /// Default: `at-version-change`.
    #[schemars(extend("default" = "at-version-change"))]
    pub(super) adopt_revision: Option<Leaf<AdoptRevision>>,
}

/// Where the environment runs, and the role that tidegate uses there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Aws", deny_unknown_fields)]
pub(super) struct RawAws {
    /// The AWS region, such as `eu-central-2`.
    #[schemars(required)]
    pub(super) region: Option<Leaf<RegionText>>,
    /// The AWS account: twelve digits in quotes, such as `"592217263685"`. tidegate refuses to act in any other.
    #[schemars(required)]
    pub(super) account: Option<Leaf<AccountText>>,
    /// The ARN of a role in that account for tidegate to assume. The daemon's own configuration must allow it, too.
    /// Default: the daemon's own credentials.
    pub(super) assume_role: Option<Leaf<String>>,
}

/// One ECS service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Service", deny_unknown_fields)]
pub(super) struct RawService {
    /// The image of each container: `core: public.ecr.aws/graasp/graasp:core-{core}`, where `{core}` is an entry of
    /// `versions`. A container that is not listed keeps the image in its task definition.
    pub(super) images: Option<Leaf<Table<TemplateText>>>,
    /// The number of tasks while the service is up: 1 to 5000. Default: `autoscaling.min`, else 1.
    #[schemars(range(min = 1, max = 5000))]
    pub(super) count: Option<Leaf<u32>>,
    /// The range of the service's scalable target. Required if the service has one in AWS.
    pub(super) autoscaling: Option<Leaf<RawAutoscaling>>,
    /// Services that must start before this one and stop after it: `[redis, meilisearch]`. Default: none.
    pub(super) after: Option<Leaf<Vec<Leaf<String>>>>,
    /// The states in which the service is up. The list must include `running` and cannot include `stopped`. Default:
    /// `[running, restricted]`.
    #[schemars(extend("default" = ["running", "restricted"]))]
    pub(super) up_in: Option<Leaf<Vec<Leaf<State>>>>,
    /// How long a start or a roll of the service may take, such as `30m`: `1m` to `1d`. Longer, and it has failed. Default:
    /// `15m`, and longer for a service with many tasks, a health check grace period, or a deployment in several waves.
    pub(super) start_within: Option<Leaf<DurationText>>,
}

/// The range of a service's scalable target, in tasks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Autoscaling", deny_unknown_fields)]
pub(super) struct RawAutoscaling {
    /// The fewest tasks while the service is up: at most 5000.
    #[schemars(required, range(max = 5000))]
    pub(super) min: Option<Leaf<u32>>,
    /// The most tasks: at most 5000, and not below `min`.
    #[schemars(required, range(max = 5000))]
    pub(super) max: Option<Leaf<u32>>,
}

/// The database: an RDS instance or an Aurora cluster. Name exactly one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Database", deny_unknown_fields)]
pub(super) struct RawDatabase {
    /// The identifier of an RDS instance, such as `graasp-prod`.
    pub(super) instance: Option<Leaf<String>>,
    /// The identifier of an Aurora cluster, such as `graasp-prod`.
    pub(super) cluster: Option<Leaf<String>>,
}
