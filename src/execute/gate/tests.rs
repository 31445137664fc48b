use std::collections::BTreeSet;

use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;
use crate::bench::{Bench, closes, failure};
use crate::cloud::Condition;
use crate::execute::ActionResult;
use crate::plan::ActionKind;
use crate::sim::{FaultOptions, FaultPlan};

const HEADER: &str = "x-bypass";
const MODIFY: &str = "elasticloadbalancing:ModifyRule";

fn opens(bench: &Bench) -> ActionKind {
    ActionKind::OpenGate { rules: bench.rules(|_| true), function: true, whole: true }
}

fn conditions(bench: &Bench) -> Vec<Vec<Condition>> {
    bench.cloud.with(|world| {
        world.regions[0].listeners[0].rules.iter().map(|rule| rule.conditions.clone()).collect()
    })
}

fn gated(bench: &Bench) -> usize {
    conditions(bench).iter().filter(|all| all.iter().any(|condition| condition.is_header(HEADER))).count()
}

fn secret_of(bench: &Bench) -> String {
    let source = &bench.spec.maintenance.as_ref().unwrap().bypass.value_from;
    bench.clock.block_on(bench.port().secret(source)).unwrap().expose_secret().to_owned()
}

fn code_of(bench: &Bench) -> (String, String) {
    bench.cloud.with(|world| {
        let function = &world.regions[0].functions["shop-gate"];
        (function.development.clone(), function.live.clone().unwrap())
    })
}

/// Priorities in the order in which an operation reached their rules.
fn order(bench: &Bench, operation: &str) -> Vec<u32> {
    let priority_of = |arn: &str| {
        bench.cloud.with(|world| {
            let rules = &world.regions[0].listeners[0].rules;
            rules.iter().find(|rule| rule.arn.as_str() == arn).expect("it is there").priority
        })
    };
    let log = bench.cloud.log();
    log.iter()
        .filter(|effect| effect.operation == operation)
        .map(|effect| priority_of(&effect.resource))
        .collect()
}

/// Calls take a while, so that somebody else can act between them.
fn slow(bench: &Bench) {
    let options = FaultOptions { latency_max: Duration::from_secs(2), ..FaultOptions::default() };
    bench.cloud.set_faults(FaultPlan::new(3, options));
}

#[test]
fn rules_close_from_the_last_and_open_from_the_first() {
    let bench = Bench::new();
    let before = conditions(&bench);
    assert_eq!(bench.close(), ActionResult::Done);
    assert_eq!(order(&bench, MODIFY), [43, 30, 20, 10]);
    assert_eq!(gated(&bench), 4);
    assert_eq!(bench.act(opens(&bench)), ActionResult::Done);
    assert_eq!(order(&bench, MODIFY)[4..], [10, 20, 30, 43]);
    assert_eq!(conditions(&bench), before, "everything else of each rule stays");
    assert_eq!(bench.events(), ["gate-closed", "gate-opened"]);
}

#[test]
fn a_rule_is_tagged_before_it_closes_and_until_it_is_open() {
    let bench = Bench::new();
    bench.close();
    bench.act(opens(&bench));
    let rule = &bench.rules(|priority| priority == 20)[0];
    let calls: Vec<&str> = bench
        .cloud
        .log()
        .iter()
        .filter(|effect| effect.resource == rule.as_str())
        .map(|effect| effect.operation)
        .collect();
    let tag = "elasticloadbalancing:AddTags";
    assert_eq!(calls, [tag, MODIFY, MODIFY, "elasticloadbalancing:RemoveTags"]);
    assert!(bench.cloud.with(|world| {
        world.regions[0].listeners[0].rules.iter().all(|rule| !rule.tags.contains_key(tag::GATE))
    }));
}

#[test]
fn the_function_lets_nobody_through_without_the_secret_and_forgets_it_when_open() {
    let bench = Bench::new();
    let secret = secret_of(&bench);
    bench.close();
    let (development, live) = code_of(&bench);
    assert_eq!(gate::recognise(&live), Some(Gate::Closed));
    assert!(live == development && live.contains(&secret));
    bench.act(opens(&bench));
    let (development, live) = code_of(&bench);
    assert_eq!(gate::recognise(&live), Some(Gate::Open));
    assert!(!live.contains(&secret) && !development.contains(&secret));
}

#[test]
fn opening_asks_for_no_secret() {
    let bench = Bench::new();
    bench.close();
    bench.fault("ssm:GetParameter", u32::MAX, Kind::AccessDenied);
    assert_eq!(bench.act(opens(&bench)), ActionResult::Done);
    assert_eq!(gated(&bench), 0);
}

