//! Nothing is written without the lease, and nothing after it is lost.

use futures_util::future::join;

use crate::bench::{Bench, FlakyStore, action, failure};
use crate::cloud::Kind;
use crate::execute::{ActionContext, ActionResult, Silent, carry_out};
use crate::model::Revision;
use crate::plan::ActionKind;
use crate::store::Store;
use crate::store::journal::Event;
use crate::store::journal::{Journal, JournalError};

/// Carries an action out under a lease that breaks after so many seconds; 0 = before it begins.
fn act_without_lease(bench: &Bench, kind: ActionKind, after_seconds: u64) -> ActionResult {
    let port = bench.port();
    let lease = bench.store.acquire(&bench.spec.name, "test", bench.now()).unwrap().unwrap();
    let journal = Journal::open(&bench.store, &bench.clock, &lease).unwrap();
    let context = ActionContext {
        cloud: &*port,
        clock: &bench.clock,
        journal: &journal,
        spec: &bench.spec,
        revision: &Revision::worktree(),
        progress: &Silent,
        cancel: &|| false,
    };
    let breaks = async {
        if after_seconds > 0 {
            bench.after(after_seconds).await;
        }
        bench.store.break_lease(&bench.spec.name);
    };
    let actions = [action(kind)];
    // Whoever stands first is polled first.
    let (outcomes, ()) = bench.clock.block_on(async {
        match after_seconds {
            0 => {
                breaks.await;
                (carry_out(&context, &actions).await, ())
            }
            _ => join(carry_out(&context, &actions), breaks).await,
        }
    });
    outcomes.into_iter().next().unwrap().result
}

#[test]
fn without_the_lease_no_action_of_a_release_does_anything() {
    let bench = Bench::new();
    let plan = bench.plan();
    assert!(plan.actions.len() > 20, "a whole release: {:#?}", plan.actions);
    for planned in plan.actions {
        let (effects, events) = (bench.cloud.effects(), bench.events());
        let why = failure(act_without_lease(&bench, planned.kind, 0));
        assert!(why.contains("lost the lock on `shop`"), "{}: {why}", planned.id);
        assert_eq!(bench.cloud.effects(), effects, "{}", planned.id);
        assert_eq!(bench.events(), events, "{}", planned.id);
    }
}

#[test]
fn what_waits_ends_soon_after_the_lease() {
    let cases = ["service/web/stop", "database/snapshot", "migration/v1.4.0/1", "gate/drain"];
    for id in cases {
        let bench = Bench::new().begun();
        let kind = bench.planned(id);
        let why = failure(act_without_lease(&bench, kind, 3));
        assert!(why.contains("lost the lock on `shop`"), "{id}: {why}");
        assert!(bench.seconds() <= 3 + 15, "{id}: {}", bench.seconds());
        let effects = bench.cloud.log();
        assert!(
            effects.iter().all(|effect| (effect.at - crate::bench::a_tuesday()).num_seconds() <= 3),
            "{effects:#?}"
        );
    }
}

#[test]
fn a_call_that_is_tried_again_asks_for_the_lease_again() {
    let bench = Bench::new();
    bench.fault("ecs:UpdateService", u32::MAX, Kind::Throttled);
    let stop = ActionKind::StopService { service: "workers".into(), scaling: None };
    let why = failure(act_without_lease(&bench, stop, 2));
    assert!(why.contains("lost the lock on `shop`"), "{why}");
    assert_eq!(bench.cloud.effects(), 2, "at once and after a second; then the lease is gone");
}

#[test]
fn a_line_in_doubt_stops_this_process_and_the_next_one_reads_it() {
    let bench = Bench::new().begun();
    let port = bench.port();
    let store = FlakyStore::new(bench.store.clone());
    let actions = [action(bench.planned("migration/v1.4.0/1"))];
    {
        let lease = store.acquire(&bench.spec.name, "test", bench.now()).unwrap().unwrap();
        let journal = Journal::open(&store, &bench.clock, &lease).unwrap();
        let context = ActionContext {
            cloud: &*port,
            clock: &bench.clock,
            journal: &journal,
            spec: &bench.spec,
            revision: &Revision::worktree(),
            progress: &Silent,
            cancel: &|| false,
        };
        // The line is written, the answer is an error: as when the last sync of a disk fails.
        store.lose_answers(1);
        bench.clock.block_on(carry_out(&context, &actions));
        assert_eq!(bench.events()[1..], ["migration-intent"]);
        assert!(!journal.ledger().migration_in_flight(), "it is not known to be there");
        let again = bench.clock.block_on(carry_out(&context, &actions)).pop().unwrap().result;
        assert_eq!(failure(again), JournalError::InDoubt.to_string());
        assert!(matches!(journal.record(Event::Drained), Err(JournalError::InDoubt)));
    }
    assert_eq!(bench.count("ecs:RunTask"), 0);
    assert!(bench.ledger().migration_in_flight());
    let found = bench.planned("migration/v1.4.0/1");
    assert_eq!(bench.act(found), ActionResult::Done);
    assert_eq!(bench.cloud.with(|world| world.effects.len()), 1);
}

#[test]
fn an_event_that_cannot_stand_is_refused_and_leaves_no_doubt() {
    let bench = Bench::new();
    let lease = bench.store.acquire(&bench.spec.name, "test", bench.now()).unwrap().unwrap();
    let journal = Journal::open(&bench.store, &bench.clock, &lease).unwrap();
    let stray = Event::SnapshotTaken { identifier: "none".to_owned() };
    assert!(matches!(journal.record(stray), Err(JournalError::Illegal(_))));
    journal.record(Event::Drained).unwrap();
    assert_eq!(bench.events(), ["drained"]);
}

#[test]
fn every_line_carries_the_number_of_its_lease() {
    let bench = Bench::new();
    bench.journaled([Event::Drained]);
    bench.journaled([Event::GateOpened]);
    let lines = bench.store.read_log(&bench.spec.name).unwrap().lines;
    assert_eq!(lines.iter().map(|line| line.fencing).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_line_of_another_program_is_named() {
    let bench = Bench::new();
    let lease = bench.store.acquire(&bench.spec.name, "test", bench.now()).unwrap().unwrap();
    bench.store.append(&lease, bench.now(), &serde_json::json!({"event": "from-the-future"})).unwrap();
    let error = Journal::open(&bench.store, &bench.clock, &lease).err().expect("nobody knows this event");
    assert!(
        error
            .to_string()
            .starts_with("this version of tidegate does not understand line 1 of the journal of `shop`"),
        "{error}"
    );
}
