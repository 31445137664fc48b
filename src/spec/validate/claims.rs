//! AWS resources that two environments must not share, because each would undo what the other does.
//!
//! Claims are read from the types in `raw`, so that a conflict is found even if a file has other problems. A conflict
//! holds back *every* claimant that is otherwise valid: tidegate does not guess which of them is the owner. A claimant
//! with other errors does not hold back the rest.

use std::collections::BTreeMap;

use super::sites::{is_prefix, with_slash};
use crate::model::EnvironmentName;
use crate::spec::decode::{Leaf, Origins};
use crate::spec::diagnostic::{Code, Diagnostic, Place};
use crate::spec::raw::{RawEnvironment, RawSite};

/// How the identity of a site's place begins.
const PLACE: &str = "place";

/// A resource that only one environment may declare.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Claim {
    /// `cluster eu-central-2 592217263685 graasp-prod`: equal for the same resource in AWS.
    identity: String,
    /// For messages: ``cluster `graasp-prod` ``.
    noun: String,
    place: Place,
}

/// All claims of an environment, as far as they can be read.
pub(super) fn of(root: &Leaf<RawEnvironment>, origins: &Origins) -> Vec<Claim> {
    let Some(raw) = root.get() else { return Vec::new() };
    let mut claims = Vec::new();
    let aws = raw.aws.as_ref().and_then(Leaf::get);
    let region = aws.and_then(|aws| aws.region.as_ref()?.get()).map(|region| region.0.as_str());
    let account = aws.and_then(|aws| aws.account.as_ref()).map(|leaf| origins.get(leaf.at).written.as_str());
    // Without a region or an account, the resource cannot be identified.
    let here = region.zip(account).map(|(region, account)| format!("{region} {account}"));
    let here = here.as_deref();
    let everywhere = Some("");
    let mut claim = |kind: &str, scope: Option<&str>, leaf: &Leaf<String>, suffix: &str| {
        if let Some((name, scope)) = leaf.get().zip(scope) {
            let identity = format!("{kind} {scope} {}{suffix}", name.to_lowercase());
            let place = origins.get(leaf.at).value.clone();
            claims.push(Claim { identity, noun: format!("{kind} `{name}{suffix}`"), place });
        }
    };

    if let Some(leaf) = &raw.cluster {
        claim("cluster", here, leaf, "");
    }
    if let Some(database) = raw.database.as_ref().and_then(Leaf::get) {
        // An instance and an Aurora cluster may share a name without being the same thing.
        if let Some(leaf) = &database.instance {
            claim("database", here, leaf, "");
        }
        if let Some(leaf) = &database.cluster {
            claim("Aurora cluster", here, leaf, "");
        }
    }
    if let Some(maintenance) = raw.maintenance.as_ref().and_then(Leaf::get) {
        if let Some(balancer) = maintenance.load_balancer.as_ref().and_then(Leaf::get)
            && let (Some(leaf), Some(port)) = (&balancer.name, balancer.port.as_ref().and_then(Leaf::get))
        {
            claim("listener", here, leaf, &format!(":{port}"));
        }
        if let Some(cloudfront) = maintenance.cloudfront.as_ref().and_then(Leaf::get) {
            if let Some(leaf) = &cloudfront.function {
                claim("CloudFront function", account, leaf, "");
            }
            for leaf in cloudfront.distributions.iter().filter_map(Leaf::get).flatten() {
                claim("distribution", everywhere, leaf, "");
            }
        }
    }
    for (_, site) in raw.sites.iter().filter_map(Leaf::get).flat_map(|table| &table.0) {
        let Some(site) = site.get() else { continue };
        // Many sites with prefixes may stand behind one distribution.
        if let Some(leaf) = site.distribution.as_ref().filter(|_| site.prefix.is_none()) {
            claim("distribution", everywhere, leaf, "");
        }
    }
    let sites = raw.sites.iter().filter_map(Leaf::get).flat_map(|table| &table.0);
    claims.extend(sites.filter_map(|(_, site)| of_site(site.get()?, origins)));
    claims
}

/// The place of a site. A slash follows the bucket, so that one identity begins with another exactly where one place lies
/// in the other.
fn of_site(site: &RawSite, origins: &Origins) -> Option<Claim> {
    let bucket = site.bucket.as_ref()?;
    let written =
        |leaf: &Leaf<String>| leaf.get().filter(|text| is_prefix(text)).map(|text| with_slash(text));
    let prefix = site.prefix.as_ref().map_or(Some(String::new()), written)?;
    let name = bucket.get()?;
    let noun = match prefix.as_str() {
        "" => format!("site bucket `{name}`"),
        prefix => format!("place `{name}/{prefix}` of a site"),
    };
    let place = origins.get(site.prefix.as_ref().unwrap_or(bucket).at).value.clone();
    Some(Claim { identity: format!("{PLACE} {}/{prefix}", name.to_lowercase()), noun, place })
}

