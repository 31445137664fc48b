//! `maintenance:`, `sites:` and `checks:` as a person may write them: what a release touches besides services.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, TemplateText, UrlText};
use crate::spec::decode::Leaf;

/// The gate: what it protects, where users are sent while it is closed, and who still gets through.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Maintenance", deny_unknown_fields)]
pub(in crate::spec) struct RawMaintenance {
    /// The URL that users are redirected to while the gate is closed: `https://maintenance.graasp.org`.
    #[schemars(required)]
    pub(in crate::spec) page: Option<Leaf<UrlText>>,
    /// The request header that passes the closed gate, so that people can test before it opens.
    #[schemars(required)]
    pub(in crate::spec) bypass: Option<Leaf<RawBypass>>,
    /// The load balancer's listener whose rules tidegate closes.
    pub(in crate::spec) load_balancer: Option<Leaf<RawLoadBalancer>>,
    /// The CloudFront distributions that tidegate closes, and the function that does it.
    pub(in crate::spec) cloudfront: Option<Leaf<RawCloudFront>>,
    /// Services that users reach even while the gate is closed, if they are up: `[admin]`. Default: none.
    pub(in crate::spec) keep_open: Option<Leaf<Vec<Leaf<String>>>>,
    /// How long tidegate waits between closing the gate and stopping services, so that running requests can end.
    /// Default: `60s`.
    #[schemars(extend("default" = "60s"))]
    pub(in crate::spec) drain: Option<Leaf<DurationText>>,
}

/// The bypass header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Bypass", deny_unknown_fields)]
pub(in crate::spec) struct RawBypass {
    /// The header's name, such as `x-maintenance-bypass`: up to 40 letters, digits, `-` and `_`.
    #[schemars(required, pattern(r"^[A-Za-z0-9_-]{1,40}$"))]
    pub(in crate::spec) header: Option<Leaf<String>>,
    /// Where the header's secret value is stored: exactly one place.
    #[schemars(required)]
    pub(in crate::spec) value_from: Option<Leaf<RawSecretSource>>,
}

/// Where a secret is stored. Name exactly one of these places.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "SecretSource", deny_unknown_fields)]
pub(in crate::spec) struct RawSecretSource {
    /// The name of an SSM parameter, such as `/graasp/prod/maintenance-secret`.
    pub(in crate::spec) ssm: Option<Leaf<String>>,
    /// The name or ARN of a Secrets Manager secret, such as `graasp/prod/maintenance`.
    pub(in crate::spec) secretsmanager: Option<Leaf<String>>,
    /// An environment variable of the daemon, such as `BYPASS_SECRET`. The daemon's own configuration must allow it.
    pub(in crate::spec) env: Option<Leaf<String>>,
    /// The absolute path of a file on the daemon's machine. The daemon's own configuration must allow it.
    pub(in crate::spec) file: Option<Leaf<String>>,
}

/// A listener of a load balancer. A forward rule belongs to the service whose target group it names. A redirect
/// rule belongs to no service, and is always gated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "LoadBalancer", deny_unknown_fields)]
pub(in crate::spec) struct RawLoadBalancer {
    /// The load balancer's name, such as `graasp-prod`.
    #[schemars(required)]
    pub(in crate::spec) name: Option<Leaf<String>>,
    /// The listener's port, such as 443.
    #[schemars(required, range(min = 1))]
    pub(in crate::spec) port: Option<Leaf<u16>>,
}

/// A CloudFront function, and the distributions that it closes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CloudFront", deny_unknown_fields)]
pub(in crate::spec) struct RawCloudFront {
    /// The function's name, such as `maintenance-check`. tidegate writes its code.
    #[schemars(required, pattern(r"^[A-Za-z0-9_-]{1,64}$"))]
    pub(in crate::spec) function: Option<Leaf<String>>,
    /// The distributions, by alias (`assets.graasp.org`) or by id (`E2EXAMPLE`).
    #[schemars(required, length(min = 1))]
    pub(in crate::spec) distributions: Option<Leaf<Vec<Leaf<String>>>>,
    /// The SHA-256 of code in the function that tidegate did not write and may overwrite, or at least its first 12
    /// digits. CloudFront keeps no versions, so without this key such code is never overwritten. The plan shows it.
    #[schemars(pattern(r"^[0-9a-f]{12,64}$"))]
    pub(in crate::spec) replace: Option<Leaf<String>>,
}

/// A static site. tidegate copies a release from one bucket to another, its entry points (`index.html`) last.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Site", deny_unknown_fields)]
pub(in crate::spec) struct RawSite {
    /// Where releases are stored: `s3://graasp-releases/client/{client}/`, where `{client}` is an entry of `versions`.
    #[schemars(required)]
    pub(in crate::spec) source: Option<Leaf<TemplateText>>,
    /// The bucket that users are served from.
    #[schemars(required)]
    pub(in crate::spec) bucket: Option<Leaf<String>>,
    /// Where the site's keys begin in the bucket, such as `8a3f/latest/`, if several sites share the bucket. Prefixes of
    /// one bucket must not nest. Default: the whole bucket.
    pub(in crate::spec) prefix: Option<Leaf<String>>,
    /// The CloudFront distribution in front of the bucket, by alias or by id. tidegate invalidates its cache after a
    /// release. Sites with a prefix may share one. Default: none.
    pub(in crate::spec) distribution: Option<Leaf<String>>,
}

/// A request that must be answered as expected before the gate opens. tidegate sends the bypass header with it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Check", deny_unknown_fields)]
pub(in crate::spec) struct RawCheck {
    /// The URL to request, `https` only: `https://api.graasp.org/health`.
    #[schemars(required)]
    pub(in crate::spec) url: Option<Leaf<UrlText>>,
    /// The HTTP status that passes. Default: 200.
    #[schemars(range(min = 100, max = 599), extend("default" = 200))]
    pub(in crate::spec) status: Option<Leaf<u16>>,
    /// How long tidegate keeps trying until the check passes: `2m`. Default: `5m`.
    #[schemars(extend("default" = "5m"))]
    pub(in crate::spec) within: Option<Leaf<DurationText>>,
}
