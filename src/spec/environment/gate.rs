//! The gate: where users are sent, what lets people through, and what is gated.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::ServiceName;

/// The gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Maintenance {
    /// Where users are sent.
    pub page: url::Url,
    /// The header that gets people through.
    pub bypass: Bypass,
    /// Rules that are gated.
    pub load_balancer: Option<ListenerTarget>,
    /// Distributions that are gated.
    pub cloudfront: Option<CloudFrontGate>,
    /// Services that are never gated while up.
    pub keep_open: BTreeSet<ServiceName>,
    /// Wait between closing and stopping.
    pub drain: Duration,
}

/// Header name and where its secret value is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// Lower-case header name.
    pub header: String,
    /// Where the value is read.
    pub value_from: SecretSource,
}

/// Where a secret is kept. Holds the place, never the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// An SSM parameter.
    Ssm(String),
    /// A Secrets Manager secret.
    SecretsManager(String),
    /// An environment variable of the daemon.
    Env(String),
    /// A file on the daemon's machine.
    File(String),
}

/// A listener of a named load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerTarget {
    /// The balancer's name.
    pub name: String,
    /// The listener's port.
    pub port: u16,
}

/// The CloudFront function and what it guards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudFrontGate {
    /// Name of the function.
    pub function: String,
    /// Aliases or ids.
    pub distributions: Vec<String>,
}
