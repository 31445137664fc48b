//! Where RunTask may place a task, and what it refuses.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>

use super::{Refusal, RegionId, World, refuse};
use crate::cloud::{
    Capacity, CapacityProvider, Document, EXTERNAL, FARGATE, Kind, Placement, ProviderKind, TaskStatus,
    allows,
};
use crate::model::ClusterName;

/// The most tasks that one region of an account runs at once: the quota of vCPUs that accounts have. A service that wants
/// more stays short of them.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
pub(super) const TASKS_MAX: usize = 10_000;

/// What a cluster has unless a test says otherwise: AWS's own providers, and no instance.
pub(in crate::sim) fn fargate_only() -> Capacity {
    let provider = |name: &str, kind| CapacityProvider { name: name.to_owned(), kind, active: true };
    Capacity {
        instances: 0,
        providers: vec![
            provider(FARGATE, ProviderKind::Fargate),
            provider("FARGATE_SPOT", ProviderKind::FargateSpot),
        ],
        default_strategy: Vec::new(),
    }
}

impl World {
    /// What a cluster has, as DescribeClusters shows it now: instances inside and outside AWS are one number.
    pub(in crate::sim) fn capacity(&self, region: RegionId, cluster: &ClusterName) -> Option<Capacity> {
        let found = &self.regions[region];
        found.clusters.get(cluster.as_str())?;
        let mut capacity = self.inside(region, cluster);
        capacity.instances += self.outside(region, cluster);
        Some(capacity)
    }

    fn outside(&self, region: RegionId, cluster: &ClusterName) -> u32 {
        self.regions[region].outside.get(cluster.as_str()).copied().unwrap_or_default()
    }

    /// The same without the instances outside AWS.
    fn inside(&self, region: RegionId, cluster: &ClusterName) -> Capacity {
        let found = &self.regions[region];
        let mut capacity = found.capacity.get(cluster.as_str()).cloned().unwrap_or_else(fargate_only);
        if self.is_scaled_in(region, cluster, &capacity) {
            capacity.instances = 0;
        }
        capacity
    }

    /// Managed scaling takes the last instance away once no task needs it.
    fn is_scaled_in(&self, region: RegionId, cluster: &ClusterName, capacity: &Capacity) -> bool {
        let scaled = |provider: &CapacityProvider| {
            provider.active && provider.kind == ProviderKind::AutoScalingGroup { scales: true }
        };
        if !capacity.providers.iter().any(scaled) {
            return false;
        }
        let found = &self.regions[region];
        let mut alive = found
            .tasks
            .values()
            .filter(|task| task.cluster == *cluster && task.shown.status != TaskStatus::Stopped);
        !alive.any(|task| {
            let service = task.service.as_ref().and_then(|key| found.services.get(key));
            service.is_some_and(|service| service.placement != Placement::default())
        })
    }

    /// How many more tasks the region may run.
    pub(in crate::sim) fn room_for_tasks(&self, region: RegionId) -> usize {
        let tasks = self.regions[region].tasks.values();
        TASKS_MAX.saturating_sub(tasks.filter(|task| task.shown.status != TaskStatus::Stopped).count())
    }

    pub(super) fn check_placement(
        &self,
        region: RegionId,
        cluster: &ClusterName,
        document: &Document,
        placement: &Placement,
    ) -> Result<(), Refusal> {
        let capacity = self.inside(region, cluster);
        let no_instance = || {
            refuse(
                Kind::Invalid,
                "InvalidParameterException: No Container Instances were found in your cluster.",
            )
        };
        match placement {
            Placement::LaunchType(name) if !allows(document, name) => refuse(
                Kind::Invalid,
                format!("InvalidParameterException: Task definition does not support launch_type {name}."),
            ),
            Placement::LaunchType(name) => {
                let instances = match name.as_str() {
                    FARGATE => return Ok(()),
                    EXTERNAL => self.outside(region, cluster),
                    _ => capacity.instances,
                };
                if instances == 0 { no_instance() } else { Ok(()) }
            }
            Placement::Providers(shares) => {
                let mut kinds = Vec::new();
                for share in shares {
                    let found = capacity.providers.iter().find(|provider| provider.name == share.name);
                    let Some(provider) = found.filter(|provider| provider.active) else {
                        let message = format!(
                            "InvalidParameterException: The specified capacity provider {} is not associated with the cluster or is not ACTIVE.",
                            share.name
                        );
                        return refuse(Kind::Invalid, message);
                    };
                    kinds.push(provider.kind);
                }
                let requirement = kinds.first().map_or(FARGATE, |kind| kind.requirement());
                if kinds.iter().any(|kind| kind.requirement() != requirement) {
                    let message = "InvalidParameterException: A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers.";
                    return refuse(Kind::Invalid, message);
                }
                if !allows(document, requirement) {
                    let message = format!(
                        "InvalidParameterException: Task definition does not support {requirement}, which the capacity provider needs."
                    );
                    return refuse(Kind::Invalid, message);
                }
                if capacity.instances == 0 && !kinds.iter().any(|kind| kind.scales()) {
                    no_instance()
                } else {
                    Ok(())
                }
            }
        }
    }
}
