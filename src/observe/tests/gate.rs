//! Rules, the function's code, distributions: what is seen of them, and that the secret is not.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use crate::bench::Bench;
use crate::cloud::{Condition, Kind, RuleAction, tag};
use crate::gate;
use crate::model::Gate;
use crate::observe::{
    CodeSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, Observed, RuleTarget, TrafficSeen,
};
use crate::plan::ActionKind;
use crate::sim::PASSWORD;

const HEADER: &str = "x-bypass";

fn traffic(bench: &Bench) -> TrafficSeen {
    bench.snapshot().traffic.expect("a gate is declared")
}

fn listener(bench: &Bench) -> ListenerSeen {
    match traffic(bench).listener {
        Some(Observed::Present(listener)) => listener,
        other => panic!("{other:?}"),
    }
}

fn function(bench: &Bench) -> FunctionSeen {
    match traffic(bench).function {
        Some(Observed::Present(function)) => function,
        other => panic!("{other:?}"),
    }
}

fn header_of(bench: &Bench, priority: u32) -> HeaderSeen {
    let rules = listener(bench).rules;
    rules.into_iter().find(|rule| rule.priority == priority).expect("it is there").header
}

fn set_code(bench: &Bench, code: Option<String>) {
    bench.cloud.with(|world| world.regions[0].functions.get_mut("shop-gate").unwrap().live = code);
}

#[test]
fn a_condition_is_ours_by_its_tag_and_current_by_its_value() {
    let bench = Bench::new();
    assert_eq!(header_of(&bench, 20), HeaderSeen::Absent);
    bench.close();
    assert_eq!(header_of(&bench, 20), HeaderSeen::Current);
    bench
        .cloud
        .with(|world| world.person("shop").rotate_secret("/shop/bypass", "another-secret-of-the-shop"));
    assert_eq!(header_of(&bench, 20), HeaderSeen::Stale);
    bench.fault("ssm:GetParameter", 1, Kind::AccessDenied);
    assert_eq!(header_of(&bench, 20), HeaderSeen::Current, "that it is closed is certain");
    bench.cloud.with(|world| {
        world.regions[0].listeners[0].rules.iter_mut().for_each(|rule| drop(rule.tags.remove(tag::GATE)));
    });
    assert_eq!(header_of(&bench, 20), HeaderSeen::Foreign);
    bench.cloud.with(|world| world.person("shop").open_gate());
    assert_eq!(header_of(&bench, 20), HeaderSeen::Absent);
}

#[test]
fn a_second_value_beside_the_secret_is_not_closed() {
    let bench = Bench::new();
    bench.close();
    bench.cloud.with(|world| {
        for rule in &mut world.regions[0].listeners[0].rules {
            rule.conditions
                .iter_mut()
                .filter(|c| c.is_header(HEADER))
                .for_each(|c| c.values.push("*".to_owned()));
        }
    });
    assert_eq!(header_of(&bench, 20), HeaderSeen::Stale);
}

#[test]
fn rules_are_told_apart_by_where_they_lead() {
    let bench = Bench::new();
    bench.cloud.with(|world| {
        let rules = &mut world.regions[0].listeners[0].rules;
        rules[0].action = RuleAction::Redirect;
        rules[1].action = RuleAction::Fixed;
        rules[2].action = RuleAction::Forward(vec!["arn:targetgroup/of-others".to_owned()]);
        rules.reverse();
    });
    let listener = listener(&bench);
    let targets: Vec<(u32, RuleTarget)> =
        listener.rules.into_iter().map(|rule| (rule.priority, rule.target)).collect();
    let web = RuleTarget::Services(BTreeSet::from(["web".into()]));
    assert_eq!(
        targets,
        [(10, RuleTarget::Redirect), (20, RuleTarget::Fixed), (30, RuleTarget::Unmanaged), (43, web)],
        "by priority"
    );
}

#[test]
fn what_a_rule_asks_for_is_counted_without_our_header() {
    let bench = Bench::new();
    let condition = |field: &str, values: &[&str]| Condition {
        field: field.to_owned(),
        header: None,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let asked = [
        condition("host-header", &["a.example", "b.example"]),
        condition("path-pattern", &["/api/*"]),
        condition("query-string", &["debug=1"]),
    ];
    bench.cloud.with(|world| world.person("shop").set_rule(20, &asked));
    bench.close();
    let rule = listener(&bench).rules.into_iter().find(|rule| rule.priority == 20).unwrap();
    assert_eq!(
        (rule.hosts.len(), rule.paths.as_slice(), rule.values),
        (2, ["/api/*".to_owned()].as_slice(), 4)
    );
    assert!(rule.other_conditions);
    assert_eq!(rule.header, HeaderSeen::Current);
}

#[test]
fn a_default_action_that_forwards_is_not_closed() {
    for (action, is_closed) in [
        (RuleAction::Redirect, true),
        (RuleAction::Fixed, true),
        (RuleAction::Forward(vec!["tg".to_owned()]), false),
        (RuleAction::Other(vec!["tg".to_owned()]), false),
    ] {
        let bench = Bench::new();
        bench.cloud.with(|world| world.regions[0].listeners[0].default_action = action);
        assert_eq!(listener(&bench).default_is_closed, is_closed);
    }
}

#[test]
fn a_service_whose_tasks_cannot_be_read_does_not_hide_the_rules() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.regions[0].definitions.get_mut("library").unwrap().clear());
    let snapshot = bench.snapshot();
    assert!(
        matches!(snapshot.services["library"], Observed::Unreadable { .. }),
        "no revision that could start"
    );
    let library = RuleTarget::Services(BTreeSet::from(["library".into()]));
    assert!(listener(&bench).rules.iter().any(|rule| rule.target == library));
}

