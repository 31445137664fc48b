//! The promises of the whole system, checked against the truth after every event and every call.
//!
//! A broken promise is recorded and does not stop the world: a test asserts that the list is empty, and each promise has
//! the author who broke it.

mod strangers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::world::{Actor, CONSOLE, Pattern, RegionId, Schema, SimListener, SimRule, SimTask, World};
use crate::cloud::{DatabaseStatus, RuleAction, TaskStatus};
use crate::model::{
    ClusterName, ContainerName, EnvironmentName, FamilyName, Instant, Level, Relation, ServiceName, Version,
};
use crate::spec::{EnvironmentSpec, ListenerTarget, NeededFor};

/// The promises of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Promise {
    /// A migration ran although the schema was there already, changed the same pair of versions twice, worked twice in one
    /// attempt, or worked again without a request.
    MigratesOnce,
    /// Two tasks of the migration family ran at once.
    MigratesAlone,
    /// Users could reach an environment whose code does not fit its schema.
    NeverOpenOnAForeignSchema,
    /// A service that follows the migration ran code that does not fit the schema, behind an open or a closed gate.
    CodeFitsSchema,
    /// A service that follows the migration ran while the migration ran, or a migration was sent while another task with
    /// such code ran.
    NoCodeDuringMigration,
    /// Users could get through while the migration ran.
    ClosedDuringMigration,
    /// The database was not up while a task that uses it ran.
    DatabaseOutlivesItsTasks,
    /// A snapshot that tidegate did not take was deleted.
    ForeignSnapshotsStay,
    /// A file that tidegate did not upload was deleted from a site.
    ForeignFilesStay,
    /// A site's entry point loads a file that does not exist.
    EntryPointsAreWhole,
    /// A site served files of two releases, and its marker did not say that a switch is in progress.
    SitesAreOfOneRelease,
}

/// One breach of a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The simulated time of the breach.
    pub at: Instant,
    /// The promise that was broken.
    pub promise: Promise,
    /// The author of the change that broke it.
    pub by: Actor,
    /// The resources, for a person to read.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} by {:?}: {}", self.at, self.promise, self.by, self.detail)
    }
}

