//! The work of one-off tasks, and the truth about schemas.
//!
//! tidegate sees tags and exit codes. The world keeps the real schema and every change that a migration made, so that
//! "once per version" can be checked against the truth.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::super::checker::Promise;
use super::{Actor, Event, Outcome, Region, RegionId, SimTask, World};
use crate::cloud::{DatabaseStatus, TaskStatus};
use crate::model::{ClusterName, EnvironmentName, Instant, Version};

/// `startedBy` of tasks that a person started.
pub(in crate::sim) const CONSOLE: &str = "console";

/// The real schema of a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Schema {
    /// The database has no migration.
    Unversioned,
    /// Exactly that of a version.
    At(Version),
    /// Between two versions: a migration that was not one transaction ended half-way.
    Between(Version, Version),
}

/// One change that a migration made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationEffect {
    /// When it was committed.
    pub at: Instant,
    /// The environment.
    pub environment: EnvironmentName,
    /// The schema before.
    pub from: Schema,
    /// The version it went to.
    pub to: Version,
    /// The task that made it.
    pub task: String,
    /// A snapshot from before it was restored: it may come again.
    pub undone: bool,
}

/// One time that the program of a migration began to work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationRun {
    /// When its container came up, whatever its task showed then.
    pub at: Instant,
    /// The environment.
    pub environment: EnvironmentName,
    /// The version it leads to.
    pub to: Version,
    /// `startedBy` of its task: one for each attempt.
    pub started_by: String,
    /// Its task.
    pub task: String,
}

/// A migration as its task sees it.
struct Job {
    environment: EnvironmentName,
    database: Option<String>,
    to: Version,
}

impl Region {
    /// Whether a task that tidegate has started, and that belongs to no service, is alive in the cluster.
    pub(super) fn migrates(&self, cluster: &ClusterName) -> bool {
        self.tasks.values().any(|task| {
            let is_alive = task.shown.status != TaskStatus::Stopped;
            let is_its = task.service.is_none() && task.shown.started_by != CONSOLE;
            is_alive && is_its && task.cluster == *cluster
        })
    }
}

impl World {
    /// The real schema of an environment's database.
    pub fn schema(&self, environment: &str) -> Option<&Schema> {
        let watch = self.watches.get(environment)?;
        let database = self.regions[watch.region].databases.get(watch.database.as_ref()?)?;
        Some(&database.schema)
    }

    /// Uses up the next outcome of this definition's migration if it is `outcome`.
    pub(super) fn comes_to_pass(
        &mut self,
        region: RegionId,
        cluster: &ClusterName,
        definition: &str,
        outcome: &Outcome,
    ) -> bool {
        let Some(job) = self.migration_of(region, cluster, definition) else { return false };
        let next = self.script.next_outcome(&job.to) == *outcome;
        if next {
            self.script.take_outcome(&job.to);
        }
        next
    }

    /// Which migration a definition carries out, by the images that it names.
    fn migration_of(&self, region: RegionId, cluster: &ClusterName, definition: &str) -> Option<Job> {
        let definition = self.definition(region, definition).ok()?;
        let (environment, watch) =
            self.watches.iter().find(|(_, watch)| watch.region == region && watch.cluster == *cluster)?;
        let migration = watch.migration.as_ref().filter(|m| m.family == definition.family)?;
        let images = definition.document.images();
        let to = migration.images.iter().find_map(|(container, pattern)| {
            pattern.version(&self.registry.meaning(images.get(container)?))
        })?;
        Some(Job { environment: environment.clone(), database: watch.database.clone(), to })
    }

    /// An operator or a commit asks for a migration: from now on one more run of each version is on request.
    pub fn is_asked(&mut self, environment: &EnvironmentName) {
        let now = self.now;
        self.requests.get_or_insert_default().insert(environment.clone(), now);
    }

    /// The program of a migration begins to work. It does so once for each attempt, and for each version as often as
    /// it is asked for.
    fn begins(&mut self, job: &Job, task: &SimTask) {
        let run = MigrationRun {
            at: self.now,
            environment: job.environment.clone(),
            to: job.to.clone(),
            started_by: task.shown.started_by.clone(),
            task: task.shown.arn.clone(),
        };
        let by_tidegate = run.started_by != CONSOLE;
        let mut earlier = self.runs.iter().filter(|earlier| {
            by_tidegate && earlier.environment == run.environment && earlier.started_by != CONSOLE
        });
        let in_attempt = earlier.clone().any(|earlier| earlier.started_by == run.started_by);
        let asked_at = self.requests.as_ref().map(|asked| asked.get(&run.environment));
        let unasked = asked_at.is_some_and(|asked_at| {
            earlier.any(|earlier| earlier.to == run.to && asked_at.is_none_or(|at| *at < earlier.at))
        });
        if in_attempt || unasked {
            let why = if in_attempt { "twice in one attempt" } else { "again, without a request" };
            let detail = format!("{}: {} ran {why}, by {}", run.environment, run.to, run.task);
            self.broke(Promise::MigratesOnce, Actor::Tidegate, detail);
        }
        self.runs.push(run);
    }