#[test]
fn without_a_usable_secret_the_gate_closes_with_a_value_that_nobody_knows() {
    let value = |bench: &Bench| -> BTreeSet<String> {
        let all = conditions(bench).into_iter().flatten();
        all.filter(|condition| condition.is_header(HEADER)).flat_map(|condition| condition.values).collect()
    };
    let bench = Bench::new();
    let secret = secret_of(&bench);
    bench.fault("ssm:GetParameter", 1, Kind::AccessDenied);
    assert_eq!(bench.close(), ActionResult::Done);
    let unknown = value(&bench);
    assert!(
        unknown.len() == 1 && unknown.iter().all(|value| value.len() == 64),
        "one value, of its full length"
    );
    assert!(!unknown.contains(&secret) && !code_of(&bench).1.contains(&secret));

    let bench = Bench::new();
    let short = "hunter2*";
    bench.cloud.with(|world| world.person("shop").rotate_secret("/shop/bypass", short));
    assert_eq!(bench.close(), ActionResult::Done);
    let other = value(&bench);
    assert!(other.is_disjoint(&unknown) && !other.contains(short));
    assert!(!bench.said().contains(short));
}

#[test]
fn a_rotated_secret_replaces_the_old_one() {
    let bench = Bench::new();
    bench.close();
    let new = "another-secret-of-the-shop";
    bench.cloud.with(|world| world.person("shop").rotate_secret("/shop/bypass", new));
    assert_eq!(bench.close(), ActionResult::Done);
    for all in conditions(&bench) {
        let asked: Vec<&Condition> = all.iter().filter(|condition| condition.is_header(HEADER)).collect();
        assert!(asked.len() == 1 && asked[0].values == [new]);
    }
    assert!(code_of(&bench).1.contains(new));
}

#[test]
fn a_condition_of_somebody_else_is_left_alone() {
    let bench = Bench::new();
    let own = Condition::header(HEADER, "their-own-value");
    bench.cloud.with(|world| world.person("shop").set_rule(20, std::slice::from_ref(&own)));
    let why = failure(bench.close());
    assert!(why.starts_with("rule 20 already has a condition on header `x-bypass`"), "{why}");
    assert!(!why.contains("their-own-value"));
    assert!(conditions(&bench).contains(&vec![own]));
    assert_eq!(bench.events(), [""; 0], "the gate does not count as closed");
}

#[test]
fn a_rule_without_room_is_refused_by_aws_and_said() {
    let bench = Bench::new();
    let hosts = Condition {
        field: "host-header".to_owned(),
        header: None,
        values: (1..=5).map(|number| format!("{number}.shop.example")).collect(),
    };
    bench.cloud.with(|world| world.person("shop").set_rule(20, &[hosts]));
    let why = failure(bench.close());
    assert!(why.contains("A rule can only have '5' condition values"), "{why}");
    assert!(why.contains("\nway out: split the rule in two"), "{why}");
}

#[test]
fn rules_that_are_gone_let_nobody_through() {
    let bench = Bench::new();
    let close = closes(bench.rules(|_| true), true);
    bench.cloud.with(|world| world.regions[0].listeners[0].rules.retain(|rule| rule.priority != 30));
    // And one that goes between our look and our call.
    bench.fault(MODIFY, 1, Kind::NotFound);
    assert_eq!(bench.act(close), ActionResult::Done);
    assert_eq!(gated(&bench), 3, "the next look found it after all");
}

#[test]
fn what_somebody_opens_meanwhile_is_closed_again() {
    let bench = Bench::new();
    slow(&bench);
    let somebody = async {
        bench.after(6).await;
        bench.cloud.with(|world| world.person("shop").open_gate());
    };
    assert_eq!(bench.act_while(closes(bench.rules(|_| true), true), somebody), ActionResult::Done);
    assert_eq!(gated(&bench), 4);
    assert!(bench.count(MODIFY) > 4);
}

#[test]
fn a_fight_over_a_rule_ends_after_two_minutes() {
    let bench = Bench::new();
    slow(&bench);
    let somebody = async {
        for _ in 0..300 {
            bench.after(1).await;
            bench.cloud.with(|world| world.person("shop").open_gate());
        }
    };
    let why = failure(bench.act_while(closes(bench.rules(|_| true), true), somebody));
    assert!(why.starts_with("waited 2m for the rules to be closed; last seen:"), "{why}");
}

