//! The simulated world: plain data, a queue of events, and the rules that move it.
//!
//! Nothing here waits or knows a port: a call or an event changes the data at one instant and puts its later effects
//! into the queue. Each part imitates one AWS service and cites the documentation that it follows. The world is plain
//! data, so it can be saved at any moment and continue in another process.

mod capacity;
mod cloudfront;
mod container;
mod ecs;
mod elb;
mod lifecycle;
mod listing;
mod migration;
mod person;
mod pieces;
mod portrait;
mod probe;
mod queue;
mod rds;
mod registry;
mod run_task;
mod s3;
mod scaling;
mod scheduler;
mod script;
mod tags;
mod task;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::checker::{Violation, Watch};
use super::rng::Dice;
use super::tracked::{Tracked, TrackedList};
use crate::cloud::{Capacity, CloudError, Kind, TaskDefinition};
use crate::model::{ContainerName, EnvironmentName, Instant};

pub use cloudfront::{SimDistribution, SimFunction};
pub use container::Sidecar;
pub use ecs::{SimDeployment, SimService};
pub use elb::{Routed, SimListener, SimRule};
pub use lifecycle::SimPause;
pub(super) use migration::CONSOLE;
pub use migration::{MigrationEffect, MigrationRun, Schema};
pub use person::Person;
pub(in crate::sim) use pieces::Piece;
use pieces::SavedWholes;
pub(in crate::sim) use rds::address;
pub use rds::{SimDatabase, SimSnapshot};
pub use registry::{Pattern, Pushed, Registry, Repository};
pub use run_task::Token;
pub use s3::{Bucket, Stored};
pub(super) use s3::{release, split};
pub use scaling::SimTarget;
pub use script::{Broken, Outcome, Script};
pub(super) use task::NewTask;
pub use task::SimTask;

/// The author of the last change. A person's actions may break promises that tidegate's must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Actor {
    /// The program under test.
    Tidegate,
    /// A person in the console, or Terraform.
    Person,
    /// AWS by itself: autoscaling, circuit breaker, the 7-day restart.
    Aws,
}

/// The place of a [`Region`] in [`World::regions`].
pub(super) type RegionId = usize;

/// Everything that exists, and everything that will happen by itself.
#[derive(Clone, Serialize, Deserialize)]
pub struct World {
    now: Instant,
    pub(super) dice: Dice,
    /// Numbers events, tasks and ARNs: unique in this world.
    ticket: u64,
    #[serde(with = "queue")]
    events: Tracked<(Instant, u64), Event>,
    /// One for each account and region in use.
    pub regions: Vec<Region>,
    /// Container registries, shared by all.
    pub registry: Registry,
    /// S3 buckets: their names are global.
    pub buckets: Tracked<String, Bucket>,
    /// The promises to check for each environment.
    pub watches: Tracked<EnvironmentName, Watch>,
    /// Faults inside the cloud, as a test scripts them.
    pub script: Script,
    /// Every change that a migration made to a schema, in order.
    pub effects: Vec<MigrationEffect>,
    /// Every time that the program of a migration began to work, in order.
    #[serde(default)]
    pub runs: Vec<MigrationRun>,
    /// When an operator or a commit last asked for a migration. `None` = the world does not hear of that, and cannot find
    /// runs without a request.
    #[serde(default)]
    pub requests: Option<BTreeMap<EnvironmentName, Instant>>,
    /// Broken promises, in order.
    pub violations: Vec<Violation>,
    /// Promises that are broken at this instant: each is written down once.
    pub(super) broken: BTreeSet<String>,
    /// What was saved of the parts that are saved as a whole.
    #[serde(skip)]
    saved: Option<SavedWholes>,
}