    /// The first container of a task that belongs to no service runs: its end is decided now.
    pub(super) fn one_off_runs(&mut self, region: RegionId, id: u64) {
        let task = &self.regions[region].tasks[&id];
        let (cluster, definition) = (task.cluster.clone(), task.shown.definition.clone());
        let Some(job) = self.migration_of(region, &cluster, &definition) else {
            let delay = self.dice.seconds(5..=20);
            return self.later(delay, Event::Exit { region, id, code: 0 });
        };
        let task = self.regions[region].tasks[&id].clone();
        self.begins(&job, &task);
        let drawn = self.dice.seconds(20..=180);
        let lasts = self.script.migration_seconds.map_or(drawn, |seconds| TimeDelta::seconds(seconds.into()));
        self.log(region, id, 0, &format!("migrations: applying pending migrations up to {}", job.to));
        let reachable = job.database.as_ref().is_none_or(|name| {
            let database = self.regions[region].databases.get(name);
            database.is_some_and(|database| {
                matches!(database.shown.status, DatabaseStatus::Available | DatabaseStatus::Busy(_))
            })
        });
        if !reachable {
            self.log(region, id, 5, "Error: connect ECONNREFUSED 10.0.3.17:5432");
            return self.later(TimeDelta::seconds(6), Event::Exit { region, id, code: 1 });
        }
        let ends = i32::try_from(lasts.num_seconds()).unwrap_or(i32::MAX);
        self.log(region, id, ends / 3, "migrations: begin");
        self.log(region, id, ends / 2, "migrations: 0087_add_item_visibility ... ok");
        let outcome = self.script.take_outcome(&job.to);
        match outcome {
            Outcome::Success | Outcome::NoCapacity | Outcome::NeverStarts => {
                self.log(region, id, ends, "migrations: commit");
                self.log(region, id, ends, "Migrations applied successfully");
                self.later(lasts, Event::Exit { region, id, code: 0 });
            }
            Outcome::Exit { code, partial } => {
                let error = "error: column \"item_visibility\" of relation \"item\" already exists";
                self.log(region, id, ends, "migrations: 0088_backfill_visibility ... failed");
                self.log(region, id, ends, error);
                let end = if partial { "migrations: stopped half-way" } else { "migrations: rollback" };
                self.log(region, id, ends, end);
                self.later(lasts, Event::Exit { region, id, code });
            }
            Outcome::OutOfMemory { .. } => self.later(lasts, Event::Exit { region, id, code: 137 }),
            Outcome::Hangs => {
                self.log(region, id, ends, "migrations: waiting for ACCESS EXCLUSIVE lock on \"item\"");
            }
        }
        self.regions[region].tasks.get_mut(&id).expect("looked up above").outcome = Some(outcome);
    }

    /// A one-off task ended by itself: a migration's transaction is committed, or it is not.
    pub(super) fn one_off_exited(&mut self, region: RegionId, id: u64, code: i32) {
        // No outcome: not a migration, or one that did not reach its database.
        let task = &self.regions[region].tasks[&id];
        let Some(outcome) = task.outcome.clone() else { return };
        let (cluster, definition, arn) =
            (task.cluster.clone(), task.shown.definition.clone(), task.shown.arn.clone());
        let by = if task.shown.started_by == CONSOLE { Actor::Person } else { Actor::Tidegate };
        let Some(job) = self.migration_of(region, &cluster, &definition) else { return };
        let Some(database) = job.database.and_then(|name| self.regions[region].databases.get_mut(&name))
        else {
            return;
        };
        let from = database.schema.clone();
        if code == 0 {
            database.schema = Schema::At(job.to.clone());
            let at = self.now;
            let effect = MigrationEffect {
                at,
                environment: job.environment,
                from,
                to: job.to,
                task: arn,
                undone: false,
            };
            self.commit(effect, by);
        } else if matches!(
            outcome,
            Outcome::Exit { partial: true, .. } | Outcome::OutOfMemory { partial: true }
        ) {
            let Schema::At(before) = from else { return };
            database.schema = Schema::Between(before, job.to);
        }
    }

    fn commit(&mut self, effect: MigrationEffect, by: Actor) {
        let MigrationEffect { environment, from, to, task, .. } = &effect;
        let again = *from == Schema::At(to.clone());
        let twice = self.effects.iter().any(|earlier| {
            !earlier.undone && (&earlier.environment, &earlier.from, &earlier.to) == (environment, from, to)
        });
        if again || twice {
            let detail = format!("{environment}: {from:?} to {to} by {task}");
            self.broke(Promise::MigratesOnce, by, detail);
        }
        self.effects.push(effect);
    }

    pub(super) fn log(&mut self, region: RegionId, id: u64, after_seconds: i32, line: &str) {
        let at = self.now + TimeDelta::seconds(after_seconds.into());
        self.regions[region].logs.entry(id).or_default().push((at, line.to_owned()));
    }
}

#[cfg(test)]
mod tests;
