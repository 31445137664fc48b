use crate::bench::{Bench, failure};
use crate::clock::Clock as _;
use crate::cloud::{Kind, tag};
use crate::execute::ActionResult;
use crate::model::StoreId;
use crate::plan::{ActionKind, Recorded};
use crate::sim::{FaultOptions, FaultPlan};

const TAG: &str = "rds:AddTagsToResource";

fn record(bench: &Bench) -> ActionKind {
    let resource_id = bench.cloud.with(|world| world.regions[0].databases["shop"].shown.resource_id.clone());
    ActionKind::RecordSchema { version: "v1.4.0".into(), resource_id, how: Recorded::Migration }
}

fn tag_of(bench: &Bench, key: &str) -> Option<String> {
    bench.cloud.with(|world| world.regions[0].databases["shop"].shown.tags.get(key).cloned())
}

#[test]
fn a_version_is_tagged_read_back_and_then_journaled() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").tag_database(tag::MIGRATING, Some("v1.3.0/v1.4.0/1")));
    assert_eq!(bench.act(record(&bench)), ActionResult::Done);
    assert_eq!(tag_of(&bench, tag::SCHEMA).as_deref(), Some("v1.4.0"));
    assert_eq!(tag_of(&bench, tag::MIGRATING), None);
    assert_eq!(bench.events(), ["schema-recorded"]);
}

#[test]
fn the_mark_of_the_migration_goes_before_the_event() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").tag_database(tag::MIGRATING, Some("v1.3.0/v1.4.0/1")));
    bench.cloud.faults(|plan| plan.script("rds:RemoveTagsFromResource", 1, Kind::AccessDenied));
    failure(bench.act(record(&bench)));
    assert_eq!(bench.events(), [""; 0]);
    assert_eq!(bench.act(record(&bench)), ActionResult::Done);
    assert_eq!(tag_of(&bench, tag::MIGRATING), None);
}

#[test]
fn old_answers_are_waited_out() {
    let bench = Bench::new();
    let stale = FaultOptions { stale: 1.0, stale_seconds: 10, ..FaultOptions::default() };
    bench.cloud.set_faults(FaultPlan::new(1, stale));
    assert_eq!(bench.act(record(&bench)), ActionResult::Done);
    assert!((10..60).contains(&bench.seconds()), "{}", bench.seconds());
}

#[test]
fn a_tag_that_does_not_stay_is_not_believed() {
    let bench = Bench::new();
    let other = async {
        for _ in 0..200 {
            bench.cloud.with(|world| world.person("shop").tag_database(tag::SCHEMA, Some("v0")));
            bench.after(1).await;
        }
    };
    // Answers take a moment, so that somebody else can write between ours.
    let slow = FaultOptions { latency_max: std::time::Duration::from_secs(3), ..FaultOptions::default() };
    bench.cloud.set_faults(FaultPlan::new(1, slow));
    let why = failure(bench.act_while(record(&bench), other));
    assert_eq!(why, "waited 2m for the schema tag of `shop`; last seen: tagged v0");
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn another_database_under_the_same_name_is_not_tagged() {
    let bench = Bench::new();
    let record = record(&bench);
    bench.cloud.with(|world| {
        world.person("shop").take_snapshot("by-hand");
        world.person("shop").restore_snapshot("by-hand");
    });
    let why = failure(bench.act(record));
    assert!(why.starts_with("`shop` is another database now"), "{why}");
    assert_eq!(bench.count(TAG), 0);
}

#[test]
fn a_cluster_is_claimed_and_read_back() {
    let bench = Bench::new();
    let store = StoreId::new("6f1c1f5e-0000-4000-8000-000000000001");
    assert_eq!(bench.act(ActionKind::ClaimOwner { store: store.clone() }), ActionResult::Done);
    let owner = bench.cloud.with(|world| world.regions[0].clusters["shop"].get(tag::OWNER).cloned());
    assert_eq!(owner.as_deref(), Some(store.as_str()));
}

#[test]
fn of_two_that_claim_at_once_one_loses() {
    let bench = Bench::new();
    let slow = FaultOptions { latency_max: std::time::Duration::from_secs(2), ..FaultOptions::default() };
    bench.cloud.set_faults(FaultPlan::new(2, slow));
    let other = async {
        for _ in 0..100 {
            bench.clock.sleep(std::time::Duration::from_millis(100)).await;
            bench.cloud.with(|world| {
                let tags = world.regions[0].clusters.get_mut("shop").unwrap();
                tags.insert(tag::OWNER.to_owned(), "the-other".to_owned());
            });
        }
    };
    let claim = ActionKind::ClaimOwner { store: StoreId::new("ours") };
    let why = failure(bench.act_while(claim, other));
    assert_eq!(why, "waited 2m for the owner tag of `shop`; last seen: owned by the-other");
}
