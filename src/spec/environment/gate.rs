//! The gate: where users are sent, what lets people through, and what is gated.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::ServiceName;

/// The gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Maintenance {
    /// The maintenance page that users are redirected to.
    pub page: url::Url,
    /// The header that passes the closed gate.
    pub bypass: Bypass,
    /// The listener whose rules are gated.
    pub load_balancer: Option<ListenerTarget>,
    /// The CloudFront distributions that are gated.
    pub cloudfront: Option<CloudFrontGate>,
    /// Services that users reach even while the gate is closed, if they are up.
    pub keep_open: BTreeSet<ServiceName>,
    /// How long to wait between closing the gate and stopping services.
    pub drain: Duration,
}

/// The bypass header, and where its secret value is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// The name of the header, in lower case.
    pub header: String,
    /// Where the secret value is stored.
    pub value_from: SecretSource,
}

/// Where a secret is stored. Holds the place, never the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// The name of an SSM parameter.
    Ssm(String),
    /// The name or ARN of a Secrets Manager secret.
    SecretsManager(String),
    /// The name of an environment variable of the daemon.
    Env(String),
    /// The absolute path of a file on the daemon's machine.
    File(String),
}

/// A listener of a named load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerTarget {
    /// The load balancer's name.
    pub name: String,
    /// The listener's port.
    pub port: u16,
}

/// The CloudFront function of the gate, and the distributions that it closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudFrontGate {
    /// The function's name.
    pub function: String,
    /// The distributions, by alias or by id.
    pub distributions: Vec<String>,
    /// The first digits of the SHA-256 of code that tidegate did not write and may overwrite.
    pub replace: Option<String>,
}

impl CloudFrontGate {
    /// Whether the declaration lets tidegate overwrite the code with this SHA-256.
    pub fn replaces(&self, sha256: &str) -> bool {
        self.replace.as_ref().is_some_and(|digits| sha256.starts_with(digits))
    }
}
