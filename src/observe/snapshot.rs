//! The value that a pass decides on: one environment as it was at one moment.
//!
//! Secrets are compared here and dropped: a snapshot knows *whether* a rule carries the present secret, never
//! the secret.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{
    BlueGreen, Capacity, ClusterTask, Database, DbSnapshot, ImageLookup, Marker, Quota, Rollout,
    ScalableTarget, Service, Task, TaskDefinition, TaskStatus,
};
use crate::gate::ForeignCode;
use crate::model::{ImageRef, Instant, RuleArn, ServiceName, SiteName, StoreId, Version};

/// One resource as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed<T> {
    /// It exists.
    Present(T),
    /// AWS answered that it does not exist.
    Absent,
    /// No usable answer came: it may exist or not.
    Unreadable {
        /// The failure, for an operator to read.
        why: String,
    },
}

impl<T> Observed<T> {
    /// The value, if the resource exists and could be read.
    pub fn present(&self) -> Option<&T> {
        match self {
            Observed::Present(value) => Some(value),
            Observed::Absent | Observed::Unreadable { .. } => None,
        }
    }
}

/// One environment at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When the observation began.
    pub taken_at: Instant,
    /// Why AWS accepts no request at all: no credentials, expired ones, a wrong clock. Nothing could be read then.
    pub refused: Option<String>,
    /// The account that the credentials belong to.
    pub account: Observed<String>,
    /// The cluster's owner tag; `Absent` = no such cluster.
    pub owner: Observed<Option<StoreId>>,
    /// One entry for each declared service.
    pub services: BTreeMap<ServiceName, Observed<ServiceSeen>>,
    /// Declared services whose definitions could not be read, and that can be stopped all the same.
    pub stoppable: BTreeMap<ServiceName, StoppableService>,
    /// Services of the cluster that the spec does not name.
    pub unmanaged: Vec<ServiceName>,
    /// Tasks of the cluster that have not stopped and belong neither to a declared service nor to the migration's family.
    pub strangers: Observed<Vec<ClusterTask>>,
    /// `None` = no database is declared.
    pub database: Option<Observed<DatabaseSeen>>,
    /// `None` = no migration is declared.
    pub migration: Option<Observed<MigrationSeen>>,
    /// Tasks of the migration family, also where its revisions could not be read; `None` = no migration is declared.
    pub migration_tasks: Option<Observed<Vec<Task>>>,
    /// `None` = no gate is declared.
    pub traffic: Option<TrafficSeen>,
    /// One entry for each declared site.
    pub sites: BTreeMap<SiteName, Observed<SiteSeen>>,
    /// Answers of the registry about wanted images that do not run yet; by image as rendered from the templates.
    pub images: BTreeMap<ImageRef, ImageLookup>,
}

/// A service with everything that decisions about it need.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSeen {
    /// The answer of DescribeServices.
    pub service: Service,
    /// Its tasks, those stopped within the hour included.
    pub tasks: Vec<Task>,
    /// The task definition that the service is set to.
    pub definition: TaskDefinition,
    /// The newest ACTIVE revision of that family.
    pub newest: TaskDefinition,
    /// `None`: Application Auto Scaling has no target for it.
    pub scaling: Option<ScalableTarget>,
}

/// A service without its definitions: what stopping it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct StoppableService {
    /// The answer of DescribeServices.
    pub service: Service,
    /// Its tasks, those stopped within the hour included.
    pub tasks: Vec<Task>,
    /// `None`: Application Auto Scaling has no target for it.
    pub scaling: Option<ScalableTarget>,
}

impl StoppableService {
    /// Tasks that are not STOPPED yet.
    pub fn live_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).count()
    }
}

impl ServiceSeen {
    /// Whether it is up: its deployment is complete, and every wanted task runs and is healthy.
    pub fn is_well(&self) -> bool {
        let service = &self.service;
        let primary = service.deployments.iter().find(|deployment| deployment.primary);
        let complete = primary.is_some_and(|primary| {
            let ours = |task: &&Task| task.started_by == primary.id && task.status == TaskStatus::Running;
            let healthy = self.tasks.iter().filter(ours).filter(|task| task.healthy).count();
            primary.rollout == Rollout::Completed && healthy == service.desired as usize
        });
        complete && service.desired > 0 && service.running == service.desired
    }

    /// Tasks that are not STOPPED yet: they may still write to the database.
    pub fn live_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).count()
    }
}

/// The database with its snapshots.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseSeen {
    /// The instance or cluster.
    pub database: Database,
    /// Its manual snapshots, oldest first; empty where they could not be read.
    pub snapshots: Vec<DbSnapshot>,
    /// Why the snapshots could not be read.
    pub snapshots_unreadable: Option<String>,
    /// What may keep RDS from doing what a release asks of it; `None` = not read, because no release is about to begin.
    pub limits: Option<DatabaseLimits>,
}

/// What may keep RDS from doing what a release asks of it. An answer that did not come is its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseLimits {
    /// The quota of manual snapshots; `None` = AWS does not show it.
    pub quota: Result<Option<Quota>, String>,
    /// The blue/green deployment that the database is part of.
    pub blue_green: Result<Option<BlueGreen>, String>,
}

