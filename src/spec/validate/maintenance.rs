//! `maintenance:`: the maintenance page, the bypass header, and what is gated.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::findings::Findings;
use super::{limits, names, services};
use crate::model::ServiceName;
use crate::spec::decode::{Leaf, OriginId};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{RawBypass, RawCloudFront, RawLoadBalancer, RawMaintenance, RawSecretSource};
use crate::spec::{Bypass, CloudFrontGate, ListenerTarget, Maintenance, SecretSource, ServiceSpec};

/// A fifth of the default deregistration delay of load balancers; most requests end within seconds.
const DRAIN: Duration = Duration::from_secs(60);

pub(super) fn maintenance(
    f: &mut Findings<'_>,
    leaf: &Leaf<RawMaintenance>,
    known: &BTreeMap<ServiceName, ServiceSpec>,
) -> Option<Maintenance> {
    let RawMaintenance { page, bypass, load_balancer, cloudfront, keep_open, drain } = leaf.get()?;
    let page = f.required(leaf.at, "page", page).and_then(|leaf| f.url(leaf));
    let bypass = f.required(leaf.at, "bypass", bypass).and_then(|leaf| bypass_header(f, leaf));
    if load_balancer.is_none() && cloudfront.is_none() {
        let message =
            "`maintenance` has neither `load_balancer` nor `cloudfront`, so the gate closes nothing";
        let hint = "add the `load_balancer` or the `cloudfront` that users come through".to_owned();
        f.warning_at_key(leaf.at, Code::GatesNothing, message).hint = Some(hint);
    }
    let load_balancer = load_balancer.as_ref().and_then(|leaf| listener(f, leaf));
    let cloudfront = cloudfront.as_ref().and_then(|leaf| gate_function(f, leaf));
    let names: BTreeSet<&str> = known.keys().map(ServiceName::as_str).collect();
    let keep_open = services::references(f, keep_open, &names);
    let keep_open = keep_open.into_iter().map(|(_, name)| ServiceName::new(name)).collect();
    let drain = f.duration_within(drain, DRAIN, &limits::DRAIN);
    Some(Maintenance { page: page?, bypass: bypass?, load_balancer, cloudfront, keep_open, drain })
}

fn bypass_header(f: &mut Findings<'_>, leaf: &Leaf<RawBypass>) -> Option<Bypass> {
    let RawBypass { header, value_from } = leaf.get()?;
    let header = f.required(leaf.at, "header", header).and_then(|leaf| header_name(f, leaf));
    let value_from = f.required(leaf.at, "value_from", value_from).and_then(|leaf| secret_source(f, leaf));
    Some(Bypass { header: header?, value_from: value_from? })
}

/// Names are compared without case, and CloudFront functions see them in lower case. Rules allow 40
/// characters: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>
fn header_name(f: &mut Findings<'_>, leaf: &Leaf<String>) -> Option<String> {
    let text = leaf.get()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let fault = if text.is_empty() || text.len() > 40 || !text.chars().all(allowed) {
        format!("`{text}` cannot be the name of the bypass header")
    } else if text.eq_ignore_ascii_case("host") {
        "`host` cannot be the bypass header, because every request has it".to_owned()
    } else {
        return Some(text.to_ascii_lowercase());
    };
    let hint = "use up to 40 letters, digits, `-` and `_`, such as `x-maintenance-bypass`".to_owned();
    f.error(leaf.at, Code::BadHeader, fault).hint = Some(hint);
    None
}

fn secret_source(f: &mut Findings<'_>, leaf: &Leaf<RawSecretSource>) -> Option<SecretSource> {
    type Place = fn(String) -> SecretSource;
    let RawSecretSource { ssm, secretsmanager, env, file } = leaf.get()?;
    let places: [(&Option<_>, Place); 4] = [
        (ssm, SecretSource::Ssm),
        (secretsmanager, SecretSource::SecretsManager),
        (env, SecretSource::Env),
        (file, SecretSource::File),
    ];
    let named: Vec<_> =
        places.into_iter().filter_map(|(place, make)| Some((place.as_ref()?, make))).collect();
    let hint = "name exactly one of `ssm`, `secretsmanager`, `env` and `file`";
    let [(source, make)] = named[..] else {
        let count = if named.is_empty() { "no place" } else { "more than one place" };
        let message = format!("`{}` names {count} for the secret", f.path(leaf.at));
        f.error_at_key(leaf.at, Code::SecretSource, message).hint = Some(hint.to_owned());
        return None;
    };
    let text = source.get()?;
    if let Some(fault) = source_fault(&make(text.clone())) {
        f.error(source.at, Code::SecretSource, fault);
        return None;
    }
    Some(make(text.clone()))
}

/// Why a name is not a valid place of a secret.
fn source_fault(source: &SecretSource) -> Option<&'static str> {
    let all = |text: &str, punctuation: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c))
    };
    match source {
        SecretSource::Ssm(name) => {
            (!all(name, "/_.-:")).then_some("the name of a parameter may contain only letters, digits, `/`, `_`, `.` and `-`")
        }
        SecretSource::SecretsManager(name) => {
            (!all(name, "/_+=.@-:")).then_some("the name of a secret may contain only letters, digits and `/_+=.@-`")
        }
        SecretSource::Env(name) => (!all(name, "_") || name.starts_with(|c: char| c.is_ascii_digit()))
            .then_some("the name of a variable may contain only letters, digits and `_`, and cannot begin with a digit"),
        SecretSource::File(path) => (!path.starts_with('/'))
            .then_some("the path of a file must be absolute: it must begin with `/`"),
    }
}

fn listener(f: &mut Findings<'_>, leaf: &Leaf<RawLoadBalancer>) -> Option<ListenerTarget> {
    let RawLoadBalancer { name, port } = leaf.get()?;
    let name = f.required(leaf.at, "name", name).map(|leaf| f.name(leaf, &names::LOAD_BALANCER));
    let port = f.required(leaf.at, "port", port).and_then(|leaf| Some((leaf.at, *leaf.get()?)));
    let (port_at, port) = port?;
    if port == 0 {
        f.error(port_at, Code::BadNumber, "a port must be at least 1").hint =
            Some("the port of HTTPS is 443".to_owned());
    }
    Some(ListenerTarget { name: name?, port })
}

fn gate_function(f: &mut Findings<'_>, leaf: &Leaf<RawCloudFront>) -> Option<CloudFrontGate> {
    let RawCloudFront { function, distributions, replace } = leaf.get()?;
    let function = f.required(leaf.at, "function", function).map(|leaf| f.name(leaf, &names::FUNCTION));
    let list = f.required(leaf.at, "distributions", distributions)?;
    let leaves = list.get()?;
    f.not_empty(list.at, leaves, "name the distributions that the function closes");
    f.at_most(list.at, leaves, &limits::DISTRIBUTIONS);
    let named: Vec<(OriginId, &String)> =
        leaves.iter().filter_map(|leaf| Some((leaf.at, leaf.get()?))).collect();
    f.distinct(named);
    let mut distributions: Vec<String> = Vec::new();
    for leaf in leaves {
        let name = f.name(leaf, &names::DISTRIBUTION);
        if !distributions.contains(&name) {
            distributions.push(name);
        }
    }
    let replace = replace.as_ref().map(|leaf| f.name(leaf, &names::SHA256_PREFIX));
    Some(CloudFrontGate { function: function?, distributions, replace })
}
