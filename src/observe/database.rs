//! The database, its snapshots, and the migration family.

use std::collections::BTreeMap;

use futures_util::future::{join, try_join};

use super::context::{ObserveContext, observed, unreadable};
use super::running;
use super::snapshot::{DatabaseSeen, MigrationSeen, Observed, RunningVersion, ServiceSeen};
use crate::cloud::{Capacity, FARGATE, Task, TaskDefinition, allows, tag};
use crate::model::ServiceName;
use crate::spec::{MigrationSpec, RunOn};

/// The newest revision of the migration family and its tasks.
pub(super) type Family = (TaskDefinition, Vec<Task>);

/// The database with its manual snapshots, oldest first.
pub(super) async fn database(context: ObserveContext<'_>) -> Option<Observed<DatabaseSeen>> {
    let target = &context.spec.database.as_ref()?.target;
    let (database, snapshots) = match try_join(
        context.read(|cloud| cloud.database(target)),
        context.read(|cloud| cloud.snapshots(target)),
    )
    .await
    {
        Ok(answers) => answers,
        Err(error) => return Some(unreadable(error)),
    };
    let Some(database) = database else { return Some(Observed::Absent) };
    let mut snapshots = snapshots;
    snapshots.retain(|snapshot| snapshot.manual);
    snapshots.sort_by_key(|snapshot| (snapshot.created_at, snapshot.identifier.clone()));
    Some(Observed::Present(DatabaseSeen { database, snapshots }))
}

/// The migration family.
pub(super) async fn family(context: ObserveContext<'_>) -> Option<Observed<Family>> {
    let family = &context.spec.migration.as_ref()?.task;
    let answers = try_join(
        context.read(|cloud| cloud.newest_definition(family)),
        context.read(|cloud| cloud.family_tasks(&context.spec.cluster, family)),
    );
    Some(observed(answers.await.map(|(newest, tasks)| newest.map(|newest| (newest, tasks)))))
}

/// The migration family, and the version that runs.
pub(super) async fn migration(
    context: ObserveContext<'_>,
    family: Option<&Observed<Family>>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    database: Option<&Observed<DatabaseSeen>>,
) -> Option<Observed<MigrationSeen>> {
    let declared = context.spec.migration.as_ref()?;
    let (newest, tasks) = match family? {
        Observed::Present((newest, tasks)) => (newest.clone(), tasks.clone()),
        Observed::Absent => return Some(Observed::Absent),
        Observed::Unreadable { why } => return Some(Observed::Unreadable { why: why.clone() }),
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
    Some(observed(context.read(|cloud| cloud.capacity(&context.spec.cluster)).await))
}
