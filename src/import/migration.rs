//! The migration is never declared by `import`: only a person knows which code needs one. A family that looks like a
//! migration is proposed as a comment.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{self, Tagged};
use super::services::{ServiceDraft, VersionDraft, rendered};
use super::survey::{FamilyFound, Survey};
use super::versions::Entry;
use crate::model::{ContainerName, FamilyName, ImageRef, ServiceName, VersionKey};

/// A migration to propose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MigrationDraft {
    pub(super) family: FamilyName,
    pub(super) follows: VersionKey,
    /// Container → template.
    pub(super) images: BTreeMap<ContainerName, String>,
    pub(super) network: ServiceName,
    /// Entries that may be other halves of the same product, with the services that keep running through the migration.
    pub(super) other_halves: BTreeMap<VersionKey, BTreeSet<ServiceName>>,
}

/// The family that looks most like the migration of the released versions.
pub(super) fn propose(
    survey: &Survey,
    versions: &[VersionDraft],
    services: &[ServiceDraft],
) -> Option<MigrationDraft> {
    let families = survey.families.as_deref().unwrap_or_default();
    let candidates = families.iter().filter_map(|family| candidate(survey, family, versions, services));
    candidates
        .min_by(|(one, a), (other, b)| one.cmp(other).then(a.family.cmp(&b.family)))
        .map(|(_, draft)| draft)
}

/// Smaller means more alike: first whether its version differs, then how many parts of the cluster's name it lacks.
type Distance = (bool, usize);

fn candidate(
    survey: &Survey,
    found: &FamilyFound,
    versions: &[VersionDraft],
    services: &[ServiceDraft],
) -> Option<(Distance, MigrationDraft)> {
    let is_called_so = found.family.as_str().to_ascii_lowercase().contains(image::MIGRATION_WORD);
    let tagged = |image: &ImageRef| image.tag().and_then(image::tagged);
    let is_tagged_so =
        |tagged: &Tagged| tagged.word().to_ascii_lowercase().starts_with(image::MIGRATION_WORD);
    let (draft, tag) = found.images.values().find_map(|image| {
        let tag = tagged(image).filter(|tag| is_called_so || is_tagged_so(tag))?;
        Some((followed(image, &tag, versions)?, tag))
    })?;
    let entry = &draft.entry;
    let of_it = |(container, image): (&ContainerName, &ImageRef)| {
        let tag = tagged(image).filter(|tag| followed(image, tag, versions) == Some(draft))?;
        Some((container.clone(), rendered(image.repository(), &tag, &entry.key)))
    };
    let is_declared =
        |name: &&ServiceName| services.iter().any(|it| it.name == **name && it.left_out.is_none());
    let declared =
        |entry: &Entry| entry.services.iter().filter(is_declared).cloned().collect::<BTreeSet<_>>();
    let lacking =
        survey.target.cluster.as_str().split(['-', '_']).filter(|part| !found.family.as_str().contains(part));
    Some((
        (entry.version != tag.version, lacking.count()),
        MigrationDraft {
            family: found.family.clone(),
            follows: entry.key.clone(),
            images: found.images.iter().filter_map(of_it).collect(),
            network: network(survey, entry.services.iter().filter(is_declared))?.clone(),
            other_halves: versions
                .iter()
                .filter(|other| other.is_used && other.entry.key != entry.key)
                .filter(|other| is_other_half(survey, entry, &other.entry))
                .map(|other| (other.entry.key.clone(), declared(&other.entry)))
                .filter(|(_, services)| !services.is_empty())
                .collect(),
        },
    ))
}

/// The entry that an image seems to be released with: one of its repository, of the same version if there is one; else
/// the only one of the same version from beside it.
fn followed<'a>(image: &ImageRef, tag: &Tagged, versions: &'a [VersionDraft]) -> Option<&'a VersionDraft> {
    let used = || versions.iter().filter(|it| it.is_used);
    let own = || used().filter(|it| it.entry.repository == image.repository());
    if let Some(own) = own().find(|it| it.entry.version == tag.version).or(own().next()) {
        return Some(own);
    }
    let folder = folder(image.repository())?;
    let mut beside = used()
        .filter(|it| it.entry.version == tag.version && self::folder(&it.entry.repository) == Some(folder));
    beside.next().filter(|_| beside.next().is_none())
}

/// Where a repository lies: `ghcr.io/acme` of `ghcr.io/acme/shop`.
fn folder(repository: &str) -> Option<&str> {
    repository.rsplit_once('/').map(|(folder, _)| folder)
}

/// Whether code of another entry may work on the schema that the migration changes: it comes from the same repository,
/// or at the same version from beside it, or one of its services knows the address of a database that a service of
/// `followed` knows, too.
fn is_other_half(survey: &Survey, followed: &Entry, other: &Entry) -> bool {
    let is_beside = followed.version == other.version
        && folder(&followed.repository).is_some_and(|at| folder(&other.repository) == Some(at));
    let knows = |entry: &Entry, services: &BTreeSet<ServiceName>| {
        entry.services.iter().any(|service| services.contains(service))
    };
    followed.repository == other.repository
        || is_beside
        || survey.mentions.values().any(|services| knows(followed, services) && knows(other, services))
}

/// A service whose network reaches the database; among several, one that is behind a load balancer.
fn network<'a>(survey: &Survey, services: impl Iterator<Item = &'a ServiceName>) -> Option<&'a ServiceName> {
    let knows_database =
        |name: &ServiceName| survey.mentions.values().any(|services| services.contains(name));
    let is_asked = |name: &ServiceName| {
        let found = survey.services.iter().find(|found| found.service.name == *name);
        found.is_some_and(|found| !found.service.target_groups.is_empty())
    };
    services.min_by_key(|name| (!knows_database(name), !is_asked(name), *name))
}
