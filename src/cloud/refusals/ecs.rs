//! ECS: services, one-off tasks, definitions, and the cluster's tag.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html>

use super::{Refusal, WriteOperation, asked, unasked};

const NO_CLUSTER: Refusal =
    asked(&["ClusterNotFoundException"], "account", "correct `cluster` or `aws.region` in the declaration");
const NO_SERVICE: Refusal = asked(
    &["ServiceNotFoundException"],
    "services",
    "create the service, or remove it from `services` in the declaration",
);
const INACTIVE: Refusal = asked(
    &["ServiceNotActiveException"],
    "services",
    "the service was deleted: create it again, or remove it from `services` in the declaration",
);
/// ECS has one code for every field that does not fit.
const PARAMETER: Refusal = unasked(
    &["InvalidParameterException", "ClientException"],
    "ECS checks a request as a whole, and names the field only in its answer",
    "correct what the message names in the task definition or the service (Terraform, CDK or the console); tidegate adds nothing to it but images, count and tags",
);
/// The same as [`PARAMETER`] where InvalidParameterException has a row of its own.
const CLIENT: Refusal = unasked(
    &["ClientException"],
    "ECS checks a request as a whole, and names the field only in its answer",
    "correct what the message names in the task definition or the service (Terraform, CDK or the console); tidegate adds nothing to it but images, count and tags",
);
const PLATFORM: Refusal = unasked(
    &["PlatformTaskDefinitionIncompatibilityException", "PlatformUnknownException"],
    "which platform version can run a definition is not part of any answer",
    "set the platform version of the service to LATEST: aws ecs update-service --cluster CLUSTER --service SERVICE --platform-version LATEST",
);
const UNSUPPORTED: Refusal = unasked(
    &["UnsupportedFeatureException"],
    "AWS says it only to the request itself",
    "the region does not support a feature of the task definition: remove it there",
);
const BLOCKED: Refusal = unasked(
    &["BlockedException"],
    "AWS blocks an account without a sign before",
    "AWS has blocked the account: write to AWS Support",
);
/// Failures of the service itself; the request is sent again.
const SERVER: &str = "ServerException";

pub(super) const OPERATIONS: &[WriteOperation] = &[
    WriteOperation {
        name: "ecs:RunTask",
        method: "run_task",
        refusals: &[
            NO_CLUSTER,
            // A launch type that the family does not allow, no container instance, a capacity provider that the cluster does
            // not have or that does not fit.
            asked(
                &["InvalidParameterException"],
                "migration",
                "correct `migration.run_on` or `migration.network` in the declaration, or what the message names in the task definition",
            ),
            CLIENT,
            PLATFORM,
            UNSUPPORTED,
            BLOCKED,
        ],
        // A task with the same token: it is adopted.
        passing: &["ConflictException", SERVER],
        never: &[],
    },
    WriteOperation {
        name: "ecs:UpdateService",
        method: "update_service",
        refusals: &[
            NO_CLUSTER,
            NO_SERVICE,
            INACTIVE,
            // A service of ECS Express Mode, or one whose tasks CodeDeploy or an external controller replaces.
            asked(
                &["InvalidParameterException"],
                "services",
                "remove the service from `services` in the declaration, or create it again as a standard service with the deployment controller `ECS`",
            ),
            CLIENT,
            PLATFORM,
            UNSUPPORTED,
            unasked(
                &["NamespaceNotFoundException"],
                "namespaces of Service Connect are not read",
                "create the Cloud Map namespace that the service's Service Connect configuration names",
            ),
        ],
        passing: &[SERVER],
        never: &[],
    },
    WriteOperation {
        name: "ecs:RegisterTaskDefinition",
        method: "register_definition",
        refusals: &[
            PARAMETER,
            unasked(
                &["LimitExceededException"],
                "the number of revisions of a family is not part of any answer",
                "deregister and delete old revisions of the family, or raise the quota `Revisions per task definition family`",
            ),
        ],
        passing: &[SERVER],
        never: &[],
    },
    WriteOperation {
        name: "ecs:DeregisterTaskDefinition",
        method: "register_definition",
        refusals: &[PARAMETER],
        passing: &[SERVER],
        never: &[],
    },
    WriteOperation {
        name: "ecs:TagResource",
        method: "tag_cluster",
        refusals: &[
            asked(
                &["ClusterNotFoundException"],
                "account",
                "correct `cluster` or `aws.region` in the declaration",
            ),
            unasked(
                &["ResourceNotFoundException"],
                "a cluster may be deleted between the observation and the tag",
                "create the cluster again, or correct `cluster` in the declaration",
            ),
            unasked(
                &["InvalidParameterException", "LimitExceededException", "ClientException"],
                "ECS has no code of its own for a resource with 50 tags",
                "remove a tag of the cluster: AWS allows 50, and `tidegate:owner` is one",
            ),
        ],
        passing: &[SERVER],
        never: &[],
    },
    WriteOperation {
        name: "ecs:StopTask",
        method: "stop_task",
        refusals: &[NO_CLUSTER, PARAMETER],
        passing: &[SERVER],
        never: &[],
    },
];
