//! WantedImages images against running ones. A tag that has an order does not move; what it means was settled when
//! the release began.

use std::collections::BTreeMap;

use crate::cloud::{ImageLookup, TaskStatus};
use crate::model::{ContainerName, ImageRef};
use crate::observe::ServiceSeen;
use crate::plan::PlanningInput;
use crate::spec::Template;

/// Images of a service or of the migration, as they should be.
#[derive(Debug, Default)]
pub(super) struct WantedImages {
    /// Pinned where a digest is known.
    pub images: BTreeMap<ContainerName, ImageRef>,
    /// What does not exist, with the newest tags that do.
    pub missing: Vec<Missing>,
    /// What may not be looked at, and why.
    pub unverified: Vec<(ImageRef, String)>,
}

/// An image that a registry does not have, with the newest tags that it does.
type Missing = (ImageRef, Vec<String>);

impl WantedImages {
    /// What is missing in the registry: images that are deployed under that very tag, and may still be pulled by
    /// their digest, and images that nobody has.
    pub(super) fn missing_beside(&self, seen: &ServiceSeen) -> (Vec<&Missing>, Vec<&Missing>) {
        let deployed = seen.definition.document.images();
        self.missing.iter().partition(|(image, _)| deployed.values().any(|other| same_version(other, image)))
    }
}

pub(super) fn wanted(input: &PlanningInput, templates: &BTreeMap<ContainerName, Template>) -> WantedImages {
    let mut wanted = WantedImages::default();
    for (container, template) in templates {
        let Some(image) = template.image(&input.spec.versions) else { continue };
        let release = input.ledger.release.as_ref().and_then(|release| release.images.get(&image));
        let pinned = match (release, input.snapshot.images.get(&image)) {
            (Some(pinned), _) => pinned.clone(),
            (None, Some(ImageLookup::Found(digest))) => image.pinned(digest),
            (None, Some(ImageLookup::Missing(tags))) => {
                wanted.missing.push((image.clone(), tags.clone()));
                image
            }
            (None, Some(ImageLookup::Unverified(why))) => {
                wanted.unverified.push((image.clone(), why.clone()));
                image
            }
            (None, None) => image,
        };
        wanted.images.insert(container.clone(), pinned);
    }
    wanted
}

/// Whether two references mean the same version: repository and tag; digests only where both have one and
/// they are asked about.
pub(super) fn same_version(one: &ImageRef, other: &ImageRef) -> bool {
    one.repository() == other.repository()
        && match (one.tag(), other.tag()) {
            (None, None) => one.digest() == other.digest(),
            (one, other) => one == other,
        }
}

/// The containers whose image has to change, with the images they have now.
pub(super) fn changes<'a>(
    input: &PlanningInput,
    seen: &ServiceSeen,
    wanted: &'a BTreeMap<ContainerName, ImageRef>,
) -> Vec<(&'a ContainerName, Option<ImageRef>, &'a ImageRef)> {
    let deployed = seen.definition.document.images();
    wanted
        .iter()
        .filter_map(|(container, image)| {
            let now = deployed.get(container);
            let moved =
                || input.refresh_images && now.is_some_and(|now| has_moved(seen, container, now, image));
            let same = now.is_some_and(|now| same_version(now, image)) && !moved();
            (!same).then(|| (container, now.cloned(), image))
        })
        .collect()
}

/// A moving tag that means another digest now than what is deployed, or than what its tasks have pulled.
fn has_moved(seen: &ServiceSeen, container: &ContainerName, now: &ImageRef, wanted: &ImageRef) -> bool {
    let Some(wanted) = wanted.digest() else { return false };
    if let Some(now) = now.digest() {
        return now != wanted;
    }
    let live = seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped);
    let mut pulled = live.flat_map(|task| &task.containers).filter(|found| found.name == *container);
    pulled.any(|found| found.digest.as_ref().is_some_and(|digest| *digest != wanted))
}

/// ` on web-v1.5.0`: the images that a service should run, as people say them; nothing where none are managed.
pub(super) fn on(input: &PlanningInput, templates: &BTreeMap<ContainerName, Template>) -> String {
    let images: Vec<String> = wanted(input, templates).images.values().map(label).collect();
    if images.is_empty() { String::new() } else { format!(" on {}", images.join(", ")) }
}

/// Two images as people say them, told apart by their digests where their tags are the same.
pub(super) fn labels(now: Option<&ImageRef>, wanted: &ImageRef) -> (String, String) {
    let Some(now) = now else { return ("none".to_owned(), label(wanted)) };
    if label(now) != label(wanted) {
        return (label(now), label(wanted));
    }
    let told = |image: &ImageRef| match image.digest() {
        Some(digest) => format!("{} ({})", label(image), digest.short()),
        None => format!("{} (not pinned)", label(image)),
    };
    (told(now), told(wanted))
}

/// An image as people say it: its tag, or what is left of it.
pub(super) fn label(image: &ImageRef) -> String {
    image.tag().map_or_else(|| image.to_string(), str::to_owned)
}
