//! Static sites in S3: a release is a prefix, a site is a bucket with tidegate's marker in it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::Version;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Key without the listed prefix.
    pub key: String,
    /// Changes with the content.
    pub etag: String,
    /// In bytes.
    pub size: u64,
}

/// The marker object: the releases in the bucket. Written last, with a condition on its ETag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The release that the entry points show.
    pub live: Option<Release>,
    /// The release before it. Its files stay, because pages that are open in browsers still load them.
    pub previous: Option<Release>,
    /// The release whose assets are uploaded, but whose entry points are not switched yet.
    pub staged: Option<Release>,
}

/// A release of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The rendered `source`, `s3://bucket/prefix/`: identifies the release.
    pub source: String,
    /// The version in `versions`.
    pub version: Version,
    /// Every key of the release.
    pub keys: BTreeSet<String>,
}
