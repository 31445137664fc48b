use std::time::Duration;

use crate::bench::{Bench, failure};
use crate::cloud::Kind;
use crate::execute::ActionResult;
use crate::plan::ActionKind;
use crate::spec::Check;

fn check(url: &str) -> Check {
    Check { url: url.parse().unwrap(), status: 200, within: Duration::from_secs(300) }
}

fn checks(urls: &[&str]) -> ActionKind {
    ActionKind::Check { checks: urls.iter().map(|url| check(url)).collect() }
}

/// The shop behind its closed gate: without the header, everything answers 302.
fn closed() -> Bench {
    let bench = Bench::new();
    assert_eq!(bench.close(), ActionResult::Done);
    bench
}

#[test]
fn our_own_hosts_are_asked_with_the_header() {
    let bench = closed();
    let urls =
        ["https://shop.example/health", "https://library.shop.example/", "https://assets.shop.example/a.js"];
    assert_eq!(bench.act(checks(&urls)), ActionResult::Done);
    assert_eq!(bench.events(), ["gate-closed", "checks-passed"]);
}

#[test]
fn nobody_elses_host_learns_the_secret() {
    for url in ["https://shop.example.evil.example/health", "https://shop-example/"] {
        let bench = closed();
        let why = failure(bench.act(checks(&[url])));
        assert!(why.contains("answers 302, asked without the bypass header"), "{why}");
        assert_eq!(bench.events(), ["gate-closed"]);
    }
}

#[test]
fn a_host_that_only_an_open_rule_serves_is_asked_without_the_header() {
    let bench = closed();
    let admin = bench.cloud.with(|world| world.regions[0].listeners[0].rules[0].arn.clone());
    bench.act(ActionKind::OpenGate { rules: vec![admin], function: false, whole: false });
    bench.cloud.with(|world| world.script.answers.insert("https://admin.shop.example/".to_owned(), 500));
    let why = failure(bench.act(checks(&["https://admin.shop.example/"])));
    assert!(why.contains("asked without the bypass header"), "{why}");
}

#[test]
fn a_check_has_its_time_and_no_more() {
    let bench = closed();
    bench.cloud.with(|world| world.script.answers.insert("https://shop.example/".to_owned(), 503));
    let began = bench.seconds();
    let why = failure(bench.act(checks(&["https://shop.example/health", "https://library.shop.example/"])));
    assert_eq!(
        why,
        "waited 5m for https://shop.example/health to answer 200; last seen: https://shop.example/health answers 503"
    );
    assert_eq!(bench.seconds() - began, 300);
    assert!(!bench.events().contains(&"checks-passed".to_owned()));
}

#[test]
fn what_answers_in_time_passes() {
    let bench = closed();
    bench.cloud.with(|world| world.script.answers.insert("https://shop.example/".to_owned(), 503));
    let comes_up = async {
        bench.after(200).await;
        bench.cloud.with(|world| world.script.answers.clear());
    };
    assert_eq!(bench.act_while(checks(&["https://shop.example/health"]), comes_up), ActionResult::Done);
}

#[test]
fn no_answer_is_asked_again_and_a_wrong_question_is_not() {
    let bench = closed();
    bench.fault("http:GET", 5, Kind::Unavailable);
    assert_eq!(bench.act(checks(&["https://shop.example/health"])), ActionResult::Done);
    let bench = closed();
    bench.fault("http:GET", 1, Kind::Invalid);
    failure(bench.act(checks(&["https://shop.example/health"])));
    assert_eq!(bench.seconds(), 0);
}

#[test]
fn the_status_that_is_declared_is_the_one_that_passes() {
    let bench = closed();
    bench.cloud.with(|world| world.script.answers.insert("https://shop.example/".to_owned(), 401));
    let declared =
        ActionKind::Check { checks: vec![Check { status: 401, ..check("https://shop.example/") }] };
    assert_eq!(bench.act(declared), ActionResult::Done);
}

#[test]
fn without_its_secret_nothing_is_asked() {
    let bench = closed();
    bench.fault("ssm:GetParameter", 1, Kind::AccessDenied);
    failure(bench.act(checks(&["https://shop.example/health"])));
    assert_eq!(bench.events(), ["gate-closed"]);
}

#[test]
fn an_environment_without_a_gate_is_asked_as_it_is() {
    let bench = Bench::with(|spec| spec.maintenance = None);
    assert_eq!(bench.act(checks(&["https://shop.example/health"])), ActionResult::Done);
}
