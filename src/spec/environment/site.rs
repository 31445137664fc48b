//! Static sites, and the checks that must pass before the gate opens.

use std::time::Duration;

use super::template::Template;

/// A static site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteSpec {
    /// `s3://bucket/prefix/{version}/`
    pub source: Template,
    /// The bucket that is served.
    pub bucket: String,
    /// The distribution in front of it.
    pub distribution: Option<String>,
}

/// A request that must answer as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is asked.
    pub url: url::Url,
    /// The status that passes.
    pub status: u16,
    /// How long it may take until it passes.
    pub within: Duration,
}
