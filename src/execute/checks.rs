//! The checks before the gate opens: each URL is asked until it answers as declared.

use futures_util::future::try_join_all;
use secrecy::SecretString;
use url::Url;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::{Condition, Kind};
use crate::gate;
use crate::spec::Check;
use crate::store::journal::Event;

/// Asks all checks side by side.
pub(super) async fn check(hands: &ActionContext<'_>, id: &str, checks: &[Check]) -> Result<(), ActionError> {
    let header = header(hands).await?;
    try_join_all(checks.iter().map(|check| ask(hands, id, check, header.as_ref()))).await?;
    hands.record(Event::ChecksPassed)
}

async fn ask(
    hands: &ActionContext<'_>,
    id: &str,
    check: &Check,
    header: Option<&Header>,
) -> Result<(), ActionError> {
    let Check { url, status, within } = check;
    let sent = header.and_then(|header| header.for_url(url));
    let bare = match (header, sent) {
        (Some(_), None) => {
            ", asked without the bypass header: no gated rule or distribution of ours is for it"
        }
        _ => "",
    };
    let mut wait = hands.wait(id, format!("{url} to answer {status}"), *within);
    loop {
        let seen = match hands.cloud.probe(url, sent).await {
            Ok(answer) if answer == *status => return Ok(()),
            Ok(answer) => format!("{url} answers {answer}{bare}"),
            Err(error) if error.kind == Kind::Invalid => return Err(error.into()),
            Err(error) => format!("{url} does not answer: {}", error.message),
        };
        wait.pause(&seen).await?;
    }
}

/// The bypass header and where it may go.
struct Header {
    name: String,
    secret: SecretString,
    hosts: Vec<String>,
}

impl Header {
    /// Only to hosts that this environment serves itself, and only encrypted: anybody else would learn it.
    fn for_url(&self, url: &Url) -> Option<(&str, &SecretString)> {
        let host = url.host_str().filter(|_| url.scheme() == "https")?;
        let serves = self
            .hosts
            .iter()
            .any(|pattern| is_narrow(pattern) && !host.starts_with('.') && gate::matches_host(pattern, host));
        serves.then_some((self.name.as_str(), &self.secret))
    }
}

async fn header(hands: &ActionContext<'_>) -> Result<Option<Header>, ActionError> {
    let Some(maintenance) = &hands.spec.maintenance else { return Ok(None) };
    let mut hosts = Vec::new();
    if let Some(target) = &maintenance.load_balancer {
        let listener = hands.read(|| hands.cloud.listener(target)).await?;
        // Rules that ask for the header because of us. Others on a shared balancer lead to other people, and
        // what is open needs none.
        let rules = listener.into_iter().flat_map(|listener| listener.rules).filter(gate::is_ours);
        let conditions = rules.flat_map(|rule| rule.conditions);
        hosts.extend(conditions.filter(is_host).flat_map(|condition| condition.values));
    }
    if let Some(cloudfront) = &maintenance.cloudfront {
        let found = hands.read(|| hands.cloud.distributions(&cloudfront.distributions)).await?;
        hosts.extend(found.into_values().flat_map(|distribution| distribution.aliases));
    }
    let secret = hands.read(|| hands.cloud.secret(&maintenance.bypass.value_from)).await?;
    Ok(Some(Header { name: maintenance.bypass.header.clone(), secret, hosts }))
}

fn is_host(condition: &Condition) -> bool {
    condition.field == "host-header"
}

/// Whether a host pattern of a rule or an alias covers only hosts of this environment. `*` and `*.org` would also
/// cover hosts of other owners: a wildcard must stand alone in front of a domain that has a dot of its own.
fn is_narrow(pattern: &str) -> bool {
    let domain = pattern.strip_prefix("*.").filter(|domain| domain.contains('.'));
    !domain.unwrap_or(pattern).contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_goes_to_our_own_encrypted_hosts_only() {
        let header = Header {
            name: "x-bypass".to_owned(),
            secret: SecretString::from("secret".to_owned()),
            hosts: vec!["api.graasp.org".into(), "*.dev.graasp.org".into(), "*".into(), "*.org".into()],
        };
        for (url, sent) in [
            ("https://api.graasp.org/health", true),
            ("https://API.graasp.org/health", true),
            ("https://a.dev.graasp.org/", true),
            ("http://api.graasp.org/health", false),
            ("https://dev.graasp.org/", false),
            ("https://.dev.graasp.org/", false),
            ("https://evil.org/", false),
            ("https://xdev.graasp.org.evil.com/", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(header.for_url(&url).is_some(), sent, "{url}");
        }
    }
}