/// One environment in the comparison.
pub(in crate::spec) struct Claimant<'a> {
    pub(in crate::spec) name: &'a EnvironmentName,
    /// Whether it has no other error.
    pub(in crate::spec) valid: bool,
    pub(in crate::spec) claims: &'a [Claim],
}

/// Conflicts, each with the environment that it holds back.
pub(in crate::spec) fn compare(claimants: &[Claimant<'_>]) -> Vec<(EnvironmentName, Diagnostic)> {
    let mut groups: BTreeMap<&str, Vec<(&Claimant<'_>, &Claim)>> = BTreeMap::new();
    for claimant in claimants {
        for claim in claimant.claims {
            groups.entry(&claim.identity).or_default().push((claimant, claim));
        }
    }
    let mut conflicts = Vec::new();
    for claims in within_each_other(groups) {
        let claims = &claims;
        let several = claims.iter().any(|(claimant, _)| claimant.name != claims[0].0.name);
        if several {
            conflicts.extend(conflict(claims));
        } else if claims[0].1.identity.starts_with(PLACE) && claims.len() > 1 {
            conflicts.extend(claims[1..].iter().map(|claim| shared_by_sites(claim, claims[0].1)));
        }
    }
    conflicts
}

/// Claims of the same resource; places of sites also where one lies in the other. In alphabetical order, a place comes
/// immediately before those that lie in it.
fn within_each_other<'c, 'n>(
    groups: BTreeMap<&'c str, Vec<(&'c Claimant<'n>, &'c Claim)>>,
) -> Vec<Vec<(&'c Claimant<'n>, &'c Claim)>> {
    let mut merged: Vec<Vec<(&Claimant<'_>, &Claim)>> = Vec::new();
    for (identity, claims) in groups {
        let outer = merged.last_mut().filter(|outer| {
            identity.starts_with(PLACE) && identity.starts_with(outer[0].1.identity.as_str())
        });
        match outer {
            Some(outer) => outer.extend(claims),
            None => merged.push(claims),
        }
    }
    merged
}

fn conflict(claims: &[(&Claimant<'_>, &Claim)]) -> Vec<(EnvironmentName, Diagnostic)> {
    let mut names: Vec<String> = claims.iter().map(|(claimant, _)| format!("`{}`", claimant.name)).collect();
    names.sort();
    names.dedup();
    let valid = claims.iter().filter(|(claimant, _)| claimant.valid).map(|(claimant, _)| claimant.name);
    let only_valid = match valid.collect::<Vec<_>>()[..] {
        [first, ref rest @ ..] if rest.iter().all(|name| *name == first) => Some(first),
        _ => None,
    };
    let held = claims.iter().filter(|(claimant, _)| only_valid != Some(claimant.name));
    held.map(|(claimant, claim)| {
        let message = format!("{} is claimed by {}", claim.noun, names.join(" and "));
        let other = claims.iter().find(|(other, _)| other.name != claimant.name).expect("several claim it");
        let hint = if other.1.place == claim.place {
            "each environment needs its own: move the line from the shared file to the environments"
                .to_owned()
        } else {
            format!("each environment needs its own; the other claim is at {}", other.1.place)
        };
        let problem = Diagnostic::error(claim.place.clone(), Code::ClaimedTwice, message);
        (claimant.name.clone(), problem.with_hint(hint))
    })
    .collect()
}

fn shared_by_sites(
    (claimant, claim): &(&Claimant<'_>, &Claim),
    first: &Claim,
) -> (EnvironmentName, Diagnostic) {
    let line = first.place.line;
    let (message, hint) = if claim.identity == first.identity {
        let hint = format!("each site needs its own, or a `prefix`; the other claim is in line {line}");
        (format!("{} is claimed by two sites", claim.noun), hint)
    } else {
        let hint = format!(
            "tidegate deletes old files of a site, so no site may lie in another; the other claim is in line {line}"
        );
        (format!("{} lies in the {}", claim.noun, first.noun), hint)
    };
    let problem = Diagnostic::error(claim.place.clone(), Code::ClaimedTwice, message);
    (claimant.name.clone(), problem.with_hint(hint))
}
