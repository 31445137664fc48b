//! Stands in for `aws` in builds without that feature: the real cloud is refused.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::{ClusterLocation, ContextError};
use crate::cloud::{Cloud, CloudRead, Valve};
use crate::config::Settings;
use crate::spec::EnvironmentSpec;

/// Returns the ports for an environment.
pub(super) type CloudOf = Box<dyn Fn(&EnvironmentSpec) -> Cloud + Send + Sync>;

/// Always refuses.
pub(super) fn cloud_of(_settings: &Settings) -> Result<(CloudOf, Valve), ContextError> {
    Err(ContextError::NoAws)
}

/// Always refuses.
pub(super) fn region(
    _settings: &Settings,
    _place: &ClusterLocation,
    _runtime: &Runtime,
) -> Result<(String, Arc<dyn CloudRead>), ContextError> {
    Err(ContextError::NoAws)
}
