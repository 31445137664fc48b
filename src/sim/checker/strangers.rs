//! Code of the migrated version that runs outside the services.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{Promise, Watch, who};
use crate::cloud::TaskStatus;
use crate::model::{ClusterName, FamilyName};
use crate::sim::world::{Actor, RegionId, SimTask, World};

/// Someone may start a task between an observation and the request that follows it.
const UNSEEN: TimeDelta = TimeDelta::minutes(5);

impl World {
    /// Whether a task that belongs to no declared service has an image from a repository of the migrated version.
    pub(super) fn is_old_code(&self, watch: &Watch, task: &SimTask) -> bool {
        let patterns = watch.core.values().flat_map(BTreeMap::values);
        let repositories: BTreeSet<&str> = patterns.map(|pattern| pattern.repository.as_str()).collect();
        !self.is_declared(watch, task)
            && task.contents.values().any(|image| repositories.contains(image.repository()))
    }

    pub(super) fn is_declared(&self, watch: &Watch, task: &SimTask) -> bool {
        let service = task.service.as_ref().and_then(|key| self.regions[watch.region].services.get(key));
        service.is_some_and(|service| watch.services.contains(&service.name))
    }

    /// Started so lately that an observation may have missed it.
    pub(super) fn is_unseen(&self, task: &SimTask) -> bool {
        self.now() < task.shown.created_at + UNSEEN
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
                    && !self.is_unseen(task)
                    && self.is_old_code(watch, task)
            });
            found.extend(beside.map(|task| format!("{name}: a migration was sent while {} ran", who(task))));
        }
        found
            .into_iter()
            .for_each(|detail| self.broke(Promise::NoCodeDuringMigration, Actor::Tidegate, detail));
    }
}
