use super::super::fixture::{Reply, Server, ok, refuse_xml};
use crate::cloud::{CloudRead, CloudWrite, DatabaseStatus, Kind, SnapshotStatus};
use crate::spec::DatabaseTarget;

fn answer(operation: &str, result: &str) -> Reply {
    ok(format!(
        "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">\
         <{operation}Result>{result}</{operation}Result></{operation}Response>"
    ))
}

fn instance(name: &str, status: &str, more: &str) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
         <DbiResourceId>db-1</DbiResourceId><DBInstanceArn>arn:aws:rds:eu-central-2:592217263685:db:{name}</DBInstanceArn>\
         <Engine>postgres</Engine><TagList><Tag><Key>tidegate:schema-version</Key><Value>v1</Value></Tag></TagList>\
         {more}</DBInstance>"
    )
}

fn instances(instances: &str) -> Reply {
    answer("DescribeDBInstances", &format!("<DBInstances>{instances}</DBInstances>"))
}

fn target() -> DatabaseTarget {
    DatabaseTarget::Instance("graasp-prod".to_owned())
}

#[tokio::test]
async fn an_instance_is_one_request_and_its_tags_come_with_it() {
    let server = Server::start(|_| {
        instances(&instance(
            "graasp-prod",
            "stopped",
            "<AutomaticRestartTime>2026-11-24T20:00:00Z</AutomaticRestartTime>",
        ))
    })
    .await;
    let found = server.cloud().database(&target()).await.unwrap().unwrap();
    assert_eq!(found.status, DatabaseStatus::Stopped);
    assert_eq!(found.tags["tidegate:schema-version"], "v1");
    assert_eq!(found.resource_id, "db-1");
    assert_eq!(found.unstoppable, None);
    assert_eq!(found.automatic_restart_at.unwrap().to_rfc3339(), "2026-11-24T20:00:00+00:00");
    assert_eq!(server.counts.total(), 1);
}

#[tokio::test]
async fn only_an_answer_that_says_so_means_that_there_is_no_database() {
    for (status, code, absent) in [
        (404, "DBInstanceNotFound", true),
        (403, "AccessDenied", false),
        (400, "InvalidParameterValue", false),
    ] {
        let server = Server::start(move |_| refuse_xml(status, code)).await;
        let found = server.cloud().database(&target()).await;
        assert_eq!(matches!(found, Ok(None)), absent, "{code}");
    }
}

#[tokio::test]
async fn replicas_cannot_be_stopped() {
    for (more, why) in [
        (
            "<ReadReplicaSourceDBInstanceIdentifier>a</ReadReplicaSourceDBInstanceIdentifier>",
            "read replica of `a`",
        ),
        (
            "<ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>b</ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>",
            "has the read replica `b`",
        ),
        ("<DBClusterIdentifier>c</DBClusterIdentifier>", "belongs to the cluster `c`"),
    ] {
        let server = Server::start(move |_| instances(&instance("graasp-prod", "available", more))).await;
        let found = server.cloud().database(&target()).await.unwrap().unwrap();
        assert!(found.unstoppable.unwrap().contains(why), "{why}");
    }
}

#[tokio::test]
async fn a_cluster_is_as_available_as_its_writer() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeDBClusters" => answer(
            "DescribeDBClusters",
            "<DBClusters><DBCluster><DBClusterIdentifier>aurora</DBClusterIdentifier><Status>available</Status>\
             <DbClusterResourceId>cluster-1</DbClusterResourceId><Engine>aurora-postgresql</Engine>\
             <DBClusterArn>arn:aws:rds:eu-central-2:592217263685:cluster:aurora</DBClusterArn><DBClusterMembers>\
             <DBClusterMember><DBInstanceIdentifier>reader</DBInstanceIdentifier><IsClusterWriter>false</IsClusterWriter></DBClusterMember>\
             <DBClusterMember><DBInstanceIdentifier>writer</DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter></DBClusterMember>\
             </DBClusterMembers></DBCluster></DBClusters>",
        ),
        "DescribeDBInstances" => {
            assert_eq!(request.parameter("DBInstanceIdentifier").as_deref(), Some("writer"));
            instances(&instance("writer", "starting", ""))
        }
        "StopDBCluster" => answer("StopDBCluster", ""),
        "AddTagsToResource" => answer("AddTagsToResource", ""),
        other => panic!("{other}"),
    })
    .await;
    let (cloud, target) = (server.cloud(), DatabaseTarget::Cluster("aurora".to_owned()));
    let found = cloud.database(&target).await.unwrap().unwrap();
    assert_eq!(found.status, DatabaseStatus::Starting);
    assert_eq!((found.resource_id.as_str(), found.unstoppable), ("cluster-1", None));
    cloud.stop_database(&target).await.unwrap();
    cloud.tag_database(&target, "tidegate:schema-version", Some("v2")).await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert_eq!(
        sent.parameter("ResourceName").as_deref(),
        Some("arn:aws:rds:eu-central-2:592217263685:cluster:aurora")
    );
    assert_eq!(sent.parameter("Tags.Tag.1.Value").as_deref(), Some("v2"));
}

