//! The ECS service scheduler: rolling deployments, the circuit breaker, back-off.
//!
//! It runs whenever something about a service changed, and decides from what exists; there is no tick.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html>

use chrono::TimeDelta;

use super::lifecycle::SimPause;
use super::task::NewTask;
use super::{Actor, RegionId, World};
use crate::cloud::{Rollout, TaskStatus};
use crate::model::Instant;

/// Failed starts before the scheduler slows down.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html>
const DEATHS_BEFORE_BACKOFF: u32 = 3;
/// The longest pause between two attempts; the page above says fifteen minutes.
const BACKOFF_MAX: TimeDelta = TimeDelta::minutes(15);

/// Tasks of a service that are not stopping, oldest first; `true`: RUNNING and healthy.
#[derive(Default)]
struct Fleet {
    fresh: Vec<(u64, bool)>,
    old: Vec<(u64, bool)>,
}

impl World {
    /// Moves a service towards its desired count: minimum healthy 100 %, maximum 200 %.
    pub(super) fn schedule_service(&mut self, region: RegionId, key: &str) {
        if !self.regions[region].services.contains_key(key) {
            return;
        }
        let is_active = self.is_active(region, key);
        let service = &self.regions[region].services[key];
        let desired = service.desired as usize;
        let failed = service.primary().rollout == Rollout::Failed;
        let waits = service.not_before.is_some_and(|at| self.now < at)
            || service.primary().pause.as_ref().is_some_and(SimPause::is_before_tasks);
        let Fleet { fresh, old } = self.fleet(region, key);

        if is_active && !failed && !waits {
            let missing = desired.saturating_sub(fresh.len());
            let room = (2 * desired).saturating_sub(fresh.len() + old.len());
            let room = room.min(if missing > 0 { self.room_for_tasks(region) } else { 0 });
            for _ in 0..missing.min(room) {
                self.start_service_task(region, key);
            }
        }
        let primary = self.regions[region].services[key].primary().id.clone();
        let scaling = format!("Scaling activity initiated by (deployment {primary})");
        // Unhealthy tasks are stopped first, then the youngest.
        let mut surplus: Vec<(u64, bool)> = fresh.clone();
        surplus.sort_by_key(|(id, healthy)| (*healthy, std::cmp::Reverse(*id)));
        for (id, _) in surplus.into_iter().take(fresh.len().saturating_sub(desired)) {
            self.stop_task(region, id, "ServiceSchedulerInitiated", &scaling);
        }
        let mut healthy = fresh.iter().chain(&old).filter(|(_, healthy)| *healthy).count();
        for (id, is_healthy) in old {
            if !is_healthy || healthy > desired {
                healthy -= usize::from(is_healthy);
                self.stop_task(region, id, "ServiceSchedulerInitiated", &scaling);
            }
        }
        self.complete_deployment(region, key);
    }

    fn fleet(&self, region: RegionId, key: &str) -> Fleet {
        let region = &self.regions[region];
        let primary = &region.services[key].primary().id;
        let mut fleet = Fleet::default();
        for (id, task) in &region.tasks {
            if task.stopping || task.service.as_deref() != Some(key) {
                continue;
            }
            let healthy = task.shown.status == TaskStatus::Running && task.shown.healthy;
            let side = if task.shown.started_by == *primary { &mut fleet.fresh } else { &mut fleet.old };
            side.push((*id, healthy));
        }
        fleet
    }

    fn start_service_task(&mut self, region: RegionId, key: &str) {
        let service = &self.regions[region].services[key];
        let task = NewTask {
            cluster: service.cluster.clone(),
            service: Some(key.to_owned()),
            definition: service.primary().definition.clone(),
            started_by: service.primary().id.clone(),
        };
        let id = self.start_task(region, task);
        let words = format!("has started 1 tasks: (task {}).", self.hex(id));
        self.report(region, key, &words);
    }

