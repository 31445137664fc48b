//! RDS: snapshots, start, stop and tags of instances and clusters.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Operations.html>

use super::{Refusal, WriteOperation, asked, unasked};

const CHECK: &str = "database";

const NO_INSTANCE: Refusal = asked(
    &["DBInstanceNotFound"],
    CHECK,
    "correct `database` in the declaration, or restore the instance under this name",
);
const NO_CLUSTER: Refusal = asked(
    &["DBClusterNotFoundFault"],
    CHECK,
    "correct `database` in the declaration, or restore the cluster under this name",
);
const INSTANCE_STATE: Refusal = asked(
    &["InvalidDBInstanceState"],
    CHECK,
    "look at the instance's status and events in the RDS console; tidegate continues as soon as the status allows it",
);
const CLUSTER_STATE: Refusal = asked(
    &["InvalidDBClusterStateFault"],
    CHECK,
    "look at the status and events of the cluster and of its writer in the RDS console; tidegate continues as soon as the status allows it",
);
const WRITER_STATE: Refusal = unasked(
    &["InvalidDBInstanceState"],
    "of the instances of a cluster, tidegate reads the writer only",
    "look at the status of the cluster's instances in the RDS console; tidegate continues as soon as it allows it",
);
const KEY: Refusal = unasked(
    &["KMSKeyNotAccessibleFault", "KMSKeyNotAccessible"],
    "RDS shows the state of a key only once it needs the key: a database that runs shows nothing of it",
    "enable the database's KMS key (aws kms enable-key --key-id KEY; aws kms cancel-key-deletion --key-id KEY), or restore the key policy that lets RDS use it",
);
const ENCRYPTION_IN_TRANSIT: Refusal = unasked(
    &["VpcEncryptionControlViolationException"],
    "the encryption control belongs to the VPC, which tidegate does not read",
    "use an instance class that encrypts in transit, or exclude the instance from the VPC's encryption control",
);
const NETWORK: Refusal = unasked(
    &[
        "InvalidSubnet",
        "InvalidVPCNetworkStateFault",
        "DBSubnetGroupDoesNotCoverEnoughAZs",
        "DBSubnetGroupNotFoundFault",
    ],
    "RDS looks at the network only when it places the instance; a stopped database shows nothing of it",
    "repair the database's subnet group: it needs existing subnets with free addresses in two availability zones",
);
const ROLE: Refusal = unasked(
    &["AuthorizationNotFound"],
    "RDS tries its own role only when it places the instance",
    "restore the service-linked role of RDS: aws iam create-service-linked-role --aws-service-name rds.amazonaws.com",
);
const RESERVATION: Refusal = unasked(
    &["DBCapacityReservationNotFound", "InvalidDBCapacityReservationState"],
    "the reservation is looked at only when RDS places the instance",
    "restore the capacity reservation that the instance is bound to, or modify the instance to use none",
);
const CAPACITY: Refusal = unasked(
    &["InsufficientDBInstanceCapacity"],
    "AWS does not tell its capacity beforehand",
    "tidegate tries again; if AWS has none of this class for long, choose another class or another availability zone (aws rds modify-db-instance --db-instance-class …)",
);
const SHARDS: &[&str] = &["InvalidDBShardGroupState"];
/// A clear word for a row of the tags: the resource is always the declared database.
const TAG_NEVER: &[&str] = &[
    "BlueGreenDeploymentNotFoundFault",
    "DBCapacityReservationNotFound",
    "DBProxyEndpointNotFoundFault",
    "DBProxyNotFoundFault",
    "DBProxyTargetGroupNotFoundFault",
    "DBShardGroupNotFound",
    "DBSnapshotNotFound",
    "DBSnapshotTenantDatabaseNotFoundFault",
    "IntegrationNotFoundFault",
    "InvalidDBClusterEndpointStateFault",
    "TenantDatabaseNotFound",
];
/// Tags can be set in every status but `deleting` and while AWS is changing the resource.
const TAG_PASSING: &[&str] = &["InvalidDBInstanceState", "InvalidDBClusterStateFault"];

