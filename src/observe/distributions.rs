//! The distributions of the gate and of the sites, from one listing of the account.

use std::collections::BTreeMap;

use super::context::ObserveContext;
use crate::cloud::Distribution;

/// Distributions as one listing shows them.
#[derive(Debug, Default)]
pub(super) struct ListedDistributions {
    /// By the alias or the id that the declaration gives.
    pub(super) named: BTreeMap<String, Distribution>,
    /// Those that call the gate's function, declared or not.
    pub(super) callers: Vec<Distribution>,
}

/// The listing, or why it could not be read.
pub(super) type Distributions = Result<ListedDistributions, String>;

/// Every distribution that the gate or a site names, and those that call the gate's function, in one request.
pub(super) async fn distributions(context: ObserveContext<'_>) -> Distributions {
    let gated = context.spec.maintenance.iter().flat_map(|maintenance| &maintenance.cloudfront);
    let names = gated.flat_map(|cloudfront| &cloudfront.distributions);
    let of_sites = context.spec.sites.values().filter_map(|site| site.distribution.as_ref());
    let mut names: Vec<String> = names.chain(of_sites).cloned().collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(ListedDistributions::default());
    }
    let mut gates = context.spec.maintenance.iter().flat_map(|maintenance| &maintenance.cloudfront);
    let answer = match gates.next() {
        Some(gate) => context
            .read(|cloud| cloud.distributions_and_callers(&names, &gate.function))
            .await
            .map(|(named, callers)| ListedDistributions { named, callers }),
        None => context
            .read(|cloud| cloud.distributions(&names))
            .await
            .map(|named| ListedDistributions { named, callers: Vec::new() }),
    };
    answer.map_err(|error| error.to_string())
}
