//! The region that this machine is configured for, where no declaration names one.

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;

/// `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's. Not the instance's own region: the result must not depend on
/// where the command runs.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html>
pub async fn default_region() -> Option<String> {
    let variables = EnvironmentVariableRegionProvider::new();
    let region = match variables.region().await {
        Some(region) => Some(region),
        None => ProfileFileRegionProvider::new().region().await,
    };
    region.map(|region| region.as_ref().to_owned()).filter(|region| !region.is_empty())
}
