//! Static sites in S3: a release is a prefix, a site is a bucket, or a prefix in one, with tidegate's marker in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::{Instant, Version};

/// How long after a refusal CloudFront is asked again: most invalidations in progress are over by then.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(5 * 60);
/// An operator who has mended the permissions does not wait longer than this.
const ASKED_AGAIN_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Key without the listed prefix.
    pub key: String,
    /// Changes with the content. Not always a digest of it: with SSE-KMS, SSE-C and multipart uploads, equal contents
    /// have different ETags. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>
    pub etag: String,
    /// In bytes.
    pub size: u64,
}

/// What an object says about itself besides its content. A listing does not show it: it costs one HeadObject an object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHead {
    /// Everything that changes what a browser or an edge does with the content.
    pub headers: ObjectHeaders,
    /// `CRC64NVME:…`, where S3 has a checksum of the whole content. Never the ETag.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
    pub checksum: Option<String>,
}

/// The headers that S3 sends with an object. `None` = the object has none of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHeaders {
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Cache-Control`
    pub cache_control: Option<String>,
    /// `Content-Encoding`
    pub content_encoding: Option<String>,
    /// `Content-Disposition`
    pub content_disposition: Option<String>,
    /// `Content-Language`
    pub content_language: Option<String>,
    /// `Expires`, as it was written
    pub expires: Option<String>,
}

/// The marker object: the releases in the bucket. Written last, with a condition on its ETag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The release that the entry points show.
    pub live: Option<Release>,
    /// The release before it. Its files stay, because pages that are open in browsers still load them.
    pub previous: Option<Release>,
    /// The release whose new files are uploaded, but whose entry points are not switched yet.
    pub staged: Option<Release>,
    /// How the files of `staged` compare with those that the bucket had when it was staged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Comparison>,
    /// Keys that a switch replaces. `None` = no switch is in progress, and all files are of one release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switching: Option<BTreeSet<String>>,
    /// Keys of `staged` that tidegate added to the bucket.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub added: BTreeSet<String>,
    /// Keys that tidegate added for releases that never went live. The next switch deletes those that it does not use.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub leftover: BTreeSet<String>,
    /// An invalidation that CloudFront has not accepted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidation: Option<PendingInvalidation>,
}

/// A release of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The rendered `source`, `s3://bucket/prefix/`: identifies the release.
    pub source: String,
    /// The version in `versions`.
    pub version: Version,
    /// Every key of the release, below the site's prefix.
    pub keys: BTreeSet<String>,
}

/// How a release compares with a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Keys that the bucket has with other content or with other headers.
    pub replaces: BTreeSet<String>,
    /// Keys with equal content and equal headers although the ETags differ: the ETags of the release and of the bucket.
    pub same: BTreeMap<String, (String, String)>,
}

/// What the edges of a distribution still have to forget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingInvalidation {
    /// Whether everything of the site is to be forgotten, because it is unknown what the edges have.
    pub all: bool,
    /// The keys that were replaced, below the site's prefix.
    pub keys: BTreeSet<String>,
    /// When CloudFront was asked last.
    pub asked_at: Instant,
    /// How often it was asked.
    pub tries: u32,
    /// Why it refused.
    pub why: String,
}

impl Comparison {
    /// Whether the bucket's object, if there is one, is not the release's.
    pub fn differs(&self, object: &Object, there: Option<&Object>) -> bool {
        let Some(there) = there else { return true };
        let is_known = |(of_release, of_bucket): &(String, String)| {
            *of_release == object.etag && *of_bucket == there.etag
        };
        let is_same = object.etag == there.etag || self.same.get(&object.key).is_some_and(is_known);
        !is_same || self.replaces.contains(&object.key)
    }
}

impl PendingInvalidation {
    /// When CloudFront is asked again. The pauses double.
    pub fn due_at(&self) -> Instant {
        let pause = ASKED_AGAIN_AFTER.saturating_mul(1 << self.tries.saturating_sub(1).min(8));
        self.asked_at + TimeDelta::from_std(pause.min(ASKED_AGAIN_AFTER_MAX)).expect("at most an hour")
    }
}
