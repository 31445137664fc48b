//! The closed gate as users meet it. Reading rules back from AWS shows what AWS was told; this asks as a user would.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::try_join_all;
use url::Url;

use super::super::context::ActionContext;
use super::super::error::ActionError;
use crate::gate;
use crate::spec::Maintenance;

/// A published function is at every edge, and a changed rule at every node of a balancer, well before that.
const CLOSED_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Asks the URLs of the checks without the header, where a closed gate must send everybody away, until it does.
/// The request carries no header and so reveals nothing: `http` URLs are asked, too. A URL that does not answer here
/// tells nothing: it may be reached from elsewhere only.
pub(in crate::execute) async fn verify(context: &ActionContext<'_>, id: &str) -> Result<(), ActionError> {
    let Some(maintenance) = &context.spec.maintenance else { return Ok(()) };
    // The plan has seen the gate closed; what cannot be read for this knocking only spares it.
    let urls = gated(context, maintenance).await.unwrap_or_default();
    try_join_all(urls.iter().map(|url| knock(context, id, url))).await?;
    Ok(())
}

/// URLs of checks that must be redirected; a check that expects a redirect by itself tells nothing.
async fn gated<'a>(
    context: &ActionContext<'a>,
    maintenance: &Maintenance,
) -> Result<Vec<&'a Url>, ActionError> {
    let told = context.spec.checks.iter().filter(|check| !is_redirect(check.status)).map(|check| &check.url);
    let asked: Vec<&Url> = told.collect();
    if asked.is_empty() {
        return Ok(asked);
    }
    let listener = match &maintenance.load_balancer {
        Some(target) => {
            context.read(|| context.cloud.listener(target)).await?.map(|found| (target.port, found))
        }
        None => None,
    };
    let mut aliases = BTreeSet::new();
    if let Some(cloudfront) = &maintenance.cloudfront {
        let found = context.read(|| context.cloud.distributions(&cloudfront.distributions)).await?;
        aliases.extend(found.into_values().flat_map(|distribution| distribution.aliases));
    }
    let header = &maintenance.bypass.header;
    let is_gated = |url: &Url| {
        url.host_str().is_some_and(|host| aliases.contains(host))
            || listener.as_ref().is_some_and(|(port, listener)| {
                url.port_or_known_default() == Some(*port) && gate::turns_away(listener, header, url)
            })
    };
    Ok(asked.into_iter().filter(|url| is_gated(url)).collect())
}

async fn knock(context: &ActionContext<'_>, id: &str, url: &Url) -> Result<(), ActionError> {
    let what = format!("the gate to close: {url} must redirect users to the maintenance page");
    let mut wait = context.wait(id, what, CLOSED_WITHIN);
    loop {
        match context.cloud.probe(url, None).await {
            Ok(status) if is_redirect(status) => return Ok(()),
            Ok(status) => wait.pause(&format!("users still get through: {url} answers {status}")).await?,
            Err(error) => {
                tracing::info!(%url, error = error.message, "cannot reach the URL from this host; skipping the outside check of the gate");
                return Ok(());
            }
        }
    }
}

fn is_redirect(status: u16) -> bool {
    (300..400).contains(&status)
}
