//! The containers of a task: which of them come up when, and what that makes of the task.
//!
//! A task shows the least status of its containers. As long as one of them is not up, the task is PENDING, although the
//! others may run, end, and take the task to STOPPED from there.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Event, Person, RegionId, SimTask, World};
use crate::cloud::{Container, ContainerStatus, Document, LogTail, TaskStatus};
use crate::model::{ContainerName, ImageRef};

/// Lines that a container beside the first one writes when AWS stops it.
const LAST_WORDS: usize = 25;

/// How a container behaves that does not come up together with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sidecar {
    /// It comes up so long after the others.
    Late {
        /// Seconds.
        seconds: u32,
    },
    /// It never comes up, and does not fail either.
    NeverUp,
    /// After so long it turns out that its image cannot be pulled. It is essential: the task is stopped, and with it
    /// whatever runs in it.
    PullFails {
        /// Seconds.
        seconds: u32,
    },
}

impl SimTask {
    /// The first container of the definition is the one that matters.
    pub(super) fn main(&self) -> Option<&Container> {
        self.shown.containers.first()
    }

    /// Whether its first container runs, whatever the task's status says.
    pub fn works(&self) -> bool {
        match self.main() {
            Some(container) if container.status != ContainerStatus::Unknown => {
                container.status == ContainerStatus::Running
            }
            // A world of before containers had a status.
            _ => self.shown.status == TaskStatus::Running,
        }
    }
}

impl World {
    /// The images are pulled: containers come up, all at once or one after the other. `false` = all at once.
    pub(super) fn come_up_in_turn(&mut self, region: RegionId, id: u64, epoch: u32) -> bool {
        let task = &self.regions[region].tasks[&id];
        let names: Vec<ContainerName> = task.shown.containers.iter().map(|c| c.name.clone()).collect();
        let sidecar = |name: &ContainerName| self.script.sidecars.get(name).copied();
        let plan: Vec<_> = names.iter().map(|name| (name.clone(), sidecar(name))).collect();
        if plan.iter().all(|(_, sidecar)| sidecar.is_none()) {
            return false;
        }
        for (container, sidecar) in plan {
            let after = |seconds: u32| TimeDelta::seconds(seconds.into());
            let (delay, is_up) = match sidecar {
                None => (self.dice.seconds(1..=5), true),
                Some(Sidecar::Late { seconds }) => (after(seconds), true),
                Some(Sidecar::PullFails { seconds }) => (after(seconds), false),
                Some(Sidecar::NeverUp) => continue,
            };
            self.later(delay, Event::Container { region, id, epoch, container, is_up });
        }
        true
    }

    /// A container comes up, or fails to.
    pub(super) fn container_arrives(
        &mut self,
        region: RegionId,
        id: u64,
        epoch: u32,
        name: &ContainerName,
        is_up: bool,
    ) {
        let Some(task) = self.regions[region].tasks.get_mut(&id).filter(|task| task.epoch == epoch) else {
            return;
        };
        if !is_up {
            let reason =
                format!("CannotPullContainerError: failed to resolve the image of `{name}`: not found");
            let container = task.shown.containers.iter_mut().find(|container| container.name == *name);
            container.expect("the event names one").reason = Some(reason.clone());
            return self.stop_task(region, id, "TaskFailedToStart", &reason);
        }
        for container in task.shown.containers.iter_mut().filter(|container| container.name == *name) {
            run(container, id);
        }
        let is_main = task.main().is_some_and(|main| main.name == *name);
        let are_all_up = task.shown.containers.iter().all(|c| c.status == ContainerStatus::Running);
        if is_main && task.service.is_none() {
            self.one_off_runs(region, id);
        }
        if are_all_up {
            self.task_runs(region, id);
        }
    }

    /// Notes the digest of each container and what it really holds.
    pub(super) fn pull_images(&mut self, region: RegionId, id: u64) -> Result<(), String> {
        for (name, image) in self.images_of(region, id) {
            let digest = match self.pull(&image) {
                Ok(digest) => digest,
                Err(reason) => {
                    let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
                    let containers = task.shown.containers.iter_mut();
                    containers.filter(|c| c.name == name).for_each(|c| c.reason = Some(reason.clone()));
                    return Err(reason);
                }
            };
            let content = self.registry.meaning(&image.pinned(&digest));
            let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
            let container = task.shown.containers.iter_mut().find(|container| container.name == name);
            container.expect("containers come from the same definition").digest = Some(digest);
            task.contents.insert(name, content);
        }
        Ok(())
    }

