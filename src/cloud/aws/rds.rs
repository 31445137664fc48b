//! RDS: an instance, or an Aurora cluster with its writer. Snapshots have a file of their own.

mod listed;
mod snapshot;
mod status;

#[cfg(test)]
mod tests;

pub(super) use listed::databases;
pub(super) use snapshot::{create, delete, list};

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};

use super::call::Ask;
use super::moment::known;
use super::session::Session;
use crate::cloud::Family;
use crate::cloud::{CloudError, Database, DatabaseStatus, Kind};
use crate::spec::DatabaseTarget;

/// One request for an instance; two for a cluster, whose writer counts, too.
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
    let ask = Ask::new("rds:DescribeDBInstances", Family::Database, identifier);
    let request = session.clients.rds.read.describe_db_instances().db_instance_identifier(identifier);
    let answer = session.calls.read_if(ask, &["DBInstanceNotFound"], request.send()).await?;
    let found = answer.and_then(|answer| answer.db_instances);
    Ok(found.into_iter().flatten().find(|found| is(found.db_instance_identifier(), identifier)))
}

async fn cluster(session: &Session, identifier: &str) -> Result<Option<DbCluster>, CloudError> {
    let ask = Ask::new("rds:DescribeDBClusters", Family::Database, identifier);
    let request = session.clients.rds.read.describe_db_clusters().db_cluster_identifier(identifier);
    let answer = session.calls.read_if(ask, &["DBClusterNotFoundFault"], request.send()).await?;
    let found = answer.and_then(|answer| answer.db_clusters);
    Ok(found.into_iter().flatten().find(|found| is(found.db_cluster_identifier(), identifier)))
}

/// Identifiers are kept in lower case, whatever they were given in.
fn is(found: Option<&str>, identifier: &str) -> bool {
    found.is_some_and(|found| found.eq_ignore_ascii_case(identifier))
}

fn of_instance(identifier: &str, found: &DbInstance) -> Database {
    Database {
        identifier: identifier.to_owned(),
        resource_id: found.dbi_resource_id().unwrap_or_default().to_owned(),
        status: status::read(found.db_instance_status().unwrap_or_default()),
        tags: tags(found.tag_list()),
        unstoppable: instance_stays(found),
        automatic_restart_at: known(found.automatic_restart_time()),
    }
}

fn of_cluster(identifier: &str, found: &DbCluster, writer: Option<&DbInstance>) -> Database {
    let own = status::read(found.status().unwrap_or_default());
    let writers = writer.and_then(DbInstance::db_instance_status).map(status::read);
    // Without an instance there is nothing that could answer.
    let writers = writers.unwrap_or_else(|| DatabaseStatus::Broken("without a writer".to_owned()));
    Database {
        identifier: identifier.to_owned(),
        resource_id: found.db_cluster_resource_id().unwrap_or_default().to_owned(),
        status: status::worse(own, writers),
        tags: tags(found.tag_list()),
        unstoppable: cluster_stays(found),
        automatic_restart_at: known(found.automatic_restart_time()),
    }
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
fn instance_stays(found: &DbInstance) -> Option<String> {
    let source = found
        .read_replica_source_db_instance_identifier()
        .or_else(|| found.read_replica_source_db_cluster_identifier());
    let replica = found
        .read_replica_db_instance_identifiers()
        .first()
        .or(found.read_replica_db_cluster_identifiers().first());
    let engine = found.engine().unwrap_or_default();
    if let Some(cluster) = found.db_cluster_identifier().filter(|cluster| !cluster.is_empty()) {
        return Some(format!("it belongs to the cluster `{cluster}`, which is stopped as a whole"));
    }
    if let Some(source) = source.filter(|source| !source.is_empty()) {
        return Some(format!("it is a read replica of `{source}`"));
    }
    if let Some(replica) = replica {
        return Some(format!("it has the read replica `{replica}`"));
    }
    let is_mirrored = engine.contains("sqlserver") && found.multi_az() == Some(true);
    is_mirrored.then(|| "SQL Server in several availability zones cannot be stopped".to_owned())
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html>
fn cluster_stays(found: &DbCluster) -> Option<String> {
    let engine = found.engine().unwrap_or_default();
    if !engine.starts_with("aurora") {
        return Some(format!("a Multi-AZ DB cluster ({engine}) cannot be stopped"));
    }
    if let Some(global) = found.global_cluster_identifier().filter(|global| !global.is_empty()) {
        return Some(format!("it belongs to the global database `{global}`"));
    }
    if let Some(source) = found.replication_source_identifier().filter(|source| !source.is_empty()) {
        return Some(format!("it is a read replica of `{source}`"));
    }
    if let Some(replica) = found.read_replica_identifiers().first() {
        return Some(format!("it has the read replica `{replica}`"));
    }
    let mode =
        found.engine_mode().filter(|mode| matches!(*mode, "serverless" | "parallelquery" | "multimaster"));
    mode.map(|mode| format!("a cluster in the mode `{mode}` cannot be stopped"))
}

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// One request.
pub(super) async fn start(session: &Session, target: &DatabaseTarget) -> Result<(), CloudError> {
    let rds = &session.clients.rds.write;
    match target {
        DatabaseTarget::Instance(id) => {
            let ask = Ask::new("rds:StartDBInstance", Family::Database, id);
            session.calls.write(ask, rds.start_db_instance().db_instance_identifier(id).send()).await?;
        }
        DatabaseTarget::Cluster(id) => {
            let ask = Ask::new("rds:StartDBCluster", Family::Database, id);
            session.calls.write(ask, rds.start_db_cluster().db_cluster_identifier(id).send()).await?;
        }
    }
    Ok(())
}

/// One request.
pub(super) async fn stop(session: &Session, target: &DatabaseTarget) -> Result<(), CloudError> {
    let rds = &session.clients.rds.write;
    match target {
        DatabaseTarget::Instance(id) => {
            let ask = Ask::new("rds:StopDBInstance", Family::Database, id);
            session.calls.write(ask, rds.stop_db_instance().db_instance_identifier(id).send()).await?;
        }
        DatabaseTarget::Cluster(id) => {
            let ask = Ask::new("rds:StopDBCluster", Family::Database, id);
            session.calls.write(ask, rds.stop_db_cluster().db_cluster_identifier(id).send()).await?;
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
    let ask = Ask::new(operation, Family::Database, target.identifier());
    if session.known.databases.get(&place(target)).is_none() {
        database(session, target).await?;
    }
    let arn = session.known.databases.get(&place(target));
    let arn = arn.ok_or_else(|| ask.error(Kind::NotFound, "there is no such database"))?;
    let rds = &session.clients.rds.write;
    match value {
        Some(value) => {
            let tag = Tag::builder().key(key).value(value).build();
            session.calls.write(ask, rds.add_tags_to_resource().resource_name(arn).tags(tag).send()).await?;
        }
        None => {
            let request = rds.remove_tags_from_resource().resource_name(arn).tag_keys(key);
            session.calls.write(ask, request.send()).await?;
        }
    }
    Ok(())
}

fn remember(session: &Session, target: &DatabaseTarget, arn: Option<&str>) {
    if let Some(arn) = arn {
        session.known.databases.put(place(target), arn.to_owned());
    }
}

/// An instance and a cluster may have the same name.
fn place(target: &DatabaseTarget) -> String {
    match target {
        DatabaseTarget::Instance(id) => format!("db:{id}"),
        DatabaseTarget::Cluster(id) => format!("cluster:{id}"),
    }
}
