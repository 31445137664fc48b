//! What every adapter of the port must do, as claims that run against each of them.
//!
//! An adapter implements [`Bench`] and calls `contract!`.

use std::sync::Barrier;

use serde_json::{Value, json};

use tidegate::model::{EnvironmentName, Instant, RunId};
use tidegate::store::{Lease, Log, RUNS_KEPT_MAX, Store, StoreError, no_store};

/// An adapter on a bench: one place, opened as often as a claim needs.
pub(crate) trait Bench: Sync {
    fn new() -> Self
    where
        Self: Sized;

    /// Opens the place as another process would.
    fn open(&self) -> Box<dyn Store>;

    /// Takes the lease away from its holder, by whatever means this place has.
    fn break_lease(&self, environment: &EnvironmentName);
}

/// Runs every claim against an adapter, each as a test of its own.
macro_rules! contract {
    ($bench:ty) => {
        $crate::store::contract::contract!($bench:
            the_identity_is_made_once_and_kept,
            one_holder_at_a_time_and_it_is_known,
            fencing_grows_with_every_lease,
            environments_have_leases_of_their_own,
            of_many_that_contend_one_wins,
            lines_come_back_in_order_with_their_lease,
            steps_side_by_side_write_one_journal,
            a_lost_lease_writes_nothing_more,
            reading_needs_no_lease_and_leaves_no_trace,
            records_are_replaced_and_removed,
            a_record_that_changed_meanwhile_is_not_swapped,
            runs_are_listed_newest_first_and_bounded,
            names_that_are_no_names_are_refused,
        );
    };
    ($bench:ty: $($claim:ident),* $(,)?) => {
        $(#[test]
        fn $claim() {
            $crate::store::contract::$claim(&<$bench as $crate::store::contract::Bench>::new());
        })*
    };
}
pub(crate) use contract;

