//! The life of one task, from PROVISIONING to STOPPED, until it is no longer listed.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::container::run;
use super::{Broken, Event, Outcome, RegionId, World};
use crate::cloud::{Container, ContainerStatus, Task, TaskStatus};
use crate::model::{ClusterName, ContainerName, FamilyName, ImageRef, Instant};

/// A stopped task stays visible for about an hour.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html>
const STOPPED_VISIBLE: TimeDelta = TimeDelta::hours(1);
/// Fargate waits this long after SIGTERM unless `stopTimeout` says otherwise.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
const STOP_TIMEOUT_SECONDS: u64 = 30;
/// Deregistration delay of the target groups in this world: connections in flight may end.
const DEREGISTRATION: TimeDelta = TimeDelta::seconds(30);

/// A task in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimTask {
    /// The answer of DescribeTasks.
    pub shown: Task,
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its family.
    pub family: FamilyName,
    /// `cluster/service`; `None` = a one-off task.
    pub service: Option<String>,
    /// Tags it was started with.
    pub tags: BTreeMap<String, String>,
    /// `desiredStatus` is STOPPED: the task has ended, or must stop.
    pub stopping: bool,
    /// The real images of its containers, by the tags under which they were pushed first.
    pub contents: BTreeMap<ContainerName, ImageRef>,
    /// How its migration ends, decided when it reached RUNNING.
    pub outcome: Option<Outcome>,
    /// Counts changes of course, so that events of an older course are void.
    pub(super) epoch: u32,
}

/// The definition and the owner of a new task.
pub(in crate::sim) struct NewTask {
    pub(in crate::sim) cluster: ClusterName,
    pub(in crate::sim) service: Option<String>,
    pub(in crate::sim) definition: String,
    pub(in crate::sim) started_by: String,
}

impl World {
    /// Creates a task; a missing image shows later.
    pub(super) fn start_task(&mut self, region: RegionId, new: NewTask) -> u64 {
        let id = self.ticket();
        let NewTask { cluster, service, definition, started_by } = new;
        let revision = self.definition(region, &definition).expect("checked when it was put there");
        let family = revision.family.clone();
        // In the order of the definition: the first container is the one that matters.
        let names = revision.document.containers().filter_map(|container| container.get("name")?.as_str());
        let containers = names
            .map(|name| Container {
                name: ContainerName::new(name),
                status: ContainerStatus::Pending,
                runtime_id: None,
                exit_code: None,
                reason: None,
                digest: None,
            })
            .collect();
        let arn = self.regions[region].arn("ecs", &format!("task/{cluster}/{}", self.hex(id)));
        let shown = Task {
            arn,
            definition,
            started_by,
            status: TaskStatus::Provisioning,
            created_at: self.now,
            started_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            containers,
            healthy: false,
            ill: Vec::new(),
        };
        let task = SimTask {
            shown,
            cluster,
            family,
            service,
            tags: BTreeMap::new(),
            stopping: false,
            contents: BTreeMap::new(),
            outcome: None,
            epoch: 0,
        };
        self.regions[region].tasks.insert(id, task);
        let delay = self.dice.seconds(2..=8);
        self.later(delay, Event::Task { region, id, epoch: 0 });
        id
    }

    /// One step of the task's life.
    pub(super) fn task_goes_on(&mut self, region: RegionId, id: u64, epoch: u32) {
        let Some(task) = self.regions[region].tasks.get_mut(&id).filter(|task| task.epoch == epoch) else {
            return;
        };
        match task.shown.status {
            TaskStatus::Provisioning => {
                task.shown.status = TaskStatus::Pending;
                let pull = self.dice.seconds(8..=30);
                self.later(pull, Event::Task { region, id, epoch });
            }
            TaskStatus::Pending => self.images_pulled(region, id, epoch),
            TaskStatus::Activating => self.task_runs(region, id),
            TaskStatus::Deactivating => {
                task.shown.status = TaskStatus::Stopping;
                self.sigterm(region, id);
            }
            TaskStatus::Stopping => self.containers_gone(region, id),
            TaskStatus::Deprovisioning => self.task_stopped(region, id),
            TaskStatus::Running | TaskStatus::Stopped => {}
        }
    }

