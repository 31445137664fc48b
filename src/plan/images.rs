//! Wanted images against running ones. A tag that has an order does not move; what it means was settled when
//! the release began.

use std::collections::BTreeMap;

use crate::cloud::ImageLookup;
use crate::model::{ContainerName, ImageRef, Version};
use crate::observe::ServiceSeen;
use crate::plan::PlanningInput;
use crate::spec::{ServiceSpec, Template};

/// Images of a service or of the migration, as they should be.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Pinned where a digest is known.
    pub images: BTreeMap<ContainerName, ImageRef>,
    /// What does not exist, with the newest tags that do.
    pub missing: Vec<(ImageRef, Vec<String>)>,
    /// What may not be looked at, and why.
    pub unverified: Vec<(ImageRef, String)>,
}

pub(super) fn wanted(input: &PlanningInput, templates: &BTreeMap<ContainerName, Template>) -> Wanted {
    let mut wanted = Wanted::default();
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

/// The version of the code that follows the migration, read from a service's images; `None` = they do not tell.
pub(super) fn code_version(
    input: &PlanningInput,
    service: &ServiceSpec,
    images: &BTreeMap<ContainerName, ImageRef>,
) -> Option<Version> {
    let follows = &input.spec.migration.as_ref()?.follows;
    service.images.iter().filter(|(_, template)| template.keys().contains(follows)).find_map(
        |(container, template)| {
            let image = images.get(container)?;
            let written = format!("{}:{}", image.repository(), image.tag()?);
            template.extract(follows, &input.spec.versions, &written)
        },
    )
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
            let same = now.is_some_and(|now| {
                same_version(now, image) && !(input.refresh_images && has_moved(now, image))
            });
            (!same).then(|| (container, now.cloned(), image))
        })
        .collect()
}

/// A moving tag that means another digest now.
fn has_moved(now: &ImageRef, wanted: &ImageRef) -> bool {
    matches!((now.digest(), wanted.digest()), (Some(now), Some(wanted)) if now != wanted)
}

/// An image as people say it: its tag, or what is left of it.
pub(super) fn label(image: &ImageRef) -> String {
    image.tag().map_or_else(|| image.to_string(), str::to_owned)
}
