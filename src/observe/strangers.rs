//! Tasks of the cluster that belong to no declared service and not to the migration's family: run by people, by schedules
//! of EventBridge, or by services that no declaration names.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{ObserveContext, unreadable};
use super::database::Family;
use super::snapshot::{Observed, ServiceSeen, Snapshot};
use crate::cloud::ClusterTask;
use crate::model::{ImageRef, ServiceName};
use crate::spec::EnvironmentSpec;

/// Two requests where there are none: only tasks that were not read before are described.
pub(super) async fn strangers(
    context: ObserveContext<'_>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    family: Option<&Family>,
) -> Observed<Vec<ClusterTask>> {
    let of_services = services.values().filter_map(Observed::present).flat_map(|seen| &seen.tasks);
    let of_family = family.and_then(|family| family.tasks.as_ref().ok()).into_iter().flatten();
    let known: BTreeSet<String> = of_services.chain(of_family).map(|task| task.arn.clone()).collect();
    let spec = context.spec;
    match context.read(|cloud| cloud.other_tasks(&spec.cluster, &known)).await {
        Ok(mut found) => {
            // Started since their service was read, or of a service that could not be read.
            found.retain(|task| !task.service().is_some_and(|name| spec.services.contains_key(name)));
            let migration = spec.migration.as_ref().map(|migration| migration.task.as_str());
            found.retain(|task| Some(task.family()) != migration);
            Observed::Present(found)
        }
        Err(error) => unreadable(error),
    }
}

impl Snapshot {
    /// Tasks outside the declared services that run code which follows the migrated version: of a family that such a
    /// service runs, or with an image from the same repository.
    pub fn old_code(&self, spec: &EnvironmentSpec) -> Vec<&ClusterTask> {
        let Some(migration) = &spec.migration else { return Vec::new() };
        let following = || spec.services.iter().filter(|(_, service)| spec.follows_migration(service));
        let families: BTreeSet<&str> = following()
            .filter_map(|(name, _)| self.services.get(name)?.present())
            .map(|seen| seen.definition.family.as_str())
            .collect();
        let templates = following().flat_map(|(_, service)| service.images.values());
        let templates = templates.chain(migration.images.values());
        let templates = templates.filter(|template| template.keys().contains(&migration.follows));
        let images: Vec<ImageRef> = templates
            .map(|template| {
                template.image(&spec.versions).unwrap_or_else(|| ImageRef::new(template.as_str()))
            })
            .collect();
        let strangers = self.strangers.present().into_iter().flatten();
        let follows = |task: &&ClusterTask| {
            let is_ours = |image: &ImageRef| images.iter().any(|own| own.repository() == image.repository());
            families.contains(task.family()) || task.images.iter().any(is_ours)
        };
        strangers.filter(follows).collect()
    }
}
