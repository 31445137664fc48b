//! Reads one environment from AWS into one value. A resource that could not be read is `Unreadable`, never absent.
//!
//! All parts are read side by side, and only what a decision needs: an image that runs already is not looked up, a
//! release that is live already is not listed. Secrets are compared here and dropped.
//!
//! Architecture Invariant: nothing here writes, and no error becomes an absence.

mod ask;
mod context;
mod database;
mod distributions;
mod images;
mod reports;
mod running;
mod services;
mod sites;
mod snapshot;
mod strangers;
mod traffic;

#[cfg(test)]
mod tests;

pub use ask::patiently;
pub use context::ObserveOptions;
pub use snapshot::{
    CodeSeen, DatabaseLimits, DatabaseSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen,
    MigrationSeen, Observed, RuleSeen, RuleTarget, RunningVersion, ServiceSeen, SiteSeen, Snapshot,
    StoppableService, TrafficSeen,
};

use futures_util::future::{join, join3, join4};

use crate::clock::Clock;
use crate::cloud::{CloudRead, Kind, tag};
use crate::model::{ServiceName, StoreId};
use crate::spec::EnvironmentSpec;
use crate::store::journal::Ledger;
use context::{ObserveContext, unreadable};

/// Reads one environment. The result is always a snapshot: it marks what could not be read.
pub async fn observe(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    spec: &EnvironmentSpec,
    ledger: &Ledger,
    options: ObserveOptions,
) -> Snapshot {
    let context = ObserveContext { cloud, clock, spec, ledger, options };
    let taken_at = clock.now();
    let who = join3(patiently(clock, || cloud.account()), owner(context), unmanaged(context));
    let what = join4(
        services::services(context),
        database::database(context),
        database::family(context),
        distributions::distributions(context),
    );
    let ((account, owner, unmanaged), ((services, stoppable, groups), database, family, distributions)) =
        join(who, what).await;
    let (traffic, sites, strangers) = join3(
        traffic::traffic(context, &groups, &distributions),
        sites::sites(context, &distributions),
        strangers::strangers(context, &services, family.as_ref()),
    )
    .await;
    let (images, migration) = join(
        images::images(context, &services, database.as_ref()),
        database::migration(context, family.as_ref(), &services, database.as_ref()),
    )
    .await;
    let refused = account.as_ref().err().filter(|error| error.kind == Kind::Credentials);
    let migration_tasks = family.map(|family| database::tasks(family.tasks));
    Snapshot {
        taken_at,
        refused: refused.map(|error| error.message.clone()),
        stoppable,
        migration_tasks,
        account: account.map_or_else(unreadable, Observed::Present),
        owner,
        services,
        unmanaged,
        strangers,
        database,
        migration,
        traffic,
        sites,
        images,
    }
}

async fn owner(context: ObserveContext<'_>) -> Observed<Option<StoreId>> {
    match context.read(|cloud| cloud.cluster_tags(&context.spec.cluster)).await {
        Ok(Some(tags)) => Observed::Present(tags.get(tag::OWNER).map(|owner| StoreId::from(owner.as_str()))),
        Ok(None) => Observed::Absent,
        Err(error) => unreadable(error),
    }
}

/// Services that no declaration names. Only reports show them: when the list cannot be read, it is empty.
async fn unmanaged(context: ObserveContext<'_>) -> Vec<ServiceName> {
    let found = context.read(|cloud| cloud.service_names(&context.spec.cluster)).await;
    let mut found = found.unwrap_or_default();
    found.retain(|name| !context.spec.services.contains_key(name));
    found.sort();
    found
}
