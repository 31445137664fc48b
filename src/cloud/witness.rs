//! Whether a one-off task has run, by the smallest witness. Pure.
//!
//! A task shows the *least* status of its containers. With a second container that is not up yet a task can be PENDING,
//! without `startedAt`, while its first container works, and can go to STOPPED from there. So neither the task's status
//! nor `startedAt` nor the stop code says that nothing has happened: only the containers do.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>

use std::collections::BTreeSet;

use super::task::{Container, ContainerStatus, ENDED_BY_ITSELF, Task, TaskStatus};
use crate::model::ContainerName;

/// What an answer of AWS proves about the program of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A counted container has run, or runs.
    HasRun,
    /// The task has stopped, and no counted container has run.
    NeverRan,
    /// The answer proves neither: the task may run yet, or may have run. Whatever must not happen twice counts as
    /// happened.
    CannotTell,
}

impl Task {
    /// Whether one of the `counted` containers of this task has run.
    ///
    /// It has run if the task reached RUNNING (then every container did), if a counted container has an exit code, if one
    /// is RUNNING, or if one is STOPPED and has a `runtimeId`. It never ran if the task is STOPPED, its stop code says why
    /// it was stopped before, and each counted container is shown without any trace of a run. Everything else proves
    /// nothing: a task that has not stopped; a container in an unknown status, or one that was created and whose end was
    /// not reported; a stop code that says that a container ended while none shows it; a task whose host went away (its
    /// last report may be lost); a task that shows none of the counted containers.
    pub fn has_run(&self, counted: &BTreeSet<ContainerName>) -> Witness {
        let reached_running = matches!(self.status, TaskStatus::Running | TaskStatus::Deactivating);
        let shown: Vec<&Container> = self.containers.iter().filter(|c| counted.contains(&c.name)).collect();
        if reached_running || self.started_at.is_some() || shown.iter().any(|container| container.has_run()) {
            return Witness::HasRun;
        }
        let is_complete = !shown.is_empty() && shown.len() == counted.len();
        let shows_no_trace = is_complete && shown.iter().all(|container| container.shows_no_trace());
        match self.status == TaskStatus::Stopped && shows_no_trace && self.says_why_it_never_ran() {
            true => Witness::NeverRan,
            false => Witness::CannotTell,
        }
    }

    /// Whether the stop code agrees that a container without a trace of a run never ran.
    fn says_why_it_never_ran(&self) -> bool {
        match self.stop_code.as_deref() {
            Some("TaskFailedToStart" | "UserInitiated" | "ServiceSchedulerInitiated") => true,
            // Another essential container ended first; then it shows so.
            Some(ENDED_BY_ITSELF) => self.containers.iter().any(Container::has_run),
            // SpotInterruption and TerminationNotice: the host went away. No code, or an unknown one: no reason.
            _ => false,
        }
    }
}

impl Container {
    /// Whether it has run, or runs. Answers of older platforms have no `runtimeId`.
    fn has_run(&self) -> bool {
        let was_created = self.runtime_id.is_some();
        self.exit_code.is_some()
            || self.status == ContainerStatus::Running
            || (self.status == ContainerStatus::Stopped && was_created)
    }

    /// Whether nothing at all says that it ran: it was not even created.
    fn shows_no_trace(&self) -> bool {
        let is_known = matches!(self.status, ContainerStatus::Pending | ContainerStatus::Stopped);
        is_known && self.runtime_id.is_none() && self.exit_code.is_none()
    }
}

#[cfg(test)]
mod tests;
