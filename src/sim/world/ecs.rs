//! ECS services and task definitions: the API. `scheduler` changes services over time, `task` has the life of tasks.

use serde::{Deserialize, Serialize};

use super::lifecycle::{PAUSE_LASTS, SimPause};
use super::tags::{TAGS_MAX, check_tag};
use super::{Actor, Event, Refusal, RegionId, World, refuse, service_key};
use crate::cloud::{
    Controller, Deployment, Document, EVENTS_MAX, Kind, LifecycleHook, Pace, Pause, Placement, Rollback,
    Rollout, Service, ServiceEvent, ServiceStatus, Strategy, Task, TaskDefinition, TaskStatus, UpdateService,
};
use crate::model::{ClusterName, FamilyName, Instant, ServiceName};

/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>
pub(super) const TASKS_OF_A_SERVICE_MAX: u32 = 5_000;

/// A service in the world. The API's counts are counted from the tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimService {
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its name.
    pub name: ServiceName,
    /// Tasks it should have.
    pub desired: u32,
    /// Its deployment controller.
    pub controller: Controller,
    /// Its deployment strategy: returned by the API, but not imitated.
    #[serde(default)]
    pub strategy: Strategy,
    /// Newest first; the first one is PRIMARY.
    pub deployments: Vec<SimDeployment>,
    /// Automatic rollbacks.
    pub rollback: Rollback,
    /// `deploymentCircuitBreaker.enable`
    pub breaker: bool,
    /// Target groups it registers with.
    pub target_groups: Vec<String>,
    /// Definition of the last deployment that completed: where a rollback goes.
    pub completed: Option<String>,
    /// Tasks in a row that died before they were healthy.
    pub deaths: u32,
    /// The scheduler starts nothing before this instant.
    pub not_before: Option<Instant>,
    /// The author of the last change of count or definition.
    pub by: Actor,
    /// Whether it takes changes.
    #[serde(default)]
    pub status: ServiceStatus,
    /// Whether it is an Express service.
    #[serde(default)]
    pub express: bool,
    /// Its lifecycle hooks. Functions let every deployment continue; a PAUSE hook waits for a person.
    #[serde(default)]
    pub hooks: Vec<LifecycleHook>,
    /// Where its tasks are placed: returned by the API, but not imitated.
    #[serde(default)]
    pub placement: Placement,
    /// Grace period and percentages: returned by the API, but not imitated.
    #[serde(default)]
    pub pace: Pace,
    /// What ECS reports about it, newest first.
    #[serde(default)]
    pub events: Vec<ServiceEvent>,
}

/// A deployment in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimDeployment {
    /// `ecs-svc/…`
    pub id: String,
    /// ARN of its definition.
    pub definition: String,
    /// `rolloutState`
    pub rollout: Rollout,
    /// `rolloutStateReason`
    pub reason: String,
    /// Tasks in a row that failed.
    pub failed: u32,
    /// When it began.
    pub created_at: Instant,
    /// The person that it waits for.
    #[serde(default)]
    pub pause: Option<SimPause>,
}

impl SimService {
    pub(in crate::sim) fn key(&self) -> String {
        service_key(self.cluster.as_str(), self.name.as_str())
    }

    /// The deployment that the service moves to.
    pub fn primary(&self) -> &SimDeployment {
        &self.deployments[0]
    }
}

