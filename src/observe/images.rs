//! What registries say of wanted images. Only those are asked for that do not run yet, that the release has
//! not pinned, or whose tag moves and is to be resolved again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::running::unpinned;
use super::{DatabaseSeen, ObserveContext, Observed, ServiceSeen, patiently};
use crate::cloud::{Document, ImageLookup, tag};
use crate::model::{ContainerName, ImageRef, ServiceName};
use crate::spec::Template;

/// By image as rendered from the templates.
pub(super) async fn images(
    eyes: ObserveContext<'_>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    database: Option<&Observed<DatabaseSeen>>,
) -> BTreeMap<ImageRef, ImageLookup> {
    let mut wanted: BTreeSet<ImageRef> = BTreeSet::new();
    for (name, declared) in &eyes.spec.services {
        let seen = services.get(name).and_then(Observed::present);
        let deployed = seen.map(|seen| &seen.definition.document);
        let is_down = seen.is_some_and(|seen| seen.service.desired == 0);
        wanted.extend(to_look_up(eyes, &declared.images, deployed, is_down));
    }
    let may_run = || eyes.options.all_images || migration_may_run(eyes, database);
    if let Some(declared) = eyes.spec.migration.as_ref().filter(|_| may_run()) {
        // The family's newest revision says nothing about what has run: everything is looked up.
        wanted.extend(to_look_up(eyes, &declared.images, None, false));
    }
    let lookups = wanted.into_iter().map(|image| async move {
        let said = patiently(eyes.clock, || eyes.cloud.image(&image)).await;
        // A registry that cannot be asked is a warning: ECS itself may well be able to pull.
        let said = said.unwrap_or_else(|error| ImageLookup::Unverified(error.to_string()));
        (image, said)
    });
    join_all(lookups).await.into_iter().collect()
}

fn to_look_up<'a>(
    eyes: ObserveContext<'a>,
    images: &'a BTreeMap<ContainerName, Template>,
    deployed: Option<&Document>,
    is_down: bool,
) -> Vec<ImageRef> {
    let deployed = deployed.map(Document::images).unwrap_or_default();
    let wanted = images.iter().filter_map(|(container, template)| {
        let image = template.image(&eyes.spec.versions)?;
        let runs = deployed.get(container).is_some_and(|found| unpinned(found) == unpinned(&image));
        // At a wake, a digest that was pinned may have vanished from the registry.
        let again = eyes.options.refresh_images && (is_down || moves(eyes, template, &image));
        let pinned = eyes.ledger.release.as_ref().is_some_and(|release| release.images.contains_key(&image));
        (eyes.options.all_images || again || (!runs && !pinned)).then_some(image)
    });
    wanted.collect()
}

/// Whether the tag may mean something else tomorrow: it names no version, or one without order.
fn moves(eyes: ObserveContext<'_>, template: &Template, image: &ImageRef) -> bool {
    let mut versions = template.keys().iter().filter_map(|key| eyes.spec.versions.get(key));
    image.digest().is_none() && (template.keys().is_empty() || versions.any(|version| !version.is_ordered()))
}

/// The schema is not known to have the wanted version.
fn migration_may_run(eyes: ObserveContext<'_>, database: Option<&Observed<DatabaseSeen>>) -> bool {
    let Some(migration) = &eyes.spec.migration else { return false };
    let wanted = eyes.spec.versions.get(&migration.follows);
    let recorded = database.and_then(Observed::present).and_then(|seen| seen.database.tags.get(tag::SCHEMA));
    recorded.map(String::as_str) != wanted.map(crate::model::Version::as_str)
}
