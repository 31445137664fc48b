//! Whether a service came up. Pure: the requested start, the observed service, and a verdict.
//!
//! "Stable" alone lies: it is true at 0/0 and after a rollback. So a start is judged by its own deployment,
//! its own definition, and its own tasks.

use std::time::Duration;

use crate::cloud::{Deployment, Rollout, Service, Task, TaskStatus};
use crate::model::Instant;

/// How long a start without a deployment must stay healthy: three rounds of a target group's default health
/// check, which asks every ten to thirty seconds.
const HEALTHY_FOR: Duration = Duration::from_secs(30);
/// Failed tasks after which a start without a deployment has failed: where ECS's circuit breaker begins.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html>
const FAILURES_MAX: usize = 3;

/// The requested start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The deployment that answers for it.
    pub(super) deployment: String,
    /// When that was created.
    pub(super) created_at: Instant,
    /// The definition to run.
    pub(super) definition: String,
    /// Whether our call has started the deployment.
    pub(super) is_new: bool,
    /// When we asked.
    pub(super) at: Instant,
}

/// The judgement of one observation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is up.
    Up,
    /// Everything is healthy; it has to stay so for a while.
    Well(String),
    /// Not yet.
    NotYet(String),
    /// It will not come up by itself.
    Failed(String),
}

/// Judges one observation. `well_for` = for how long this has said [`Verdict::Well`] without interruption.
pub(super) fn judge(asked: &Asked, service: &Service, tasks: &[Task], well_for: Option<Duration>) -> Verdict {
    let Some(primary) = service.deployments.iter().find(|deployment| deployment.primary) else {
        return Verdict::NotYet("no deployment yet".to_owned());
    };
    let stopped: Vec<&Task> = tasks.iter().filter(|task| has_failed(asked, task)).collect();
    if primary.id != asked.deployment {
        // An older deployment is an older answer: the API is eventually consistent. Unless ours stands beside it
        // and has failed: then AWS has gone back to it.
        if primary.created_at < asked.created_at && failed(asked, service).is_none() {
            return Verdict::NotYet("not begun yet".to_owned());
        }
        return Verdict::Failed(with_reasons(&superseded(asked, service, primary), &stopped));
    }
    if primary.rollout == Rollout::Failed {
        return Verdict::Failed(with_reasons(said(&primary.rollout_reason), &stopped));
    }
    // ECS counts by itself where its breaker is on; where it is off, nobody else ends this.
    let failures_max = if asked.is_new { 2 * breaker_threshold(service.desired) } else { FAILURES_MAX };
    if stopped.len() >= failures_max {
        let counted = format!("{} tasks stopped since the start was requested", stopped.len());
        return Verdict::Failed(with_reasons(&counted, &stopped));
    }
    let ours = |task: &&Task| task.started_by == asked.deployment && task.status == TaskStatus::Running;
    let healthy = tasks.iter().filter(ours).filter(|task| task.healthy).count();
    let desired = service.desired;
    let mut seen = format!("running {}/{desired}, healthy {healthy}/{desired}", service.running);
    let said = reasons(tasks.iter().filter(ours), &stopped);
    if let Some(said) = said {
        seen.push_str(": ");
        seen.push_str(&said);
    }
    let is_well = desired > 0
        && service.running == desired
        && healthy == desired as usize
        && primary.definition == asked.definition
        && primary.rollout == Rollout::Completed;
    match is_well {
        false => Verdict::NotYet(seen),
        true if asked.is_new || well_for.is_some_and(|time| time >= HEALTHY_FOR) => Verdict::Up,
        true => Verdict::Well(seen),
    }
}

fn superseded(asked: &Asked, service: &Service, primary: &Deployment) -> String {
    match failed(asked, service) {
        Some(ours) => {
            format!("{}; AWS rolled back to the deployment before", said(&ours.rollout_reason))
        }
        None => format!("another deployment took its place: {}", said(&primary.rollout_reason)),
    }
}

/// The requested deployment, if AWS lists it as failed.
fn failed<'s>(asked: &Asked, service: &'s Service) -> Option<&'s Deployment> {
    let ours = service.deployments.iter().find(|deployment| deployment.id == asked.deployment);
    ours.filter(|deployment| deployment.rollout == Rollout::Failed)
}

/// AWS's sentence, to be gone on with.
fn said(reason: &str) -> &str {
    reason.trim_end_matches('.')
}

/// A task of this start that stopped by itself: it never ran, its program ended, or it was
/// found ill. Scaling in is no failure.
fn has_failed(asked: &Asked, task: &Task) -> bool {
    let ended = task.stopped_at.is_some_and(|at| at >= asked.at);
    let code = task.stop_code.as_deref();
    let found_ill = task.stopped_reason.as_deref().is_some_and(|reason| reason.contains("health checks"));
    ended
        && task.started_by == asked.deployment
        && (matches!(code, Some("TaskFailedToStart" | "EssentialContainerExited")) || found_ill)
}

/// Half of the desired count, at least 3, at most 200: ECS's own rule.
fn breaker_threshold(desired: u32) -> usize {
    desired.div_ceil(2).clamp(3, 200) as usize
}

/// What AWS says about the tasks of this start: why the last one stopped, and why one that runs is not healthy.
fn reasons<'t>(running: impl Iterator<Item = &'t Task>, stopped: &[&Task]) -> Option<String> {
    let last = stopped.iter().max_by_key(|task| task.stopped_at);
    let last = last.map(|task| format!("the last task stopped: {}", words(task)));
    let ill = running.filter(|task| !task.healthy).find_map(|task| task.ill.first().cloned());
    let said: Vec<String> = last.into_iter().chain(ill).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Why a task stopped, and the exit codes of its containers.
fn words(task: &Task) -> String {
    let codes: Vec<String> = task
        .containers
        .iter()
        .filter_map(|container| Some(format!("{} exited {}", container.name, container.exit_code?)))
        .collect();
    let reasons = task.reasons();
    let reason = reasons.as_deref().unwrap_or("AWS gives no reason");
    match codes.is_empty() {
        true => reason.to_owned(),
        false => format!("{reason}: {}", codes.join(", ")),
    }
}

/// The last task's own words say more than the deployment's.
fn with_reasons(said: &str, stopped: &[&Task]) -> String {
    match stopped.iter().max_by_key(|task| task.stopped_at) {
        None => said.to_owned(),
        Some(task) => format!("{said} (last task: {})", words(task)),
    }
}

#[cfg(test)]
pub(super) mod tests;
