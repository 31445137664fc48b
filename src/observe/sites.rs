//! Sites: their markers, and whether the wanted release is there.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{ObserveContext, Observed, SiteSeen, patiently, unreadable};
use crate::cloud::{CloudError, Distribution, Kind, Marker};
use crate::model::SiteName;
use crate::spec::SiteSpec;

type Distributions = Result<BTreeMap<String, Distribution>, String>;

/// One entry a declared site.
pub(super) async fn sites(
    eyes: ObserveContext<'_>,
    distributions: &Distributions,
) -> BTreeMap<SiteName, Observed<SiteSeen>> {
    let seen = eyes.spec.sites.iter().map(|(name, site)| async move {
        let seen = match one(eyes, site, distributions).await {
            Ok(seen) => seen,
            Err(error) if error.kind == Kind::NotFound => Observed::Absent,
            Err(error) => unreadable(error),
        };
        (name.clone(), seen)
    });
    join_all(seen).await.into_iter().collect()
}

async fn one(
    eyes: ObserveContext<'_>,
    site: &SiteSpec,
    distributions: &Distributions,
) -> Result<Observed<SiteSeen>, CloudError> {
    let distribution = match (&site.distribution, distributions) {
        (None, _) => None,
        (Some(name), Ok(found)) => found.get(name).map(|distribution| distribution.id.clone()),
        (Some(_), Err(why)) => return Ok(Observed::Unreadable { why: why.clone() }),
    };
    let marker = patiently(eyes.clock, || eyes.cloud.site_marker(&site.bucket)).await?;
    let marker = marker.map(|(marker, _)| marker).unwrap_or_default();
    let release_exists = match site.source.render(&eyes.spec.versions) {
        Some(source) if !is_shown(&marker, &source) => Some(exists(eyes, &source).await?),
        // Live already, or a version that is empty: not deployed.
        _ => None,
    };
    Ok(Observed::Present(SiteSeen { marker, release_exists, distribution }))
}

/// Live, and nothing else was begun since.
fn is_shown(marker: &Marker, source: &str) -> bool {
    marker.staged.is_none() && marker.live.as_ref().is_some_and(|live| live.source == source)
}

/// A release is there when anything is below its prefix; a bucket that does not exist holds nothing.
async fn exists(eyes: ObserveContext<'_>, source: &str) -> Result<bool, CloudError> {
    let Some((bucket, prefix)) = source.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
        return Ok(false);
    };
    match patiently(eyes.clock, || eyes.cloud.objects(bucket, prefix)).await {
        Ok(objects) => Ok(!objects.is_empty()),
        Err(error) if error.kind == Kind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
