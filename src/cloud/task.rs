//! Tasks of ECS and their containers.

use serde::{Deserialize, Serialize};

use crate::model::{ContainerName, Digest, Instant};

/// The stop code of a task of which a container ended by itself. Every other stop code means that AWS or an operator
/// stopped the task, or that it did not start.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
pub const ENDED_BY_ITSELF: &str = "EssentialContainerExited";

/// Characters of a reason that are kept: the longest of AWS's are a few hundred.
const REASON_CHARS_MAX: usize = 500;

/// A task, from [DescribeTasks](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Identifies the task.
    pub arn: String,
    /// ARN of its task definition.
    pub definition: String,
    /// `startedBy`: a deployment's id, or what RunTask was given.
    pub started_by: String,
    /// `lastStatus`: the least status of its containers, so a container may run in a task that is PENDING.
    pub status: TaskStatus,
    /// When the task was created.
    pub created_at: Instant,
    /// When it reached RUNNING; `None` = it never did. A container of it may have run all the same.
    pub started_at: Option<Instant>,
    /// When it reached STOPPED; `None` = it has not yet.
    pub stopped_at: Option<Instant>,
    /// `stopCode`: `EssentialContainerExited`, `TaskFailedToStart`, …
    pub stop_code: Option<String>,
    /// `stoppedReason`, in AWS's words.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Registered with its target groups and healthy there; `true` for a service without target groups.
    pub healthy: bool,
    /// Why it is not healthy although it runs, in AWS's words: of its targets, and of its containers' own checks.
    #[serde(default)]
    pub ill: Vec<String>,
}

impl Task {
    /// Why it stopped, in AWS's words: of the task, then of each container that has words of its own. On one line.
    pub fn reasons(&self) -> Option<String> {
        let of_task = self.stopped_reason.as_deref().map(one_line);
        let of_containers = self.containers.iter().filter_map(|container| {
            let reason = one_line(container.reason.as_deref()?);
            let is_said = of_task.as_ref().is_some_and(|said| said.contains(&reason));
            (!is_said).then(|| format!("container `{}`: {reason}", container.name))
        });
        let of_containers: Vec<String> = of_containers.collect();
        let said: Vec<String> = of_task.into_iter().chain(of_containers).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// AWS's words on one line, and not without end.
fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_CHARS_MAX).collect()
}

/// The last lines of a container's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTail {
    /// Oldest first; none = the log is empty.
    Lines(Vec<String>),
    /// There is no log that can be read, and why: no log driver, another one, no such stream.
    Unread(String),
}

/// A container of a task.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// The container's name in the task definition.
    pub name: ContainerName,
    /// `lastStatus`
    #[serde(default)]
    pub status: ContainerStatus,
    /// `runtimeId`: the container runtime has created it. Answers of older platforms have none.
    #[serde(default)]
    pub runtime_id: Option<String>,
    /// `exitCode`; `None` = it never ran, it still runs, or AWS does not know.
    pub exit_code: Option<i32>,
    /// `reason`: why it did not start or was killed, in AWS's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// `imageDigest`: the image that was really pulled.
    pub digest: Option<Digest>,
}

/// `lastStatus` of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContainerStatus {
    /// PENDING, and every status before a container runs.
    Pending,
    /// RUNNING
    Running,
    /// STOPPED: it has run, or it never will.
    Stopped,
    /// None, or a word that tidegate does not know.
    #[default]
    Unknown,
}

/// `lastStatus`, in the order a task goes through them.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskStatus {
    /// PROVISIONING
    Provisioning,
    /// PENDING
    Pending,
    /// ACTIVATING
    Activating,
    /// RUNNING
    Running,
    /// DEACTIVATING
    Deactivating,
    /// STOPPING
    Stopping,
    /// DEPROVISIONING
    Deprovisioning,
    /// STOPPED
    Stopped,
}
