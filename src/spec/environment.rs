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

pub use fingerprint::WHOLE;
pub use gate::{Bypass, CloudFrontGate, ListenerTarget, Maintenance, SecretSource};
pub use migration::{DatabaseSpec, DatabaseTarget, MigrationSpec, NeededFor, SnapshotPolicy};
pub use service::{AdoptRevision, Autoscaling, ServiceSpec};
pub use site::{Check, SiteSpec};
pub use template::Template;

use crate::model::{ClusterName, EnvironmentName, Mode, ServiceName, SiteName, State, Version, VersionKey};
use crate::schedule::{Override, Schedule, Windows};

/// One environment, as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSpec {
    /// Equals the file's name.
    pub name: EnvironmentName,
    /// `eu-central-2`
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// A role to assume in that account.
    pub assume_role: Option<String>,
    /// The ECS cluster.
    pub cluster: ClusterName,
    /// What holds when no schedule and no override says otherwise.
    pub state: State,
    /// Whether tidegate may write.
    pub mode: Mode,
    /// Wanted versions.
    pub versions: BTreeMap<VersionKey, Version>,
    /// Services by ECS name.
    pub services: BTreeMap<ServiceName, ServiceSpec>,
    /// The database, if one is managed.
    pub database: Option<DatabaseSpec>,
    /// The migration, if versions need one. Implies `database`.
    pub migration: Option<MigrationSpec>,
    /// The gate, if there is one.
    pub maintenance: Option<Maintenance>,
    /// Static sites.
    pub sites: BTreeMap<SiteName, SiteSpec>,
    /// What must answer before the gate opens.
    pub checks: Vec<Check>,
    /// Hours of sleep.
    pub schedule: Option<Schedule>,
    /// For how long what a person starts while it sleeps is left alone.
    pub grace: Duration,
    /// An override kept in git.
    pub override_: Option<Override>,
    /// When a release that closes the gate may begin.
    pub windows: Option<Windows>,
    /// When a newer revision of a family is rolled out.
    pub adopt_revision: AdoptRevision,
}

impl EnvironmentSpec {
    /// Whether a service's images follow the migrated version: its old code must not meet a new schema.
    pub fn follows_migration(&self, service: &ServiceSpec) -> bool {
        self.migration.as_ref().is_some_and(|migration| {
            service.images.values().any(|image| image.keys().contains(&migration.follows))
        })
    }

    /// Whether every version a service's images need is deployed (an empty version means it is not).
    pub fn is_deployed(&self, service: &ServiceSpec) -> bool {
        service.images.values().all(|image| image.render(&self.versions).is_some())
    }

    /// Whether a service has tasks in `state`.
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
