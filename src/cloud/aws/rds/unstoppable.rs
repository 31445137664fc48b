//! Why a database cannot be stopped, if AWS does not allow it. Pure.

use aws_sdk_rds::types::{DbCluster, DbInstance};

/// The database that an instance is a read replica of.
pub(super) fn source_of_instance(found: &DbInstance) -> Option<String> {
    let source = found
        .read_replica_source_db_instance_identifier()
        .or_else(|| found.read_replica_source_db_cluster_identifier());
    source.filter(|source| !source.is_empty()).map(str::to_owned)
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
pub(super) fn instance(found: &DbInstance) -> Option<String> {
    let replica = found
        .read_replica_db_instance_identifiers()
        .first()
        .or(found.read_replica_db_cluster_identifiers().first());
    let engine = found.engine().unwrap_or_default();
    if let Some(cluster) = found.db_cluster_identifier().filter(|cluster| !cluster.is_empty()) {
        return Some(format!("it belongs to the cluster `{cluster}`, which is stopped as a whole"));
    }
    if let Some(source) = source_of_instance(found) {
        return Some(format!("it is a read replica of `{source}`"));
    }
    if let Some(replica) = replica {
        return Some(format!("it has the read replica `{replica}`"));
    }
    let is_mirrored = engine.contains("sqlserver") && found.multi_az() == Some(true);
    is_mirrored.then(|| "SQL Server in several availability zones cannot be stopped".to_owned())
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html>
pub(super) fn cluster(found: &DbCluster) -> Option<String> {
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
