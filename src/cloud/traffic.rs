//! Load-balancer rules and CloudFront functions: what the gate is made of.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::RuleArn;

/// One listener with its rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// What happens to a request that no rule takes.
    pub default_action: RuleAction,
    /// By priority, the default rule left out.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its ARN.
    pub arn: RuleArn,
    /// Lower is asked first.
    pub priority: u32,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What it does.
    pub action: RuleAction,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What a rule, or the listener's default, does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleAction {
    /// Forward to target groups (ARNs).
    Forward(Vec<String>),
    /// Redirect.
    Redirect,
    /// A fixed answer.
    Fixed,
    /// Anything else: authentication and the like, before a forward to these target groups.
    Other(Vec<String>),
}

/// A condition of a rule. The values of a header condition may be a secret: they are never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `host-header`, `path-pattern`, `http-header`, …
    pub field: String,
    /// Lower-case header name, for `http-header`.
    pub header: Option<String>,
    /// Any may match.
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

    /// Whether this asks for the header `name`.
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

/// A CloudFront function: the text of its LIVE stage holds the secret while the gate is closed.
#[derive(Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Of the DEVELOPMENT stage: what an update must quote.
    pub etag: String,
    /// Code in the DEVELOPMENT stage.
    pub development: String,
    /// Code that serves; `None` = never published.
    pub live: Option<String>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({}, code redacted)", self.name)
    }
}

/// A distribution, as far as the gate and invalidations are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// Its alternate domain names.
    pub aliases: Vec<String>,
    /// Whether its last change has reached every edge.
    pub deployed: bool,
    /// Each cache behaviour, the default one as `*`.
    pub behaviours: Vec<Association>,
}

/// What a cache behaviour calls at viewer-request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// Path pattern; `*` = the default behaviour.
    pub path: String,
    /// Name of the CloudFront function, if one is associated.
    pub function: Option<String>,
    /// A Lambda@Edge function stands at a viewer event: no CloudFront function may stand beside it.
    pub lambda: bool,
}
