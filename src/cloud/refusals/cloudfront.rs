//! CloudFront: the gate's function, distributions, invalidations.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations.html>

use super::{Refusal, WriteOperation, asked, unasked};

/// Another process wrote meanwhile: tidegate reads again.
const STALE: &[&str] = &["InvalidIfMatchVersion", "PreconditionFailed", "NoSuchFunctionExists"];
const UNSUPPORTED: Refusal = unasked(
    &["UnsupportedOperation"],
    "AWS says it only to the request itself",
    "the partition or the account has no CloudFront functions: remove `maintenance.cloudfront` from the declaration",
);
const FUNCTION_ARGUMENT: Refusal = unasked(
    &["InvalidArgument"],
    "CloudFront checks name and code when they are sent",
    "correct `maintenance.cloudfront.function`: letters, digits, `-` and `_`, at most 64 characters",
);

pub(super) const OPERATIONS: &[WriteOperation] = &[
    WriteOperation {
        name: "cloudfront:CreateFunction",
        method: "put_function",
        refusals: &[
            unasked(
                &["TooManyFunctions"],
                "tidegate is not allowed to list the account's functions",
                "delete a function that no distribution calls, or raise the quota `Functions per account`; a function that exists can be named in `maintenance.cloudfront.function`",
            ),
            FUNCTION_ARGUMENT,
            UNSUPPORTED,
        ],
        passing: &["FunctionAlreadyExists"],
        // The code has less than one of the ten kilobytes that are allowed.
        never: &["FunctionSizeLimitExceeded"],
    },
    WriteOperation {
        name: "cloudfront:UpdateFunction",
        method: "put_function",
        refusals: &[FUNCTION_ARGUMENT, UNSUPPORTED],
        passing: STALE,
        never: &["FunctionSizeLimitExceeded"],
    },
    WriteOperation {
        name: "cloudfront:PublishFunction",
        method: "publish_function",
        refusals: &[
            unasked(
                &["InvalidArgument"],
                "CloudFront compiles the code when it is published",
                "test the function in the CloudFront console; someone outside tidegate may have changed its DEVELOPMENT stage",
            ),
            UNSUPPORTED,
        ],
        passing: STALE,
        never: &[],
    },
    WriteOperation {
        name: "cloudfront:UpdateDistribution",
        method: "associate_function",
        refusals: &[
            asked(
                &["NoSuchDistribution"],
                "gate",
                "correct `maintenance.cloudfront.distributions`: use an alias or an id",
            ),
            asked(
                &["InvalidFunctionAssociation"],
                "gate",
                "remove the other function or Lambda@Edge from the behaviour, or remove the distribution from the gate",
            ),
            unasked(
                &["TooManyDistributionsWithFunctionAssociations", "TooManyFunctionAssociations"],
                "the quotas of CloudFront cannot be read",
                "remove function associations that are not needed, or raise the quota of CloudFront functions in the Service Quotas console",
            ),
            unasked(
                &["IllegalUpdate", "StagingDistributionInUse", "ContinuousDeploymentPolicyInUse"],
                "AWS says it only to the request itself",
                "end the continuous deployment of the distribution, or name its primary distribution in `maintenance.cloudfront.distributions`",
            ),
            unasked(
                AS_IT_IS,
                "CloudFront checks the whole configuration again with each change",
                SAVE_IT_ONCE,
            ),
        ],
        passing: &["InvalidIfMatchVersion", "PreconditionFailed"],
        never: NOT_OURS,
    },
    WriteOperation {
        name: "cloudfront:CreateInvalidation",
        method: "invalidate",
        refusals: &[
            unasked(
                &["NoSuchDistribution"],
                "a site's distribution may be deleted at any time",
                "correct `distribution` of the site; until then edges show the previous files until their cache lifetime ends",
            ),
            unasked(
                &["InvalidArgument", "BatchTooLarge"],
                "CloudFront checks paths when they are sent",
                "invalidate by hand: aws cloudfront create-invalidation --distribution-id ID --paths '/*'",
            ),
        ],
        passing: &["TooManyInvalidationsInProgress"],
        never: &["InconsistentQuantities", "MissingBody"],
    },
];

const SAVE_IT_ONCE: &str = "CloudFront refuses the distribution's configuration as it is, without a change by tidegate: save it once in the CloudFront console, which names the field, and correct it there";

/// Things that the distribution names and that are gone or not valid any longer.
const AS_IT_IS: &[&str] = &[
    "CNAMEAlreadyExists",
    "EntityNotFound",
    "InvalidArgument",
    "InvalidLambdaFunctionAssociation",
    "InvalidMinimumProtocolVersion",
    "InvalidOriginAccessControl",
    "InvalidOriginAccessIdentity",
    "InvalidViewerCertificate",
    "InvalidWebACLId",
    "NoSuchCachePolicy",
    "NoSuchContinuousDeploymentPolicy",
    "NoSuchFieldLevelEncryptionConfig",
    "NoSuchOrigin",
    "NoSuchOriginRequestPolicy",
    "NoSuchRealtimeLogConfig",
    "NoSuchResponseHeadersPolicy",
    "RealtimeLogConfigOwnerMismatch",
    "TrustedKeyGroupDoesNotExist",
    "TrustedSignerDoesNotExist",
];

/// About fields that tidegate writes back as it has read them, and that nothing outside the distribution decides about.
const NOT_OURS: &[&str] = &[
    "IllegalFieldLevelEncryptionConfigAssociationWithCacheBehavior",
    "IllegalOriginAccessConfiguration",
    "InconsistentQuantities",
    "InvalidDefaultRootObject",
    "InvalidDomainNameForOriginAccessControl",
    "InvalidErrorCode",
    "InvalidForwardCookies",
    "InvalidGeoRestrictionParameter",
    "InvalidHeadersForS3Origin",
    "InvalidLocationCode",
    "InvalidOriginKeepaliveTimeout",
    "InvalidOriginReadTimeout",
    "InvalidQueryStringParameters",
    "InvalidRelativePath",
    "InvalidRequiredProtocol",
    "InvalidResponseCode",
    "InvalidTTLOrder",
    "MissingBody",
    "TooManyCacheBehaviors",
    "TooManyCertificates",
    "TooManyCookieNamesInWhiteList",
    "TooManyDistributionCNAMEs",
    "TooManyDistributionsAssociatedToCachePolicy",
    "TooManyDistributionsAssociatedToFieldLevelEncryptionConfig",
    "TooManyDistributionsAssociatedToKeyGroup",
    "TooManyDistributionsAssociatedToOriginAccessControl",
    "TooManyDistributionsAssociatedToOriginRequestPolicy",
    "TooManyDistributionsAssociatedToResponseHeadersPolicy",
    "TooManyDistributionsWithLambdaAssociations",
    "TooManyDistributionsWithSingleFunctionARN",
    "TooManyHeadersInForwardedValues",
    "TooManyKeyGroupsAssociatedToDistribution",
    "TooManyLambdaFunctionAssociations",
    "TooManyOriginCustomHeaders",
    "TooManyOriginGroupsPerDistribution",
    "TooManyOrigins",
    "TooManyQueryStringParameters",
    "TooManyTrustedSigners",
];
