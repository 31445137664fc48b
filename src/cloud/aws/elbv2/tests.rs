use super::super::fixture::{Reply, Server, ok, refuse_xml};
use crate::cloud::{CloudRead, CloudWrite, Condition, Kind, RuleAction, tag};
use crate::spec::ListenerTarget;

fn answer(operation: &str, result: &str) -> Reply {
    ok(format!(
        "<{operation}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
         <{operation}Result>{result}</{operation}Result></{operation}Response>"
    ))
}

const DEFAULT: &str = "<member><RuleArn>rule/default</RuleArn><Priority>default</Priority><IsDefault>true</IsDefault>\
    <Actions><member><Type>redirect</Type><RedirectConfig><StatusCode>HTTP_302</StatusCode></RedirectConfig></member></Actions></member>";

fn rule(number: usize, actions: &str) -> String {
    format!(
        "<member><RuleArn>rule/{number}</RuleArn><Priority>{number}</Priority><IsDefault>false</IsDefault>\
         <Conditions><member><Field>host-header</Field><Values><member>api.graasp.org</member></Values>\
         <HostHeaderConfig><Values><member>api.graasp.org</member></Values></HostHeaderConfig></member>\
         <member><Field>query-string</Field><QueryStringConfig><Values><member><Key>v</Key><Value>1</Value></member>\
         </Values></QueryStringConfig></member></Conditions><Actions>{actions}</Actions>\
         <Transforms><member><Type>url-rewrite</Type></member></Transforms></member>"
    )
}

const FORWARD: &str = "<member><Type>forward</Type><TargetGroupArn>tg-1</TargetGroupArn><ForwardConfig><TargetGroups>\
    <member><TargetGroupArn>tg-1</TargetGroupArn><Weight>1</Weight></member><member><TargetGroupArn>tg-2</TargetGroupArn>\
    <Weight>0</Weight></member></TargetGroups></ForwardConfig></member>";
const LOGIN: &str = "<member><Type>authenticate-oidc</Type></member>";

fn balancer(request: &super::super::fixture::Request) -> Reply {
    match request.operation().as_str() {
        "DescribeLoadBalancers" if request.parameter("Names.member.1").as_deref() == Some("none") => {
            refuse_xml(400, "LoadBalancerNotFound")
        }
        "DescribeLoadBalancers" => answer(
            "DescribeLoadBalancers",
            "<LoadBalancers><member><LoadBalancerArn>lb-1</LoadBalancerArn></member></LoadBalancers>",
        ),
        "DescribeListeners" => answer(
            "DescribeListeners",
            "<Listeners><member><ListenerArn>listener-80</ListenerArn><Port>80</Port></member>\
             <member><ListenerArn>listener-443</ListenerArn><Port>443</Port></member></Listeners>",
        ),
        "DescribeRules" if request.parameter("ListenerArn").is_none() => {
            answer("DescribeRules", &format!("<Rules>{}</Rules>", rule(1, FORWARD)))
        }
        "DescribeRules" => {
            assert_eq!(request.parameter("ListenerArn").as_deref(), Some("listener-443"));
            let both = format!("{LOGIN}{FORWARD}");
            let (rules, next) = match request.parameter("Marker").as_deref() {
                None => (
                    (1..=40).rev().map(|n| rule(n, FORWARD)).collect::<String>(),
                    "<NextMarker>2</NextMarker>",
                ),
                Some(_) => (format!("{}{DEFAULT}", rule(41, &both)), ""),
            };
            answer("DescribeRules", &format!("<Rules>{rules}</Rules>{next}"))
        }
        "DescribeTags" => {
            let arns: Vec<String> =
                (1..100).map_while(|n| request.parameter(&format!("ResourceArns.member.{n}"))).collect();
            assert!(arns.len() <= 20, "DescribeTags takes twenty");
            let tags: String = arns
                .iter()
                .map(|arn| {
                    let ours = if arn == "rule/7" {
                        "<member><Key>tidegate:gate</Key><Value>closed</Value></member>"
                    } else {
                        ""
                    };
                    format!("<member><ResourceArn>{arn}</ResourceArn><Tags>{ours}</Tags></member>")
                })
                .collect();
            answer("DescribeTags", &format!("<TagDescriptions>{tags}</TagDescriptions>"))
        }
        operation => answer(operation, ""),
    }
}

fn target(name: &str) -> ListenerTarget {
    ListenerTarget { name: name.to_owned(), port: 443 }
}

#[tokio::test]
async fn a_listener_has_all_its_rules_with_tags_and_the_default_apart() {
    let server = Server::start(balancer).await;
    let cloud = server.cloud();
    let found = cloud.listener(&target("graasp-prod")).await.unwrap().unwrap();
    assert_eq!(found.default_action, RuleAction::Redirect);
    let priorities: Vec<u32> = found.rules.iter().map(|rule| rule.priority).collect();
    assert_eq!(priorities, (1..=41).collect::<Vec<u32>>());
    assert_eq!(found.rules[0].action, RuleAction::Forward(vec!["tg-1".to_owned(), "tg-2".to_owned()]));
    assert_eq!(found.rules[40].action, RuleAction::Other(vec!["tg-1".to_owned(), "tg-2".to_owned()]));
    let tagged: Vec<u32> = found
        .rules
        .iter()
        .filter(|rule| rule.tags.contains_key(tag::GATE))
        .map(|rule| rule.priority)
        .collect();
    assert_eq!(tagged, [7]);
    let before = server.counts.total();
    assert_eq!(before, 1 + 1 + 2 + 3, "balancer, listener, two pages of rules, three batches of tags");
    cloud.listener(&target("graasp-prod")).await.unwrap().unwrap();
    assert_eq!(server.counts.total() - before, 5, "the listener's ARN is known");
}