/// The migration's task-definition family, and the version that the services run.
#[derive(Clone, Debug, PartialEq)]
pub struct MigrationSeen {
    /// Newest ACTIVE revision of the family.
    pub newest: TaskDefinition,
    /// Its tasks, those stopped within the hour included.
    pub tasks: Vec<Task>,
    /// The version that the services which follow the migrated version run.
    pub running: RunningVersion,
    /// What the cluster can run tasks on; `None` = not read, because its task runs on Fargate.
    pub capacity: Option<Observed<Capacity>>,
}

/// The version that runs, read for the first contact with a database whose schema version is not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningVersion {
    /// One version, read through the template, or through the digest of a moving tag.
    Known(Version),
    /// No task of a following service runs.
    NoTask,
    /// Several versions run side by side.
    Several(Vec<String>),
    /// The image does not follow the template, and no version tag has its digest.
    Unknown(ImageRef),
}

/// The gate: its secret, its listener and its function.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficSeen {
    /// Whether the bypass secret could be read and is well-formed; the reason if not.
    pub secret: Result<(), String>,
    /// `None` = no load balancer is declared.
    pub listener: Option<Observed<ListenerSeen>>,
    /// `None` = no CloudFront function is declared. `Absent` = tidegate must create it.
    pub function: Option<Observed<FunctionSeen>>,
}

/// A listener of a load balancer.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSeen {
    /// The default action redirects or gives a fixed response: no request falls through to a service.
    pub default_is_closed: bool,
    /// In the order of their priorities.
    pub rules: Vec<RuleSeen>,
}

/// A rule, as far as the gate needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSeen {
    /// Identifies the rule.
    pub arn: RuleArn,
    /// The rule with the lowest number is evaluated first.
    pub priority: u32,
    /// Host patterns; empty = any.
    pub hosts: Vec<String>,
    /// Path patterns; empty = any.
    pub paths: Vec<String>,
    /// It has conditions besides hosts, paths and our header (query, method, source IP, other headers).
    pub other_conditions: bool,
    /// Where it sends a request.
    pub target: RuleTarget,
    /// The condition on the bypass header.
    pub header: HeaderSeen,
    /// It carries tidegate's tag, with or without the condition: a process that dies between the two leaves only one.
    pub marked: bool,
    /// Condition values in use, without the bypass header's; AWS allows five.
    pub values: usize,
    /// Tags, without those of AWS itself; AWS allows 50.
    pub tags: usize,
}

/// Where a rule sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleTarget {
    /// Forwards to the target groups of these declared services.
    Services(BTreeSet<ServiceName>),
    /// Forwards to target groups of no declared service.
    Unmanaged,
    /// To another URL.
    Redirect,
    /// Nowhere: the load balancer gives a fixed response.
    Fixed,
}

/// The condition on the bypass header, as a rule has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderSeen {
    /// The rule has no such condition.
    Absent,
    /// tidegate added it, and it demands the current secret.
    Current,
    /// tidegate added it, and it demands another value: the secret was rotated.
    Stale,
    /// It is on the bypass header, but without tidegate's tag: someone outside tidegate added it. tidegate does not
    /// change it.
    Foreign,
}

/// The CloudFront function and its distributions.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSeen {
    /// The code of the LIVE stage.
    pub code: CodeSeen,
    /// Code that tidegate did not write, and that an overwrite would lose.
    pub foreign: Vec<ForeignCode>,
    /// The comment beside the function; only read where there is foreign code.
    pub comment: Option<String>,
    /// Distributions that call the function and that no declaration names, as operators call them.
    pub undeclared_callers: Vec<String>,
    /// One entry for each declared distribution; empty where they could not be read.
    pub distributions: BTreeMap<String, DistributionSeen>,
    /// Why the distributions could not be read: whether they call the function is unknown.
    pub distributions_unreadable: Option<String>,
}

/// A function's live code, compared with the code that tidegate would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSeen {
    /// There is no function, or it was never published.
    Missing,
    /// tidegate's code of an open gate.
    Open,
    /// tidegate's code of a closed gate, with the current page, header and secret.
    Closed,
    /// tidegate's code of a closed gate, with another page, header or secret.
    ClosedStale,
    /// Code that tidegate did not write.
    Foreign,
}

/// A distribution, as far as the gate needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistributionSeen {
    /// There is no such distribution.
    Missing,
    /// Every behaviour calls the gate's function at viewer-request, and every edge location knows.
    Guarded {
        /// The distribution's id: an alias may move.
        id: String,
    },
    /// The function is associated; the change is still being deployed to the edge locations.
    Deploying {
        /// The distribution's id: an alias may move.
        id: String,
    },
    /// The function is not associated with every behaviour, and can be.
    Unguarded {
        /// The distribution's id: an alias may move.
        id: String,
    },
    /// A behaviour calls another function or Lambda@Edge at a viewer event, so the gate's function cannot be added.
    Conflict {
        /// The distribution's id: an alias may move.
        id: String,
        /// The behaviour, and what it calls.
        what: String,
    },
}

/// A static site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteSeen {
    /// The bucket's marker; empty when there is none.
    pub marker: Marker,
    /// Whether there are files under the wanted release's prefix; `None` = not read, because it is live already.
    pub release_exists: Option<bool>,
    /// The id of the distribution that `distribution:` names, if one is declared.
    pub distribution: Option<String>,
}