    fn images_pulled(&mut self, region: RegionId, id: u64, epoch: u32) {
        let task = &self.regions[region].tasks[&id];
        let (cluster, definition) = (task.cluster.clone(), task.shown.definition.clone());
        if self.comes_to_pass(region, &cluster, &definition, &Outcome::NeverStarts) {
            let reason = "Timeout waiting for network interface provisioning to complete.";
            return self.stop_task(region, id, "TaskFailedToStart", reason);
        }
        if let Err(reason) = self.pull_images(region, id) {
            return self.stop_task(region, id, "TaskFailedToStart", &reason);
        }
        if self.come_up_in_turn(region, id, epoch) {
            return;
        }
        let task = self.regions[region].tasks.get_mut(&id).expect("looked up above");
        task.shown.status = TaskStatus::Activating;
        let delay = self.dice.seconds(1..=5);
        self.later(delay, Event::Task { region, id, epoch });
    }

    /// A task that has been running for a while: what a new world is made of.
    pub(in crate::sim) fn settled_task(&mut self, region: RegionId, new: NewTask, since: Instant) -> u64 {
        let id = self.start_task(region, new);
        self.pull_images(region, id).expect("the builder pushed the image");
        let task = self.regions[region].tasks.get_mut(&id).expect("started above");
        // The event of its beginning is void.
        task.epoch += 1;
        (task.shown.status, task.shown.healthy) = (TaskStatus::Running, true);
        (task.shown.created_at, task.shown.started_at) = (since, Some(since));
        task.shown.containers.iter_mut().for_each(|container| run(container, id));
        id
    }

    /// All containers run.
    pub(super) fn task_runs(&mut self, region: RegionId, id: u64) {
        let now = self.now;
        let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
        task.shown.status = TaskStatus::Running;
        task.shown.started_at = Some(now);
        let worked = task.works();
        task.shown.containers.iter_mut().for_each(|container| run(container, id));
        let Some(key) = task.service.clone() else {
            // Without target groups only its containers' checks count.
            task.shown.healthy = true;
            if !worked {
                self.one_off_runs(region, id);
            }
            return;
        };
        let started_by = task.shown.started_by.clone();
        let service = self.regions[region].services.get(&key);
        let has_targets = service.is_some_and(|service| !service.target_groups.is_empty());
        let images = self.images_of(region, id);
        match images.values().find_map(|image| self.script.broken(image)) {
            Some(Broken::Crashes { code }) => {
                let delay = self.dice.seconds(3..=8);
                self.log(region, id, 1, "fatal: cannot start");
                self.later(delay, Event::Exit { region, id, code });
            }
            Some(Broken::Unhealthy) => {
                let words = "target 10.0.1.20 in `web` is unhealthy: Health checks failed with these codes: [502] (Target.ResponseCodeMismatch)";
                let task = self.regions[region].tasks.get_mut(&id).expect("looked up above");
                task.shown.ill = vec![words.to_owned()];
                let delay = self.dice.seconds(60..=90);
                self.later(delay, Event::Health { region, id, healthy: false });
            }
            None if has_targets => {
                let delay = self.dice.seconds(10..=25);
                self.later(delay, Event::Health { region, id, healthy: true });
            }
            None => {
                let task = self.regions[region].tasks.get_mut(&id).expect("looked up above");
                task.shown.healthy = true;
                self.service_task_healthy(region, &key, &started_by);
            }
        }
    }

    /// The health check of the target group or of the container has a result.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
    pub(super) fn health_known(&mut self, region: RegionId, id: u64, healthy: bool) {
        let Some(task) = self.regions[region].tasks.get_mut(&id) else { return };
        if task.stopping || task.shown.status != TaskStatus::Running {
            return;
        }
        let Some(key) = task.service.clone() else { return };
        if healthy {
            task.shown.healthy = true;
            let started_by = task.shown.started_by.clone();
            return self.service_task_healthy(region, &key, &started_by);
        }
        let service = key.rsplit('/').next().unwrap_or(&key);
        let reason = format!("(service {service}) (task {}) failed health checks", task.shown.arn);
        self.stop_task(region, id, "ServiceSchedulerInitiated", &reason);
        self.report(region, &key, "(port 3000) is unhealthy in (target-group web) due to (reason Health checks failed with these codes: [502]).");
        let task = self.regions[region].tasks.get_mut(&id).expect("looked up above");
        let started_by = task.shown.started_by.clone();
        self.service_task_failed(region, &key, &started_by);
    }

    /// An essential container ended by itself, and with it the task.
    pub(super) fn task_exits(&mut self, region: RegionId, id: u64, code: i32) {
        let Some(task) = self.regions[region].tasks.get_mut(&id) else { return };
        if task.stopping || !task.works() {
            return;
        }
        if task.outcome.as_ref().is_some_and(|outcome| matches!(outcome, Outcome::OutOfMemory { .. })) {
            let reason = "OutOfMemoryError: Container killed due to memory usage";
            task.shown.containers[0].reason = Some(reason.to_owned());
        }
        task.shown.stop_code = Some("EssentialContainerExited".to_owned());
        task.shown.stopped_reason = Some("Essential container in task exited".to_owned());
        task.shown.status = TaskStatus::Deprovisioning;
        self.containers_end(region, id, |index| if index == 0 { code } else { 0 });
        self.end_course(region, id);
        self.one_off_exited(region, id, code);
    }

