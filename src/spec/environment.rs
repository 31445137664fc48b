//! The types of a valid environment. Plain values: no YAML, no places, no I/O.
//!
//! Invariants that hold for every value made by `validate`: every name that is referred to exists, every
//! placeholder has a version, dependencies have no cycle, counts lie within their autoscaling range.

mod fingerprint;
mod gate;
mod migration;
mod service;
mod site;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use fingerprint::DeclaredThen;
pub use gate::{Bypass, CloudFrontGate, ListenerTarget, Maintenance, SecretSource};
pub use migration::{
    DatabaseSpec, DatabaseTarget, MigrationSpec, NeededFor, OnFailure, RunOn, SnapshotPolicy,
};
pub use service::{AdoptRevision, Autoscaling, ServiceSpec};
pub use site::{Check, SiteSpec};
pub use template::Template;

use crate::model::{ClusterName, EnvironmentName, Mode, ServiceName, SiteName, State, Version, VersionKey};
use crate::schedule::{Override, Schedule, Tz, Windows};

/// One environment, as declared and validated.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSpec {
    /// The same as the file's name without `.yaml`.
    pub name: EnvironmentName,
    /// The AWS region, such as `eu-central-2`.
    pub region: String,
    /// The AWS account: twelve digits.
    pub account: String,
    /// The ARN of a role to assume in that account.
    pub assume_role: Option<String>,
    /// The ECS cluster; no other environment declares it.
    pub cluster: ClusterName,
    /// The state, unless the schedule or an override decides otherwise.
    pub state: State,
    /// Whether tidegate may change anything in AWS.
    pub mode: Mode,
    /// The versions to run; an empty one is not deployed.
    pub versions: BTreeMap<VersionKey, Version>,
    /// Services, by their names in ECS.
    pub services: BTreeMap<ServiceName, ServiceSpec>,
    /// The database, if tidegate manages one.
    pub database: Option<DatabaseSpec>,
    /// The migration, if a version change may need one. Then `database` is set, too.
    pub migration: Option<MigrationSpec>,
    /// The gate, if there is one.
    pub maintenance: Option<Maintenance>,
    /// Static sites, by the names chosen in the declaration.
    pub sites: BTreeMap<SiteName, SiteSpec>,
    /// Requests that must pass before the gate opens.
    pub checks: Vec<Check>,
    /// The hours in which the environment is up; `None` means always.
    pub schedule: Option<Schedule>,
    /// How long tidegate waits before it stops something that a person started outside the hours.
    pub grace: Duration,
    /// The override in git, expired or not.
    pub override_: Option<Override>,
    /// When a release that closes the gate may begin; `None` means at any time.
    pub windows: Option<Windows>,
    /// When tidegate rolls out a task-definition revision that someone else registered.
    pub adopt_revision: AdoptRevision,
}

impl EnvironmentSpec {
    /// The zone that every time of the environment is shown in: its schedule's, else its windows', else UTC.
    pub fn zone(&self) -> Tz {
        let schedule = self.schedule.as_ref().map(|schedule| schedule.timezone);
        schedule.or(self.windows.as_ref().map(|windows| windows.timezone)).unwrap_or(Tz::UTC)
    }

    /// Whether a service's images follow the migrated version: its old code must not meet a new schema.
    pub fn follows_migration(&self, service: &ServiceSpec) -> bool {
        self.migration.as_ref().is_some_and(|migration| {
            service.images.values().any(|image| image.keys().contains(&migration.follows))
        })
    }

    /// Whether all versions in a service's images are deployed, which means that none is empty.
    pub fn is_deployed(&self, service: &ServiceSpec) -> bool {
        service.images.values().all(|image| image.render(&self.versions).is_some())
    }

    /// Whether a service runs in `state`: it is deployed, and its `up_in` includes the state.
    pub fn is_up_in(&self, service: &ServiceSpec, state: State) -> bool {
        service.up_in.contains(&state) && self.is_deployed(service)
    }

    /// Services in start order: layers whose members do not depend on each other.
    pub fn layers(&self) -> Vec<Vec<ServiceName>> {
        let mut layers: Vec<Vec<ServiceName>> = Vec::new();
        let mut placed: BTreeSet<&ServiceName> = BTreeSet::new();
        while placed.len() < self.services.len() {
            let ready: Vec<&ServiceName> = self
                .services
                .iter()
                .filter(|(name, service)| {
                    !placed.contains(name) && service.after.iter().all(|dep| placed.contains(dep))
                })
                .map(|(name, _)| name)
                .collect();
            assert!(!ready.is_empty(), "validation lets no dependency cycle through");
            placed.extend(&ready);
            layers.push(ready.into_iter().cloned().collect());
        }
        layers
    }
}
