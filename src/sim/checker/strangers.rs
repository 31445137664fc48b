//! Code of the migrated version that runs outside the services.

use std::collections::{BTreeMap, BTreeSet};

use super::{Promise, Watch, who};
use crate::cloud::TaskStatus;
use crate::model::{ClusterName, FamilyName};
use crate::sim::world::{Actor, RegionId, SimTask, World};

impl World {
    /// Whether a task that belongs to no service has an image from a repository of the migrated version.
    pub(super) fn is_old_code(&self, watch: &Watch, task: &SimTask) -> bool {
        let patterns = watch.core.values().flat_map(BTreeMap::values);
        let repositories: BTreeSet<&str> = patterns.map(|pattern| pattern.repository.as_str()).collect();
        task.service.is_none()
            && task.contents.values().any(|image| repositories.contains(image.repository()))
    }

    /// A migration task was started: no code of the migrated version may run beside it.
    pub(in crate::sim) fn check_alone(
        &mut self,
        region: RegionId,
        cluster: &ClusterName,
        family: &FamilyName,
    ) {
        let mut found = Vec::new();
        for (name, watch) in &self.watches {
            let is_its = watch.migration.as_ref().is_some_and(|migration| migration.family == *family);
            if watch.region != region || watch.cluster != *cluster || !is_its {
                continue;
            }
            let beside = self.regions[region].tasks.values().find(|task| {
                task.cluster == *cluster
                    && task.family != *family
                    && task.shown.status != TaskStatus::Stopped
                    && self.is_old_code(watch, task)
            });
            found.extend(beside.map(|task| format!("{name}: a migration was sent while {} ran", who(task))));
        }
        found
            .into_iter()
            .for_each(|detail| self.broke(Promise::NoCodeDuringMigration, Actor::Tidegate, detail));
    }
}