    /// Stops a task; one that is stopping already continues.
    pub(in crate::sim) fn stop_task(&mut self, region: RegionId, id: u64, code: &str, reason: &str) {
        let Some(task) = self.regions[region].tasks.get_mut(&id).filter(|task| !task.stopping) else {
            return;
        };
        task.shown.stop_code = Some(code.to_owned());
        task.shown.stopped_reason = Some(reason.to_owned());
        let runs = task.shown.containers.iter().any(|c| c.status == ContainerStatus::Running);
        if task.shown.status != TaskStatus::Running && !runs {
            task.shown.status = TaskStatus::Deprovisioning;
            self.containers_end(region, id, |_| unreachable!("none runs"));
            return self.end_course(region, id);
        }
        let key = task.service.clone();
        let services = &self.regions[region].services;
        let has_targets =
            key.and_then(|key| services.get(&key)).is_some_and(|service| !service.target_groups.is_empty());
        let task = self.regions[region].tasks.get_mut(&id).expect("looked up above");
        (task.stopping, task.shown.healthy) = (true, false);
        task.epoch += 1;
        let epoch = task.epoch;
        if has_targets {
            task.shown.status = TaskStatus::Deactivating;
            self.later(DEREGISTRATION, Event::Task { region, id, epoch });
        } else {
            task.shown.status = TaskStatus::Stopping;
            self.sigterm(region, id);
        }
    }

    /// SIGTERM: a program ends within its `stopTimeout`, or is killed then.
    fn sigterm(&mut self, region: RegionId, id: u64) {
        let limit = self.stop_timeout_seconds(region, id);
        let delay = self.dice.seconds(1..=(limit / 2).max(1));
        let epoch = self.regions[region].tasks[&id].epoch;
        self.later(delay, Event::Task { region, id, epoch });
    }

    fn containers_gone(&mut self, region: RegionId, id: u64) {
        let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
        task.shown.status = TaskStatus::Deprovisioning;
        // 128 + SIGTERM.
        self.containers_end(region, id, |_| 143);
        self.end_course(region, id);
    }

    /// Cancels the task's events and ends it.
    fn end_course(&mut self, region: RegionId, id: u64) {
        let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
        (task.stopping, task.shown.healthy) = (true, false);
        task.epoch += 1;
        let epoch = task.epoch;
        let delay = self.dice.seconds(4..=12);
        self.later(delay, Event::Task { region, id, epoch });
    }

    fn task_stopped(&mut self, region: RegionId, id: u64) {
        let now = self.now;
        let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
        task.shown.status = TaskStatus::Stopped;
        task.shown.stopped_at = Some(now);
        self.later(STOPPED_VISIBLE, Event::Forget { region, id });
        let task = &self.regions[region].tasks[&id];
        let Some(key) = task.service.clone() else { return };
        // A task that never ran and was not stopped has failed; one that ended by itself is replaced.
        let code = task.shown.stop_code.as_deref();
        let failed = code == Some("TaskFailedToStart") || code == Some("EssentialContainerExited");
        let started_by = task.shown.started_by.clone();
        if failed {
            self.service_task_failed(region, &key, &started_by);
        } else {
            self.schedule_service(region, &key);
        }
    }

    fn stop_timeout_seconds(&self, region: RegionId, id: u64) -> u64 {
        let task = &self.regions[region].tasks[&id];
        let definition =
            self.definition(region, &task.shown.definition).expect("revisions are never deleted");
        let longest = definition
            .document
            .containers()
            .filter_map(|container| container.get("stopTimeout").and_then(Value::as_u64))
            .max();
        longest.unwrap_or(STOP_TIMEOUT_SECONDS)
    }

    /// The task's id, from its ARN.
    pub(in crate::sim) fn task_id(&self, region: RegionId, arn: &str) -> Option<u64> {
        let id = id_in(arn)?;
        self.regions[region].tasks.get(&id).filter(|task| task.shown.arn == arn).map(|_| id)
    }
}

pub(super) fn id_in(arn: &str) -> Option<u64> {
    u64::from_str_radix(arn.get(arn.len().checked_sub(16)?..)?, 16).ok()
}

#[cfg(test)]
mod tests;