#[tokio::test]
async fn snapshots_are_listed_to_the_end_with_their_tags() {
    let snapshot = |name: &str, status: &str| {
        format!(
            "<DBSnapshot><DBSnapshotIdentifier>{name}</DBSnapshotIdentifier><Status>{status}</Status>\
             <SnapshotType>manual</SnapshotType><SnapshotCreateTime>2026-11-23T01:00:00Z</SnapshotCreateTime>\
             <TagList><Tag><Key>tidegate:snapshot</Key><Value>v1/v2</Value></Tag></TagList></DBSnapshot>"
        )
    };
    let server = Server::start(move |request| {
        assert_eq!(request.parameter("SnapshotType").as_deref(), Some("manual"));
        let (found, marker) = match request.parameter("Marker").as_deref() {
            None => (snapshot("one", "available"), "<Marker>more</Marker>"),
            Some("more") => (snapshot("two", "creating"), ""),
            Some(other) => panic!("{other}"),
        };
        answer("DescribeDBSnapshots", &format!("{marker}<DBSnapshots>{found}</DBSnapshots>"))
    })
    .await;
    let found = server.cloud().snapshots(&target()).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].status, found[1].status), (SnapshotStatus::Available, SnapshotStatus::Creating));
    assert!(found.iter().all(|snapshot| snapshot.manual && snapshot.tags["tidegate:snapshot"] == "v1/v2"));
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    for (code, kind) in [
        ("InvalidDBInstanceState", Kind::InvalidState),
        ("DBSnapshotAlreadyExists", Kind::Conflict),
        ("InsufficientDBInstanceCapacity", Kind::Capacity),
        ("Throttling", Kind::Throttled),
    ] {
        let server = Server::start(move |_| refuse_xml(400, code)).await;
        let error = server.cloud().create_snapshot(&target(), "s", &[].into()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{code}");
        assert_eq!(server.operations(), ["CreateDBSnapshot"], "a write is not repeated");
    }
}

#[tokio::test]
async fn all_databases_are_listed_to_the_end_and_only_those_that_are_ours_to_start() {
    let endpoint = |host: &str| format!("<Endpoint><Address>{host}</Address></Endpoint>");
    let member = "<DBClusterMembers><DBClusterMember><DBInstanceIdentifier>aurora-1</DBInstanceIdentifier>\
        <IsClusterWriter>true</IsClusterWriter></DBClusterMember></DBClusterMembers>";
    let cluster = move |name: &str, engine: &str, more: &str| {
        format!(
            "<DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier><Engine>{engine}</Engine>\
             <Status>available</Status><Endpoint>{name}.X.rds</Endpoint>{more}</DBCluster>"
        )
    };
    let server = Server::start(move |request| {
        match (request.operation().as_str(), request.parameter("Marker").as_deref()) {
            ("DescribeDBInstances", None) => answer(
                "DescribeDBInstances",
                &format!(
                    "<DBInstances>{}</DBInstances><Marker>2</Marker>",
                    instance("graasp", "stopped", &endpoint("graasp.X.rds"))
                ),
            ),
            ("DescribeDBInstances", Some("2")) => {
                let source =
                    "<ReadReplicaSourceDBInstanceIdentifier>graasp</ReadReplicaSourceDBInstanceIdentifier>";
                let of_cluster =
                    format!("<DBClusterIdentifier>aurora</DBClusterIdentifier>{}", endpoint("one.X.rds"));
                let second =
                    instance("copy", "available", source) + &instance("aurora-1", "backing-up", &of_cluster);
                instances(&second)
            }
            ("DescribeDBClusters", None) => answer(
                "DescribeDBClusters",
                &format!(
                    "<DBClusters>{}{}{}{}</DBClusters>",
                    cluster("aurora", "aurora-postgresql", member),
                    cluster("documents", "docdb", ""),
                    cluster("graph", "neptune", ""),
                    cluster("wide", "postgres", ""),
                ),
            ),
            other => panic!("{other:?}"),
        }
    })
    .await;
    let found = server.cloud().databases().await.unwrap();
    let shown: Vec<String> = found
        .iter()
        .map(|it| format!("{:?} {} {:?} {}", it.target, it.status, it.addresses, it.is_replica))
        .collect();
    assert_eq!(
        shown,
        [
            r#"Instance("copy") available [] true"#,
            r#"Instance("graasp") stopped ["graasp.x.rds"] false"#,
            r#"Cluster("aurora") backing-up ["aurora.x.rds", "one.x.rds"] false"#,
            r#"Cluster("wide") without a writer ["wide.x.rds"] false"#,
        ]
    );
    assert!(found[0].unstoppable.is_some() && found[3].unstoppable.as_ref().unwrap().contains("Multi-AZ"));
}