    pub(in crate::sim) fn images_of(&self, region: RegionId, id: u64) -> BTreeMap<ContainerName, ImageRef> {
        let task = &self.regions[region].tasks[&id];
        let definition =
            self.definition(region, &task.shown.definition).expect("revisions are never deleted");
        definition.document.images()
    }

    /// Every container has ended: those that ran with an exit code, the others without a trace.
    pub(super) fn containers_end(&mut self, region: RegionId, id: u64, codes: impl Fn(usize) -> i32) {
        let task = self.regions[region].tasks.get_mut(&id).expect("the caller looked it up");
        let mut told = Vec::new();
        for (index, container) in task.shown.containers.iter_mut().enumerate() {
            if container.status == ContainerStatus::Running {
                container.exit_code = Some(codes(index));
                told.extend((index > 0).then(|| container.name.clone()));
            }
            container.status = ContainerStatus::Stopped;
        }
        if task.service.is_some() {
            return;
        }
        let now = self.now;
        // The program writes nothing after its end.
        self.regions[region].logs.entry(id).or_default().retain(|(at, _)| *at <= now);
        let logs = self.regions[region].sidecar_logs.entry(id).or_default();
        for name in told {
            let words = |line: usize| (now, format!("[info] {name} is stopping, {line}"));
            let words: Vec<_> = (1..=LAST_WORDS).map(words).collect();
            logs.entry(name).or_default().extend(words);
        }
    }

    /// The last lines of one container until now.
    pub(in crate::sim) fn log_tail(
        &self,
        region: RegionId,
        arn: &str,
        container: &ContainerName,
        lines: usize,
    ) -> LogTail {
        let region = &self.regions[region];
        let id = super::task::id_in(arn).unwrap_or_default();
        let task = region.tasks.get(&id);
        let definition = task.and_then(|task| {
            let (family, _) = task.shown.definition.rsplit('/').next()?.rsplit_once(':')?;
            region.definitions.get(family)?.iter().find(|found| found.arn == task.shown.definition)
        });
        let is_silent = definition.is_some_and(|definition| {
            let mut containers = definition.document.containers();
            let named = |text: &&serde_json::Map<String, Value>| {
                text.get("name").and_then(Value::as_str) == Some(container.as_str())
            };
            containers.find(named).is_some_and(|text| !text.contains_key("logConfiguration"))
        });
        if is_silent {
            return LogTail::Unread(format!(
                "the container `{container}` has no log driver (`logConfiguration`)"
            ));
        }
        let end = task.and_then(|task| task.shown.stopped_at).unwrap_or(self.now);
        let beside = region.sidecar_logs.get(&id).and_then(|logs| logs.get(container));
        let log = beside.or_else(|| region.logs.get(&id)).map_or(&[][..], Vec::as_slice);
        let written: Vec<&String> =
            log.iter().filter(|(at, _)| *at <= self.now.min(end)).map(|(_, line)| line).collect();
        LogTail::Lines(written.into_iter().rev().take(lines).rev().cloned().collect())
    }
}

/// The container runs: the runtime has given it an id.
pub(super) fn run(container: &mut Container, task: u64) {
    container.status = ContainerStatus::Running;
    container.runtime_id.get_or_insert_with(|| format!("{task:016x}-{}", container.name));
}

impl Person<'_> {
    /// Adds a container to a family, as a new revision: a proxy or a log router beside the program. One that is there
    /// already behaves so from now on.
    pub fn add_container(&mut self, family: &str, name: &str, behaves: Option<Sidecar>) {
        let (world, region) = self.world_and_region();
        match behaves {
            Some(behaves) => drop(world.script.sidecars.insert(ContainerName::new(name), behaves)),
            None => drop(world.script.sidecars.remove(&ContainerName::new(name))),
        }
        let newest = world.regions[region].definitions[family].last().expect("never empty");
        let mut text = newest.document.expose().clone();
        let present = newest.document.containers().any(|container| container["name"] == name);
        if present {
            return;
        }
        let image = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";
        let logs = text["containerDefinitions"][0]["logConfiguration"].clone();
        let container = json!({"name": name, "image": image, "essential": true, "logConfiguration": logs});
        text["containerDefinitions"].as_array_mut().expect("never empty").push(container);
        world.ensure_image(&ImageRef::new(image));
        world.register(region, &Document::new(text)).expect("a revision like the last one");
    }
}