#[test]
fn code_is_told_by_what_it_would_be() {
    let bench = Bench::new();
    let maintenance = bench.spec.maintenance.clone().unwrap();
    let secret = bench.clock.block_on(bench.port().secret(&maintenance.bypass.value_from)).unwrap();
    let written = |gate, secret: &SecretString| {
        gate::write_code(gate, &maintenance.page, &maintenance.bypass.header, secret)
    };
    let open = written(Gate::Open, &SecretString::default());
    let closed = written(Gate::Closed, &secret);
    let stale = written(Gate::Closed, &SecretString::from("an-earlier-secret-of-ours".to_owned()));
    for (code, seen) in [
        (None, CodeSeen::Missing),
        (Some(open.clone()), CodeSeen::Open),
        (Some(closed.clone()), CodeSeen::Closed),
        (Some(stale.clone()), CodeSeen::ClosedStale),
        (Some(closed.replace("302", "307")), CodeSeen::ClosedStale),
        (Some("function handler(event) { return event.request; }".to_owned()), CodeSeen::Foreign),
        // tidegate's first line above foreign code: its effect is unknown.
        (Some(open.replace("return event.request;", "return event.request; // why not")), CodeSeen::Foreign),
    ] {
        set_code(&bench, code.clone());
        assert_eq!(function(&bench).code, seen, "{code:?}");
    }
    set_code(&bench, Some(stale));
    bench.fault("ssm:GetParameter", 1, Kind::AccessDenied);
    assert_eq!(function(&bench).code, CodeSeen::Closed, "that it is closed is certain");
    bench.cloud.with(|world| world.regions[0].functions.clear());
    assert_eq!(function(&bench).code, CodeSeen::Missing);
    let seen = &function(&bench).distributions["assets.shop.example"];
    assert!(
        matches!(seen, DistributionSeen::Unguarded { .. }),
        "it can be associated ahead of a release: {seen:?}"
    );
}

#[test]
fn every_behaviour_of_a_distribution_counts() {
    let bench = Bench::new();
    let seen = || function(&bench).distributions["assets.shop.example"].clone();
    let bend = |bend: &dyn Fn(&mut crate::sim::SimDistribution)| {
        bench.cloud.with(|world| {
            let all = world.regions[0].distributions.values_mut();
            all.filter(|found| !found.aliases.is_empty()).for_each(bend);
        });
    };
    let DistributionSeen::Unguarded { id } = seen() else { panic!("{:?}", seen()) };
    bend(&|found| found.behaviours[0].function = Some("shop-gate".to_owned()));
    assert_eq!(seen(), DistributionSeen::Unguarded { id: id.clone() }, "one of two");
    bench.act(ActionKind::AssociateFunction { distribution: id.clone() });
    assert_eq!(seen(), DistributionSeen::Guarded { id: id.clone() });
    let associated = crate::sim::SimDistribution::clone;
    let before = bench.cloud.with(|world| associated(&world.regions[0].distributions[&id]));
    bend(&|found| found.behaviours[1].function = Some("rewrite".to_owned()));
    assert_eq!(
        seen(),
        DistributionSeen::Conflict { id: id.clone(), what: "`/content/*` calls `rewrite`".to_owned() }
    );
    bend(&|found| found.behaviours = before.behaviours.clone());
    bend(&|found| found.behaviours[0].lambda = true);
    assert_eq!(
        seen(),
        DistributionSeen::Conflict { id: id.clone(), what: "`*` calls Lambda@Edge".to_owned() }
    );
    bend(&|found| found.aliases = vec!["another.example".to_owned()]);
    assert_eq!(seen(), DistributionSeen::Missing);
}

#[test]
fn a_distribution_that_edges_still_learn_is_not_guarded_yet() {
    let bench = Bench::new();
    let leaves = async {
        bench.after(5).await;
        bench.leave(true);
    };
    let DistributionSeen::Unguarded { id } = function(&bench).distributions["assets.shop.example"].clone()
    else {
        panic!()
    };
    bench.act_while(ActionKind::AssociateFunction { distribution: id.clone() }, leaves);
    assert_eq!(function(&bench).distributions["assets.shop.example"], DistributionSeen::Deploying { id });
}

#[test]
fn no_snapshot_shows_a_secret() {
    let bench = Bench::new();
    bench.close();
    let source = &bench.spec.maintenance.as_ref().unwrap().bypass.value_from;
    let secret = bench.clock.block_on(bench.port().secret(source)).unwrap();
    let shown = format!("{:?}", bench.preview());
    assert!(!shown.contains(secret.expose_secret()));
    assert!(!shown.contains(PASSWORD), "passwords stand in plain `environment` of definitions");
    bench.cloud.with(|world| world.person("shop").rotate_secret("/shop/bypass", "too short"));
    let TrafficSeen { secret, .. } = traffic(&bench);
    assert_eq!(secret, Err("it has 9 characters, but must have 20 to 128".to_owned()));
}
