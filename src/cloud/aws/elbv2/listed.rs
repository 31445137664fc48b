//! Which listeners stand in front of services, for whoever does not know it yet.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    self, ActionTypeEnum, LoadBalancer, LoadBalancerTypeEnum, ProtocolEnum, RedirectActionConfig,
};
use url::Url;

use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use crate::cloud::{CloudError, Family, ListedListener};
use crate::spec::ListenerTarget;

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html>
const NAMED_AT_ONCE_MAX: usize = 20;
const PAGES_MAX: usize = 20;

/// One request for twenty target groups, one for twenty balancers, and one for each balancer.
pub(in super::super) async fn listeners_of(
    session: &Session,
    target_groups: &[String],
) -> Result<Vec<ListedListener>, CloudError> {
    let mut found = Vec::new();
    for balancer in balancers(session, target_groups).await? {
        // Only application load balancers have rules.
        if balancer.r#type() == Some(&LoadBalancerTypeEnum::Application) || balancer.r#type().is_none() {
            found.extend(listeners(session, &balancer).await?);
        }
    }
    found.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(found)
}

async fn balancers(session: &Session, target_groups: &[String]) -> Result<Vec<LoadBalancer>, CloudError> {
    let client = &session.clients.balancers.read;
    let mut arns = BTreeSet::new();
    for batch in target_groups.chunks(NAMED_AT_ONCE_MAX) {
        let resource = format!("{} target groups", batch.len());
        let operation =
            Operation::new("elasticloadbalancing:DescribeTargetGroups", Family::BalancerRead, &resource);
        let request = client.describe_target_groups().set_target_group_arns(Some(batch.to_vec()));
        let answer = session.calls.read(operation, traced!(request)).await?;
        arns.extend(answer.target_groups().iter().flat_map(|group| group.load_balancer_arns()).cloned());
    }
    let (arns, mut found) = (Vec::from_iter(arns), Vec::new());
    for batch in arns.chunks(NAMED_AT_ONCE_MAX) {
        let resource = format!("{} balancers", batch.len());
        let operation =
            Operation::new("elasticloadbalancing:DescribeLoadBalancers", Family::BalancerRead, &resource);
        let request = client.describe_load_balancers().set_load_balancer_arns(Some(batch.to_vec()));
        let answer = session.calls.read(operation, traced!(request)).await?;
        found.extend(answer.load_balancers.unwrap_or_default());
    }
    Ok(found)
}

async fn listeners(session: &Session, balancer: &LoadBalancer) -> Result<Vec<ListedListener>, CloudError> {
    let (Some(name), Some(arn)) = (balancer.load_balancer_name(), balancer.load_balancer_arn()) else {
        return Ok(Vec::new());
    };
    let operation = Operation::new("elasticloadbalancing:DescribeListeners", Family::BalancerRead, name);
    let (mut found, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.balancers.read.describe_listeners().load_balancer_arn(arn);
        let answer = session.calls.read(operation, traced!(request.set_marker(marker.take()))).await?;
        found.extend(answer.listeners().iter().filter_map(|listener| {
            Some(ListedListener {
                target: ListenerTarget { name: name.to_owned(), port: listener.port()?.try_into().ok()? },
                is_https: listener.protocol() == Some(&ProtocolEnum::Https),
                redirects_to: redirect(listener.default_actions()),
            })
        }));
        marker = answer.next_marker;
        if marker.is_none() {
            return Ok(found);
        }
    }
    Err(operation.endless_list())
}

/// The one place that a redirect leads to: its host is a name of its own, not `#{host}`.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html>
fn redirect(actions: &[types::Action]) -> Option<Url> {
    let [action] = actions else { return None };
    let config = action.redirect_config().filter(|_| action.r#type() == Some(&ActionTypeEnum::Redirect))?;
    page(config)
}

fn page(config: &RedirectActionConfig) -> Option<Url> {
    let is_fixed = |text: &&str| !text.is_empty() && !text.contains("#{");
    let host = config.host().filter(is_fixed)?;
    let scheme = match config.protocol() {
        Some("HTTP") => "http",
        _ => "https",
    };
    let port = config.port().filter(is_fixed).map(|port| format!(":{port}")).unwrap_or_default();
    let path = config.path().filter(is_fixed).unwrap_or("/");
    Url::parse(&format!("{scheme}://{host}{port}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::RedirectActionStatusCodeEnum;

    use super::*;

    #[test]
    fn a_redirect_is_a_page_if_it_always_leads_to_the_same_place() {
        let redirect = |host: &str, protocol: &str, port: &str, path: &str| {
            let config = RedirectActionConfig::builder().host(host).protocol(protocol).port(port).path(path);
            page(&config.status_code(RedirectActionStatusCodeEnum::Http302).build()).map(String::from)
        };
        for (host, protocol, port, path, expected) in [
            ("maintenance.graasp.org", "HTTPS", "443", "/", Some("https://maintenance.graasp.org/")),
            ("#{host}", "HTTPS", "443", "/#{path}", None),
            ("m.org", "#{protocol}", "#{port}", "/#{path}", Some("https://m.org/")),
            ("m.org", "HTTP", "8080", "/sorry", Some("http://m.org:8080/sorry")),
            ("", "HTTPS", "443", "/", None),
        ] {
            assert_eq!(redirect(host, protocol, port, path).as_deref(), expected, "{host}");
        }
        assert_eq!(page(&RedirectActionConfig::builder().build()), None);
    }
}