#[tokio::test]
async fn a_balancer_or_a_port_that_does_not_exist_is_absent() {
    let server = Server::start(balancer).await;
    assert_eq!(server.cloud().listener(&target("none")).await.unwrap(), None);
    let other = ListenerTarget { port: 8443, ..target("graasp-prod") };
    assert_eq!(server.cloud().listener(&other).await.unwrap(), None);
}

#[tokio::test]
async fn only_conditions_are_sent_and_the_old_ones_as_they_were() {
    let server = Server::start(balancer).await;
    let cloud = server.cloud();
    let found = cloud.listener(&target("graasp-prod")).await.unwrap().unwrap();
    let mut conditions = found.rules[0].conditions.clone();
    conditions.push(Condition::header("x-maintenance-bypass", "hunter2-hunter2-hunter2"));
    cloud.set_rule_conditions(&found.rules[0].arn, &conditions).await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.operation(), "ModifyRule");
    let is = |name: &str, value: &str| {
        let name = format!("Conditions.member.{name}");
        assert_eq!(sent.parameter(&name).as_deref(), Some(value), "{name}");
    };
    is("1.Field", "host-header");
    is("1.HostHeaderConfig.Values.member.1", "api.graasp.org");
    is("2.QueryStringConfig.Values.member.1.Key", "v");
    is("2.QueryStringConfig.Values.member.1.Value", "1");
    is("3.HttpHeaderConfig.HttpHeaderName", "x-maintenance-bypass");
    is("3.HttpHeaderConfig.Values.member.1", "hunter2-hunter2-hunter2");
    for name in ["Actions", "Transforms", "ResetTransforms", "Conditions.member.1.Values"] {
        assert!(!sent.body.contains(&format!("&{name}")), "{name} is not sent: {}", sent.body);
    }
}

#[tokio::test]
async fn a_refusal_does_not_show_the_secret() {
    let server = Server::start(|request| match request.operation().as_str() {
        "ModifyRule" => super::super::fixture::say(
            400,
            "<ErrorResponse><Error><Code>ValidationError</Code><Message>Condition value 'hunter2-hunter2-hunter2' \
             is wrong</Message></Error></ErrorResponse>",
        ),
        _ => balancer(request),
    })
    .await;
    let conditions = [Condition::header("x-bypass", "hunter2-hunter2-hunter2")];
    let error = server.cloud().set_rule_conditions(&"rule/1".into(), &conditions).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(!error.to_string().contains("hunter2") && error.message.contains("(redacted)"), "{error}");
}

#[tokio::test]
async fn a_rules_tag_is_set_and_removed() {
    let server = Server::start(balancer).await;
    let cloud = server.cloud();
    cloud.tag_rule(&"rule/1".into(), tag::GATE, Some("closed")).await.unwrap();
    cloud.tag_rule(&"rule/1".into(), tag::GATE, None).await.unwrap();
    let sent = server.requests();
    assert_eq!(sent[0].parameter("Tags.member.1.Value").as_deref(), Some("closed"));
    assert_eq!(sent[1].parameter("TagKeys.member.1").as_deref(), Some("tidegate:gate"));
}

#[tokio::test]
async fn listeners_are_those_of_application_balancers_in_front_of_the_groups() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeTargetGroups" => {
            assert_eq!(request.parameter("TargetGroupArns.member.1").as_deref(), Some("tg-1"));
            answer(
                "DescribeTargetGroups",
                "<TargetGroups><member><LoadBalancerArns><member>lb-1</member></LoadBalancerArns></member>\
                 <member><LoadBalancerArns><member>lb-1</member><member>lb-2</member></LoadBalancerArns></member>\
                 <member><LoadBalancerArns/></member></TargetGroups>",
            )
        }
        "DescribeLoadBalancers" => {
            assert_eq!(request.parameter("LoadBalancerArns.member.2").as_deref(), Some("lb-2"));
            answer(
                "DescribeLoadBalancers",
                "<LoadBalancers><member><LoadBalancerArn>lb-1</LoadBalancerArn><LoadBalancerName>graasp</LoadBalancerName>\
                 <Type>application</Type></member><member><LoadBalancerArn>lb-2</LoadBalancerArn>\
                 <LoadBalancerName>raw</LoadBalancerName><Type>network</Type></member></LoadBalancers>",
            )
        }
        "DescribeListeners" => {
            assert_eq!(request.parameter("LoadBalancerArn").as_deref(), Some("lb-1"));
            let to = "<DefaultActions><member><Type>redirect</Type><RedirectConfig><Protocol>HTTPS</Protocol>\
                <Port>443</Port><Host>maintenance.graasp.org</Host><StatusCode>HTTP_302</StatusCode></RedirectConfig>\
                </member></DefaultActions>";
            answer(
                "DescribeListeners",
                &format!(
                    "<Listeners><member><Port>443</Port><Protocol>HTTPS</Protocol>{to}</member>\
                     <member><Port>80</Port><Protocol>HTTP</Protocol></member></Listeners>"
                ),
            )
        }
        other => panic!("{other}"),
    })
    .await;
    let found = server.cloud().listeners_of(&["tg-1".to_owned(), "tg-2".to_owned()]).await.unwrap();
    let shown: Vec<_> = found
        .iter()
        .map(|it| (it.target.port, it.is_https, it.redirects_to.as_ref().map(url::Url::as_str)))
        .collect();
    assert_eq!(shown, [(80, false, None), (443, true, Some("https://maintenance.graasp.org/"))]);
    assert_eq!(server.counts.total(), 3);
}
