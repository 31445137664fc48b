use std::collections::BTreeMap;

use crate::bench::{Bench, failure};
use crate::cloud::{DatabaseStatus, Kind, SnapshotStatus, tag};
use crate::execute::ActionResult;
use crate::model::Revision;
use crate::plan::ActionKind;
use crate::store::journal::Event;

const CREATE: &str = "rds:CreateDBSnapshot";
const NAME: &str = "tidegate-shop-v1-3-0-to-v1-4-0-1";

fn take() -> ActionKind {
    ActionKind::TakeSnapshot { identifier: NAME.to_owned(), tag: "v1.3.0/v1.4.0".to_owned() }
}

/// The shop in its release: before it, a release waits for a database that is backing up.
fn in_release() -> Bench {
    let bench = Bench::new();
    bench.journaled([Event::ReleaseBegun {
        from: "v1.3.0".into(),
        to: "v1.4.0".into(),
        images: BTreeMap::new(),
        revision: Revision::worktree(),
    }]);
    bench
}

fn statuses(bench: &Bench) -> BTreeMap<String, SnapshotStatus> {
    bench.cloud.with(|world| {
        let all = &world.regions[0].databases["shop"].snapshots;
        all.iter().map(|(name, snapshot)| (name.clone(), snapshot.shown.status)).collect()
    })
}

fn set_status(bench: &Bench, status: DatabaseStatus) {
    bench.cloud.with(|world| world.regions[0].databases.get_mut("shop").unwrap().shown.status = status);
}

#[test]
fn it_is_intended_tagged_at_its_creation_and_waited_for() {
    let bench = Bench::new();
    assert_eq!(bench.planned("database/snapshot"), take());
    assert_eq!(bench.act(take()), ActionResult::Done);
    assert_eq!(bench.events(), ["snapshot-intent", "snapshot-taken"]);
    assert_eq!(statuses(&bench)[NAME], SnapshotStatus::Available);
    let mark = bench.cloud.with(|world| {
        world.regions[0].databases["shop"].snapshots[NAME].shown.tags.get(tag::SNAPSHOT).cloned()
    });
    assert_eq!(mark.as_deref(), Some("v1.3.0/v1.4.0"));
}

#[test]
fn one_that_an_earlier_try_has_begun_is_waited_for() {
    let bench = in_release();
    let leaves = async {
        bench.after(5).await;
        bench.leave(true);
    };
    assert!(matches!(bench.act_while(take(), leaves), ActionResult::Unfinished { .. }));
    bench.leave(false);
    assert_eq!(bench.planned("database/snapshot"), take(), "the same one again");
    assert_eq!(bench.act(take()), ActionResult::Done);
    assert_eq!(bench.events(), ["release-begun", "snapshot-intent", "snapshot-taken"], "one intent for both");
    assert_eq!(bench.count(CREATE), 1);
}

#[test]
fn one_whose_answer_was_lost_is_found() {
    let bench = Bench::new();
    bench.fault(CREATE, 1, Kind::AnswerLost);
    assert_eq!(bench.act(take()), ActionResult::Done);
    assert_eq!((bench.count(CREATE), statuses(&bench).len()), (1, 1));
}

#[test]
fn one_that_is_not_listed_yet_exists_already_and_is_waited_for() {
    let bench = Bench::new();
    let stale = crate::sim::FaultOptions { stale: 1.0, stale_seconds: 20, ..Default::default() };
    bench.cloud.set_faults(crate::sim::FaultPlan::new(1, stale));
    let target = &bench.spec.database.as_ref().unwrap().target;
    bench.clock.block_on(bench.port().snapshots(target)).unwrap();
    bench.clock.block_on(bench.port().database(target)).unwrap();
    assert_eq!(bench.act(take()), ActionResult::Done);
    assert!(bench.said().contains("exists already"), "{}", bench.said());
    assert_eq!(statuses(&bench).len(), 1);
}

#[test]
fn an_identifier_that_another_database_has_is_not_waited_for_hours() {
    let bench = Bench::new();
    bench.fault(CREATE, u32::MAX, Kind::Conflict);
    let why = failure(bench.act(take()));
    assert_eq!(why, format!("a snapshot `{NAME}` exists that is not of `shop`; tidegate does not change it"));
    assert!((60..180).contains(&bench.seconds()), "{}", bench.seconds());
}

#[test]
fn one_of_somebody_else_is_neither_used_nor_touched() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").take_snapshot(NAME));
    let why = failure(bench.act(take()));
    assert_eq!(
        why,
        format!("a snapshot `{NAME}` exists that tidegate did not take; tidegate does not change it")
    );
    assert_eq!(bench.count("rds:DeleteDBSnapshot"), 0);
}

#[test]
fn one_that_failed_is_replaced_by_another() {
    let bench = in_release();
    let fails = async {
        bench.after(5).await;
        bench.cloud.with(|world| {
            let database = world.regions[0].databases.get_mut("shop").unwrap();
            database.snapshots.get_mut(NAME).unwrap().shown.status = SnapshotStatus::Failed;
        });
    };
    let why = failure(bench.act_while(take(), fails));
    assert_eq!(why, format!("RDS reports that snapshot `{NAME}` failed"));
    let ActionKind::TakeSnapshot { identifier, .. } = bench.planned("database/snapshot") else { panic!() };
    assert_eq!(identifier, "tidegate-shop-v1-3-0-to-v1-4-0-2");
}

#[test]
fn a_busy_database_is_waited_for_and_a_broken_one_is_not() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").modify_database());
    assert_eq!(bench.act(take()), ActionResult::Done);
    assert!(bench.said().contains("the database is modifying"), "{}", bench.said());

    let bench = Bench::new();
    set_status(&bench, DatabaseStatus::Broken("storage-full".to_owned()));
    assert_eq!(
        failure(bench.act(take())),
        "`shop` is storage-full; an operator has to look at it in the RDS console"
    );

    let bench = Bench::new();
    set_status(&bench, DatabaseStatus::Stopped);
    assert!(matches!(bench.act(take()), ActionResult::Again { .. }), "a plan starts it first");
}

#[test]
fn pruned_are_those_that_are_named_and_still_there() {
    let bench = Bench::new();
    bench.act(take());
    bench.pass(600);
    bench.cloud.with(|world| world.person("shop").take_snapshot("by-hand"));
    let prune = ActionKind::PruneSnapshots { identifiers: vec!["gone-already".to_owned(), NAME.to_owned()] };
    assert_eq!(bench.act(prune), ActionResult::Done);
    assert_eq!(statuses(&bench).into_keys().collect::<Vec<_>>(), ["by-hand"]);
    bench.assert_clean();
}
