//! A look at an environment where nothing has changed: what it costs, and what it does not miss.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use crate::bench::{Bench, a_tuesday};
use crate::clock::Clock as _;
use crate::cloud::{CachedCloud, Depth, LastObservation, tag};
use crate::model::{Revision, State, Version};
use crate::plan::Plan;
use crate::reconcile::is_unchanged;
use crate::sim::Age;
use crate::store::journal::{OperatorCommand, OperatorRequest};
use crate::store::{OVERRIDE, RuntimeOverride, Store as _, Withdrawal};

fn look(bench: &Bench, last_observation: &LastObservation, depth: Depth, last: &Plan) -> bool {
    let port = bench.port();
    let cloud = CachedCloud { cloud: &*port, last_observation, depth };
    let wanted = bench.wanted();
    bench.clock.block_on(is_unchanged(&cloud, &bench.clock, &bench.store, &wanted, last)).unwrap()
}

/// A bench at rest, and what the last thorough look has seen.
fn at_rest(bench: Bench) -> (Bench, LastObservation, Plan) {
    let plan = bench.plan();
    assert!(plan.actions.is_empty() && plan.blocked.is_empty(), "{plan:#?}");
    let last_observation = LastObservation::default();
    last_observation.begin(bench.clock.monotonic());
    assert!(look(&bench, &last_observation, Depth::Full, &plan));
    (bench, last_observation, plan)
}

fn calls_of(bench: &Bench, act: impl FnOnce()) -> BTreeMap<&'static str, u64> {
    let before = bench.cloud.calls();
    act();
    let mut calls = bench.cloud.calls();
    for (operation, count) in before {
        *calls.get_mut(operation).unwrap() -= count;
    }
    calls.retain(|_, count| *count > 0);
    calls
}

#[test]
fn a_quiet_look_at_nine_services_asks_six_times() {
    let files = ["environments/production.yaml", "environments/platforms/graasp.yaml"].map(|name| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        (name.to_owned(), std::fs::read(path).unwrap())
    });
    let declared = crate::spec::read(&files.into(), "environments", a_tuesday());
    let spec = declared.environments.into_values().next().unwrap();
    let bench = Bench::of(spec, &Age::UpToDate);
    bench.run();
    let (bench, last_observation, plan) = at_rest(bench);
    let calls = calls_of(&bench, || assert!(look(&bench, &last_observation, Depth::Quick, &plan)));
    assert_eq!(calls.values().sum::<u64>(), 6, "{calls:?}");
    assert_eq!(calls.len(), 6, "one of each: {calls:?}");
}

#[test]
fn a_quiet_look_sees_what_people_do() {
    type Hand = fn(&Bench);
    let hands: [(&str, Hand); 7] = [
        ("scales a service", |bench| bench.cloud.with(|world| world.person("shop").scale("admin", 3))),
        ("stops a service", |bench| bench.cloud.with(|world| world.person("shop").scale("admin", 0))),
        ("stops the database", |bench| bench.cloud.with(|world| world.person("shop").stop_database())),
        ("changes the schema's tag", |bench| {
            bench.cloud.with(|world| world.person("shop").tag_database(tag::SCHEMA, Some("v9.0.0")));
        }),
        ("redeploys a service", |bench| bench.cloud.with(|world| world.person("shop").redeploy("web"))),
        ("asks for something", |bench| {
            let command = OperatorCommand::RecordSchema { version: Version::from("v1.4.0") };
            let request = OperatorRequest { who: "ann".into(), reason: "test".into(), command };
            let value = serde_json::to_value(&request).unwrap();
            bench.store.swap_record(&bench.spec.name, crate::reconcile::REQUEST, None, Some(&value)).unwrap();
        }),
        ("sets an override and takes it back", |bench| {
            let value = serde_json::to_value(RuntimeOverride {
                state: State::Stopped,
                until: bench.now() + TimeDelta::hours(2),
                reason: "test".into(),
                who: "ann".into(),
                since: bench.now(),
                declared: State::Running,
                is_met: false,
                taken_back: Some(Withdrawal { who: "ann".into(), reason: "a mistake".into() }),
            });
            bench.store.put_record(&bench.spec.name, OVERRIDE, Some(&value.unwrap())).unwrap();
        }),
    ];
    for (what, hand) in hands {
        let (bench, last_observation, plan) = at_rest(Bench::converged());
        hand(&bench);
        bench.clock.advance(Duration::from_secs(30));
        assert!(!look(&bench, &last_observation, Depth::Quick, &plan), "a person {what}");
    }
}

#[test]
fn a_commit_is_quiet_unless_it_changes_the_declaration() {
    let (mut bench, last_observation, mut plan) = at_rest(Bench::converged());
    plan.revision = Revision::commit("another");
    assert!(look(&bench, &last_observation, Depth::Quick, &plan), "it does not concern the environment");
    bench.spec.versions.insert("core".into(), Version::from("v1.9.0"));
    assert!(!look(&bench, &last_observation, Depth::Quick, &plan));
}
