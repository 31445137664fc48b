//! Reads reality into one value. What could not be read is `Unreadable`, never absent.
//!
//! Parts are read side by side. Only what decides is asked: an image that runs already is not looked up, a
//! release that is live already is not listed. Secrets are compared here and dropped.
//!
//! Architecture Invariant: nothing here writes, and no error becomes an absence.

mod ask;
mod database;
mod images;
mod running;
mod services;
mod sites;
mod snapshot;
mod traffic;

#[cfg(test)]
mod tests;

pub use ask::patiently;
pub use snapshot::{
    CodeSeen, DatabaseSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, MigrationSeen,
    Observed, RuleSeen, RuleTarget, RunningVersion, ServiceSeen, SiteSeen, Snapshot, TrafficSeen,
};

use std::collections::BTreeMap;

use futures_util::future::{join, join3, join4};

use crate::clock::Clock;
use crate::cloud::{CloudError, CloudRead, Distribution, tag};
use crate::model::{ServiceName, StoreId};
use crate::spec::EnvironmentSpec;
use crate::store::journal::Ledger;

/// What a pass wants to know beyond what it always reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObserveOptions {
    /// Resolve moving tags again although they run already: after a commit, a wake or a poke.
    pub refresh_images: bool,
    /// Look every image up, whether it runs or not: for the preflight.
    pub all_images: bool,
}

/// What every part reads with.
#[derive(Clone, Copy)]
struct ObserveContext<'a> {
    cloud: &'a dyn CloudRead,
    clock: &'a dyn Clock,
    spec: &'a EnvironmentSpec,
    ledger: &'a Ledger,
    options: ObserveOptions,
}

/// Reads one environment. It always gives a snapshot: what could not be read is marked in it.
pub async fn observe(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    spec: &EnvironmentSpec,
    ledger: &Ledger,
    options: ObserveOptions,
) -> Snapshot {
    let eyes = ObserveContext { cloud, clock, spec, ledger, options };
    let taken_at = clock.now();
    let who = join3(patiently(clock, || cloud.account()), owner(eyes), unmanaged(eyes));
    let what = join4(
        services::services(eyes),
        database::database(eyes),
        database::family(eyes),
        distributions(eyes),
    );
    let ((account, owner, unmanaged), ((services, groups), database, family, distributions)) =
        join(who, what).await;
    let (traffic, sites) =
        join(traffic::traffic(eyes, &groups, &distributions), sites::sites(eyes, &distributions)).await;
    let (images, migration) = join(
        images::images(eyes, &services, database.as_ref()),
        database::migration(eyes, family.as_ref(), &services, database.as_ref()),
    )
    .await;
    Snapshot {
        taken_at,
        account: account.map_or_else(unreadable, Observed::Present),
        owner,
        services,
        unmanaged,
        database,
        migration,
        traffic,
        sites,
        images,
    }
}

async fn owner(eyes: ObserveContext<'_>) -> Observed<Option<StoreId>> {
    match patiently(eyes.clock, || eyes.cloud.cluster_tags(&eyes.spec.cluster)).await {
        Ok(Some(tags)) => Observed::Present(tags.get(tag::OWNER).map(|owner| StoreId::from(owner.as_str()))),
        Ok(None) => Observed::Absent,
        Err(error) => unreadable(error),
    }
}

/// Only named in reports: when the list cannot be read, nobody is named.
async fn unmanaged(eyes: ObserveContext<'_>) -> Vec<ServiceName> {
    let found = patiently(eyes.clock, || eyes.cloud.service_names(&eyes.spec.cluster)).await;
    let mut found = found.unwrap_or_default();
    found.retain(|name| !eyes.spec.services.contains_key(name));
    found.sort();
    found
}

/// Every distribution that the gate or a site names, in one go.
async fn distributions(eyes: ObserveContext<'_>) -> Result<BTreeMap<String, Distribution>, String> {
    let gated = eyes.spec.maintenance.iter().flat_map(|maintenance| &maintenance.cloudfront);
    let names = gated.flat_map(|cloudfront| &cloudfront.distributions);
    let of_sites = eyes.spec.sites.values().filter_map(|site| site.distribution.as_ref());
    let mut names: Vec<String> = names.chain(of_sites).cloned().collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    patiently(eyes.clock, || eyes.cloud.distributions(&names)).await.map_err(|error| error.to_string())
}

fn unreadable<T>(error: CloudError) -> Observed<T> {
    Observed::Unreadable { why: error.to_string() }
}

/// An answer, an absence, or neither.
fn observed<T>(answer: Result<Option<T>, CloudError>) -> Observed<T> {
    match answer {
        Ok(Some(value)) => Observed::Present(value),
        Ok(None) => Observed::Absent,
        Err(error) => unreadable(error),
    }
}
