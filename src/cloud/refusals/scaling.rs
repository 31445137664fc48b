//! Application Auto Scaling.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>

use super::{WriteOperation, asked, unasked};

pub(super) const OPERATIONS: &[WriteOperation] = &[WriteOperation {
    name: "application-autoscaling:RegisterScalableTarget",
    method: "set_scalable_target",
    refusals: &[
        asked(
            &["ValidationException"],
            "services",
            "correct `autoscaling` of the service in the declaration; the service must exist in the cluster",
        ),
        unasked(
            &["LimitExceededException"],
            "tidegate changes targets that exist; the quota counts targets that are new",
            "raise the quota `Scalable targets per account for Amazon ECS` in the Service Quotas console",
        ),
    ],
    passing: &["ConcurrentUpdateException", "InternalServiceException"],
    never: &[],
}];
