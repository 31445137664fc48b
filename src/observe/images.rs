//! Lookups of wanted images in their registries. Only those images are looked up that do not run yet, that the release
//! has not pinned, or whose tag moves and must be resolved again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::context::ObserveContext;
use super::running::unpinned;
use super::snapshot::{DatabaseSeen, Observed, ServiceSeen};
use crate::cloud::{Document, ImageLookup, tag};
use crate::model::{ContainerName, ImageRef, ServiceName};
use crate::spec::Template;

/// By image as rendered from the templates.
pub(super) async fn images(
    context: ObserveContext<'_>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    database: Option<&Observed<DatabaseSeen>>,
) -> BTreeMap<ImageRef, ImageLookup> {
    let mut wanted: BTreeSet<ImageRef> = BTreeSet::new();
    for (name, declared) in &context.spec.services {
        let seen = services.get(name).and_then(Observed::present);
        let deployed = seen.map(|seen| &seen.definition.document);
        let is_down = seen.is_some_and(|seen| seen.service.desired == 0);
        wanted.extend(to_look_up(context, &declared.images, deployed, is_down));
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
        let runs = deployed.get(container).is_some_and(|found| unpinned(found) == unpinned(&image));
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
