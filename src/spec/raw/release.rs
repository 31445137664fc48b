//! `maintenance:`, `sites:` and `checks:` as they may be written: what a release does besides services.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, TemplateText, UrlText};
use crate::spec::decode::Leaf;

/// The gate.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Maintenance", deny_unknown_fields)]
pub(in crate::spec) struct RawMaintenance {
    /// Where users are sent while the gate is closed.
    #[schemars(required)]
    pub(in crate::spec) page: Option<Leaf<UrlText>>,
    /// The header that gets people through while the gate is closed.
    #[schemars(required)]
    pub(in crate::spec) bypass: Option<Leaf<RawBypass>>,
    /// The listener whose rules are gated.
    pub(in crate::spec) load_balancer: Option<Leaf<RawLoadBalancer>>,
    /// The distributions that are gated, and the function that does it.
    pub(in crate::spec) cloudfront: Option<Leaf<RawCloudFront>>,
    /// Services that are never gated while they are up.
    pub(in crate::spec) keep_open: Option<Leaf<Vec<Leaf<String>>>>,
    /// The wait between closing the gate and stopping services.
    #[schemars(extend("default" = "60s"))]
    pub(in crate::spec) drain: Option<Leaf<DurationText>>,
}

/// The bypass header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Bypass", deny_unknown_fields)]
pub(in crate::spec) struct RawBypass {
    /// Its name, such as `x-maintenance-bypass`.
    #[schemars(required, pattern(r"^[A-Za-z0-9_-]{1,40}$"))]
    pub(in crate::spec) header: Option<Leaf<String>>,
    /// Where its secret value is kept: one place.
    #[schemars(required)]
    pub(in crate::spec) value_from: Option<Leaf<RawSecretSource>>,
}

/// Where a secret is kept: exactly one of these.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "SecretSource", deny_unknown_fields)]
pub(in crate::spec) struct RawSecretSource {
    /// The name of an SSM parameter: `/graasp/prod/maintenance-secret`.
    pub(in crate::spec) ssm: Option<Leaf<String>>,
    /// The name or ARN of a Secrets Manager secret.
    pub(in crate::spec) secretsmanager: Option<Leaf<String>>,
    /// A variable of the daemon's environment; it must be allowed in the daemon's own configuration.
    pub(in crate::spec) env: Option<Leaf<String>>,
    /// A file on the daemon's machine; it must be allowed in the daemon's own configuration.
    pub(in crate::spec) file: Option<Leaf<String>>,
}

/// A listener of a load balancer. Forward rules belong to the service whose target group they name; redirect
/// rules to none, and are always gated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "LoadBalancer", deny_unknown_fields)]
pub(in crate::spec) struct RawLoadBalancer {
    /// The balancer's name.
    #[schemars(required)]
    pub(in crate::spec) name: Option<Leaf<String>>,
    /// The listener's port.
    #[schemars(required, range(min = 1))]
    pub(in crate::spec) port: Option<Leaf<u16>>,
}

/// A CloudFront function and what it guards.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CloudFront", deny_unknown_fields)]
pub(in crate::spec) struct RawCloudFront {
    /// The function's name.
    #[schemars(required, pattern(r"^[A-Za-z0-9_-]{1,64}$"))]
    pub(in crate::spec) function: Option<Leaf<String>>,
    /// The distributions, by alias (`assets.graasp.org`) or by id.
    #[schemars(required, length(min = 1))]
    pub(in crate::spec) distributions: Option<Leaf<Vec<Leaf<String>>>>,
}

/// A static site: releases are copied from one bucket to another, entry points last.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Site", deny_unknown_fields)]
pub(in crate::spec) struct RawSite {
    /// Where its releases lie: `s3://graasp-releases/client/{client}/`.
    #[schemars(required)]
    pub(in crate::spec) source: Option<Leaf<TemplateText>>,
    /// The bucket that is served.
    #[schemars(required)]
    pub(in crate::spec) bucket: Option<Leaf<String>>,
    /// The distribution in front of it, by alias or by id: its cache is told about the release.
    pub(in crate::spec) distribution: Option<Leaf<String>>,
}

/// A request that must be answered as expected before the gate opens. It carries the bypass header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Check", deny_unknown_fields)]
pub(in crate::spec) struct RawCheck {
    /// What is asked; `https` only.
    #[schemars(required)]
    pub(in crate::spec) url: Option<Leaf<UrlText>>,
    /// The status that passes.
    #[schemars(range(min = 100, max = 599), extend("default" = 200))]
    pub(in crate::spec) status: Option<Leaf<u16>>,
    /// How long it may take until it passes.
    #[schemars(extend("default" = "5m"))]
    pub(in crate::spec) within: Option<Leaf<DurationText>>,
}
