//! Lookups of wanted images in their registries. Only those images are looked up that do not run yet, that the release
//! has not pinned, or whose tag moves and must be resolved again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::context::ObserveContext;
use super::running::unpinned;
use super::snapshot::{DatabaseSeen, Observed, ServiceSeen};
use crate::cloud::{Document, ImageLookup, tag};
use crate::model::{ContainerName, ImageRef, ServiceName, Version, VersionKey};
use crate::spec::Template;

/// By image as rendered from the templates.
pub(super) async fn images(
    context: ObserveContext<'_>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    database: Option<&Observed<DatabaseSeen>>,
) -> BTreeMap<ImageRef, ImageLookup> {
    let mut wanted: BTreeSet<ImageRef> = BTreeSet::new();
    let going_back = recorded_versions(context, database);
    for (name, declared) in &context.spec.services {
        let seen = services.get(name).and_then(Observed::present);
        let deployed = seen.map(|seen| &seen.definition.document);
        let is_down = seen.is_some_and(|seen| seen.service.desired == 0);
        wanted.extend(to_look_up(context, &declared.images, deployed, is_down));
        wanted.extend(
            going_back.iter().flat_map(|versions| of_schema(context, &declared.images, deployed, versions)),
        );
    }
    let may_run = || context.options.all_images || migration_may_run(context, database);
    if let Some(declared) = context.spec.migration.as_ref().filter(|_| may_run()) {
        // The family's newest revision does not tell which image has run: every image is looked up.
        wanted.extend(to_look_up(context, &declared.images, None, false));
    }
    let lookups = wanted.into_iter().map(|image| async move {
        let said = context.read(|cloud| cloud.image(&image)).await;
        // A registry that cannot be read is only a warning: ECS pulls with rights of its own.
        let said = said.unwrap_or_else(|error| ImageLookup::Unverified(error.to_string()));
        (image, said)
    });
    join_all(lookups).await.into_iter().collect()
}

fn to_look_up<'a>(
    context: ObserveContext<'a>,
    images: &'a BTreeMap<ContainerName, Template>,
    deployed: Option<&Document>,
    is_down: bool,
) -> Vec<ImageRef> {
    let deployed = deployed.map(Document::images).unwrap_or_default();
    let wanted = images.iter().filter_map(|(container, template)| {
        let image = template.image(&context.spec.versions)?;
        let runs = deployed.get(container).is_some_and(|found| {
            // A digest that git names is what it asks for; the tag beside it is for people.
            let is_same = image.digest().is_none() || found.digest() == image.digest();
            unpinned(found) == unpinned(&image) && is_same
        });
        // A release resolves its images once, when it begins: whatever the registry answers now, the release starts those,
        // and behind its closed gate nothing waits for a registry.
        let pinned =
            context.ledger.release.as_ref().is_some_and(|release| release.images.contains_key(&image));
        // At a wake, a digest that was pinned may have vanished from the registry.
        let again = context.options.refresh_images && (is_down || moves(context, template, &image));
        (context.options.all_images || (!pinned && (again || !runs))).then_some(image)
    });
    wanted.collect()
}

/// After a release that ended without its migration: the declared versions, but the migrated one as the schema has it.
fn recorded_versions(
    context: ObserveContext<'_>,
    database: Option<&Observed<DatabaseSeen>>,
) -> Option<BTreeMap<VersionKey, Version>> {
    let follows = &context.spec.migration.as_ref()?.follows;
    let recorded = database.and_then(Observed::present)?.database.tags.get(tag::SCHEMA)?;
    let mut versions = context.spec.versions.clone();
    let declared = versions.insert(follows.clone(), Version::new(recorded))?;
    let given_up = context.ledger.given_up.as_ref().is_some_and(|given_up| given_up.to == declared);
    let aborted = context.ledger.aborted.as_ref().is_some_and(|(version, _)| *version == declared);
    (given_up || aborted).then_some(versions)
}

/// The images of the recorded schema that a service does not run: a release that ends without its migration goes back
/// to them.
fn of_schema(
    context: ObserveContext<'_>,
    images: &BTreeMap<ContainerName, Template>,
    deployed: Option<&Document>,
    versions: &BTreeMap<VersionKey, Version>,
) -> Vec<ImageRef> {
    let deployed = deployed.map(Document::images).unwrap_or_default();
    let follows = context.spec.migration.as_ref().map(|migration| &migration.follows);
    let following = images.iter().filter(|(_, image)| follows.is_some_and(|key| image.keys().contains(key)));
    let wanted = following.filter_map(|(container, template)| {
        let image = template.image(versions)?;
        let runs = deployed.get(container).is_some_and(|found| unpinned(found) == unpinned(&image));
        (!runs).then_some(image)
    });
    wanted.collect()
}

/// Whether the tag may point at another image tomorrow: it names no version, or one without order.
fn moves(context: ObserveContext<'_>, template: &Template, image: &ImageRef) -> bool {
    let mut versions = template.keys().iter().filter_map(|key| context.spec.versions.get(key));
    image.digest().is_none() && (template.keys().is_empty() || versions.any(|version| !version.is_ordered()))
}

/// Whether the schema is not recorded to have the wanted version.
fn migration_may_run(context: ObserveContext<'_>, database: Option<&Observed<DatabaseSeen>>) -> bool {
    let Some(migration) = &context.spec.migration else { return false };
    let wanted = context.spec.versions.get(&migration.follows);
    let recorded = database.and_then(Observed::present).and_then(|seen| seen.database.tags.get(tag::SCHEMA));
    recorded.map(String::as_str) != wanted.map(crate::model::Version::as_str)
}
