//! The gate while it is closed: another secret, new rules, and what people own of rules.

use aws_sdk_elasticloadbalancingv2::types as elb;
use tidegate::cloud::CloudRead as _;
use tidegate::model::State;
use tidegate::reconcile::RunOutcome;

use super::seed::BALANCER;
use super::seen::{CLOSED, OPEN, expect, gate};
use super::shop::{HOST, SECRET, Shop};

const ROTATED: &str = "another-secret-of-good-length";

/// The rules as AWS shows them, by priority; ARNs and all.
async fn rules(shop: &Shop) -> Vec<elb::Rule> {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&shop.platform.config);
    let answer = client.describe_rules().listener_arn(listener(shop).await).send().await.unwrap();
    let mut rules = answer.rules.unwrap();
    rules.sort_by_key(|rule| rule.priority.clone());
    rules
}

async fn listener(shop: &Shop) -> String {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&shop.platform.config);
    let balancers = client.describe_load_balancers().names(BALANCER).send().await.unwrap();
    let arn = balancers.load_balancers()[0].load_balancer_arn().unwrap();
    let listeners = client.describe_listeners().load_balancer_arn(arn).send().await.unwrap();
    listeners.listeners()[0].listener_arn().unwrap().to_owned()
}

fn condition(field: &str) -> elb::builders::RuleConditionBuilder {
    elb::RuleCondition::builder().field(field)
}

fn path(path: &str) -> elb::RuleCondition {
    let paths = elb::PathPatternConditionConfig::builder().values(path).build();
    condition("path-pattern").path_pattern_config(paths).build()
}

/// A rule that forwards a path of the shop to the same targets as its first one.
async fn make_rule(shop: &Shop, priority: i32, conditions: Vec<elb::RuleCondition>, rewrites: bool) {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&shop.platform.config);
    let group = client.describe_target_groups().names("web").send().await.unwrap();
    let group = group.target_groups()[0].target_group_arn().unwrap().to_owned();
    let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(group);
    let mut request = client.create_rule().listener_arn(listener(shop).await).priority(priority);
    if rewrites {
        let rewrite = elb::RewriteConfig::builder().regex("^/shop/(.*)$").replace("/$1").build();
        let rewrites = elb::UrlRewriteConfig::builder().rewrites(rewrite).build();
        let transform = elb::RuleTransform::builder()
            .r#type(elb::TransformTypeEnum::UrlRewrite)
            .url_rewrite_config(rewrites);
        request = request.transforms(transform.build());
    }
    request.set_conditions(Some(conditions)).actions(forward.build()).send().await.unwrap();
}

async fn restricted(account: &str) -> Shop {
    let shop = Shop::open(account).await;
    shop.edit(|spec| spec.state = State::Restricted);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(gate(&shop), CLOSED);
    shop
}

#[tokio::test]
async fn another_secret_is_another_key_to_the_closed_gate() {
    let shop = restricted("200000000401").await;
    let client = aws_sdk_ssm::Client::new(&shop.platform.config);
    let request = client.put_parameter().name("/shop/bypass").value(ROTATED).overwrite(true);
    request.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
    expect(&shop, RunOutcome::Converged).await;
    let passes = |secret: &str| shop.ask("/", &[("x-bypass", secret)]) != 302;
    assert_eq!((passes(ROTATED), passes(SECRET), shop.ask("/", &[])), (true, false, 302));
    let live = shop.platform.cloud.function("gate").await.unwrap().unwrap().live.unwrap();
    assert!(live.contains(ROTATED) && !live.contains(SECRET));
    shop.edit(|spec| spec.state = State::Running);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(gate(&shop), OPEN);
    let text = format!("{:?}", rules(&shop).await);
    assert!(!text.contains("x-bypass") && !text.contains(ROTATED), "{text}");
}

#[tokio::test]
async fn a_rule_that_appears_while_it_is_closed_is_closed_too() {
    let shop = restricted("200000000402").await;
    let host = elb::HostHeaderConditionConfig::builder().values(HOST).build();
    let host = condition("host-header").host_header_config(host).build();
    // Before all others: what it forwards would be open to everybody.
    make_rule(&shop, 1, vec![host, path("/new/*")], false).await;
    let asks = || (shop.ask("/new/", &[]) != 302, shop.ask("/new/", &[("x-bypass", SECRET)]) != 302);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((asks(), gate(&shop)), (CLOSED, CLOSED));
    shop.edit(|spec| spec.state = State::Running);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((asks(), gate(&shop)), (OPEN, OPEN));
}

#[tokio::test]
async fn closing_and_opening_leave_rules_as_people_have_made_them() {
    let shop = Shop::open("200000000403").await;
    let header = elb::HttpHeaderConditionConfig::builder().http_header_name("X-Team").values("a*").build();
    let header = condition("http-header").http_header_config(header).build();
    let method = elb::HttpRequestMethodConditionConfig::builder().values("GET").build();
    let method = condition("http-request-method").http_request_method_config(method).build();
    make_rule(&shop, 20, vec![path("/shop/*"), header, method], true).await;
    let source = elb::SourceIpConditionConfig::builder().values("10.0.0.0/8").build();
    make_rule(&shop, 30, vec![condition("source-ip").source_ip_config(source).build()], false).await;
    let before = rules(&shop).await;

    shop.edit(|spec| spec.state = State::Restricted);
    expect(&shop, RunOutcome::Converged).await;
    let closed = rules(&shop).await;
    for (before, closed) in before.iter().zip(&closed).filter(|(rule, _)| rule.is_default() != Some(true)) {
        let (ours, theirs): (Vec<_>, Vec<_>) = closed.conditions().iter().cloned().partition(|condition| {
            let header = condition.http_header_config().and_then(|config| config.http_header_name());
            header.is_some_and(|name| name.eq_ignore_ascii_case("x-bypass"))
        });
        assert_eq!((ours.len(), theirs.as_slice()), (1, before.conditions()), "{closed:?}");
        assert_eq!((before.priority(), before.actions()), (closed.priority(), closed.actions()));
        assert_eq!(before.transforms(), closed.transforms());
    }
    assert!(closed.iter().any(|rule| !rule.transforms().is_empty()), "{closed:?}");

    shop.edit(|spec| spec.state = State::Running);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(rules(&shop).await, before, "to the last value");
}
