//! Each declared service: what was observed of it, which images it should run, and how its last start ended.

mod lifecycle;
mod problems;

use std::collections::BTreeMap;

pub(in crate::plan) use lifecycle::{held_up, paused};
pub(super) use problems::missing_containers;
pub(in crate::plan) use problems::{missing_image, try_again};
use problems::{missing_service, rolls_back_by_itself, undeclared_autoscaling, unreadable_services};

use super::images::{ImageChange, MissingImage, WantedImages, same_version};
use crate::cloud::{ServiceStatus, Strategy};
use crate::model::{ContainerName, ImageRef, ServiceName, Version, VersionKey};
use crate::observe::{Observed, ServiceSeen, StoppableService};
use crate::plan::input::PlanningInput;
use crate::plan::report::Blocked;
use crate::spec::{EnvironmentSpec, ServiceSpec};
use crate::store::journal::FailedStart;

/// One declared service.
#[derive(Debug)]
pub(in crate::plan) struct ServiceFacts<'a> {
    pub name: &'a ServiceName,
    pub spec: &'a ServiceSpec,
    /// The service as observed, also if ECS does not roll it; `None` = it does not exist, or it could not be read.
    pub seen: Option<&'a ServiceSeen>,
    /// Why the service could not be read.
    pub unreadable: Option<&'a str>,
    /// It could not be read, and it can be stopped all the same.
    pub stoppable: Option<&'a StoppableService>,
    /// ECS says that it does not exist: no task of it runs.
    pub is_absent: bool,
    /// The service does not exist or was deleted, or ECS does not roll it: tidegate cannot work with it.
    pub unusable: Option<Blocked>,
    pub wanted: WantedImages,
    /// Containers whose image differs; empty where the service was not observed.
    pub changes: Vec<ImageChange>,
    /// Images that are gone from their registry, and that the service still runs by digest.
    pub kept_by_digest: Vec<MissingImage>,
    /// Images that no registry has.
    pub missing: Vec<MissingImage>,
    /// Containers that git names and that the newest revision does not have.
    pub missing_containers: Vec<Blocked>,
    /// The start that failed with the very images that are still declared.
    pub failed_as_wanted: Option<&'a FailedStart>,
    /// The images that are deployed have failed to come up.
    pub failed_as_deployed: bool,
    /// The newest revision of the family differs from the deployed one in more than managed images.
    pub newest_differs: bool,
}

/// All declared services, by name.
pub(super) fn services(input: &PlanningInput) -> BTreeMap<&ServiceName, ServiceFacts<'_>> {
    let services = input.spec.services.iter();
    let as_declared = |spec: &ServiceSpec| WantedImages::of(input, &spec.images, &input.spec.versions);
    services.map(|(name, spec)| (name, service(input, name, spec, as_declared(spec)))).collect()
}

/// A service whose containers that follow the migrated version run another version of it; the others stay as they are.
pub(super) fn at_version<'a>(
    input: &'a PlanningInput,
    current: &ServiceFacts<'a>,
    follows: &VersionKey,
    version: &Version,
) -> ServiceFacts<'a> {
    let mut versions = input.spec.versions.clone();
    versions.insert(follows.clone(), version.clone());
    let (following, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        current.spec.images.clone().into_iter().partition(|(_, image)| image.keys().contains(follows));
    let mut wanted = WantedImages::of(input, &following, &versions);
    let deployed = current.deployed_images().into_iter();
    wanted.images.extend(deployed.filter(|(container, _)| others.contains_key(container)));
    service(input, current.name, current.spec, wanted)
}

fn service<'a>(
    input: &'a PlanningInput,
    name: &'a ServiceName,
    spec: &'a ServiceSpec,
    wanted: WantedImages,
) -> ServiceFacts<'a> {
    let observed = input.snapshot.services.get(name);
    let seen = observed.and_then(Observed::present);
    let unreadable = match observed {
        Some(Observed::Unreadable { why }) => Some(why.as_str()),
        Some(Observed::Present(_) | Observed::Absent) | None => None,
    };
    let unusable = match seen {
        Some(seen) => lifecycle::unusable(input, &seen.service),
        None if unreadable.is_some() => None,
        None => Some(missing_service(input, name)),
    };
    let changes = seen.map(|seen| wanted.changes(input, seen)).unwrap_or_default();
    let (kept_by_digest, missing) = seen.map(|seen| wanted.missing_beside(seen)).unwrap_or_default();
    let is_well = seen.is_some_and(ServiceSeen::is_well);
    let failed = input.ledger.failed_starts.get(name);
    // A service that came up after the deadline has not failed.
    let failed_as_wanted = failed
        .filter(|failed| wanted.are_all_in(&failed.images))
        .filter(|_| !(is_well && changes.is_empty()));
    let failed_as_deployed =
        failed.zip(seen).is_some_and(|(failed, seen)| !is_well && runs_what_failed(spec, seen, failed));
    ServiceFacts {
        name,
        spec,
        seen,
        unreadable,
        stoppable: input.snapshot.stoppable.get(name),
        is_absent: matches!(observed, Some(Observed::Absent)),
        unusable,
        changes,
        kept_by_digest,
        missing,
        missing_containers: seen
            .map(|seen| missing_containers(spec.images.keys(), &seen.newest))
            .unwrap_or_default(),
        failed_as_wanted,
        failed_as_deployed,
        newest_differs: seen.is_some_and(|seen| newest_differs(seen, spec.images.keys())),
        wanted,
    }
}

