//! RunTask and its client token.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::task::NewTask;
use super::{Outcome, Refusal, RegionId, World, refuse};
use crate::cloud::{Kind, RunTask, Task};
use crate::model::{ClusterName, Instant};

/// The time for which a client token is valid.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(24);

/// A client token that has been used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// When it was used first.
    pub used_at: Instant,
    /// The request, without its token.
    pub request: String,
    /// The task in the first answer.
    pub task: Task,
}

impl World {
    /// Starts one task. The same token and parameters return the same task for 24 hours, other parameters are
    /// a conflict. <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>
    pub(in crate::sim) fn run_task(&mut self, region: RegionId, request: &RunTask) -> Result<Task, Refusal> {
        let RunTask { cluster, definition, network_of, placement, client_token, started_by, tags } = request;
        self.service(region, cluster, network_of)?;
        let document = self.definition(region, definition)?.document.clone();
        if client_token.is_empty()
            || client_token.len() > 64
            || !client_token.bytes().all(|b| b.is_ascii_graphic())
        {
            return refuse(
                Kind::Invalid,
                "InvalidParameterException: clientToken has at most 64 characters, 33-126",
            );
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        if started_by.len() > 128 || !started_by.chars().all(allowed) {
            return refuse(
                Kind::Invalid,
                "InvalidParameterException: startedBy has at most 128 letters, numbers, '-', '_' and '/'",
            );
        }
        let fingerprint = format!("{definition} {network_of} {placement:?} {started_by} {tags:?}");
        let token_key = format!("{cluster} {client_token}");
        let now = self.now;
        self.regions[region].tokens.retain(|_, token| now - token.used_at < TOKEN_LIFE);
        if let Some(token) = self.regions[region].tokens.get(&token_key) {
            if token.request != fingerprint {
                return refuse(
                    Kind::Conflict,
                    "ConflictException: the clientToken was used with other parameters",
                );
            }
            let task = token.task.clone();
            let id = self.task_id(region, &task.arn);
            return Ok(id.map_or(task, |id| self.regions[region].tasks[&id].shown.clone()));
        }
        self.check_placement(region, cluster, &document, placement)?;
        if self.comes_to_pass(region, cluster, definition, &Outcome::NoCapacity) {
            // A request that started nothing leaves its token free.
            return refuse(Kind::Capacity, "RESOURCE:CAPACITY: Capacity is unavailable at this time");
        }
        let family = self.definition(region, definition)?.family.clone();
        self.check_alone(region, cluster, &family);
        let id = self.start_task(region, one_off(cluster, definition, started_by));
        let task = self.regions[region].tasks.get_mut(&id).expect("started above");
        task.tags.clone_from(tags);
        let task = task.shown.clone();
        let token = Token { used_at: now, request: fingerprint, task: task.clone() };
        self.regions[region].tokens.insert(token_key, token);
        Ok(task)
    }
}

/// A task that belongs to no service.
pub(super) fn one_off(cluster: &ClusterName, definition: &str, started_by: &str) -> NewTask {
    NewTask {
        cluster: cluster.clone(),
        service: None,
        definition: definition.to_owned(),
        started_by: started_by.to_owned(),
    }
}

#[cfg(test)]
mod tests;