pub(super) const OPERATIONS: &[WriteOperation] = &[
    WriteOperation {
        name: "rds:CreateDBSnapshot",
        method: "create_snapshot",
        refusals: &[
            NO_INSTANCE,
            INSTANCE_STATE,
            asked(
                &["SnapshotQuotaExceeded"],
                CHECK,
                "delete manual snapshots that are not needed any longer, or raise the quota: aws service-quotas request-service-quota-increase --service-code rds --quota-code L-272F1212 --desired-value …",
            ),
            KEY,
        ],
        // A snapshot of ours is adopted; one of another database is said by the step itself.
        passing: &["DBSnapshotAlreadyExists"],
        never: &[],
    },
    WriteOperation {
        name: "rds:CreateDBClusterSnapshot",
        method: "create_snapshot",
        refusals: &[
            NO_CLUSTER,
            CLUSTER_STATE,
            asked(
                &["SnapshotQuotaExceeded"],
                CHECK,
                "delete manual cluster snapshots that are not needed any longer, or raise the quota: aws service-quotas request-service-quota-increase --service-code rds --quota-code L-9B510759 --desired-value …",
            ),
            KEY,
        ],
        passing: &["DBClusterSnapshotAlreadyExistsFault"],
        // It is about a snapshot as the source of the request.
        never: &["InvalidDBClusterSnapshotStateFault"],
    },
    WriteOperation {
        name: "rds:DeleteDBSnapshot",
        method: "delete_snapshot",
        refusals: &[unasked(
            &["InvalidDBSnapshotState"],
            "a copy or an export of the snapshot may begin at any time",
            "wait until the copy or the export of the snapshot has ended, or cancel it; users are not affected: the gate is open",
        )],
        // Gone is gone.
        passing: &["DBSnapshotNotFound"],
        never: &[],
    },
    WriteOperation {
        name: "rds:DeleteDBClusterSnapshot",
        method: "delete_snapshot",
        refusals: &[unasked(
            &["InvalidDBClusterSnapshotStateFault"],
            "a copy or an export of the snapshot may begin at any time",
            "wait until the copy or the export of the snapshot has ended, or cancel it; users are not affected: the gate is open",
        )],
        passing: &["DBClusterSnapshotNotFoundFault"],
        never: &[],
    },
    WriteOperation {
        name: "rds:StartDBInstance",
        method: "start_database",
        refusals: &[
            NO_INSTANCE,
            INSTANCE_STATE,
            KEY,
            ENCRYPTION_IN_TRANSIT,
            NETWORK,
            ROLE,
            RESERVATION,
            CAPACITY,
        ],
        passing: &[],
        // About the clusters of instances that belong to one: such an instance is declared as its cluster.
        never: &["DBClusterNotFoundFault", "InvalidDBClusterStateFault"],
    },
    WriteOperation {
        name: "rds:StartDBCluster",
        method: "start_database",
        refusals: &[NO_CLUSTER, CLUSTER_STATE, WRITER_STATE, KEY, ENCRYPTION_IN_TRANSIT],
        passing: &[],
        // Limitless clusters have shard groups; they cannot be stopped, so they are never started.
        never: SHARDS,
    },
    WriteOperation {
        name: "rds:StopDBInstance",
        method: "stop_database",
        refusals: &[NO_INSTANCE, INSTANCE_STATE],
        passing: &[],
        // tidegate stops without a snapshot, and a member of a cluster counts as unable to stop.
        never: &[
            "DBSnapshotAlreadyExists",
            "InvalidDBCapacityReservationState",
            "InvalidDBClusterStateFault",
            "SnapshotQuotaExceeded",
        ],
    },
    WriteOperation {
        name: "rds:StopDBCluster",
        method: "stop_database",
        refusals: &[
            NO_CLUSTER,
            CLUSTER_STATE,
            WRITER_STATE,
            unasked(
                SHARDS,
                "shard groups are not read",
                "a cluster with shard groups cannot be stopped: declare `state: db-only` where `stopped` is declared",
            ),
        ],
        passing: &[],
        never: &[],
    },
    WriteOperation {
        name: "rds:AddTagsToResource",
        method: "tag_database",
        refusals: &[NO_INSTANCE, NO_CLUSTER],
        passing: TAG_PASSING,
        never: TAG_NEVER,
    },
    WriteOperation {
        name: "rds:RemoveTagsFromResource",
        method: "tag_database",
        refusals: &[NO_INSTANCE, NO_CLUSTER],
        passing: TAG_PASSING,
        never: TAG_NEVER,
    },
];