/// The promises for one environment, from its declaration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watch {
    pub(super) region: RegionId,
    pub(super) cluster: ClusterName,
    /// Services that are declared: all of them may use the database.
    pub(super) services: BTreeSet<ServiceName>,
    /// Services whose images follow the migrated version.
    pub(super) core: BTreeMap<ServiceName, BTreeMap<ContainerName, Pattern>>,
    pub(super) migration: Option<MigrationWatch>,
    pub(super) database: Option<String>,
    pub(super) gate: Option<GateWatch>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MigrationWatch {
    pub(super) family: FamilyName,
    pub(super) images: BTreeMap<ContainerName, Pattern>,
    /// `None` = every change needs a migration.
    without: Option<BTreeSet<Level>>,
    /// Pairs of code and schema that a person declared compatible.
    acknowledged: BTreeSet<(Version, Version)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GateWatch {
    header: String,
    balancer: String,
    port: u16,
    keep_open: BTreeSet<ServiceName>,
}

impl Watch {
    /// The promises for `spec`; pairs that a person accepted earlier stay accepted.
    pub(super) fn of(spec: &EnvironmentSpec, region: RegionId, earlier: Option<&Watch>) -> Self {
        let follows = spec.migration.as_ref().map(|migration| &migration.follows);
        let patterns = |images: &BTreeMap<ContainerName, crate::spec::Template>| {
            let following =
                images.iter().filter(|(_, image)| follows.is_some_and(|key| image.keys().contains(key)));
            following.filter_map(|(name, image)| Some((name.clone(), Pattern::of(image)?))).collect()
        };
        let core = spec.services.iter().filter(|(_, service)| spec.follows_migration(service));
        let earlier = earlier.and_then(|watch| watch.migration.as_ref());
        let migration = spec.migration.as_ref().map(|migration| {
            let code = spec.versions.get(&migration.follows).cloned();
            let mut acknowledged = earlier.map(|m| m.acknowledged.clone()).unwrap_or_default();
            acknowledged.extend(code.zip(migration.allow_schema.clone()));
            let all = BTreeSet::from([Level::Major, Level::Minor, Level::Patch]);
            MigrationWatch {
                family: migration.task.clone(),
                images: patterns(&migration.images),
                without: match &migration.needed_for {
                    NeededFor::Always => None,
                    NeededFor::Never => Some(all),
                    NeededFor::Levels(needed) => Some(&all - needed),
                },
                acknowledged,
            }
        });
        let gate = spec.maintenance.as_ref().and_then(|maintenance| {
            let ListenerTarget { name, port } = maintenance.load_balancer.clone()?;
            let header = maintenance.bypass.header.clone();
            Some(GateWatch { header, balancer: name, port, keep_open: maintenance.keep_open.clone() })
        });
        Self {
            region,
            cluster: spec.cluster.clone(),
            services: spec.services.keys().cloned().collect(),
            core: core.map(|(name, service)| (name.clone(), patterns(&service.images))).collect(),
            migration,
            database: spec.database.as_ref().map(|database| database.target.identifier().to_owned()),
            gate,
        }
    }
}

impl MigrationWatch {
    fn fits(&self, code: &Version, schema: &Schema) -> bool {
        match schema {
            Schema::Unversioned => true,
            Schema::Between(..) => false,
            Schema::At(schema) if schema == code => true,
            Schema::At(schema) => {
                self.acknowledged.contains(&(code.clone(), schema.clone()))
                    || match (&self.without, schema.relation_to(code)) {
                        (Some(without), Relation::Forward(level) | Relation::Backward(level)) => {
                            without.contains(&level)
                        }
                        (Some(without), Relation::Unordered) => without.len() == 3,
                        _ => false,
                    }
            }
        }
    }
}

/// A promise that is broken at this instant.
struct Found {
    promise: Promise,
    by: Actor,
    detail: String,
}

impl World {
    /// Records every promise that is broken now and was not broken before.
    pub(super) fn check(&mut self) {
        let mut found = Vec::new();
        for (name, watch) in &self.watches {
            self.check_environment(name, watch, &mut found);
        }
        if found.is_empty() && self.broken.is_empty() {
            return;
        }
        let mut broken = BTreeSet::new();
        for Found { promise, by, detail } in found {
            let key = format!("{promise:?} {detail}");
            if !self.broken.contains(&key) {
                self.violations.push(Violation { at: self.now(), promise, by, detail });
            }
            broken.insert(key);
        }
        self.broken = broken;
    }

    /// A promise broken by one call, not by a state.
    pub(super) fn broke(&mut self, promise: Promise, by: Actor, detail: String) {
        let at = self.now();
        self.violations.push(Violation { at, promise, by, detail });
    }

    /// Promises that tidegate or AWS broke, not a person. Tests assert that there are none.
    pub fn violations_by_tidegate(&self) -> Vec<&Violation> {
        self.violations.iter().filter(|violation| violation.by != Actor::Person).collect()
    }

    /// A rule that is open for users without the header, if the environment has a gate.
    pub fn open_route(&self, environment: &str) -> Option<&SimRule> {
        let watch = self.watches.get(environment)?;
        let gate = watch.gate.as_ref()?;
        let target = ListenerTarget { name: gate.balancer.clone(), port: gate.port };
        let listener = self.regions[watch.region].listeners.iter().find(|listener| listener.is(&target))?;
        self.open_rule(watch, gate, listener)
    }

    fn open_rule<'a>(
        &self,
        watch: &Watch,
        gate: &GateWatch,
        listener: &'a SimListener,
    ) -> Option<&'a SimRule> {
        listener.rules.iter().find(|rule| !rule.asks_for(&gate.header) && self.is_gated(watch, gate, rule))
    }

    /// Redirects are always gated, forwards unless they go to a service that is kept open.
    fn is_gated(&self, watch: &Watch, gate: &GateWatch, rule: &SimRule) -> bool {
        if rule.action == RuleAction::Redirect {
            return true;
        }
        let groups = rule.target_groups();
        let cluster = &watch.cluster;
        self.regions[watch.region].services.values().any(|service| {
            service.cluster == *cluster
                && watch.services.contains(&service.name)
                && !gate.keep_open.contains(&service.name)
                && service.target_groups.iter().any(|group| groups.contains(group))
        })
    }

    fn check_environment(&self, name: &EnvironmentName, watch: &Watch, found: &mut Vec<Found>) {
        let region = &self.regions[watch.region];
        let running = || {
            let mine = region.tasks.values().filter(|task| task.cluster == watch.cluster);
            // A container may work in a task that is PENDING.
            mine.filter(|task| task.works())
        };
        let database = watch.database.as_ref().and_then(|database| region.databases.get(database));
        if let Some(database) = database.filter(|database| {
            matches!(
                database.shown.status,
                DatabaseStatus::Stopped | DatabaseStatus::Stopping | DatabaseStatus::Starting
            )
        }) {
            let alive = region.tasks.values().filter(|task| {
                task.cluster == watch.cluster
                    && task.shown.status != TaskStatus::Stopped
                    && self.uses_database(watch, task)
            });
            for task in alive {
                let by = blame(database.by, self.responsible(watch, task));
                // Without the status: a repaired database does not count as a new breach.
                let detail = format!("{name}: {} without its database", who(task));
                found.push(Found { promise: Promise::DatabaseOutlivesItsTasks, by, detail });
            }
        }
        let (Some(migration), Some(database)) = (&watch.migration, database) else { return };
        let migrating: Vec<&SimTask> =
            running().filter(|task| task.service.is_none() && task.family == migration.family).collect();
        // For two tasks at once the later author is to blame; a person who started one by hand, for every overlap.
        let starter = |task: &&SimTask| match task.shown.started_by == CONSOLE {
            true => Actor::Person,
            false => Actor::Tidegate,
        };
        if migrating.len() > 1 {
            let detail = format!("{name}: {} migration tasks", migrating.len());
            let last = migrating.iter().max_by_key(|task| task.shown.created_at);
            let by = last.map_or(Actor::Tidegate, starter);
            found.push(Found { promise: Promise::MigratesAlone, by, detail });
        }
        let by_hand = |by: Actor| match migrating.iter().any(|task| starter(task) == Actor::Person) {
            true => Actor::Person,
            false => by,
        };
        let open = || self.open_route(name.as_str());
        if !migrating.is_empty()
            && let Some(rule) = open()
        {
            let detail = format!("{name}: rule {} is open during the migration", rule.priority);
            let by = by_hand(rule.by);
            found.push(Found { promise: Promise::ClosedDuringMigration, by, detail });
        }
        for task in running() {
            let Some(service) = task.service.as_ref().and_then(|key| region.services.get(key)) else {
                continue;
            };
            let Some(patterns) = watch.core.get(&service.name) else { continue };
            if !migrating.is_empty() {
                let detail = format!("{name}: {} ran during the migration", who(task));
                let by = by_hand(service.by);
                found.push(Found { promise: Promise::NoCodeDuringMigration, by, detail });
            }
            let Some(code) = code_version(task, patterns) else { continue };
            if migration.fits(&code, &database.schema) {
                continue;
            }
            let detail = format!("{name}: {} runs {code} on schema {:?}", service.name, database.schema);
            if let Some(rule) = open() {
                let by = blame(rule.by, service.by);
                found.push(Found { promise: Promise::NeverOpenOnAForeignSchema, by, detail: detail.clone() });
            }
            found.push(Found { promise: Promise::CodeFitsSchema, by: service.by, detail });
        }
    }

    fn uses_database(&self, watch: &Watch, task: &SimTask) -> bool {
        let is_migration = || watch.migration.as_ref().is_some_and(|found| found.family == task.family);
        self.is_declared(watch, task)
            || (task.service.is_none() && is_migration())
            || self.is_old_code(watch, task)
    }

    fn responsible(&self, watch: &Watch, task: &SimTask) -> Actor {
        let service = task.service.as_ref().and_then(|key| self.regions[watch.region].services.get(key));
        match service {
            Some(service) if self.is_declared(watch, task) => service.by,
            _ if self.is_old_code(watch, task) && self.is_unseen(task) => Actor::Person,
            _ => Actor::Tidegate,
        }
    }
}

/// The version that a running task really has, from the digests that it pulled.
fn code_version(task: &SimTask, patterns: &BTreeMap<ContainerName, Pattern>) -> Option<Version> {
    patterns.iter().find_map(|(name, pattern)| pattern.version(task.contents.get(name)?))
}

/// A person is to blame if a person took part.
fn blame(one: Actor, other: Actor) -> Actor {
    if [one, other].contains(&Actor::Person) { Actor::Person } else { one }
}

fn who(task: &SimTask) -> String {
    task.service.clone().unwrap_or_else(|| task.family.to_string())
}

#[cfg(test)]
mod tests;