#[test]
fn conditions_that_a_person_changes_during_a_pause_are_not_undone() {
    let bench = Bench::new();
    slow(&bench);
    let host = |name: &str| Condition {
        field: "host-header".to_owned(),
        header: None,
        values: vec![name.to_owned()],
    };
    let somebody = async {
        for seconds in [4, 4, 4] {
            bench.after(seconds).await;
            bench.cloud.with(|world| world.person("shop").set_rule(43, &[host("new.shop.example")]));
        }
    };
    assert_eq!(bench.act_while(closes(bench.rules(|_| true), true), somebody), ActionResult::Done);
    let last = &conditions(&bench)[3];
    assert!(last.contains(&host("new.shop.example")) && last.len() == 2, "{last:?}");
}

#[test]
fn a_stale_etag_is_read_again() {
    for (operation, kind) in [
        ("cloudfront:UpdateFunction", Kind::Conflict),
        ("cloudfront:UpdateFunction", Kind::AnswerLost),
        ("cloudfront:PublishFunction", Kind::Conflict),
        ("cloudfront:PublishFunction", Kind::AnswerLost),
        ("cloudfront:PublishFunction", Kind::InvalidState),
    ] {
        let bench = Bench::new();
        bench.fault(operation, 2, kind);
        assert_eq!(bench.close(), ActionResult::Done, "{operation} {kind:?}");
        assert_eq!(gate::recognise(&code_of(&bench).1), Some(Gate::Closed), "{operation} {kind:?}");
    }
}

#[test]
fn somebody_else_in_the_functions_editor_loses_the_race() {
    let bench = Bench::new();
    slow(&bench);
    let editor = async {
        for _ in 0..8 {
            bench.after(2).await;
            bench.cloud.with(|world| {
                let function = world.regions[0].functions.get_mut("shop-gate").unwrap();
                function.etag.push('X');
                function.development = "function handler(event) { return event.request; }".to_owned();
            });
        }
    };
    assert_eq!(bench.act_while(closes(bench.rules(|_| true), true), editor), ActionResult::Done);
    assert_eq!(gate::recognise(&code_of(&bench).1), Some(Gate::Closed));
}

#[test]
fn a_refusal_for_good_is_no_race() {
    let bench = Bench::new();
    bench.fault("cloudfront:UpdateFunction", 1, Kind::AccessDenied);
    failure(bench.close());
    assert_eq!(bench.seconds(), 0);
    assert_eq!(gated(&bench), 4, "what could be closed is");
}

#[test]
fn what_is_kept_open_opens_alone_and_the_gate_stays_closed() {
    let bench = Bench::new();
    bench.close();
    let since = bench.ledger().gate_closed_at;
    bench.pass(60);
    let admin = bench.rules(|priority| priority == 10);
    let kept = ActionKind::OpenGate { rules: admin, function: false, whole: false };
    assert_eq!(bench.act(kept), ActionResult::Done);
    assert_eq!(gated(&bench), 3);
    assert_eq!(bench.events(), ["gate-closed"]);
    assert_eq!(bench.ledger().gate_closed_at, since);
}

#[test]
fn a_rule_is_never_left_without_a_condition() {
    let bench = Bench::new();
    bench.close();
    let header = Condition::header(HEADER, &secret_of(&bench));
    bench.cloud.with(|world| world.person("shop").set_rule(20, &[header]));
    let why = failure(bench.act(opens(&bench)));
    assert_eq!(why, "opening rule 20 would remove its last condition, so it would match all requests");
}

#[test]
fn an_association_serves_open_code_of_ours_and_has_reached_every_edge() {
    let bench = Bench::new();
    let id = bench.cloud.with(|world| {
        let all = world.regions[0].distributions.values();
        all.filter(|found| found.aliases.contains(&"assets.shop.example".to_owned()))
            .map(|found| found.id.clone())
            .next()
    });
    let associate = ActionKind::AssociateFunction { distribution: id.unwrap() };
    assert_eq!(bench.act(associate.clone()), ActionResult::Done);
    assert_eq!(gate::recognise(&code_of(&bench).1), Some(Gate::Open));
    assert!(bench.seconds() >= 120, "edges take minutes");
    let writes = bench.writes().len();
    bench.close();
    assert_eq!(bench.act(associate), ActionResult::Done);
    assert_eq!(gate::recognise(&code_of(&bench).1), Some(Gate::Closed), "closed code of ours stays");
    assert_eq!(bench.count("cloudfront:UpdateDistribution"), 1, "{:?}", &bench.writes()[writes..]);
}