pub(crate) fn at(second: i64) -> Instant {
    Instant::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

pub(crate) fn production() -> EnvironmentName {
    "production".into()
}

pub(crate) fn acquire(store: &dyn Store) -> Lease {
    store.acquire(&production(), "a test", at(0)).unwrap().expect("the lease is free")
}

fn events(store: &dyn Store) -> Vec<Value> {
    store.read_log(&production()).unwrap().lines.into_iter().map(|line| line.event).collect()
}

pub(crate) fn the_identity_is_made_once_and_kept(bench: &dyn Bench) {
    let id = bench.open().id();
    assert_ne!(id, no_store());
    assert_eq!(bench.open().id(), id);
}

pub(crate) fn one_holder_at_a_time_and_it_is_known(bench: &dyn Bench) {
    let (one, other) = (bench.open(), bench.open());
    assert_eq!(other.lease_holder(&production()).unwrap(), None);
    let lease = one.acquire(&production(), "daemon on host-7", at(5)).unwrap().unwrap();
    lease.verify().unwrap();
    for store in [&one, &other] {
        assert!(store.acquire(&production(), "a laptop", at(6)).unwrap().is_none());
        let holder = store.lease_holder(&production()).unwrap().unwrap();
        assert_eq!((holder.holder.as_str(), holder.since), ("daemon on host-7", at(5)));
        assert_eq!((holder.fencing, holder.pid), (lease.fencing(), std::process::id()));
    }
    drop(lease);
    assert_eq!(other.lease_holder(&production()).unwrap(), None);
    assert!(other.acquire(&production(), "a laptop", at(7)).unwrap().is_some());
}

pub(crate) fn fencing_grows_with_every_lease(bench: &dyn Bench) {
    let mut before = 0;
    for _ in 0..3 {
        for store in [bench.open(), bench.open()] {
            let fencing = acquire(&*store).fencing();
            assert!(fencing > before, "{fencing} after {before}");
            before = fencing;
        }
    }
}

pub(crate) fn environments_have_leases_of_their_own(bench: &dyn Bench) {
    let store = bench.open();
    let production = acquire(&*store);
    let dev = store.acquire(&"dev".into(), "a test", at(0)).unwrap().unwrap();
    store.append(&production, at(0), &json!("production")).unwrap();
    store.append(&dev, at(0), &json!("dev")).unwrap();
    assert_eq!(events(&*store), [json!("production")]);
    assert_eq!(store.environments().unwrap(), ["dev".into(), "production".into()]);
}

pub(crate) fn of_many_that_contend_one_wins(bench: &dyn Bench) {
    const CONTENDERS: usize = 8;
    let start = Barrier::new(CONTENDERS);
    let leases: Vec<Option<Lease>> = std::thread::scope(|scope| {
        let contend = || {
            scope.spawn(|| {
                let store = bench.open();
                start.wait();
                store.acquire(&production(), "a contender", at(0)).unwrap()
            })
        };
        let threads: Vec<_> = (0..CONTENDERS).map(|_| contend()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(leases.iter().flatten().count(), 1);
}

pub(crate) fn lines_come_back_in_order_with_their_lease(bench: &dyn Bench) {
    let store = bench.open();
    let first = acquire(&*store);
    assert_eq!(store.append(&first, at(1), &json!({"kind": "intent", "n": 1})).unwrap().sequence, 1);
    assert_eq!(store.append(&first, at(2), &json!({"kind": "outcome"})).unwrap().sequence, 2);
    let fencing = first.fencing();
    drop(first);

    let other = bench.open();
    let second = acquire(&*other);
    assert_eq!(other.append(&second, at(3), &json!("ü\n\"")).unwrap().sequence, 3);
    let log = store.read_log(&production()).unwrap();
    assert_eq!(log.unfinished, None);
    let lines: Vec<_> = log.lines.iter().map(|line| (line.sequence, line.fencing, line.at)).collect();
    assert_eq!(lines, [(1, fencing, at(1)), (2, fencing, at(2)), (3, second.fencing(), at(3))]);
    assert_eq!(log.lines[0].event, json!({"kind": "intent", "n": 1}));
    assert_eq!(log.lines[2].event, json!("ü\n\""));
}

pub(crate) fn steps_side_by_side_write_one_journal(bench: &dyn Bench) {
    let store = bench.open();
    let lease = acquire(&*store);
    std::thread::scope(|scope| {
        for step in 0..4 {
            let (store, lease) = (&store, &lease);
            scope.spawn(move || store.append(lease, at(0), &json!(step)).unwrap());
        }
    });
    let lines = store.read_log(&production()).unwrap().lines;
    assert_eq!(lines.iter().map(|line| line.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

pub(crate) fn a_lost_lease_writes_nothing_more(bench: &dyn Bench) {
    let (one, other) = (bench.open(), bench.open());
    let old = acquire(&*one);
    one.append(&old, at(1), &json!("before")).unwrap();
    bench.break_lease(&production());
    assert!(matches!(old.verify(), Err(StoreError::LeaseLost { .. })));

    let new = acquire(&*other);
    let error = one.append(&old, at(2), &json!("too late")).unwrap_err();
    assert!(matches!(&error, StoreError::LeaseLost { fencing, .. } if *fencing == old.fencing()), "{error}");
    other.append(&new, at(3), &json!("after")).unwrap();
    drop(old);
    new.verify().expect("the old lease's end takes nothing from the new one");
    assert_eq!(events(&*one), [json!("before"), json!("after")]);
}

pub(crate) fn reading_needs_no_lease_and_leaves_no_trace(bench: &dyn Bench) {
    let store = bench.open();
    assert_eq!(store.read_log(&production()).unwrap(), Log::default());
    assert_eq!(store.lease_holder(&production()).unwrap(), None);
    assert_eq!(store.get_record(&production(), "override").unwrap(), None);
    assert!(store.list_records(&production()).unwrap().is_empty());
    assert!(store.list_runs(&production(), 10).unwrap().is_empty());
    assert!(store.environments().unwrap().is_empty());

    let lease = acquire(&*bench.open());
    store.append(&lease, at(0), &json!("seen")).expect("any opening of the same store serves");
    assert_eq!(events(&*bench.open()), [json!("seen")]);
}

pub(crate) fn records_are_replaced_and_removed(bench: &dyn Bench) {
    let (store, production) = (bench.open(), production());
    let _held_by_the_daemon = acquire(&*store);
    let other = bench.open();
    other.put_record(&production, "override", Some(&json!({"state": "running"}))).unwrap();
    other.put_record(&production, "override", Some(&json!({"state": "stopped"}))).unwrap();
    other.put_record(&production, "suspension", Some(&json!({"by": "ann"}))).unwrap();
    assert_eq!(store.get_record(&production, "override").unwrap(), Some(json!({"state": "stopped"})));
    let kinds: Vec<_> = store.list_records(&production).unwrap().into_keys().collect();
    assert_eq!(kinds, ["override", "suspension"]);
    assert!(store.list_records(&"dev".into()).unwrap().is_empty());

    store.put_record(&production, "override", None).unwrap();
    store.put_record(&production, "override", None).expect("removed already: as wanted");
    assert_eq!(other.get_record(&production, "override").unwrap(), None);
}

pub(crate) fn a_record_that_changed_meanwhile_is_not_swapped(bench: &dyn Bench) {
    let (store, production) = (bench.open(), production());
    let swap = |expected: Option<&Value>, value: Option<&Value>| {
        store.swap_record(&production, "request", expected, value).unwrap()
    };
    let (retry, abort) = (json!("retry"), json!("abort"));
    assert!(swap(None, Some(&retry)));
    assert!(!swap(None, Some(&abort)));
    bench.open().put_record(&production, "request", Some(&abort)).unwrap();
    assert!(!swap(Some(&retry), None), "the new request is not lost with the old one");
    assert_eq!(store.get_record(&production, "request").unwrap(), Some(abort.clone()));
    assert!(swap(Some(&abort), None));
    assert_eq!(store.get_record(&production, "request").unwrap(), None);
}

pub(crate) fn runs_are_listed_newest_first_and_bounded(bench: &dyn Bench) {
    let (store, production) = (bench.open(), production());
    let id = |number: usize| RunId::new(format!("20261123T{number:06}"));
    for number in [2, 1, 3] {
        store.save_run(&production, &id(number), &json!({"n": number, "done": false})).unwrap();
    }
    store.save_run(&production, &id(3), &json!({"n": 3, "done": true})).unwrap();
    let newest = bench.open().list_runs(&production, 2).unwrap();
    let newest: Vec<_> = newest.into_iter().map(|run| (run.id, run.value)).collect();
    assert_eq!(newest, [(id(3), json!({"n": 3, "done": true})), (id(2), json!({"n": 2, "done": false})),]);
    const { assert!(RUNS_KEPT_MAX >= 100, "history must reach back over a year of releases") };
}

pub(crate) fn names_that_are_no_names_are_refused(bench: &dyn Bench) {
    let store = bench.open();
    for name in ["", "..", "a/b", ".hidden"] {
        let refused = |result: Result<(), StoreError>| {
            assert!(matches!(result, Err(StoreError::Name { .. })), "{name:?}: {result:?}");
        };
        refused(store.acquire(&name.into(), "a test", at(0)).map(drop));
        refused(store.read_log(&name.into()).map(drop));
        refused(store.put_record(&production(), name, Some(&json!(1))));
        refused(store.get_record(&production(), name).map(drop));
        refused(store.save_run(&production(), &RunId::new(name), &json!(1)));
    }
}
