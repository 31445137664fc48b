//! The adapter for AWS, for given settings. Builds without the feature `aws` have `no_aws` in its place.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::{ClusterLocation, ContextError};
use crate::clock::SystemClock;
use crate::cloud::aws::{Allowed, Aws, default_region};
use crate::cloud::{Cloud, CloudRead};
use crate::config::Settings;
use crate::spec::EnvironmentSpec;

/// Gives the ports for an environment.
pub(super) type CloudOf = Box<dyn Fn(&EnvironmentSpec) -> Cloud + Send + Sync>;

/// The ports of every environment share one adapter: its rates are the account's.
pub(super) fn cloud_of(settings: &Settings) -> Result<CloudOf, ContextError> {
    let aws = Aws::new(Arc::new(SystemClock), settings.rates.clone(), allowed(settings));
    Ok(Box::new(move |spec| aws.cloud(spec)))
}

/// An account and region before any declaration names them, and the region's name.
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
    // The first answer of AWS says which account it is.
    let account = place.account.clone().unwrap_or_default();
    let cloud = aws.region(&account, &region, place.assume_role.as_deref());
    Ok((region, Arc::new(cloud)))
}

/// What declarations may use of this machine.
fn allowed(settings: &Settings) -> Allowed {
    Allowed {
        roles: settings.allow.assume_roles.clone(),
        variables: settings.allow.env.clone(),
        files: settings.allow.files.clone(),
    }
}
