//! Builds the AWS adapter from the settings. Builds without the feature `aws` have `no_aws` instead.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::{ClusterLocation, ContextError};
use crate::clock::SystemClock;
use crate::cloud::aws::{Allowed, Aws, default_region};
use crate::cloud::{Cloud, CloudRead, Valve};
use crate::config::Settings;
use crate::spec::EnvironmentSpec;

/// Returns the ports for an environment.
pub(super) type CloudOf = Box<dyn Fn(&EnvironmentSpec) -> Cloud + Send + Sync>;

/// One adapter for all environments: AWS counts rates by account. With it the valve that its requests pass.
pub(super) fn cloud_of(settings: &Settings) -> Result<(CloudOf, Valve), ContextError> {
    let aws = Aws::new(Arc::new(SystemClock), settings.rates.clone(), allowed(settings));
    let valve = aws.valve();
    Ok((Box::new(move |spec| aws.cloud(spec)), valve))
}

/// An account and region that no declaration names yet, with the region's name.
pub(super) fn region(
    settings: &Settings,
    place: &ClusterLocation,
    runtime: &Runtime,
) -> Result<(String, Arc<dyn CloudRead>), ContextError> {
    let region = place.region.clone().or_else(|| runtime.block_on(default_region()));
    let region = region.ok_or(ContextError::NoRegion)?;
    let mut allowed: Allowed = allowed(settings);
    allowed.roles.extend(place.assume_role.clone());
    let aws = Aws::new(Arc::new(SystemClock), settings.rates.clone(), allowed);
    // Without an account here, the first answer of AWS tells it.
    let account = place.account.clone().unwrap_or_default();
    let cloud = aws.region(&account, &region, place.assume_role.as_deref());
    Ok((region, Arc::new(cloud)))
}

/// The roles, variables and files that declarations may use on this machine.
fn allowed(settings: &Settings) -> Allowed {
    Allowed {
        roles: settings.allow.assume_roles.clone(),
        variables: settings.allow.env.clone(),
        files: settings.allow.files.clone(),
    }
}
