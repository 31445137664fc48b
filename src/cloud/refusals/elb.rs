//! Load balancers: conditions and tags of rules.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html>

use super::{WriteOperation, asked, unasked};

/// Only rules are tagged.
const OTHER_RESOURCES: &[&str] = &[
    "DuplicateTagKeys",
    "ListenerNotFound",
    "LoadBalancerNotFound",
    "TargetGroupNotFound",
    "TrustStoreNotFound",
];

pub(super) const OPERATIONS: &[WriteOperation] = &[
    WriteOperation {
        name: "elasticloadbalancing:ModifyRule",
        method: "set_rule_conditions",
        refusals: &[
            // AWS has no code of its own for "A rule can only have '5' condition values".
            asked(
                &["ValidationError"],
                "gate",
                "split the rule in two: AWS allows five condition values a rule, and the header is one",
            ),
            unasked(
                &["OperationNotPermitted"],
                "AWS does not show that one of its services owns a rule",
                "the rule belongs to a service of AWS that manages it: give the application a separate rule, or keep the service open (`maintenance.keep_open`)",
            ),
        ],
        // A rule that was deleted meanwhile takes no request.
        passing: &["RuleNotFound"],
        // tidegate changes conditions and sends no actions.
        never: &[
            "IncompatibleProtocols",
            "InvalidLoadBalancerAction",
            "TargetGroupAssociationLimit",
            "TargetGroupNotFound",
            "TooManyActions",
            "TooManyRegistrationsForTargetId",
            "TooManyTargets",
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            "UnsupportedProtocol",
        ],
    },
    WriteOperation {
        name: "elasticloadbalancing:AddTags",
        method: "tag_rule",
        refusals: &[asked(
            &["TooManyTags"],
            "gate",
            "remove a tag of the rule: AWS allows 50, and tidegate marks with one of its own the rules that it closes",
        )],
        passing: &["RuleNotFound"],
        never: OTHER_RESOURCES,
    },
    WriteOperation {
        name: "elasticloadbalancing:RemoveTags",
        method: "tag_rule",
        refusals: &[],
        passing: &["RuleNotFound"],
        never: &[
            "ListenerNotFound",
            "LoadBalancerNotFound",
            "TargetGroupNotFound",
            "TooManyTags",
            "TrustStoreNotFound",
        ],
    },
];
