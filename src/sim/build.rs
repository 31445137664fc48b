//! Builds the world that declarations describe: running, healthy, and one release behind if the caller wants that.
//!
//! Everything that tidegate writes is absent at first, as on the day of its installation: no tag on the database or
//! the cluster, no marker in a site's bucket, no association of the gate's function.

mod definitions;
mod sites;
mod traffic;

pub use definitions::PASSWORD;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::checker::Watch;
use super::world::{
    Actor, NewTask, Pattern, RegionId, Schema, SimDatabase, SimDeployment, SimService, SimTarget, World,
    service_key,
};
use crate::cloud::{Controller, Rollback, Rollout, ScalableTarget, Strategy, Suspended, TaskDefinition};
use crate::model::{ImageRef, Instant, ServiceName, Version, VersionKey};
use crate::spec::{DatabaseTarget, EnvironmentSpec, SecretSource, Template};

/// Which versions a new environment runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Age {
    /// The declared versions.
    UpToDate,
    /// The release before it, so that `plan` has something to show. Versions without order stay.
    #[default]
    OneBehind,
    /// These versions; versions that are not named here are as declared.
    At(BTreeMap<VersionKey, Version>),
}

impl World {
    /// The world that the declarations describe.
    pub fn from_spec(specs: &[EnvironmentSpec], age: &Age, seed: u64, now: Instant) -> World {
        let mut world = World::new(seed, now);
        world.declare(specs, age);
        world
    }

    /// Adopts a commit: promises follow the declarations, and new environments are built. New services of a known
    /// environment are not built: a person would have to create them.
    pub fn declare(&mut self, specs: &[EnvironmentSpec], age: &Age) {
        for spec in specs {
            let region = self.region(&spec.account, &spec.region);
            self.offer_images(spec);
            self.offer_releases(spec);
            let earlier = self.watches.get(&spec.name);
            // The same cluster may be declared under another name, as an import does.
            let is_known =
                earlier.is_some() || self.regions[region].clusters.contains_key(spec.cluster.as_str());
            let watch = Watch::of(spec, region, earlier);
            if self.requests.is_some() {
                self.is_asked(&spec.name);
            }
            self.watches.insert(spec.name.clone(), watch);
            if !is_known {
                self.build_environment(region, spec, age);
            }
        }
    }

    fn build_environment(&mut self, region: RegionId, spec: &EnvironmentSpec, age: &Age) {
        let versions = starting_versions(spec, age);
        let cluster = spec.cluster.as_str().to_owned();
        let tags = BTreeMap::from([("environment".to_owned(), spec.name.to_string())]);
        self.regions[region].clusters.entry(cluster).or_insert(tags);
        self.build_database(region, spec, &versions);
        self.build_traffic(region, spec);
        for name in spec.layers().into_iter().flatten() {
            self.build_service(region, spec, &name, &versions);
        }
        if let Some(migration) = &spec.migration {
            let document = definitions::migration(spec, migration, &versions);
            self.build_definition(region, &document);
        }
        for site in spec.sites.values() {
            self.build_site(region, site, &versions);
        }
    }

    fn build_database(
        &mut self,
        region: RegionId,
        spec: &EnvironmentSpec,
        versions: &BTreeMap<VersionKey, Version>,
    ) {
        let Some(database) = &spec.database else { return };
        let target = &database.target;
        let is_cluster = matches!(target, DatabaseTarget::Cluster(_));
        let resource_id = format!("{}-{:026X}", if is_cluster { "cluster" } else { "db" }, self.ticket());
        let mut built = SimDatabase::available(target.identifier(), is_cluster, resource_id);
        if let Some(version) = spec.migration.as_ref().and_then(|migration| versions.get(&migration.follows))
        {
            built.schema = Schema::At(version.clone());
        }
        self.regions[region].databases.insert(target.identifier().to_owned(), built);
    }