/// One region of one account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Region {
    /// Twelve digits.
    pub account: String,
    /// The account that STS answers, when a test gives the credentials to another one.
    pub caller: Option<String>,
    /// `eu-central-2`
    pub name: String,
    /// Clusters and their tags.
    pub clusters: Tracked<String, BTreeMap<String, String>>,
    /// What clusters run tasks on, by name; a cluster that is missing here has only Fargate.
    #[serde(default)]
    pub capacity: BTreeMap<String, Capacity>,
    /// Instances outside AWS that are registered in clusters (ECS Anywhere), by the cluster's name. No Auto Scaling group
    /// has them.
    #[serde(default)]
    pub outside: BTreeMap<String, u32>,
    /// By `cluster/service`.
    pub services: Tracked<String, SimService>,
    /// Revisions of each family, oldest first.
    pub definitions: Tracked<String, Vec<TaskDefinition>>,
    /// Revisions that were deregistered, by ARN: tasks may still start from them, and nothing new is made of them.
    #[serde(default)]
    pub deregistered: BTreeSet<String>,
    /// Tasks that are not stopped, or stopped in the last hour.
    pub tasks: Tracked<u64, SimTask>,
    /// Client tokens of RunTask.
    pub tokens: Tracked<String, Token>,
    /// Log lines of the first container of one-off tasks, each with its time; it may lie in the future.
    pub logs: Tracked<u64, Vec<(Instant, String)>>,
    /// Log lines of the containers beside it.
    #[serde(default)]
    pub sidecar_logs: Tracked<u64, BTreeMap<ContainerName, Vec<(Instant, String)>>>,
    /// Scalable targets, by `cluster/service`.
    pub targets: Tracked<String, SimTarget>,
    /// By identifier.
    pub databases: Tracked<String, SimDatabase>,
    /// Manual snapshots that the account may have; `None` = as every new account.
    #[serde(default)]
    pub snapshots_max: Option<u64>,
    /// Listeners of all balancers.
    pub listeners: TrackedList<SimListener>,
    /// CloudFront functions, by name.
    pub functions: Tracked<String, SimFunction>,
    /// Distributions, by id.
    pub distributions: Tracked<String, SimDistribution>,
    /// Parameters and secrets, by name.
    pub secrets: Tracked<String, String>,
}

/// An event that happens by itself, later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Event {
    /// A task reaches its next status, unless its course changed in the meantime.
    Task { region: RegionId, id: u64, epoch: u32 },
    /// A container of a task comes up, or fails to, unless the task's course changed in the meantime.
    Container { region: RegionId, id: u64, epoch: u32, container: ContainerName, is_up: bool },
    /// A health check has a result.
    Health { region: RegionId, id: u64, healthy: bool },
    /// A container ends by itself.
    Exit { region: RegionId, id: u64, code: i32 },
    /// A stopped task is no longer listed.
    Forget { region: RegionId, id: u64 },
    /// A service that was deleted is no longer shown.
    ForgetService { region: RegionId, service: String },
    /// AWS stops waiting for the answer to a PAUSE hook.
    PauseExpires { region: RegionId, service: String, deployment: String },
    /// The service scheduler tries again.
    Schedule { region: RegionId, service: String },
    /// Autoscaling evaluates a target.
    Scale { region: RegionId, service: String, clamps: bool },
    /// A database reaches its next state, unless its course changed in the meantime.
    Database { region: RegionId, identifier: String, epoch: u32 },
    /// A snapshot is complete.
    Snapshot { region: RegionId, identifier: String, snapshot: String },
    /// AWS starts a database that has been stopped for seven days.
    Restart { region: RegionId, identifier: String, epoch: u32 },
    /// A distribution's change has reached every edge.
    Deployed { region: RegionId, distribution: String, epoch: u32 },
}

/// The reason why the cloud refused a call; the port adds operation and resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn on(self, operation: &'static str, resource: String) -> CloudError {
        let code = self.message.split(':').next().filter(|code| is_code(code)).map(str::to_owned);
        CloudError::new(operation, resource, self.kind, self.message).with_code(code.as_deref())
    }
}

/// AWS's messages begin with a code in most APIs; the simulated ones always do where AWS has a code.
fn is_code(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_uppercase())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.')
}