impl World {
    pub(in crate::sim) fn service(
        &self,
        region: RegionId,
        cluster: &ClusterName,
        name: &ServiceName,
    ) -> Result<&SimService, Refusal> {
        let region = &self.regions[region];
        if !region.clusters.contains_key(cluster.as_str()) {
            return refuse(Kind::NotFound, format!("ClusterNotFoundException: no cluster {cluster}"));
        }
        let key = service_key(cluster.as_str(), name.as_str());
        match region.services.get(&key) {
            Some(service) => Ok(service),
            None => refuse(Kind::NotFound, format!("ServiceNotFoundException: no service {name}")),
        }
    }

    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html>
    pub(in crate::sim) fn tag_cluster(
        &mut self,
        region: RegionId,
        cluster: &ClusterName,
        key: &str,
        value: &str,
    ) -> Result<(), Refusal> {
        check_tag(key, value)?;
        let Some(tags) = self.regions[region].clusters.get_mut(cluster.as_str()) else {
            return refuse(Kind::NotFound, format!("ClusterNotFoundException: no cluster {cluster}"));
        };
        if tags.len() >= TAGS_MAX && !tags.contains_key(key) {
            return refuse(Kind::Invalid, "InvalidParameterException: a resource has at most 50 tags");
        }
        tags.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// The service as DescribeServices shows it.
    pub(in crate::sim) fn shown_service(&self, region: RegionId, service: &SimService) -> Service {
        let key = service.key();
        let mut deployments: Vec<Deployment> = service
            .deployments
            .iter()
            .enumerate()
            .map(|(index, deployment)| Deployment {
                id: deployment.id.clone(),
                primary: index == 0,
                definition: deployment.definition.clone(),
                rollout: deployment.rollout,
                rollout_reason: deployment.reason.clone(),
                desired: if index == 0 { service.desired } else { 0 },
                running: 0,
                failed: deployment.failed,
                created_at: deployment.created_at,
                paused: self.shown_pause(region, service, deployment),
            })
            .collect();
        let (mut running, mut pending) = (0, 0);
        for task in self.regions[region].tasks.values().filter(|task| task.service.as_ref() == Some(&key)) {
            let deployment = deployments.iter_mut().find(|d| d.id == task.shown.started_by);
            match task.shown.status {
                TaskStatus::Running => {
                    running += 1;
                    if let Some(deployment) = deployment {
                        deployment.running += 1;
                        // An older deployment wants the tasks that it still has.
                        deployment.desired += u32::from(!deployment.primary);
                    }
                }
                TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => pending += 1,
                _ => {}
            }
        }
        Service {
            name: service.name.clone(),
            desired: service.desired,
            running,
            pending,
            controller: service.controller,
            strategy: service.strategy,
            definition: service.primary().definition.clone(),
            deployments,
            rollback: service.rollback,
            target_groups: service.target_groups.clone(),
            status: service.status,
            express: service.express,
            hooks: service.hooks.clone(),
            placement: service.placement.clone(),
            pace: service.pace,
            events: service.events.clone(),
        }
    }

    /// The pause of a deployment, once it has come to the stage of its hook.
    fn shown_pause(
        &self,
        region: RegionId,
        service: &SimService,
        deployment: &SimDeployment,
    ) -> Option<Pause> {
        let pause = deployment.pause.as_ref()?;
        let tasks = self.regions[region].tasks.values();
        let up = tasks.filter(|task| task.shown.started_by == deployment.id && task.shown.healthy).count();
        let is_there = pause.is_before_tasks() || up >= service.desired as usize;
        let name = format!("service-deployment/{}/{}/{}", service.cluster, service.name, deployment.id);
        is_there.then(|| pause.shown(self.regions[region].arn("ecs", &name.replace("ecs-svc/", ""))))
    }

    /// ECS reports something about a service.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>
    pub(super) fn report(&mut self, region: RegionId, key: &str, words: &str) {
        let at = self.now;
        let Some(service) = self.regions[region].services.get_mut(key) else { return };
        let message = format!("(service {}) {words}", service.name);
        let number = service.events.first().map_or(0, |event| event.id.parse().unwrap_or(0)) + 1;
        service.events.insert(0, ServiceEvent { id: format!("{number:020}"), at, message });
        service.events.truncate(EVENTS_MAX);
    }

    /// Tasks of a service or of a family, oldest first.
    pub(in crate::sim) fn shown_tasks(
        &self,
        region: RegionId,
        cluster: &ClusterName,
        chosen: impl Fn(&super::SimTask) -> bool,
    ) -> Vec<Task> {
        let tasks = self.regions[region].tasks.values();
        tasks.filter(|task| task.cluster == *cluster && chosen(task)).map(|task| task.shown.clone()).collect()
    }

    /// Registers a revision. ECS never compares: an equal one gets a new number too.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
    pub(in crate::sim) fn register(
        &mut self,
        region: RegionId,
        document: &Document,
    ) -> Result<TaskDefinition, Refusal> {
        let Some(family) = document.expose().get("family").and_then(|family| family.as_str()) else {
            return refuse(Kind::Invalid, "ClientException: family is required");
        };
        if document.images().is_empty() {
            return refuse(Kind::Invalid, "ClientException: containerDefinitions must not be empty");
        }
        let region = &mut self.regions[region];
        let revisions = region.definitions.get(family).map_or(&[][..], Vec::as_slice);
        let revision = revisions.last().map_or(1, |last| last.revision + 1);
        let definition = TaskDefinition {
            arn: region.arn("ecs", &format!("task-definition/{family}:{revision}")),
            family: FamilyName::new(family),
            revision,
            document: document.clone(),
        };
        region.definitions.entry(family.to_owned()).or_default().push(definition.clone());
        Ok(definition)
    }

    pub(in crate::sim) fn definition(&self, region: RegionId, arn: &str) -> Result<&TaskDefinition, Refusal> {
        let short = arn.rsplit('/').next().unwrap_or(arn);
        let family = short.rsplit_once(':').map_or(short, |(family, _)| family);
        let revisions = self.regions[region].definitions.get(family);
        revisions.into_iter().flatten().rev().find(|definition| definition.arn == arn).map_or_else(
            || refuse(Kind::Invalid, format!("ClientException: unable to describe task definition {short}")),
            Ok,
        )
    }

    /// Changes a service. Only another definition starts a deployment: a count does not, rollback settings do
    /// not. <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>
    pub(in crate::sim) fn update_service(
        &mut self,
        region: RegionId,
        update: &UpdateService,
        by: Actor,
    ) -> Result<Service, Refusal> {
        let UpdateService { cluster, service: name, definition, desired, rollback } = update;
        let current = self.service(region, cluster, name)?;
        let (key, current_definition) = (current.key(), current.primary().definition.clone());
        self.refuse_unmanageable(region, &key)?;
        let current = self.service(region, cluster, name)?;
        if current.controller != Controller::Ecs && definition.is_some() {
            return refuse(
                Kind::Invalid,
                "InvalidParameterException: cannot update task definition on services with a CODE_DEPLOY or \
                 EXTERNAL deployment controller",
            );
        }
        if let Some(arn) = definition {
            self.definition(region, arn)?;
        }
        if desired.is_some_and(|desired| desired > TASKS_OF_A_SERVICE_MAX) {
            return refuse(
                Kind::Invalid,
                "InvalidParameterException: desiredCount is above the quota of tasks in a service",
            );
        }
        // What was started beside a migration stays the doing of who started it, also while it is stopped again.
        let only_stops = definition.is_none() && *desired == Some(0);
        let keeps_author = only_stops && self.regions[region].migrates(cluster);
        let service = self.regions[region].services.get_mut(&key).expect("looked up above");
        if let Some(rollback) = rollback {
            service.rollback = *rollback;
        }
        if let Some(desired) = desired {
            service.desired = *desired;
        }
        if (definition.is_some() || desired.is_some()) && !keeps_author {
            service.by = by;
        }
        if let Some(arn) = definition.as_ref().filter(|arn| **arn != current_definition) {
            self.begin_deployment(region, &key, arn.clone());
        }
        if desired.is_some() {
            self.watch_capacity(region, &key);
        }
        self.schedule_service(region, &key);
        let service = &self.regions[region].services[&key];
        Ok(self.shown_service(region, service))
    }

    pub(super) fn begin_deployment(&mut self, region: RegionId, key: &str, definition: String) {
        let id = format!("ecs-svc/{:019}", self.ticket());
        let pause = self.pause_for(region, key);
        if pause.is_some() {
            let (service, deployment) = (key.to_owned(), id.clone());
            self.later(PAUSE_LASTS, Event::PauseExpires { region, service, deployment });
        }
        let now = self.now;
        let service = self.regions[region].services.get_mut(key).expect("the caller looked it up");
        let deployment = SimDeployment {
            reason: format!("ECS deployment {id} in progress."),
            id,
            definition,
            rollout: Rollout::InProgress,
            failed: 0,
            created_at: now,
            pause,
        };
        service.deployments.insert(0, deployment);
        (service.deaths, service.not_before) = (0, None);
    }

    /// Runs the scheduler for the service as soon as the current call has ended.
    pub(super) fn schedule_at(&mut self, region: RegionId, key: &str, at: Instant) {
        let delay = at - self.now;
        self.later(delay, Event::Schedule { region, service: key.to_owned() });
    }
}
