//! What a survey of a cluster found: plain values. No value of an environment variable, no command and no secret is
//! in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{ListedDatabase, ListedListener, ScalableTarget, Service};
use crate::model::{ClusterName, ContainerName, FamilyName, ImageRef, ServiceName};
use crate::spec::DatabaseTarget;

/// The cluster to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyTarget {
    /// Twelve digits; the credentials must belong to it.
    pub account: String,
    /// `eu-central-2`
    pub region: String,
    /// The role that was assumed for reading.
    pub assume_role: Option<String>,
    /// The name of the cluster.
    pub cluster: ClusterName,
}

/// Everything that `import` decides on.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// The cluster.
    pub target: SurveyTarget,
    /// The tidegate store that manages the cluster already, from the cluster's tag.
    pub owner: Option<String>,
    /// In the order of their names.
    pub services: Vec<ServiceFound>,
    /// Every database of the account and region, or why they could not be read.
    pub databases: Result<Vec<ListedDatabase>, String>,
    /// Services that have the address of a database in their environment variables.
    pub mentions: BTreeMap<DatabaseTarget, BTreeSet<ServiceName>>,
    /// Listeners in front of the services, or why they could not be read.
    pub listeners: Result<Vec<ListedListener>, String>,
    /// Families that no service uses and that may be migrations, or why they could not be read.
    pub families: Result<Vec<FamilyFound>, String>,
}

/// A service, and the revision that is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFound {
    /// The answer of DescribeServices.
    pub service: Service,
    /// Images of the deployed revision.
    pub images: BTreeMap<ContainerName, ImageRef>,
    /// Its scalable target; `None`: nothing scales it.
    pub scaling: Option<ScalableTarget>,
    /// Tasks that are not STOPPED.
    pub live_tasks: usize,
    /// The newest revision of its family.
    pub newest: Newest,
    /// For images with a moving tag: the version tags that point at the running image, newest first.
    pub known_as: BTreeMap<ContainerName, Vec<String>>,
}

/// The newest ACTIVE revision of a service's family, compared with the deployed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newest {
    /// The deployed revision is the newest.
    Deployed,
    /// There is a newer one that is not deployed.
    Newer {
        /// `web:8`
        name: String,
        /// The images of its containers.
        images: BTreeMap<ContainerName, ImageRef>,
        /// Whether it differs in more than images.
        differs_beyond: bool,
    },
    /// The family has no ACTIVE revision.
    Gone,
}

/// A task-definition family that may be a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyFound {
    /// The name of the family.
    pub family: FamilyName,
    /// Images of its newest revision.
    pub images: BTreeMap<ContainerName, ImageRef>,
}
