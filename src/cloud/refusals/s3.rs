//! S3: files and markers of sites.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use super::{Refusal, WriteOperation, asked, unasked};

const NO_BUCKET: Refusal =
    asked(&["NoSuchBucket"], "sites", "create the bucket, or correct `bucket` of the site");
const KEY: Refusal = unasked(
    &[
        "KMS.DisabledException",
        "KMS.NotFoundException",
        "KMS.KMSInvalidStateException",
        "KMSInvalidStateException",
    ],
    "S3 uses the bucket's key only when it writes a file",
    "enable the KMS key of the site's bucket (aws kms enable-key --key-id KEY), and let the role of tidegate use it (kms:GenerateDataKey, kms:Decrypt)",
);

pub(super) const OPERATIONS: &[WriteOperation] = &[
    WriteOperation {
        name: "s3:CopyObject",
        method: "copy_object",
        refusals: &[
            NO_BUCKET,
            unasked(
                &["NoSuchKey"],
                "a file of the release may be deleted at any time",
                "upload the release again, whole: a file that was listed is gone",
            ),
            unasked(
                &["ObjectNotInActiveTierError", "InvalidObjectState"],
                "a lifecycle rule may archive a file at any time",
                "restore the release's files from the archive (aws s3api restore-object), or upload the release again",
            ),
            KEY,
        ],
        passing: &[],
        never: &[],
    },
    WriteOperation {
        name: "s3:DeleteObjects",
        method: "delete_objects",
        refusals: &[NO_BUCKET],
        passing: &[],
        never: &[],
    },
    WriteOperation {
        name: "s3:PutObject",
        method: "put_site_marker",
        refusals: &[NO_BUCKET, KEY],
        passing: &["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"],
        // Appending, multipart uploads and directory buckets.
        never: &["EncryptionTypeMismatch", "InvalidRequest", "InvalidWriteOffset", "TooManyParts"],
    },
];