/// Problems that stand in a release's way: services that are missing, unreadable, or not as declared.
pub(super) fn problems(
    spec: &EnvironmentSpec,
    services: &BTreeMap<&ServiceName, ServiceFacts<'_>>,
) -> Vec<Blocked> {
    let mut problems = unreadable(services);
    for service in services.values() {
        problems.extend(service.unusable.clone());
        let goes_back = service.seen.is_some_and(|seen| seen.service.strategy != Strategy::Rolling);
        if service.unusable.is_none() {
            problems.extend(match goes_back && spec.follows_migration(service.spec) {
                true => Some(rolls_back_by_itself(service.name)),
                false => service.undeclared_autoscaling(),
            });
            problems.extend(service.hook_that_rolls_back(spec));
        }
        problems.extend(service.missing_containers.iter().cloned());
    }
    problems
}

/// The services that could not be read, as one line for each reason.
pub(super) fn unreadable(services: &BTreeMap<&ServiceName, ServiceFacts<'_>>) -> Vec<Blocked> {
    unreadable_among(services.values())
}

/// Those of some services that could not be read, as one line for each reason.
pub(super) fn unreadable_among<'a>(services: impl Iterator<Item = &'a ServiceFacts<'a>>) -> Vec<Blocked> {
    unreadable_services(services.filter_map(|service| Some((service.name, service.unreadable?))))
}

impl ServiceFacts<'_> {
    /// Someone has deleted the service: its tasks stop by themselves, and AWS accepts no change of it.
    pub(in crate::plan) fn is_deleted(&self) -> bool {
        let seen = self.seen.map(|seen| &seen.service);
        let service = seen.or_else(|| self.stoppable.map(|stoppable| &stoppable.service));
        service.is_some_and(|service| service.status != ServiceStatus::Active)
    }

    /// A hook by which AWS would bring old code back after a migration.
    fn hook_that_rolls_back(&self, spec: &EnvironmentSpec) -> Option<Blocked> {
        let mut hooks = self.seen?.service.hooks.iter().filter(|_| spec.follows_migration(self.spec));
        hooks.find(|hook| hook.rolls_back).map(|hook| lifecycle::rolls_back_by_a_hook(self.name, hook))
    }

    /// A scalable target that git does not declare: Application Auto Scaling would start tasks that tidegate stops.
    pub(in crate::plan) fn undeclared_autoscaling(&self) -> Option<Blocked> {
        let scaling = match (self.seen, self.stoppable) {
            (Some(seen), _) => seen.scaling,
            (None, stoppable) => stoppable?.scaling,
        };
        let is_undeclared = self.spec.autoscaling.is_none() && scaling.is_some();
        is_undeclared.then(|| undeclared_autoscaling(self.name))
    }

    /// Whether a task of it runs.
    pub(in crate::plan) fn has_tasks(&self) -> bool {
        self.seen.is_some_and(|seen| seen.live_tasks() > 0)
    }

    /// The images that are deployed now, of the containers that git manages.
    pub(in crate::plan) fn deployed_images(&self) -> BTreeMap<ContainerName, ImageRef> {
        let Some(seen) = self.seen else { return BTreeMap::new() };
        let deployed = seen.definition.document.images();
        self.spec.images.keys().filter_map(|name| Some((name.clone(), deployed.get(name)?.clone()))).collect()
    }
}

fn runs_what_failed(spec: &ServiceSpec, seen: &ServiceSeen, failed: &FailedStart) -> bool {
    let deployed = seen.definition.document.images();
    let mut managed = spec.images.keys().filter_map(|name| deployed.get(name));
    managed.all(|image| failed.images.iter().any(|other| same_version(image, other)))
}

/// Managed images are left out of the comparison: tidegate puts them in at every roll.
fn newest_differs<'a>(seen: &ServiceSeen, managed: impl Iterator<Item = &'a ContainerName>) -> bool {
    if seen.newest.revision <= seen.definition.revision {
        return false;
    }
    let deployed = seen.definition.document.images();
    let kept = managed.filter_map(|name| Some((name.clone(), deployed.get(name)?.clone()))).collect();
    seen.newest.document.with_images(&kept).fingerprint() != seen.definition.document.fingerprint()
}
