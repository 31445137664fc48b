//! Services that are deleted, and deployments that wait for a person.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html>

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::person::Person;
use super::{Actor, Event, Refusal, RegionId, World, refuse};
use crate::cloud::{Kind, Pause, Rollout, ServiceStatus, TaskStatus};
use crate::model::{Instant, ServiceName};
use crate::spec::EnvironmentSpec;

/// A service that was deleted stays visible for so long.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>
const INACTIVE_VISIBLE: TimeDelta = TimeDelta::hours(1);
/// How long a PAUSE hook waits unless its `timeoutConfiguration` says otherwise.
pub(super) const PAUSE_LASTS: TimeDelta = TimeDelta::hours(24);
/// The stage before the first new task.
const BEFORE_TASKS: &str = "PRE_SCALE_UP";

/// A PAUSE hook that a deployment has not passed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimPause {
    /// `hookId`
    pub hook: String,
    /// The stage at which it waits.
    pub stage: String,
    /// When AWS stops waiting.
    pub expires_at: Instant,
    /// What AWS does then.
    pub rolls_back: bool,
}

impl SimPause {
    /// The deployment has started none of its tasks yet.
    pub(super) fn is_before_tasks(&self) -> bool {
        self.stage == BEFORE_TASKS
    }

    /// As DescribeServiceDeployments shows it.
    pub(super) fn shown(&self, service_deployment: String) -> Pause {
        Pause {
            service_deployment,
            hook: self.hook.clone(),
            stage: Some(self.stage.clone()),
            expires_at: Some(self.expires_at),
            then_rolls_back: self.rolls_back,
        }
    }
}

impl World {
    /// Deletes a service by force, as a person or Terraform does: its tasks stop, and then it is INACTIVE.
    pub(super) fn delete_service(&mut self, region: RegionId, key: &str) {
        let service = self.regions[region].services.get_mut(key).expect("the service exists");
        (service.status, service.desired, service.by) = (ServiceStatus::Draining, 0, Actor::Person);
        self.regions[region].targets.remove(key);
        self.schedule_service(region, key);
    }

    /// A service that drains is INACTIVE once its last task has stopped. Returns whether it is active.
    pub(super) fn is_active(&mut self, region: RegionId, key: &str) -> bool {
        let lives = self.regions[region]
            .tasks
            .values()
            .any(|task| task.service.as_deref() == Some(key) && task.shown.status != TaskStatus::Stopped);
        let service = self.regions[region].services.get_mut(key).expect("the caller looked it up");
        if service.status == ServiceStatus::Draining && !lives {
            service.status = ServiceStatus::Inactive;
            self.later(INACTIVE_VISIBLE, Event::ForgetService { region, service: key.to_owned() });
        }
        self.regions[region].services[key].status == ServiceStatus::Active
    }

    pub(super) fn forget_service(&mut self, region: RegionId, key: &str) {
        let services = &mut self.regions[region].services;
        if services.get(key).is_some_and(|service| service.status == ServiceStatus::Inactive) {
            services.remove(key);
        }
    }

    /// The pause that a new deployment meets: that of the first PAUSE hook.
    pub(super) fn pause_for(&mut self, region: RegionId, key: &str) -> Option<SimPause> {
        let hooks = &self.regions[region].services[key].hooks;
        let hook = hooks.iter().find(|hook| hook.kind == "PAUSE")?.clone();
        let stage = hook.stages.first().cloned().unwrap_or_else(|| BEFORE_TASKS.to_owned());
        let number = self.ticket();
        Some(SimPause {
            hook: format!("ecs-pause-{}", self.hex(number)),
            stage,
            expires_at: self.now + PAUSE_LASTS,
            rolls_back: hook.rolls_back,
        })
    }

    /// A person continues the newest deployment.
    pub(super) fn continue_deployment(&mut self, region: RegionId, key: &str) {
        let service = self.regions[region].services.get_mut(key).expect("the service exists");
        service.deployments[0].pause = None;
        self.schedule_service(region, key);
    }

    /// The time of a pause is over.
    pub(super) fn pause_expires(&mut self, region: RegionId, key: &str, deployment: &str) {
        let Some(service) = self.regions[region].services.get_mut(key) else { return };
        let goal = service.completed.clone();
        let primary = &mut service.deployments[0];
        let Some(pause) = primary.pause.take_if(|_| primary.id == deployment) else { return };
        if let (true, Some(goal)) = (pause.rolls_back, goal) {
            primary.rollout = Rollout::Failed;
            primary.reason = "The PAUSE hook was not answered in time.".to_owned();
            self.roll_back(region, key, goal, deployment);
        }
        self.schedule_service(region, key);
    }

    /// What UpdateService refuses whatever it is asked.
    pub(super) fn refuse_unmanageable(&self, region: RegionId, key: &str) -> Result<(), Refusal> {
        let service = &self.regions[region].services[key];
        if service.status != ServiceStatus::Active {
            return refuse(Kind::InvalidState, "ServiceNotActiveException: Service was not ACTIVE.");
        }
        if service.express {
            return refuse(
                Kind::Invalid,
                "InvalidParameterException: the service is managed by ECS Express Mode; use UpdateExpressGatewayService",
            );
        }
        Ok(())
    }
}

impl Person<'_> {
    /// Deletes a service with its tasks, by `aws ecs delete-service --force`.
    pub fn delete_service(&mut self, service: &str) {
        let key = self.key(service);
        let (world, region) = self.world_and_region();
        world.delete_service(region, &key);
    }

    /// Creates a declared service again, once it is INACTIVE or gone, with the declared images and without a task.
    pub fn create_service(&mut self, declared: &EnvironmentSpec, service: &str) {
        let mut declared = declared.clone();
        let name = ServiceName::new(service);
        declared.services.get_mut(&name).expect("declared").count = 0;
        let versions = declared.versions.clone();
        let (world, region) = self.world_and_region();
        world.build_service(region, &declared, &name, &versions);
    }

    /// Creates a service that no declaration names, with one task and with the images that `like` has in these versions.
    pub fn create_undeclared(&mut self, declared: &EnvironmentSpec, like: &str, service: &str) {
        let mut declared = declared.clone();
        let mut copy = declared.services[&ServiceName::new(like)].clone();
        (copy.count, copy.autoscaling) = (0, None);
        let name = ServiceName::new(service);
        declared.services.insert(name.clone(), copy);
        let versions = declared.versions.clone();
        let (world, region) = self.world_and_region();
        world.build_service(region, &declared, &name, &versions);
        self.scale(service, 1);
    }

    /// Continues the newest deployment of a service, which waits at a PAUSE hook.
    pub fn continue_deployment(&mut self, service: &str) {
        let key = self.key(service);
        let (world, region) = self.world_and_region();
        world.continue_deployment(region, &key);
    }
}
