//! Load-balancer rules and CloudFront functions: the parts of the gate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::RuleArn;

/// One listener with its rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Identifies the listener.
    pub arn: String,
    /// The action for a request that no rule takes.
    pub default_action: RuleAction,
    /// In the order of their priorities, without the default rule.
    pub rules: Vec<Rule>,
}

/// A rule of a listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Identifies the rule.
    pub arn: RuleArn,
    /// The rule with the lowest number is evaluated first.
    pub priority: u32,
    /// A request must meet all of them.
    pub conditions: Vec<Condition>,
    /// The action for a request that meets the conditions.
    pub action: RuleAction,
    /// All tags, tidegate's included.
    pub tags: BTreeMap<String, String>,
}

/// The action of a rule, or of a listener by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleAction {
    /// Forward to target groups (ARNs).
    Forward(Vec<String>),
    /// Redirect to another URL.
    Redirect,
    /// A fixed response.
    Fixed,
    /// Anything else: authentication and the like, before a forward to these target groups.
    Other(Vec<String>),
}

/// A condition of a rule. A value of a header condition may be a secret, so these values are never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `host-header`, `path-pattern`, `http-header`, …
    pub field: String,
    /// Lower-case header name, for `http-header`.
    pub header: Option<String>,
    /// One of them must match.
    pub values: Vec<String>,
}

impl Condition {
    /// A header condition.
    pub fn header(name: &str, value: &str) -> Self {
        Self {
            field: "http-header".to_owned(),
            header: Some(name.to_lowercase()),
            values: vec![value.to_owned()],
        }
    }

    /// Whether this is a condition on the header `name`.
    pub fn is_header(&self, name: &str) -> bool {
        self.header.as_deref().is_some_and(|header| header.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.header {
            Some(header) => write!(f, "{}: {header}: (redacted)", self.field),
            None => write!(f, "{}: {}", self.field, self.values.join(" ")),
        }
    }
}

/// A CloudFront function. Its live code contains the secret while the gate is closed.
#[derive(Clone, PartialEq, Eq)]
pub struct Function {
    /// The function's name.
    pub name: String,
    /// ETag of the DEVELOPMENT stage: an update must quote it.
    pub etag: String,
    /// Code of the DEVELOPMENT stage.
    pub development: String,
    /// Code of the LIVE stage, which serves requests; `None` = never published.
    pub live: Option<String>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({}, code redacted)", self.name)
    }
}

/// A CloudFront distribution, as far as the gate and invalidations need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// `E2EXAMPLE`
    pub id: String,
    /// Alternate domain names.
    pub aliases: Vec<String>,
    /// Whether its last change has reached every edge.
    pub deployed: bool,
    /// Each cache behaviour, the default one as `*`.
    pub behaviours: Vec<Association>,
    /// Where files come from.
    pub origins: Vec<Origin>,
    /// Paths of pages that are answered instead of errors: `/index.html` for every address of a single-page app.
    pub error_pages: BTreeSet<String>,
}

/// An origin of a distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `client.s3.eu-central-2.amazonaws.com`
    pub domain: String,
    /// What the edges put before each path when they ask the origin: empty, or `/app/latest`.
    pub path: String,
}

impl Distribution {
    /// The keys of a bucket begin with one of these where viewers can ask for them: an empty text, or `app/latest/`.
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html>
    pub fn key_prefixes(&self, bucket: &str) -> BTreeSet<String> {
        let is_of_bucket = |origin: &&Origin| {
            // `BUCKET.s3.REGION.…`, `BUCKET.s3-website-REGION.…`
            origin.domain.strip_prefix(bucket).is_some_and(|rest| rest.starts_with(".s3"))
        };
        let paths = self.origins.iter().filter(is_of_bucket).map(|origin| origin.path.trim_matches('/'));
        let prefixes: BTreeSet<String> =
            paths.map(|path| if path.is_empty() { String::new() } else { format!("{path}/") }).collect();
        // An origin that answers to another name is taken to show the whole bucket.
        if prefixes.is_empty() { BTreeSet::from([String::new()]) } else { prefixes }
    }
}

/// The functions that a cache behaviour calls at viewer events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// Path pattern; `*` = the default behaviour.
    pub path: String,
    /// Name of the CloudFront function at viewer-request, if one is associated.
    pub function: Option<String>,
    /// Whether a Lambda@Edge function is associated with a viewer event: AWS then allows no CloudFront function.
    pub lambda: bool,
}
