//! Application Auto Scaling, which also moves the service's count into the range when a target is registered.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::ecs::TASKS_OF_A_SERVICE_MAX;
use super::{Actor, Event, Refusal, RegionId, World, refuse, service_key};
use crate::cloud::{Kind, ScalableTarget, ServiceStatus};
use crate::model::{ClusterName, ServiceName};

/// Interval at which target tracking evaluates its alarms.
/// <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html>
const TRACKING_PERIOD: TimeDelta = TimeDelta::minutes(1);

/// A scalable target in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimTarget {
    /// The answer of DescribeScalableTargets.
    pub shown: ScalableTarget,
    /// The author of the last registration; changes by scaling are attributed to this author.
    pub by: Actor,
    /// An evaluation is in the queue.
    pub(super) watched: bool,
}

impl SimTarget {
    pub(in crate::sim) fn new(shown: ScalableTarget) -> Self {
        Self { shown, by: Actor::Aws, watched: false }
    }
}

impl World {
    /// Registers a target. A moment later the service's count is clamped into [min, max], suspended or not.
    pub(in crate::sim) fn set_scalable_target(
        &mut self,
        region: RegionId,
        cluster: &ClusterName,
        service: &ServiceName,
        target: ScalableTarget,
        by: Actor,
    ) -> Result<(), Refusal> {
        if target.min > target.max {
            return refuse(Kind::Invalid, "ValidationException: maximum capacity is below minimum capacity");
        }
        // Application Auto Scaling asks ECS, and has one code for every answer that is no service.
        let gone = match self.service(region, cluster, service) {
            Ok(found) if found.status == ServiceStatus::Active => None,
            Ok(found) => Some(format!("service/{cluster}/{service} is {}", found.status.as_str())),
            Err(refusal) => Some(refusal.message),
        };
        if let Some(why) = gone {
            return refuse(Kind::Invalid, format!("ValidationException: ECS service doesn't exist ({why})"));
        }
        if target.max > TASKS_OF_A_SERVICE_MAX {
            let message = "ValidationException: maximum capacity is above the quota of tasks in a service";
            return refuse(Kind::Invalid, message);
        }
        let key = service_key(cluster.as_str(), service.as_str());
        let kept = self.regions[region].targets.entry(key.clone()).or_insert(SimTarget::new(target));
        (kept.shown, kept.by) = (target, by);
        let delay = self.dice.seconds(0..=2);
        self.later(delay, Event::Scale { region, service: key.clone(), clamps: true });
        self.watch_capacity(region, &key);
        Ok(())
    }

    /// Puts an evaluation of the target into the queue if scaling could act: below the minimum it scales out, above
    /// the maximum in, unless that is suspended.
    /// <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html>
    pub(super) fn watch_capacity(&mut self, region: RegionId, key: &str) {
        let desired = self.regions[region].services.get(key).map(|service| service.desired);
        let busy = self.script.busy.contains(key);
        let target = self.regions[region].targets.get_mut(key);
        let (Some(desired), Some(target)) = (desired, target) else { return };
        let acts = busy || desired < target.shown.min || desired > target.shown.max;
        if acts && !target.watched {
            target.watched = true;
            self.later(TRACKING_PERIOD, Event::Scale { region, service: key.to_owned(), clamps: false });
        }
    }

    pub(super) fn autoscale(&mut self, region: RegionId, key: &str, clamps: bool) {
        let Some(target) = self.regions[region].targets.get_mut(key) else { return };
        let ScalableTarget { min, max, suspended } = target.shown;
        let by = if target.by == Actor::Person { Actor::Person } else { Actor::Aws };
        if !clamps {
            target.watched = false;
        }
        let Some(service) = self.regions[region].services.get(key) else { return };
        let desired = service.desired;
        let mut wanted = desired.clamp(min, max);
        if !clamps {
            if self.script.busy.contains(key) && wanted == desired && max > min {
                let span = u64::from(max - min) + 1;
                wanted = min + u32::try_from(self.dice.below(span)).expect("at most max - min");
            }
            let stays = if wanted > desired { suspended.dynamic_out } else { suspended.dynamic_in };
            if stays {
                wanted = desired;
            }
        }
        if wanted != desired {
            let service = self.regions[region].services.get_mut(key).expect("looked up above");
            (service.desired, service.by) = (wanted, by);
            self.schedule_service(region, key);
        }
        self.watch_capacity(region, key);
    }
}

#[cfg(test)]
mod tests;
