//! Sites: their markers, and whether the wanted release exists.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::context::{ObserveContext, unreadable};
use super::distributions::Distributions;
use super::snapshot::{Observed, SiteSeen};
use crate::cloud::{CloudError, Kind, Marker};
use crate::model::SiteName;
use crate::spec::SiteSpec;

/// One entry for each declared site.
pub(super) async fn sites(
    context: ObserveContext<'_>,
    distributions: &Distributions,
) -> BTreeMap<SiteName, Observed<SiteSeen>> {
    let seen = context.spec.sites.iter().map(|(name, site)| async move {
        let seen = match one(context, site, distributions).await {
            Ok(seen) => seen,
            Err(error) if error.kind == Kind::NotFound => Observed::Absent,
            Err(error) => unreadable(error),
        };
        (name.clone(), seen)
    });
    join_all(seen).await.into_iter().collect()
}

async fn one(
    context: ObserveContext<'_>,
    site: &SiteSpec,
    distributions: &Distributions,
) -> Result<Observed<SiteSeen>, CloudError> {
    let distribution = match (&site.distribution, distributions) {
        (None, _) => None,
        (Some(name), Ok(found)) => found.named.get(name).map(|distribution| distribution.id.clone()),
        (Some(_), Err(why)) => return Ok(Observed::Unreadable { why: why.clone() }),
    };
    let marker = context.read(|cloud| cloud.site_marker(&site.bucket, &site.prefix)).await?;
    let marker = marker.map(|(marker, _)| marker).unwrap_or_default();
    let release_exists = match site.source.render(&context.spec.versions) {
        Some(source) if !is_shown(&marker, &source) => Some(exists(context, &source).await?),
        // The release is live already, or its version is empty, which means "not deployed".
        _ => None,
    };
    Ok(Observed::Present(SiteSeen { marker, release_exists, distribution }))
}

/// Whether this release is live, and no other one is staged.
fn is_shown(marker: &Marker, source: &str) -> bool {
    marker.staged.is_none() && marker.live.as_ref().is_some_and(|live| live.source == source)
}

/// A release exists when there is a file under its prefix; a bucket that does not exist has none.
async fn exists(context: ObserveContext<'_>, source: &str) -> Result<bool, CloudError> {
    let Some((bucket, prefix)) = source.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
        return Ok(false);
    };
    match context.read(|cloud| cloud.objects(bucket, prefix)).await {
        Ok(objects) => Ok(!objects.is_empty()),
        Err(error) if error.kind == Kind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
