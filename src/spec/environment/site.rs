//! Static sites, and the checks that must pass before the gate opens.

use std::time::Duration;

use super::template::Template;

/// A static site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteSpec {
    /// Where releases are stored: `s3://bucket/prefix/{version}/`.
    pub source: Template,
    /// The bucket that users are served from.
    pub bucket: String,
    /// Where the site's keys begin in the bucket: empty for the whole bucket, else with a slash at the end.
    pub prefix: String,
    /// The CloudFront distribution in front of the bucket, by alias or by id.
    pub distribution: Option<String>,
}

/// A request that must be answered as expected before the gate opens.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The URL to request; always `https`.
    pub url: url::Url,
    /// The status that passes.
    pub status: u16,
    /// How long to keep trying until the check passes.
    pub within: Duration,
}
