//! Every database of a region, for whoever does not know which one is meant.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbCluster, DbInstance};

use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::{status, unstoppable};
use crate::cloud::{CloudError, DatabaseStatus, Family, ListedDatabase};
use crate::spec::DatabaseTarget;

/// A page holds a hundred.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html>
const PAGES_MAX: usize = 20;
/// DescribeDBClusters shows them, too; they are started and stopped by APIs of their own.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html>
const OTHER_ENGINES: [&str; 2] = ["docdb", "neptune"];

/// One request for a hundred instances, one for a hundred clusters.
pub(in super::super) async fn databases(session: &Session) -> Result<Vec<ListedDatabase>, CloudError> {
    let (instances, clusters) = (instances(session).await?, clusters(session).await?);
    let (members, alone): (Vec<DbInstance>, Vec<DbInstance>) =
        instances.into_iter().partition(|found| is_named(found.db_cluster_identifier()));
    let mut found: Vec<ListedDatabase> = alone.iter().filter_map(of_instance).collect();
    found.extend(clusters.iter().filter_map(|cluster| of_cluster(cluster, &members)));
    found.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(found)
}

async fn instances(session: &Session) -> Result<Vec<DbInstance>, CloudError> {
    let operation = Operation::new("rds:DescribeDBInstances", Family::Database, "every instance");
    let (mut found, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.rds.read.describe_db_instances().set_marker(marker.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        found.extend(answer.db_instances.unwrap_or_default());
        marker = answer.marker;
        if marker.is_none() {
            return Ok(found);
        }
    }
    Err(operation.endless_list())
}

async fn clusters(session: &Session) -> Result<Vec<DbCluster>, CloudError> {
    let operation = Operation::new("rds:DescribeDBClusters", Family::Database, "every cluster");
    let (mut found, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.rds.read.describe_db_clusters().set_marker(marker.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        found.extend(answer.db_clusters.unwrap_or_default());
        marker = answer.marker;
        if marker.is_none() {
            return Ok(found);
        }
    }
    Err(operation.endless_list())
}

fn of_instance(found: &DbInstance) -> Option<ListedDatabase> {
    Some(ListedDatabase {
        target: DatabaseTarget::Instance(found.db_instance_identifier()?.to_owned()),
        addresses: folded(address(found)),
        status: status::read(found.db_instance_status().unwrap_or_default()),
        is_replica: is_named(found.read_replica_source_db_instance_identifier())
            || is_named(found.read_replica_source_db_cluster_identifier()),
        unstoppable: unstoppable::instance(found),
    })
}

fn of_cluster(found: &DbCluster, members: &[DbInstance]) -> Option<ListedDatabase> {
    if OTHER_ENGINES.contains(&found.engine().unwrap_or_default()) {
        return None;
    }
    let identifier = found.db_cluster_identifier()?;
    let of_this = |member: &&DbInstance| member.db_cluster_identifier() == Some(identifier);
    let by_name: BTreeMap<&str, &DbInstance> = members
        .iter()
        .filter(of_this)
        .filter_map(|member| Some((member.db_instance_identifier()?, member)))
        .collect();
    let listed = found.db_cluster_members();
    let writer = listed.iter().find(|member| member.is_cluster_writer() == Some(true));
    let writer = writer.and_then(|writer| by_name.get(writer.db_instance_identifier()?));
    let writers = writer.and_then(|writer| writer.db_instance_status()).map(status::read);
    let writers = writers.unwrap_or_else(|| DatabaseStatus::Broken("without a writer".to_owned()));
    let own = [found.endpoint(), found.reader_endpoint()].into_iter().flatten();
    let own = own.chain(found.custom_endpoints().iter().map(String::as_str));
    Some(ListedDatabase {
        target: DatabaseTarget::Cluster(identifier.to_owned()),
        addresses: folded(own.chain(by_name.values().filter_map(|member| address(member)))),
        status: status::worse(status::read(found.status().unwrap_or_default()), writers),
        is_replica: is_named(found.replication_source_identifier()),
        unstoppable: unstoppable::cluster(found),
    })
}

fn address(found: &DbInstance) -> Option<&str> {
    found.endpoint()?.address()
}

/// Host names are compared without case.
fn folded<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let given = addresses.into_iter().filter(|address| !address.is_empty());
    let mut all: Vec<String> = given.map(str::to_ascii_lowercase).collect();
    all.sort();
    all.dedup();
    all
}

fn is_named(source: Option<&str>) -> bool {
    source.is_some_and(|source| !source.is_empty())
}
