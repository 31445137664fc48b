//! What the edges have to forget. CloudFront may refuse or have no room: then the marker keeps the keys, and tidegate
//! asks again later. A switch never fails for it, and no gate stays closed for it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::marker;
use super::sync::{SiteSync, declared};
use crate::cloud::{CloudError, Distribution, Kind, Marker, PendingInvalidation};
use crate::execute::context::ActionContext;
use crate::execute::error::ActionError;
use crate::execute::invalidation;
use crate::model::SiteName;
use crate::retry::{Backoff, retry};
use crate::spec::SiteSpec;

/// A few seconds: users may be waiting behind the gate, and who is asked again later loses nothing.
const TRIES: Backoff =
    Backoff { first: Duration::from_secs(1), tries_max: 3, time_max: Duration::from_secs(45) };

/// What one site has replaced.
struct Forgotten<'a> {
    site: &'a SiteSpec,
    all: bool,
    keys: BTreeSet<String>,
}

/// Asks for what a switch has replaced; at first contact for everything, because it is unknown what the edges have.
/// Returns what CloudFront did not accept.
pub(super) async fn invalidate(
    context: &ActionContext<'_>,
    id: &str,
    sync: &SiteSync<'_>,
    replaced: BTreeSet<String>,
) -> Result<Option<PendingInvalidation>, ActionError> {
    let Some(distribution) = &sync.site.distribution else { return Ok(None) };
    let earlier = sync.marker.invalidation.as_ref();
    let all = sync.marker.live.is_none() || earlier.is_some_and(|earlier| earlier.all);
    let mut keys = replaced;
    keys.extend(earlier.into_iter().flat_map(|earlier| &earlier.keys).cloned());
    let forgotten = [Forgotten { site: sync.site, all, keys }];
    let refused = ask(context, distribution, &forgotten, earlier.is_some()).await?;
    let [Forgotten { keys, .. }] = forgotten;
    Ok(refused.map(|why| pending(context, id, (all, keys), 1, why)))
}

/// Asks again for what CloudFront did not accept, for all these sites of one distribution together.
pub(in crate::execute) async fn forget(
    context: &ActionContext<'_>,
    id: &str,
    distribution: &String,
    sites: &BTreeSet<SiteName>,
) -> Result<(), ActionError> {
    let mut asked = Vec::new();
    for site in sites {
        let site = declared(context, site)?;
        let found = marker::read(context, site).await?.and_then(|(marker, _)| marker.invalidation);
        asked.extend(found.map(|pending| (site, pending)));
    }
    let forgotten: Vec<Forgotten<'_>> = asked
        .iter()
        .map(|(site, pending)| Forgotten { site, all: pending.all, keys: pending.keys.clone() })
        .collect();
    let refused = ask(context, distribution, &forgotten, true).await?;
    for (site, before) in asked {
        let (all, tries) = (before.all, before.tries.saturating_add(1));
        let still = refused.clone().map(|why| pending(context, id, (all, before.keys.clone()), tries, why));
        // A switch in the meantime has asked for more.
        let change = |found: &Marker| match found.invalidation.as_ref() == Some(&before) {
            true => Marker { invalidation: still.clone(), ..found.clone() },
            false => found.clone(),
        };
        marker::write(context, id, site, change).await?;
    }
    Ok(())
}

/// `Some`: why CloudFront did not accept this.
async fn ask(
    context: &ActionContext<'_>,
    distribution: &String,
    forgotten: &[Forgotten<'_>],
    is_again: bool,
) -> Result<Option<String>, ActionError> {
    if forgotten.iter().all(|one| !one.all && one.keys.is_empty()) {
        return Ok(None);
    }
    let names = std::slice::from_ref(distribution);
    let attempt = |everything: bool| async move {
        let found = context.cloud.distributions(names).await?;
        let Some(found) = found.get(distribution) else {
            return Err(ActionError::refused(format!("the distribution `{distribution}` does not exist")));
        };
        let mut paths: BTreeSet<String> =
            forgotten.iter().flat_map(|one| paths(found, one, everything)).collect();
        if is_again {
            paths = invalidation::grouped(&paths);
        }
        if paths.is_empty() {
            return Ok(());
        }
        let paths: Vec<String> = paths.into_iter().collect();
        context.journal.verify()?;
        Ok(context.cloud.invalidate(&found.id, &paths).await?)
    };
    let mut asked = retry(context.clock, TRIES, ActionError::is_transient, || attempt(false)).await;
    if let Err(ActionError::Cloud(CloudError { kind: Kind::Invalid, .. })) = asked {
        // CloudFront does not take one of the paths, and does not say which: one wildcard for each site it takes.
        asked = retry(context.clock, TRIES, ActionError::is_transient, || attempt(true)).await;
    }
    match asked {
        Ok(()) => Ok(None),
        Err(error @ (ActionError::Cloud(_) | ActionError::Refused(_))) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

/// The paths of a distribution under which viewers may have got what a site has replaced.
fn paths(distribution: &Distribution, forgotten: &Forgotten<'_>, everything: bool) -> BTreeSet<String> {
    let Forgotten { site, all, keys } = forgotten;
    let of_origin = |base: &String| match *all || everything {
        true => invalidation::everything(base, &site.prefix),
        false => invalidation::paths(base, &site.prefix, keys),
    };
    let paths: BTreeSet<String> =
        distribution.key_prefixes(&site.bucket).iter().flat_map(of_origin).collect();
    // A page that is answered instead of errors is kept under every address that was asked for.
    let is_everywhere = distribution.error_pages.iter().any(|page| invalidation::is_covered(page, &paths));
    if is_everywhere { BTreeSet::from(["/*".to_owned()]) } else { paths }
}

fn pending(
    context: &ActionContext<'_>,
    id: &str,
    (all, keys): (bool, BTreeSet<String>),
    tries: u32,
    why: String,
) -> PendingInvalidation {
    let text = format!("CloudFront did not accept the invalidation, and tidegate asks again later: {why}");
    tracing::warn!(action = id, "{text}");
    context.progress.action_progress(id, &text);
    PendingInvalidation { all, keys, asked_at: context.clock.now(), tries, why }
}
