//! The database, its snapshots, and the migration family.

use std::collections::BTreeMap;

use futures_util::future::try_join;

use super::{
    DatabaseSeen, MigrationSeen, ObserveContext, Observed, RunningVersion, ServiceSeen, observed, patiently,
    running, unreadable,
};
use crate::cloud::{Task, TaskDefinition, tag};
use crate::model::ServiceName;

/// The newest revision of the migration family and its tasks.
pub(super) type Family = (TaskDefinition, Vec<Task>);

/// The database with its manual snapshots, oldest first.
pub(super) async fn database(eyes: ObserveContext<'_>) -> Option<Observed<DatabaseSeen>> {
    let target = &eyes.spec.database.as_ref()?.target;
    let (database, snapshots) = match try_join(
        patiently(eyes.clock, || eyes.cloud.database(target)),
        patiently(eyes.clock, || eyes.cloud.snapshots(target)),
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
pub(super) async fn family(eyes: ObserveContext<'_>) -> Option<Observed<Family>> {
    let family = &eyes.spec.migration.as_ref()?.task;
    let answers = try_join(
        patiently(eyes.clock, || eyes.cloud.newest_definition(family)),
        patiently(eyes.clock, || eyes.cloud.family_tasks(&eyes.spec.cluster, family)),
    );
    Some(observed(answers.await.map(|(newest, tasks)| newest.map(|newest| (newest, tasks)))))
}

/// The family, and the version that really runs.
pub(super) async fn migration(
    eyes: ObserveContext<'_>,
    family: Option<&Observed<Family>>,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    database: Option<&Observed<DatabaseSeen>>,
) -> Option<Observed<MigrationSeen>> {
    let declared = eyes.spec.migration.as_ref()?;
    let (newest, tasks) = match family? {
        Observed::Present((newest, tasks)) => (newest.clone(), tasks.clone()),
        Observed::Absent => return Some(Observed::Absent),
        Observed::Unreadable { why } => return Some(Observed::Unreadable { why: why.clone() }),
    };
    let is_first_contact = database.and_then(Observed::present).is_some_and(|seen| {
        let database = &seen.database;
        !database.tags.contains_key(tag::SCHEMA) && !eyes.ledger.schema.contains_key(&database.resource_id)
    });
    let running = running::version(eyes, &declared.follows, services, is_first_contact).await;
    Some(match running {
        Ok(running) => Observed::Present(MigrationSeen { newest, tasks, running }),
        Err(why) if is_first_contact => Observed::Unreadable { why },
        // What runs decides nothing any more: the family is as it was read.
        Err(_) => Observed::Present(MigrationSeen { newest, tasks, running: RunningVersion::NoTask }),
    })
}
