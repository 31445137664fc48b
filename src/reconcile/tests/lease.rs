//! One actor at a time.

use std::sync::Mutex;

use chrono::TimeDelta;

use super::{core, has};
use crate::bench::Bench;
use crate::execute::Silent;
use crate::reconcile::{ReconcileError, Reconciler, RunOutcome, ShutdownLevel};
use crate::store::{Store, StoreError};

#[test]
fn a_run_does_not_begin_while_somebody_else_acts_and_names_who() {
    let bench = Bench::new();
    let held = bench.store.acquire(&bench.spec.name, "daemon on host-7", bench.now()).unwrap();
    let error = bench.run_with(&bench.wanted(), None, &|| ShutdownLevel::None).unwrap_err();
    assert_eq!(error.to_string(), "`shop` is locked by daemon on host-7");
    assert!(matches!(error, ReconcileError::Busy { .. }));
    assert_eq!((bench.cloud.effects(), bench.events().len()), (0, 0));
    drop(held);
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    let first = bench.store.read_log(&bench.spec.name).unwrap().lines.remove(0);
    assert_eq!(first.fencing, 2);
}

#[test]
fn it_is_given_back() {
    let bench = Bench::converged();
    assert_eq!(bench.store.lease_holder(&bench.spec.name).unwrap(), None);
}

#[test]
fn a_lease_that_is_lost_ends_the_run_and_no_call_comes_after_it() {
    for event in ["gate-closed", "snapshot-intent", "migration-running", "code-started"] {
        let bench = Bench::new();
        let broken_at = Mutex::new(None);
        let shutdown = || {
            if has(&bench, event) && broken_at.lock().unwrap().is_none() {
                *broken_at.lock().unwrap() = Some((bench.now(), bench.cloud.effects()));
                bench.store.break_lease(&bench.spec.name);
            }
            ShutdownLevel::None
        };
        let error = bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap_err();
        let lost = "lost the lock on `shop` (lease 1)";
        assert!(error.to_string().starts_with(lost), "{event}: {error}");
        let (at, effects) = broken_at.lock().unwrap().unwrap();
        assert_eq!(bench.cloud.effects(), effects, "{event}");
        assert!(bench.now() - at < TimeDelta::seconds(60), "{event}: {}", bench.now() - at);
        let run = bench.store.list_runs(&bench.spec.name, 1).unwrap().remove(0).value;
        assert_eq!(run["outcome"], "failed", "{event}: the history does not say that it goes on");
        assert!(run["message"].as_str().unwrap().starts_with(lost), "{event}: {run}");
        assert_eq!(bench.run().outcome, Some(RunOutcome::Converged), "{event}");
        bench.assert_clean();
    }
}

#[test]
fn a_store_that_fails_ends_the_run() {
    let bench = Bench::new();
    let store = crate::bench::FlakyStore::new(bench.store.clone());
    store.lose_answers(1);
    let (port, wanted, shutdown) = (bench.port(), bench.wanted(), || ShutdownLevel::None);
    let reconciler = Reconciler {
        cloud: &*port,
        clock: &bench.clock,
        store: &store,
        declared: &wanted,
        progress: &Silent,
        holder: "test",
        deadline: None,
        shutdown: &shutdown,
    };
    let ended = bench.clock.block_on(reconciler.converge(&bench.spec.name));
    let error = ended.unwrap_err();
    assert!(!matches!(error, ReconcileError::Store(StoreError::LeaseLost { .. })), "{error}");
    let effects = bench.cloud.effects();
    assert!(effects < 10, "it ended early: {effects}");
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench.assert_clean();
}
