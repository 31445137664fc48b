//! The value that a pass decides on: one environment as it was at one moment.
//!
//! Secrets are compared here and dropped: a snapshot knows *whether* a rule carries the present secret, never
//! the secret.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{
    Database, DbSnapshot, ImageLookup, Marker, Rollout, ScalableTarget, Service, Task, TaskDefinition,
    TaskStatus,
};
use crate::model::{ImageRef, Instant, RuleArn, ServiceName, SiteName, StoreId, Version};

/// What reading one thing came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed<T> {
    /// It is there.
    Present(T),
    /// An answer said that it does not exist.
    Absent,
    /// No answer: nothing may be concluded.
    Unreadable {
        /// What failed, in words for a person.
        why: String,
    },
}

impl<T> Observed<T> {
    /// The value, if it is there.
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
    /// When reading began.
    pub taken_at: Instant,
    /// The account the credentials belong to.
    pub account: Observed<String>,
    /// The cluster's owner tag; `Absent` = no such cluster.
    pub owner: Observed<Option<StoreId>>,
    /// One entry a declared service.
    pub services: BTreeMap<ServiceName, Observed<ServiceSeen>>,
    /// Services of the cluster that the spec does not name.
    pub unmanaged: Vec<ServiceName>,
    /// `None` = no database is declared.
    pub database: Option<Observed<DatabaseSeen>>,
    /// `None` = no migration is declared.
    pub migration: Option<Observed<MigrationSeen>>,
    /// `None` = no gate is declared.
    pub traffic: Option<TrafficSeen>,
    /// One entry a declared site.
    pub sites: BTreeMap<SiteName, Observed<SiteSeen>>,
    /// What the registry says of wanted images that do not run yet; by image as rendered from the templates.
    pub images: BTreeMap<ImageRef, ImageLookup>,
}

/// A service with all that decides about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSeen {
    /// As DescribeServices has it.
    pub service: Service,
    /// Its tasks, those stopped within the hour included.
    pub tasks: Vec<Task>,
    /// The definition it asks for.
    pub definition: TaskDefinition,
    /// The newest ACTIVE revision of that family.
    pub newest: TaskDefinition,
    /// Its scalable target, if it has one.
    pub scaling: Option<ScalableTarget>,
}

impl ServiceSeen {
    /// Up as it should be: its deployment is complete, every wanted task runs and is healthy.
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

    /// Tasks that are not STOPPED yet: what may still write to the database.
    pub fn live_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).count()
    }
}

/// The database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseSeen {
    /// Itself.
    pub database: Database,
    /// Its manual snapshots, oldest first.
    pub snapshots: Vec<DbSnapshot>,
}

/// The migration family and what the followed service runs.
#[derive(Clone, Debug, PartialEq)]
pub struct MigrationSeen {
    /// Newest ACTIVE revision of the family.
    pub newest: TaskDefinition,
    /// Its tasks, those stopped within the hour included.
    pub tasks: Vec<Task>,
    /// What the services that follow the migrated version run.
    pub running: RunningVersion,
}

/// The version that really runs, for first contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningVersion {
    /// One version, read through the template, or through the digest of a moving tag.
    Known(Version),
    /// No task runs.
    NoTask,
    /// Two versions run side by side.
    Several(Vec<String>),
    /// The image does not follow the template, and no version tag has its digest.
    Unknown(ImageRef),
}

/// The gate's parts.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficSeen {
    /// Whether the bypass secret could be read and is well-formed; the reason if not.
    pub secret: Result<(), String>,
    /// `None` = no load balancer is declared.
    pub listener: Option<Observed<ListenerSeen>>,
    /// `None` = no CloudFront function is declared. `Absent` = it must be created.
    pub function: Option<Observed<FunctionSeen>>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSeen {
    /// The default action redirects or answers fixed: nothing falls through to a service.
    pub default_is_closed: bool,
    /// By priority.
    pub rules: Vec<RuleSeen>,
}

/// A rule, as far as the gate is concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSeen {
    /// Its ARN.
    pub arn: RuleArn,
    /// Lower is asked first.
    pub priority: u32,
    /// Host patterns; empty = any.
    pub hosts: Vec<String>,
    /// Path patterns; empty = any.
    pub paths: Vec<String>,
    /// It has conditions besides hosts, paths and our header (query, method, source IP, other headers).
    pub other_conditions: bool,
    /// Where it leads.
    pub target: RuleTarget,
    /// Our header's condition.
    pub header: HeaderSeen,
    /// Our tag, whether or not the condition stands: a death between the two leaves it behind.
    pub marked: bool,
    /// Condition values in use, our header's not counted; AWS allows five.
    pub values: usize,
}

/// Where a rule leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleTarget {
    /// Forwards to the target groups of these declared services.
    Services(BTreeSet<ServiceName>),
    /// Forwards to target groups of no declared service.
    Unmanaged,
    /// Redirects.
    Redirect,
    /// Answers fixed.
    Fixed,
}

/// The gate's condition on a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderSeen {
    /// None.
    Absent,
    /// Ours, with the present secret.
    Current,
    /// Ours, with another value: the secret was rotated.
    Stale,
    /// Our header, but not our tag: somebody else's; left alone.
    Foreign,
}

/// The CloudFront function and its distributions.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSeen {
    /// What the LIVE stage does.
    pub code: CodeSeen,
    /// One entry a declared distribution.
    pub distributions: BTreeMap<String, DistributionSeen>,
}

/// What a function's live code does, compared with what we would generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSeen {
    /// No function, or never published.
    Missing,
    /// Our open code.
    Open,
    /// Our closed code with the present page, header and secret.
    Closed,
    /// Our closed code with another page, header or secret.
    ClosedStale,
    /// Code that is not ours.
    Foreign,
}

/// A distribution, as far as the gate is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistributionSeen {
    /// No such distribution.
    Missing,
    /// Every behaviour calls our function at viewer-request, and that has reached every edge.
    Guarded {
        /// Its id.
        id: String,
    },
    /// Our function is associated; edges are still learning it.
    Deploying {
        /// Its id.
        id: String,
    },
    /// Nothing stands in the way of associating it.
    Unguarded {
        /// Its id.
        id: String,
    },
    /// Another function, or Lambda@Edge, stands at a viewer event.
    Conflict {
        /// Its id.
        id: String,
        /// Which behaviour, and what stands there.
        what: String,
    },
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteSeen {
    /// The bucket's marker; empty when there is none.
    pub marker: Marker,
    /// Whether the wanted release's prefix holds anything; `None` = not asked, because it is live already.
    pub release_exists: Option<bool>,
    /// The distribution's id behind `distribution:`, if one is declared.
    pub distribution: Option<String>,
}
