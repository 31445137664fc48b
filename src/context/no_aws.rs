//! In the place of `aws`, in builds without the feature of that name: every request for AWS is refused.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::{ClusterLocation, ContextError};
use crate::cloud::{Cloud, CloudRead};
use crate::config::Settings;
use crate::spec::EnvironmentSpec;

/// Gives the ports for an environment.
pub(super) type CloudOf = Box<dyn Fn(&EnvironmentSpec) -> Cloud + Send + Sync>;

/// Refuses.
pub(super) fn cloud_of(_settings: &Settings) -> Result<CloudOf, ContextError> {
    Err(ContextError::NoAws)
}

/// Refuses.
pub(super) fn region(
    _settings: &Settings,
    _place: &ClusterLocation,
    _runtime: &Runtime,
) -> Result<(String, Arc<dyn CloudRead>), ContextError> {
    Err(ContextError::NoAws)
}
