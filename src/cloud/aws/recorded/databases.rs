//! Databases and their snapshots.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::fixture::{Server, ok, refuse_xml};
use super::{recordings, xml};
use crate::cloud::{CloudRead, CloudWrite, Database, DatabaseStatus, SnapshotStatus};
use crate::spec::DatabaseTarget;

/// Reads one database of an answer, alone: AWS is asked by name.
async fn read(target: DatabaseTarget, list: &'static str, found: Value) -> Database {
    let server = Server::start(move |request| match (request.operation().as_str(), list) {
        ("DescribeDBInstances", "DBInstances") => {
            ok(xml::answer("DescribeDBInstances", &json!({ "DBInstances": [found] })))
        }
        ("DescribeDBClusters", "DBClusters") => {
            ok(xml::answer("DescribeDBClusters", &json!({ "DBClusters": [found] })))
        }
        // The writer of a cluster; it was not recorded beside it.
        ("DescribeDBInstances", _) => refuse_xml(404, "DBInstanceNotFound"),
        (other, _) => panic!("{other}"),
    })
    .await;
    server.cloud().database(&target).await.unwrap().expect("it was recorded")
}

fn word(status: &DatabaseStatus) -> &str {
    match status {
        DatabaseStatus::Available => "available",
        DatabaseStatus::Stopped => "stopped",
        DatabaseStatus::Starting => "starting",
        DatabaseStatus::Stopping => "stopping",
        DatabaseStatus::Busy(word) | DatabaseStatus::Broken(word) => word,
    }
}

#[tokio::test]
async fn every_instance_is_read_with_its_status_and_tags() {
    let Some(recorded) = recordings("rds/DescribeDBInstances") else { return };
    let mut met: Vec<DatabaseStatus> = Vec::new();
    for recording in &recorded {
        for found in
            recording.items("DBInstances").into_iter().filter(|found| found["DBInstanceArn"] != "string")
        {
            let Some(id) = found["DBInstanceIdentifier"].as_str() else { continue };
            let target = DatabaseTarget::Instance(id.to_owned());
            let database = read(target, "DBInstances", found.clone()).await;
            let context = format!("{} {id}", recording.name);
            assert_eq!(
                word(&database.status),
                found["DBInstanceStatus"].as_str().unwrap_or_default(),
                "{context}"
            );
            assert_eq!(database.tags.len(), found["TagList"].as_array().map_or(0, Vec::len), "{context}");
            let is_replicated =
                found["ReadReplicaDBInstanceIdentifiers"].as_array().is_some_and(|it| !it.is_empty());
            let is_replica = found["ReadReplicaSourceDBInstanceIdentifier"].is_string();
            if is_replicated || is_replica {
                assert!(database.unstoppable.is_some(), "{context}: AWS does not stop it");
            }
            met.push(database.status);
        }
    }
    // What a release meets in these statuses is decided by their class.
    for class in [
        DatabaseStatus::Busy("modifying".into()),
        DatabaseStatus::Busy("backing-up".into()),
        DatabaseStatus::Busy("creating".into()),
        DatabaseStatus::Broken("failed".into()),
        DatabaseStatus::Broken("deleting".into()),
        DatabaseStatus::Stopping,
        DatabaseStatus::Starting,
        DatabaseStatus::Stopped,
    ] {
        assert!(met.contains(&class), "{class:?} among {met:?}");
    }
}

#[tokio::test]
async fn every_cluster_is_read_with_its_status() {
    for recording in recordings("rds/DescribeDBClusters").unwrap_or_default() {
        // One was written by hand, with "string" for every value.
        for found in recording.items("DBClusters").into_iter().filter(|found| found["Status"] != "string") {
            let id = found["DBClusterIdentifier"].as_str().unwrap();
            let database = read(DatabaseTarget::Cluster(id.to_owned()), "DBClusters", found.clone()).await;
            let context = format!("{} {id}: {database:?}", recording.name);
            assert_eq!(database.tags.len(), found["TagList"].as_array().map_or(0, Vec::len), "{context}");
            // Without its writer a cluster accepts no connection, whatever its own status says.
            assert_eq!(word(&database.status), "without a writer", "{context}");
        }
    }
}

/// Start and stop are answered before anything has happened: the answer is no proof, the next reading is.
#[tokio::test]
async fn a_start_and_a_stop_are_only_begun_by_their_answers() {
    let mut answered = BTreeSet::new();
    for operation in ["StartDBInstance", "StopDBInstance", "StartDBCluster", "StopDBCluster"] {
        for recording in recordings(&format!("rds/{operation}")).unwrap_or_default() {
            let kind = if operation.ends_with("Cluster") { "DBCluster" } else { "DBInstance" };
            let found = &recording.body[kind];
            let id = found[format!("{kind}Identifier")].as_str().unwrap().to_owned();
            let is_cluster = kind == "DBCluster";
            let target = if is_cluster { DatabaseTarget::Cluster(id) } else { DatabaseTarget::Instance(id) };
            let body = xml::answer(operation, &recording.body);
            let server = Server::start(move |_| ok(&body)).await;
            let cloud = server.cloud();
            let done = if operation.starts_with("Start") {
                cloud.start_database(&target).await
            } else {
                cloud.stop_database(&target).await
            };
            done.unwrap_or_else(|error| panic!("{}: {error}", recording.name));
            let status = found[if is_cluster { "Status" } else { "DBInstanceStatus" }].as_str().unwrap();
            answered.insert(format!("{operation} {status}"));
        }
    }
    if answered.is_empty() {
        return;
    }
    let expected = [
        "StartDBCluster stopped",
        "StartDBInstance starting",
        "StopDBCluster available",
        "StopDBInstance stopping",
    ];
    assert!(answered.iter().map(String::as_str).eq(expected), "{answered:?}");
}

#[tokio::test]
async fn every_manual_snapshot_is_read() {
    for (operation, list) in
        [("DescribeDBSnapshots", "DBSnapshots"), ("DescribeDBClusterSnapshots", "DBClusterSnapshots")]
    {
        for recording in recordings(&format!("rds/{operation}")).unwrap_or_default() {
            let kind = if list == "DBSnapshots" { "DBInstance" } else { "DBCluster" };
            for found in recording.items(list) {
                let id = found[format!("{kind}Identifier")].as_str().unwrap_or("recorded").to_owned();
                let target = match kind {
                    "DBInstance" => DatabaseTarget::Instance(id),
                    _ => DatabaseTarget::Cluster(id),
                };
                let mut answer = json!({});
                answer[list] = json!([found]);
                let body = xml::answer(operation, &answer);
                let server = Server::start(move |_| ok(&body)).await;
                let snapshots = server.cloud().snapshots(&target).await.unwrap();
                let context = format!("{}: {snapshots:?}", recording.name);
                let Some(snapshot) = snapshots.first() else { panic!("{context}") };
                let status = match found["Status"].as_str().unwrap() {
                    "available" => SnapshotStatus::Available,
                    _ => SnapshotStatus::Creating,
                };
                assert_eq!(snapshot.status, status, "{context}");
                assert_eq!(snapshot.manual, found["SnapshotType"] == "manual", "{context}");
            }
        }
    }
}