    /// COMPLETED when all wanted tasks are healthy and none of an older deployment is left: at 0/0 at once.
    fn complete_deployment(&mut self, region: RegionId, key: &str) {
        let Fleet { fresh, old } = self.fleet(region, key);
        let service = self.regions[region].services.get_mut(key).expect("the caller looked it up");
        let all_healthy =
            fresh.len() == service.desired as usize && fresh.iter().all(|(_, healthy)| *healthy);
        if service.primary().pause.is_some() {
            return;
        }
        if !all_healthy || !old.is_empty() || service.primary().rollout == Rollout::Failed {
            return;
        }
        service.deployments.truncate(1);
        let primary = &mut service.deployments[0];
        if primary.rollout == Rollout::InProgress {
            primary.rollout = Rollout::Completed;
            primary.reason = format!("ECS deployment {} completed.", primary.id);
            service.completed = Some(primary.definition.clone());
            self.report(region, key, "has reached a steady state.");
        }
    }

    /// A task became healthy: failures are counted in a row.
    pub(super) fn service_task_healthy(&mut self, region: RegionId, key: &str, started_by: &str) {
        let Some(service) = self.regions[region].services.get_mut(key) else { return };
        (service.deaths, service.not_before) = (0, None);
        if service.deployments[0].id == started_by {
            service.deployments[0].failed = 0;
        }
        self.schedule_service(region, key);
    }

    /// A task died before it was healthy.
    pub(super) fn service_task_failed(&mut self, region: RegionId, key: &str, started_by: &str) {
        let Some(service) = self.regions[region].services.get_mut(key) else { return };
        service.deaths += 1;
        let pause = backoff(service.deaths);
        let retry_at: Option<Instant> = pause.map(|pause| self.now + pause);
        service.not_before = retry_at;
        let primary = &mut service.deployments[0];
        let mut tripped = false;
        if primary.id == started_by && primary.rollout == Rollout::InProgress {
            primary.failed += 1;
            tripped = service.breaker && primary.failed >= breaker_threshold(service.desired);
        }
        if tripped {
            self.trip_breaker(region, key);
        }
        if pause.is_some() {
            self.report(region, key, "is unable to consistently start tasks successfully.");
        }
        match retry_at.filter(|_| !tripped) {
            Some(at) => self.schedule_at(region, key, at),
            None => self.schedule_service(region, key),
        }
    }

    /// The deployment has failed; with `rollback` the service returns to the last one that completed.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html>
    fn trip_breaker(&mut self, region: RegionId, key: &str) {
        let service = self.regions[region].services.get_mut(key).expect("the caller looked it up");
        let primary = &mut service.deployments[0];
        primary.rollout = Rollout::Failed;
        primary.reason = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
        let failed_id = primary.id.clone();
        let words = format!("(deployment {failed_id}) deployment failed: tasks failed to start.");
        let goal = service.completed.clone().filter(|goal| *goal != primary.definition);
        let rolls_back = service.rollback.circuit_breaker;
        self.report(region, key, &words);
        let (true, Some(goal)) = (rolls_back, goal) else { return };
        self.roll_back(region, key, goal, &failed_id);
    }

    /// AWS by itself starts a deployment of the last completed definition.
    pub(super) fn roll_back(&mut self, region: RegionId, key: &str, goal: String, failed_id: &str) {
        self.begin_deployment(region, key, goal);
        let service = self.regions[region].services.get_mut(key).expect("the caller looked it up");
        service.by = Actor::Aws;
        service.deployments[0].reason = format!(
            "ECS deployment circuit breaker: rolling back to the last completed deployment, from {failed_id}."
        );
    }
}

/// Half of the desired count, at least 3, at most 200.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html>
fn breaker_threshold(desired: u32) -> u32 {
    desired.div_ceil(2).clamp(3, 200)
}

fn backoff(deaths: u32) -> Option<TimeDelta> {
    let doublings = deaths.checked_sub(DEATHS_BEFORE_BACKOFF)?.min(5);
    Some((TimeDelta::seconds(30) * 2i32.pow(doublings)).min(BACKOFF_MAX))
}

#[cfg(test)]
mod tests;