pub(super) fn refuse<T>(kind: Kind, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { kind, message: message.into() })
}

impl World {
    /// An empty world. The same seed and the same calls give the same history.
    pub fn new(seed: u64, now: Instant) -> Self {
        Self {
            now,
            dice: Dice::new(seed),
            ticket: 0,
            events: Tracked::default(),
            regions: Vec::new(),
            registry: Registry::default(),
            buckets: Tracked::default(),
            watches: Tracked::default(),
            script: Script::default(),
            effects: Vec::new(),
            runs: Vec::new(),
            requests: None,
            violations: Vec::new(),
            broken: BTreeSet::new(),
            saved: None,
        }
    }

    /// The instant up to which everything has happened.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The time of the next event.
    pub fn next_event_at(&self) -> Option<Instant> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    /// Processes all events until `to`, and checks every promise after each event.
    pub fn advance(&mut self, to: Instant) {
        while self.next_event_at().is_some_and(|at| at <= to)
            && let Some(((at, _), event)) = self.events.pop_first()
        {
            // An event that was due in the past of a reloaded world happens now.
            self.now = self.now.max(at);
            self.happen(event);
            self.check();
        }
        self.now = self.now.max(to);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Task { region, id, epoch } => self.task_goes_on(region, id, epoch),
            Event::Container { region, id, epoch, container, is_up } => {
                self.container_arrives(region, id, epoch, &container, is_up);
            }
            Event::Health { region, id, healthy } => self.health_known(region, id, healthy),
            Event::Exit { region, id, code } => self.task_exits(region, id, code),
            Event::Forget { region, id } => {
                // Log lines of one-off tasks stay: CloudWatch keeps them for longer than ECS keeps its tasks.
                let gone = self.regions[region].tasks.remove(&id);
                if gone.is_some_and(|task| task.service.is_some()) {
                    self.regions[region].logs.remove(&id);
                }
            }
            Event::ForgetService { region, service } => self.forget_service(region, &service),
            Event::PauseExpires { region, service, deployment } => {
                self.pause_expires(region, &service, &deployment);
            }
            Event::Schedule { region, service } => self.schedule_service(region, &service),
            Event::Scale { region, service, clamps } => self.autoscale(region, &service, clamps),
            Event::Database { region, identifier, epoch } => {
                self.database_arrives(region, &identifier, epoch);
            }
            Event::Snapshot { region, identifier, snapshot } => {
                self.snapshot_completes(region, &identifier, &snapshot);
            }
            Event::Restart { region, identifier, epoch } => {
                self.database_restarts(region, &identifier, epoch);
            }
            Event::Deployed { region, distribution, epoch } => {
                self.distribution_deployed(region, &distribution, epoch);
            }
        }
    }

    /// The region's place; an account or region that nothing was built in exists and is empty.
    pub(super) fn region(&mut self, account: &str, name: &str) -> RegionId {
        let found = self.regions.iter().position(|r| r.account == account && r.name == name);
        found.unwrap_or_else(|| {
            self.regions.push(Region {
                account: account.to_owned(),
                name: name.to_owned(),
                ..Region::default()
            });
            self.regions.len() - 1
        })
    }

    pub(super) fn ticket(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
    }

    fn later(&mut self, delay: TimeDelta, event: Event) {
        let number = self.ticket();
        self.events.insert((self.now + delay, number), event);
    }

    /// Thirty-two hexadecimal digits that look like AWS's and end in `id`, so that the way back is easy.
    fn hex(&self, id: u64) -> String {
        // The finaliser of splitmix64: neighbouring numbers give unrelated ones.
        let mut mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635_d1f2_a3b7;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{mixed:016x}{id:016x}")
    }
}

impl Region {
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.name, self.account)
    }
}

/// `cluster/service`: what names a service in a region, and a scalable target in Application Auto Scaling.
pub(super) fn service_key(cluster: &str, service: &str) -> String {
    format!("{cluster}/{service}")
}
