//! The images that are declared, against the images that run. A tag with a version order does not move; the digest
//! behind it was pinned when the release began.

use std::collections::BTreeMap;

use crate::cloud::{ImageLookup, TaskStatus};
use crate::model::{ContainerName, ImageRef, Version, VersionKey};
use crate::observe::ServiceSeen;
use crate::plan::input::PlanningInput;
use crate::spec::Template;

/// The images that a service or the migration should run.
#[derive(Debug, Default)]
pub(in crate::plan) struct WantedImages {
    /// By container; pinned where a digest is known.
    pub images: BTreeMap<ContainerName, ImageRef>,
    /// Images that their registry does not have.
    pub missing: Vec<MissingImage>,
    /// Images that could not be looked up, and why.
    pub unverified: Vec<(ImageRef, String)>,
}

/// An image that its registry does not have.
#[derive(Clone, Debug)]
pub(in crate::plan) struct MissingImage {
    pub image: ImageRef,
    /// The newest tags that the registry does have.
    pub newest_tags: Vec<String>,
}

/// A container whose image has to change.
#[derive(Debug)]
pub(in crate::plan) struct ImageChange {
    pub container: ContainerName,
    /// The deployed image; `None` = the deployed definition has no such container.
    pub now: Option<ImageRef>,
    pub wanted: ImageRef,
}

impl ImageChange {
    /// Whether the version changes, and not only the digest behind a moving tag.
    pub(in crate::plan) fn changes_version(&self) -> bool {
        self.now.as_ref().is_none_or(|now| !same_version(now, &self.wanted))
    }

    /// The old and the new image as operators call them.
    pub(in crate::plan) fn labels(&self) -> (String, String) {
        labels(self.now.as_ref(), &self.wanted)
    }
}

impl WantedImages {
    /// The images behind these templates, in these versions.
    pub(super) fn of(
        input: &PlanningInput,
        templates: &BTreeMap<ContainerName, Template>,
        versions: &BTreeMap<VersionKey, Version>,
    ) -> WantedImages {
        let mut wanted = WantedImages::default();
        for (container, template) in templates {
            let Some(image) = template.image(versions) else { continue };
            let release = input.ledger.release.as_ref().and_then(|release| release.images.get(&image));
            let pinned = match (release, input.snapshot.images.get(&image)) {
                (Some(pinned), _) => pinned.clone(),
                (None, Some(ImageLookup::Found(digest))) => image.pinned(digest),
                (None, Some(ImageLookup::Missing(tags))) => {
                    wanted.missing.push(MissingImage { image: image.clone(), newest_tags: tags.clone() });
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

    /// Splits the missing images: those that are deployed under that very tag, and can still be pulled by their
    /// digest, and those that nothing can run.
    pub(super) fn missing_beside(&self, seen: &ServiceSeen) -> (Vec<MissingImage>, Vec<MissingImage>) {
        let deployed = seen.definition.document.images();
        let is_deployed =
            |missing: &MissingImage| deployed.values().any(|other| same_version(other, &missing.image));
        self.missing.iter().cloned().partition(is_deployed)
    }

    /// The containers of a service whose image has to change.
    pub(super) fn changes(&self, input: &PlanningInput, seen: &ServiceSeen) -> Vec<ImageChange> {
        let deployed = seen.definition.document.images();
        let changes = self.images.iter().filter_map(|(container, image)| {
            let now = deployed.get(container);
            let moved =
                || input.refresh_images && now.is_some_and(|now| has_moved(seen, container, now, image));
            let same = now.is_some_and(|now| same_version(now, image)) && !moved();
            (!same).then(|| ImageChange {
                container: container.clone(),
                now: now.cloned(),
                wanted: image.clone(),
            })
        });
        changes.collect()
    }

    /// Whether all of these images were among those that failed to start.
    pub(super) fn are_all_in(&self, failed: &[ImageRef]) -> bool {
        self.images.values().all(|image| failed.iter().any(|other| same_version(image, other)))
    }

    /// ` on web-v1.5.0`, for messages; empty where no image is declared.
    pub(in crate::plan) fn on(&self) -> String {
        let images: Vec<String> = self.images.values().map(label).collect();
        if images.is_empty() { String::new() } else { format!(" on {}", images.join(", ")) }
    }
}

/// Whether two references mean the same version: repository and tag. Digests decide only where neither has a tag.
pub(super) fn same_version(one: &ImageRef, other: &ImageRef) -> bool {
    one.repository() == other.repository()
        && match (one.tag(), other.tag()) {
            (None, None) => one.digest() == other.digest(),
            (one, other) => one == other,
        }
}

/// Whether a moving tag means another digest now than the deployed one, or than the one that the tasks have pulled.
fn has_moved(seen: &ServiceSeen, container: &ContainerName, now: &ImageRef, wanted: &ImageRef) -> bool {
    let Some(wanted) = wanted.digest() else { return false };
    if let Some(now) = now.digest() {
        return now != wanted;
    }
    let live = seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped);
    let mut pulled = live.flat_map(|task| &task.containers).filter(|found| found.name == *container);
    pulled.any(|found| found.digest.as_ref().is_some_and(|digest| *digest != wanted))
}

/// Two images as operators call them, with their digests where their tags are the same.
fn labels(now: Option<&ImageRef>, wanted: &ImageRef) -> (String, String) {
    let Some(now) = now else { return ("none".to_owned(), label(wanted)) };
    if label(now) != label(wanted) {
        return (label(now), label(wanted));
    }
    let with_digest = |image: &ImageRef| match image.digest() {
        Some(digest) => format!("{} ({})", label(image), digest.short()),
        None => format!("{} (not pinned)", label(image)),
    };
    (with_digest(now), with_digest(wanted))
}

/// The tag of an image, or the whole reference where it has none.
fn label(image: &ImageRef) -> String {
    image.tag().map_or_else(|| image.to_string(), str::to_owned)
}
