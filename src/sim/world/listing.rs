//! Every task of a cluster, of services and of none.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>

use std::collections::BTreeSet;

use super::person::Person;
use super::{RegionId, World};
use crate::cloud::{ClusterTask, TaskStatus};
use crate::model::ClusterName;

impl World {
    /// Tasks of a cluster that are not STOPPED, without those that are known.
    pub(in crate::sim) fn other_tasks(
        &self,
        region: RegionId,
        cluster: &ClusterName,
        known: &BTreeSet<String>,
    ) -> Vec<ClusterTask> {
        let tasks = self.regions[region].tasks.values().filter(|task| {
            task.cluster == *cluster
                && task.shown.status != TaskStatus::Stopped
                && !known.contains(&task.shown.arn)
        });
        let tasks = tasks.map(|task| ClusterTask {
            arn: task.shown.arn.clone(),
            definition: task.shown.definition.clone(),
            group: match task.service.as_ref().and_then(|key| key.split_once('/')) {
                Some((_, service)) => format!("service:{service}"),
                None => format!("family:{}", task.family),
            },
            started_by: task.shown.started_by.clone(),
            images: match self.definition(region, &task.shown.definition) {
                Ok(definition) => definition.document.images().into_values().collect(),
                Err(_) => Vec::new(),
            },
        });
        let mut tasks: Vec<ClusterTask> = tasks.collect();
        tasks.sort_by(|one, other| one.arn.cmp(&other.arn));
        tasks
    }
}

impl Person<'_> {
    /// Stops the tasks of a family that belong to no service.
    pub fn stop_family(&mut self, family: &str) {
        let (world, region) = self.world_and_region();
        let tasks = world.regions[region].tasks.iter();
        let its = tasks.filter(|(_, task)| task.service.is_none() && task.family.as_str() == family);
        let ids: Vec<u64> = its.map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| world.stop_task(region, id, "UserInitiated", "stopped in the console"));
    }
}
