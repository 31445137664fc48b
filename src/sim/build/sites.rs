//! Buckets: the one with the releases of a site, and the one that is served.

use std::collections::BTreeMap;

use super::super::world::{RegionId, World, release, split};
use crate::model::{Version, VersionKey};
use crate::spec::{EnvironmentSpec, SiteSpec};

impl World {
    /// Every release of every site exists from now on.
    pub(super) fn offer_releases(&mut self, spec: &EnvironmentSpec) {
        for site in spec.sites.values() {
            if let Some((bucket, keys)) = split(site.source.as_str()) {
                self.buckets.entry(bucket.to_owned()).or_default().offer(keys);
            }
        }
    }

    /// Fills the bucket with the starting release, uploaded by other means, and with a file that belongs to no release.
    pub(super) fn build_site(
        &mut self,
        region: RegionId,
        site: &SiteSpec,
        versions: &BTreeMap<VersionKey, Version>,
    ) {
        if let Some(distribution) = &site.distribution {
            self.build_distribution(region, distribution);
        }
        let bucket = self.buckets.entry(site.bucket.clone()).or_default();
        bucket.put_foreign(".well-known/security.txt");
        let source = site.source.render(versions);
        if let Some((_, prefix)) = source.as_deref().and_then(split) {
            let files = release(prefix).into_iter();
            bucket.objects.extend(files.map(|(key, stored)| (format!("{}{key}", site.prefix), stored)));
        }
    }
}
