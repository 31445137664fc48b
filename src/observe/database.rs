//! The database, its snapshots, and the migration family.

use std::collections::BTreeMap;

use futures_util::future::join;

use super::context::{ObserveContext, unreadable};
use super::running;
use super::snapshot::{DatabaseLimits, DatabaseSeen, MigrationSeen, Observed, RunningVersion, ServiceSeen};
use crate::cloud::{Capacity, CloudError, Database, FARGATE, Task, TaskDefinition, allows, tag};
use crate::model::ServiceName;
use crate::spec::{DatabaseTarget, MigrationSpec, RunOn};

/// The newest revision of the migration family, and its tasks.
pub(super) struct Family {
    newest: Result<Option<TaskDefinition>, CloudError>,
    pub(super) tasks: Result<Vec<Task>, CloudError>,
}

/// The database with its manual snapshots, oldest first.
pub(super) async fn database(context: ObserveContext<'_>) -> Option<Observed<DatabaseSeen>> {
    let target = &context.spec.database.as_ref()?.target;
    let (database, snapshots) =
        join(context.read(|cloud| cloud.database(target)), context.read(|cloud| cloud.snapshots(target)))
            .await;
    let database = match database {
        Ok(Some(database)) => database,
        Ok(None) => return Some(Observed::Absent),
        Err(error) => return Some(unreadable(error)),
    };
    // A database can be stopped without a list of its snapshots.
    let (mut snapshots, snapshots_unreadable) = match snapshots {
        Ok(snapshots) => (snapshots, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    snapshots.retain(|snapshot| snapshot.manual);
    snapshots.sort_by_key(|snapshot| (snapshot.created_at, snapshot.identifier.clone()));
    let limits = if asks_for_limits(context, &database) { Some(limits(context, target).await) } else { None };
    Some(Observed::Present(DatabaseSeen { database, snapshots, snapshots_unreadable, limits }))
}

/// Limits matter before a release begins: once the gate is closed, the step that meets one says so.
fn asks_for_limits(context: ObserveContext<'_>, database: &Database) -> bool {
    let Some(migration) = &context.spec.migration else { return false };
    let wanted = context.spec.versions.get(&migration.follows);
    let has_begun = context.ledger.release.as_ref().is_some_and(|release| Some(&release.to) == wanted);
    let recorded = database.tags.get(tag::SCHEMA).map(String::as_str);
    let is_due = wanted.is_some_and(|wanted| recorded != Some(wanted.as_str())) && !has_begun;
    is_due || context.options.all_images
}

async fn limits(context: ObserveContext<'_>, target: &DatabaseTarget) -> DatabaseLimits {
    let (quota, blue_green) = join(
        context.read(|cloud| cloud.snapshot_quota(target)),
        context.read(|cloud| cloud.blue_green(target)),
    )
    .await;
    DatabaseLimits {
        quota: quota.map_err(|error| error.to_string()),
        blue_green: blue_green.map_err(|error| error.to_string()),
    }
}

/// The migration family.
pub(super) async fn family(context: ObserveContext<'_>) -> Option<Family> {
    let family = &context.spec.migration.as_ref()?.task;
    let (newest, tasks) = join(
        context.read(|cloud| cloud.newest_definition(family)),
        context.read(|cloud| cloud.family_tasks(&context.spec.cluster, family)),
    )
    .await;
    Some(Family { newest, tasks })
}

/// The family's tasks, as an observation of their own: whether one runs decides about the database's stop.
pub(super) fn tasks(tasks: Result<Vec<Task>, CloudError>) -> Observed<Vec<Task>> {
    tasks.map_or_else(unreadable, Observed::Present)
}

/// The migration family, and the version that runs.
pub(super) async fn migration(
    context: ObserveContext<'_>,
    family: Option<&Family>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    database: Option<&Observed<DatabaseSeen>>,
) -> Option<Observed<MigrationSeen>> {
    let declared = context.spec.migration.as_ref()?;
    let Family { newest, tasks } = family?;
    let (newest, tasks) = match (newest, tasks) {
        (Ok(Some(newest)), Ok(tasks)) => (newest.clone(), tasks.clone()),
        (Ok(None), Ok(_)) => return Some(Observed::Absent),
        (Err(error), _) | (_, Err(error)) => return Some(unreadable(error.clone())),
    };
    let is_first_contact = database.and_then(Observed::present).is_some_and(|seen| {
        let database = &seen.database;
        !database.tags.contains_key(tag::SCHEMA) && !context.ledger.schema.contains_key(&database.resource_id)
    });
    let (running, capacity) = join(
        running::version(context, &declared.follows, services, is_first_contact),
        capacity(context, declared, &newest),
    )
    .await;
    Some(match running {
        Ok(running) => Observed::Present(MigrationSeen { newest, tasks, running, capacity }),
        Err(why) if is_first_contact => Observed::Unreadable { why },
        // The running version no longer decides anything, so its absence does no harm.
        Err(_) => {
            let running = RunningVersion::NoTask;
            Observed::Present(MigrationSeen { newest, tasks, running, capacity })
        }
    })
}

/// What the cluster can run tasks on, where that decides where the migration runs. On-demand Fargate is always there.
async fn capacity(
    context: ObserveContext<'_>,
    declared: &MigrationSpec,
    newest: &TaskDefinition,
) -> Option<Observed<Capacity>> {
    let is_asked = match declared.run_on {
        RunOn::Fargate => false,
        RunOn::Auto => !allows(&newest.document, FARGATE),
        RunOn::CapacityProviders(_) => true,
    };
    if !is_asked {
        return None;
    }
    Some(match context.read(|cloud| cloud.capacity(&context.spec.cluster)).await {
        Ok(Some(capacity)) => Observed::Present(capacity),
        Ok(None) => Observed::Absent,
        Err(error) => unreadable(error),
    })
}
