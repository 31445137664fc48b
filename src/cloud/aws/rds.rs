//! RDS: an instance, or an Aurora cluster with its writer. Snapshots have a file of their own.

mod limits;
mod listed;
mod snapshot;
mod status;
mod tags;
mod unstoppable;

#[cfg(test)]
mod tests;

pub(super) use limits::{blue_green, snapshot_quota};
pub(super) use listed::databases;
pub(super) use snapshot::{create, delete, list};

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};

use super::moment::optional;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Database, DatabaseStatus, Family, Kind};
use crate::spec::DatabaseTarget;

/// One request for an instance; two for a cluster, because the status of its writer counts, too.
pub(super) async fn database(
    session: &Session,
    target: &DatabaseTarget,
) -> Result<Option<Database>, CloudError> {
    match target {
        DatabaseTarget::Instance(identifier) => {
            let found = instance(session, identifier).await?;
            Ok(found.map(|found| {
                remember(session, target, found.db_instance_arn());
                of_instance(identifier, &found)
            }))
        }
        DatabaseTarget::Cluster(identifier) => {
            let Some(found) = cluster(session, identifier).await? else { return Ok(None) };
            remember(session, target, found.db_cluster_arn());
            let members = found.db_cluster_members().iter();
            let writer = members.filter(|member| member.is_cluster_writer() == Some(true));
            let writer = match writer.filter_map(|member| member.db_instance_identifier()).next() {
                Some(writer) => instance(session, writer).await?,
                None => None,
            };
            Ok(Some(of_cluster(identifier, &found, writer.as_ref())))
        }
    }
}

async fn instance(session: &Session, identifier: &str) -> Result<Option<DbInstance>, CloudError> {
    let operation = Operation::new("rds:DescribeDBInstances", Family::Database, identifier);
    let request = session.clients.rds.read.describe_db_instances().db_instance_identifier(identifier);
    let answer = session.calls.read_if(operation, &["DBInstanceNotFound"], traced!(request)).await?;
    let found = answer.and_then(|answer| answer.db_instances);
    Ok(found.into_iter().flatten().find(|found| is(found.db_instance_identifier(), identifier)))
}

async fn cluster(session: &Session, identifier: &str) -> Result<Option<DbCluster>, CloudError> {
    let operation = Operation::new("rds:DescribeDBClusters", Family::Database, identifier);
    let request = session.clients.rds.read.describe_db_clusters().db_cluster_identifier(identifier);
    let answer = session.calls.read_if(operation, &["DBClusterNotFoundFault"], traced!(request)).await?;
    let found = answer.and_then(|answer| answer.db_clusters);
    Ok(found.into_iter().flatten().find(|found| is(found.db_cluster_identifier(), identifier)))
}

/// AWS keeps identifiers in lower case.
fn is(found: Option<&str>, identifier: &str) -> bool {
    found.is_some_and(|found| found.eq_ignore_ascii_case(identifier))
}

fn of_instance(identifier: &str, found: &DbInstance) -> Database {
    Database {
        identifier: identifier.to_owned(),
        resource_id: found.dbi_resource_id().unwrap_or_default().to_owned(),
        status: status::read(found.db_instance_status().unwrap_or_default()),
        tags: tags::read(found.tag_list()),
        unstoppable: unstoppable::instance(found),
        replica_of: unstoppable::source_of_instance(found),
        automatic_restart_at: optional(found.automatic_restart_time()),
    }
}

fn of_cluster(identifier: &str, found: &DbCluster, writer: Option<&DbInstance>) -> Database {
    let own = status::read(found.status().unwrap_or_default());
    let writers = writer.and_then(DbInstance::db_instance_status).map(status::read);
    // Without an instance nothing accepts connections.
    let writers = writers.unwrap_or_else(|| DatabaseStatus::Broken("without a writer".to_owned()));
    Database {
        identifier: identifier.to_owned(),
        resource_id: found.db_cluster_resource_id().unwrap_or_default().to_owned(),
        status: status::worse(own, writers),
        tags: tags::read(found.tag_list()),
        unstoppable: unstoppable::cluster(found),
        replica_of: found.replication_source_identifier().filter(|it| !it.is_empty()).map(str::to_owned),
        automatic_restart_at: optional(found.automatic_restart_time()),
    }
}

/// One request.
pub(super) async fn start(session: &Session, target: &DatabaseTarget) -> Result<(), CloudError> {
    let rds = &session.clients.rds.write;
    match target {
        DatabaseTarget::Instance(id) => {
            let operation = Operation::new("rds:StartDBInstance", Family::Database, id);
            session
                .calls
                .write(operation, traced!(rds.start_db_instance().db_instance_identifier(id)))
                .await?;
        }
        DatabaseTarget::Cluster(id) => {
            let operation = Operation::new("rds:StartDBCluster", Family::Database, id);
            session.calls.write(operation, traced!(rds.start_db_cluster().db_cluster_identifier(id))).await?;
        }
    }
    Ok(())
}

/// One request.
pub(super) async fn stop(session: &Session, target: &DatabaseTarget) -> Result<(), CloudError> {
    let rds = &session.clients.rds.write;
    match target {
        DatabaseTarget::Instance(id) => {
            let operation = Operation::new("rds:StopDBInstance", Family::Database, id);
            session
                .calls
                .write(operation, traced!(rds.stop_db_instance().db_instance_identifier(id)))
                .await?;
        }
        DatabaseTarget::Cluster(id) => {
            let operation = Operation::new("rds:StopDBCluster", Family::Database, id);
            session.calls.write(operation, traced!(rds.stop_db_cluster().db_cluster_identifier(id))).await?;
        }
    }
    Ok(())
}

/// One request once the database's ARN is known.
pub(super) async fn tag(
    session: &Session,
    target: &DatabaseTarget,
    key: &str,
    value: Option<&str>,
) -> Result<(), CloudError> {
    let operation = if value.is_some() { "rds:AddTagsToResource" } else { "rds:RemoveTagsFromResource" };
    let operation = Operation::new(operation, Family::Database, target.identifier());
    if session.caches.databases.get(&cache_key(target)).is_none() {
        database(session, target).await?;
    }
    let arn = session.caches.databases.get(&cache_key(target));
    let arn = arn.ok_or_else(|| operation.error(Kind::NotFound, "the database does not exist"))?;
    let rds = &session.clients.rds.write;
    match value {
        Some(value) => {
            let tag = Tag::builder().key(key).value(value).build();
            session
                .calls
                .write(operation, traced!(rds.add_tags_to_resource().resource_name(arn).tags(tag)))
                .await?;
        }
        None => {
            let request = rds.remove_tags_from_resource().resource_name(arn).tag_keys(key);
            session.calls.write(operation, traced!(request)).await?;
        }
    }
    Ok(())
}

fn remember(session: &Session, target: &DatabaseTarget, arn: Option<&str>) {
    if let Some(arn) = arn {
        session.caches.databases.put(cache_key(target), arn.to_owned());
    }
}

/// An instance and a cluster may have the same name.
fn cache_key(target: &DatabaseTarget) -> String {
    match target {
        DatabaseTarget::Instance(id) => format!("db:{id}"),
        DatabaseTarget::Cluster(id) => format!("cluster:{id}"),
    }
}
