//! The migration is never guessed: whether one is needed, and for what, is a promise about code. What looks like one
//! is proposed.

use std::collections::BTreeMap;

use super::image::{self, Tagged};
use super::services::{ServiceDraft, VersionDraft, rendered};
use super::survey::{FamilyFound, Survey};
use crate::model::{ContainerName, FamilyName, ImageRef, ServiceName, VersionKey};

/// A migration that might be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MigrationDraft {
    pub(super) family: FamilyName,
    pub(super) follows: VersionKey,
    /// Container → template.
    pub(super) images: BTreeMap<ContainerName, String>,
    pub(super) network: ServiceName,
}

/// The family that looks most like the migration of what is released here.
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

/// The smaller, the more alike: another version, parts of the cluster's name that it lacks.
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
    let lacking =
        survey.target.cluster.as_str().split(['-', '_']).filter(|part| !found.family.as_str().contains(part));
    Some((
        (entry.version != tag.version, lacking.count()),
        MigrationDraft {
            family: found.family.clone(),
            follows: entry.key.clone(),
            images: found.images.iter().filter_map(of_it).collect(),
            network: network(survey, entry.services.iter().filter(is_declared))?.clone(),
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
    let beside = |repository: &str| repository.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folder = beside(image.repository())?;
    let mut beside = used().filter(|it| {
        it.entry.version == tag.version && beside(&it.entry.repository).as_ref() == Some(&folder)
    });
    beside.next().filter(|_| beside.next().is_none())
}

/// A service that reaches what a migration has to reach: the database, and if several do, one that users ask.
fn network<'a>(survey: &Survey, services: impl Iterator<Item = &'a ServiceName>) -> Option<&'a ServiceName> {
    let knows_database =
        |name: &ServiceName| survey.mentions.values().any(|services| services.contains(name));
    let is_asked = |name: &ServiceName| {
        let found = survey.services.iter().find(|found| found.service.name == *name);
        found.is_some_and(|found| !found.service.target_groups.is_empty())
    };
    services.min_by_key(|name| (!knows_database(name), !is_asked(name), *name))
}
