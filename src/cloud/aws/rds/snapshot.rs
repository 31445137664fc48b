//! Manual snapshots of an instance or of a cluster.

use std::collections::BTreeMap;

use aws_sdk_rds::types::Tag;

use super::super::moment::known;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::{status, tags};
use crate::cloud::{CloudError, DbSnapshot, Family};
use crate::spec::DatabaseTarget;

/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html>
const LISTED_AT_ONCE_MAX: i32 = 100;
const PAGES_MAX: usize = 20;
/// What makes a snapshot stay until somebody deletes it.
const MANUAL: &str = "manual";

/// One request for a hundred snapshots.
pub(in super::super) async fn list(
    session: &Session,
    target: &DatabaseTarget,
) -> Result<Vec<DbSnapshot>, CloudError> {
    let now = session.calls.clock.now();
    let operation = match target {
        DatabaseTarget::Instance(_) => "rds:DescribeDBSnapshots",
        DatabaseTarget::Cluster(_) => "rds:DescribeDBClusterSnapshots",
    };
    let operation = Operation::new(operation, Family::Database, target.identifier());
    let (mut found, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let (page, next) = page(session, operation, target, marker.take()).await?;
        // One that has no time yet was begun just now.
        found.extend(page.into_iter().map(|snapshot| DbSnapshot {
            created_at: snapshot.created_at.unwrap_or(now),
            identifier: snapshot.identifier,
            status: status::read_snapshot(&snapshot.status),
            manual: snapshot.kind == MANUAL,
            tags: snapshot.tags,
        }));
        marker = next;
        if marker.is_none() {
            return Ok(found);
        }
    }
    Err(operation.endless_list())
}

/// A snapshot of either kind.
struct ListedSnapshot {
    identifier: String,
    status: String,
    kind: String,
    created_at: Option<crate::model::Instant>,
    tags: BTreeMap<String, String>,
}

type Page = (Vec<ListedSnapshot>, Option<String>);

async fn page(
    session: &Session,
    operation: Operation<'_>,
    target: &DatabaseTarget,
    marker: Option<String>,
) -> Result<Page, CloudError> {
    let rds = &session.clients.rds.read;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    match target {
        DatabaseTarget::Instance(id) => {
            let request = rds.describe_db_snapshots().db_instance_identifier(id).snapshot_type(MANUAL);
            let request = request.max_records(LISTED_AT_ONCE_MAX).set_marker(marker);
            let answer = session.calls.read(operation, traced!(request)).await?;
            let found = answer.db_snapshots().iter().map(|snapshot| ListedSnapshot {
                identifier: text(snapshot.db_snapshot_identifier()),
                status: text(snapshot.status()),
                kind: text(snapshot.snapshot_type()),
                created_at: known(snapshot.snapshot_create_time()),
                tags: tags::read(snapshot.tag_list()),
            });
            Ok((found.collect(), answer.marker().map(str::to_owned)))
        }
        DatabaseTarget::Cluster(id) => {
            let request = rds.describe_db_cluster_snapshots().db_cluster_identifier(id).snapshot_type(MANUAL);
            let request = request.max_records(LISTED_AT_ONCE_MAX).set_marker(marker);
            let answer = session.calls.read(operation, traced!(request)).await?;
            let found = answer.db_cluster_snapshots().iter().map(|snapshot| ListedSnapshot {
                identifier: text(snapshot.db_cluster_snapshot_identifier()),
                status: text(snapshot.status()),
                kind: text(snapshot.snapshot_type()),
                created_at: known(snapshot.snapshot_create_time()),
                tags: tags::read(snapshot.tag_list()),
            });
            Ok((found.collect(), answer.marker().map(str::to_owned)))
        }
    }
}

/// One request.
pub(in super::super) async fn create(
    session: &Session,
    target: &DatabaseTarget,
    identifier: &str,
    tags: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let rds = &session.clients.rds.write;
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    match target {
        DatabaseTarget::Instance(id) => {
            let operation = Operation::new("rds:CreateDBSnapshot", Family::Database, identifier);
            let request = rds.create_db_snapshot().db_instance_identifier(id);
            let request = request.db_snapshot_identifier(identifier).set_tags(Some(tags));
            session.calls.write(operation, traced!(request)).await?;
        }
        DatabaseTarget::Cluster(id) => {
            let operation = Operation::new("rds:CreateDBClusterSnapshot", Family::Database, identifier);
            let request = rds.create_db_cluster_snapshot().db_cluster_identifier(id);
            let request = request.db_cluster_snapshot_identifier(identifier).set_tags(Some(tags));
            session.calls.write(operation, traced!(request)).await?;
        }
    }
    Ok(())
}

/// One request.
pub(in super::super) async fn delete(
    session: &Session,
    target: &DatabaseTarget,
    identifier: &str,
) -> Result<(), CloudError> {
    let rds = &session.clients.rds.write;
    match target {
        DatabaseTarget::Instance(_) => {
            let operation = Operation::new("rds:DeleteDBSnapshot", Family::Database, identifier);
            let request = rds.delete_db_snapshot().db_snapshot_identifier(identifier);
            session.calls.write(operation, traced!(request)).await?;
        }
        DatabaseTarget::Cluster(_) => {
            let operation = Operation::new("rds:DeleteDBClusterSnapshot", Family::Database, identifier);
            let request = rds.delete_db_cluster_snapshot().db_cluster_snapshot_identifier(identifier);
            session.calls.write(operation, traced!(request)).await?;
        }
    }
    Ok(())
}