    pub(in crate::sim) fn build_service(
        &mut self,
        region: RegionId,
        spec: &EnvironmentSpec,
        name: &ServiceName,
        versions: &BTreeMap<VersionKey, Version>,
    ) {
        let declared = &spec.services[name];
        // Families are shared by a whole region: a second environment there has names of its own.
        let is_taken = self.regions[region].definitions.contains_key(name.as_str());
        let family = if is_taken { format!("{}-{name}", spec.cluster) } else { name.to_string() };
        let document = definitions::service(spec, &family, name, declared, versions);
        let definition = self.build_definition(region, &document);
        let deployed = declared.images.values().all(|image| is_deployed(image, versions));
        let desired = if deployed { declared.count } else { 0 };
        let since = self.now() - TimeDelta::days(6);
        let key = service_key(spec.cluster.as_str(), name.as_str());
        let id = format!("ecs-svc/{:019}", self.ticket());
        let deployment = SimDeployment {
            id: id.clone(),
            definition: definition.arn.clone(),
            rollout: Rollout::Completed,
            reason: format!("ECS deployment {id} completed."),
            failed: 0,
            created_at: since,
            pause: None,
        };
        let service = SimService {
            cluster: spec.cluster.clone(),
            name: name.clone(),
            desired,
            controller: Controller::Ecs,
            strategy: Strategy::Rolling,
            deployments: vec![deployment],
            rollback: Rollback { circuit_breaker: true, alarms: false },
            breaker: true,
            target_groups: self.target_groups_of(region, spec, name),
            completed: Some(definition.arn.clone()),
            deaths: 0,
            not_before: None,
            by: Actor::Aws,
            status: Default::default(),
            express: false,
            hooks: Vec::new(),
            placement: Default::default(),
            pace: Default::default(),
            events: Vec::new(),
        };
        self.regions[region].services.insert(key.clone(), service);
        if let Some(range) = declared.autoscaling {
            let target = ScalableTarget { min: range.min, max: range.max, suspended: Suspended::NONE };
            self.regions[region].targets.insert(key.clone(), SimTarget::new(target));
        }
        let room = u32::try_from(self.room_for_tasks(region)).unwrap_or(u32::MAX);
        for _ in 0..desired.min(room) {
            let task = NewTask {
                cluster: spec.cluster.clone(),
                service: Some(key.clone()),
                definition: definition.arn.clone(),
                started_by: id.clone(),
            };
            self.settled_task(region, task, since);
        }
    }

    /// A family that has had revisions before; the images of this one exist.
    fn build_definition(&mut self, region: RegionId, document: &crate::cloud::Document) -> TaskDefinition {
        for image in document.images().into_values() {
            self.ensure_image(&image);
        }
        let mut definition = self.register(region, document).expect("the builder writes whole definitions");
        if definition.revision == 1 {
            let number = 12 + u32::try_from(self.dice.below(40)).expect("below 40");
            let short = format!("task-definition/{}:{number}", definition.family);
            definition.arn = self.regions[region].arn("ecs", &short);
            definition.revision = number;
            let family = self.regions[region].definitions.get_mut(definition.family.as_str());
            *family.expect("registered above").last_mut().expect("registered above") = definition.clone();
        }
        definition
    }

    pub(in crate::sim) fn ensure_image(&mut self, image: &ImageRef) {
        if self.pull(image).is_err() {
            let order = self.ticket();
            self.registry.push(image, order);
        }
    }

    /// Every version of every template exists from now on; images without a version exist as they are.
    fn offer_images(&mut self, spec: &EnvironmentSpec) {
        let of_services = spec.services.values().flat_map(|service| service.images.values());
        let of_migration = spec.migration.iter().flat_map(|migration| migration.images.values());
        for template in of_services.chain(of_migration) {
            match Pattern::of(template) {
                Some(pattern) => self.registry.offer(pattern),
                None if template.keys().is_empty() => self.ensure_image(&ImageRef::new(template.as_str())),
                None => {}
            }
        }
    }
}

/// The name under which a secret is kept, for every kind of source.
pub(super) fn secret_name(source: &SecretSource) -> &str {
    match source {
        SecretSource::Ssm(name)
        | SecretSource::SecretsManager(name)
        | SecretSource::Env(name)
        | SecretSource::File(name) => name,
    }
}

fn is_deployed(image: &Template, versions: &BTreeMap<VersionKey, Version>) -> bool {
    image.render(versions).is_some()
}

fn starting_versions(spec: &EnvironmentSpec, age: &Age) -> BTreeMap<VersionKey, Version> {
    let start = |key: &VersionKey, wanted: &Version| match age {
        Age::UpToDate => wanted.clone(),
        Age::OneBehind => previous(wanted),
        Age::At(versions) => versions.get(key).unwrap_or(wanted).clone(),
    };
    spec.versions.iter().map(|(key, wanted)| (key.clone(), start(key, wanted))).collect()
}

/// The release before a version: its last number that is not 0, one less, and no suffix. A version without
/// order, and the first of all, stay as they are.
fn previous(version: &Version) -> Version {
    if !version.is_ordered() {
        return version.clone();
    }
    let text = version.as_str();
    let (base, suffix) = text.split_once('-').map_or((text, None), |(base, suffix)| (base, Some(suffix)));
    if suffix.is_some_and(|suffix| suffix.starts_with("hotfix")) {
        return Version::new(base);
    }
    let (sign, numbers) = base.strip_prefix('v').map_or(("", base), |numbers| ("v", numbers));
    let mut numbers: Vec<u64> = numbers.split('.').filter_map(|number| number.parse().ok()).collect();
    let Some(last) = numbers.iter_mut().rev().find(|number| **number > 0) else { return version.clone() };
    *last -= 1;
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Version::new(format!("{sign}{}", numbers.join(".")))
}

#[cfg(test)]
mod tests;
