//! A service that is started, rolled or scaled.

use std::collections::BTreeMap;

use crate::cloud::{Rollback, ScalableTarget};
use crate::model::{ContainerName, ImageRef, ServiceName};

/// A service that starts, rolls or scales.
#[derive(Clone, Debug, PartialEq)]
pub struct StartService {
    /// The service.
    pub service: ServiceName,
    /// The new task definition; `None` = the definition stays.
    pub definition: Option<NewDefinition>,
    /// The number of tasks to ask for; `None` = the count stays.
    pub desired: Option<u32>,
    /// The scalable target afterwards; `None` = it stays.
    pub scaling: Option<ScalableTarget>,
    /// The present setting of automatic rollbacks, if they must be switched off for this start.
    pub rollback_off: Option<Rollback>,
    /// Its code follows the migrated version: once it has started, the snapshot of the release is not reused.
    pub follows_migration: bool,
}

/// Another definition for a service.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDefinition {
    /// Revision that the new one is made from.
    pub template: String,
    /// Images to put in; empty = the template as it is.
    pub images: BTreeMap<ContainerName, ImageRef>,
}
