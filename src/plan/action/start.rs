//! A service that is started, rolled or scaled.

use std::collections::BTreeMap;

use crate::cloud::{Rollback, ScalableTarget};
use crate::model::{ContainerName, ImageRef, ServiceName};

/// A service on its way up.
#[derive(Clone, Debug, PartialEq)]
pub struct StartService {
    /// The service.
    pub service: ServiceName,
    /// Other images: `None` = the definition stays.
    pub definition: Option<NewDefinition>,
    /// Tasks wanted; `None` = the count stays (autoscaling owns it).
    pub desired: Option<u32>,
    /// Scaling as it has to be afterwards; `None` = it is right already.
    pub scaling: Option<ScalableTarget>,
    /// Switch automatic rollbacks off for this start: what they are now.
    pub rollback_off: Option<Rollback>,
    /// Its code follows the migrated version: from its start on, an older snapshot counts no more.
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
