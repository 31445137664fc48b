//! Static sites in S3: a release is a prefix, a site is a bucket with our marker in it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::Version;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Key below the listed prefix.
    pub key: String,
    /// Identifies the content.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// The marker object: which releases the bucket holds. Written last, with a condition on its ETag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// What the entry points show.
    pub live: Option<Release>,
    /// The release before it: open pages still ask for its files.
    pub previous: Option<Release>,
    /// Assets uploaded, entry points not yet switched.
    pub staged: Option<Release>,
}

/// A release of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Rendered source, `s3://bucket/prefix/`: identifies the release.
    pub source: String,
    /// The version people know it by.
    pub version: Version,
    /// Every key of it.
    pub keys: BTreeSet<String>,
}
