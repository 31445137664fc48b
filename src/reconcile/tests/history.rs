//! What a run leaves behind: its own record, step by step, and an event only when there is news.

use std::sync::Mutex;

use super::{commit, core, has, how_often};
use crate::bench::Bench;
use crate::execute::Progress;
use crate::plan::{Action, Step};
use crate::reconcile::{REQUEST, ReconcileError, Reconciler, Run, RunOutcome, ShutdownLevel};
use crate::store::journal::OperatorCommand;
use crate::store::{MemoryStore, Store};

fn runs(store: &MemoryStore) -> Vec<Run> {
    let stored = store.list_runs(&"shop".into(), 100).unwrap();
    stored.into_iter().map(|run| serde_json::from_value(run.value).unwrap()).collect()
}

/// Notes how many steps the history has whenever the next one begins.
struct Notes<'a> {
    store: &'a MemoryStore,
    seen: Mutex<Vec<usize>>,
}

impl Progress for Notes<'_> {
    fn step_started(&self, _step: Step, _actions: &[Action]) {
        let steps = runs(self.store).first().map_or(0, |run| run.steps.len());
        self.seen.lock().unwrap().push(steps);
    }
}

#[test]
fn a_run_is_saved_after_each_step() {
    let bench = Bench::new();
    let notes = Notes { store: &bench.store, seen: Mutex::default() };
    let (port, wanted, shutdown) = (bench.port(), bench.wanted(), || ShutdownLevel::None);
    let reconciler = Reconciler {
        cloud: &*port,
        clock: &bench.clock,
        store: &bench.store,
        declared: &wanted,
        progress: &notes,
        holder: "apply by ann@laptop",
        deadline: None,
        shutdown: &shutdown,
    };
    let run = bench.clock.block_on(reconciler.converge(&bench.spec.name)).unwrap();
    let seen = notes.seen.into_inner().unwrap();
    assert_eq!(seen, (0..run.steps.len()).collect::<Vec<_>>());
    assert_eq!(runs(&bench.store), std::slice::from_ref(&run));
    assert_eq!((run.outcome, run.holder.as_str()), (Some(RunOutcome::Converged), "apply by ann@laptop"));
    let release = run.release.unwrap();
    assert_eq!((release.from.as_str(), release.to.as_str()), ("v1.3.0", "v1.4.0"));
}

#[test]
fn a_run_that_goes_on_with_a_release_says_which() {
    let bench = Bench::new();
    let shutdown =
        || if has(&bench, "migration-ended") { ShutdownLevel::AfterStep } else { ShutdownLevel::None };
    bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    let run = bench.run();
    assert_eq!(run.release.map(|release| release.to.to_string()).as_deref(), Some("v1.4.0"));
    let stored = runs(&bench.store);
    assert_eq!(stored.len(), 2);
    assert!(stored[0].id > stored[1].id, "the newest first");
}

#[test]
fn a_run_that_did_nothing_is_not_kept() {
    let bench = Bench::converged();
    let before = runs(&bench.store).len();
    bench.run();
    bench.run();
    assert_eq!(runs(&bench.store).len(), before);
}

#[test]
fn convergence_is_written_down_only_when_it_is_news() {
    let bench = Bench::converged();
    assert_eq!(how_often(&bench, "converged"), 1);
    bench.run();
    assert_eq!(how_often(&bench, "converged"), 1);
    let newer = commit(&bench, "a comment", |_| {});
    for _ in 0..2 {
        bench.run_with(&newer, None, &|| ShutdownLevel::None).unwrap();
        assert_eq!(how_often(&bench, "converged"), 2, "another commit is news, once");
    }
}

fn ask(bench: &Bench, wish: &str) {
    let request = serde_json::json!({"who": "ann@laptop", "reason": "seen to", "wish": wish});
    bench.store.put_record(&bench.spec.name, REQUEST, Some(&request)).unwrap();
}

#[test]
fn a_request_is_taken_up_once() {
    let bench = Bench::converged();
    ask(&bench, "retry");
    let run = bench.run();
    assert_eq!((run.requests.len(), how_often(&bench, "requested")), (1, 1));
    assert_eq!(run.requests[0].command, OperatorCommand::Retry);
    assert_eq!(bench.store.get_record(&bench.spec.name, REQUEST).unwrap(), None);
    assert!(bench.run().requests.is_empty());
    assert_eq!(how_often(&bench, "requested"), 1);
    assert_eq!(runs(&bench.store)[0].requests.len(), 1, "a run that took something up is kept");
}

#[test]
fn a_request_that_comes_meanwhile_is_taken_up_at_the_next_step() {
    let bench = Bench::new();
    let asked = Mutex::new(false);
    let shutdown = || {
        if has(&bench, "gate-closed") && !std::mem::replace(&mut *asked.lock().unwrap(), true) {
            ask(&bench, "ignore-window");
        }
        ShutdownLevel::None
    };
    let run = bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    assert_eq!((run.outcome, run.requests.len()), (Some(RunOutcome::Converged), 1));
}

#[test]
fn a_request_that_nobody_understands_is_named_and_nothing_is_done() {
    let bench = Bench::new();
    ask(&bench, "make-it-so");
    let error = bench.run_with(&bench.wanted(), None, &|| ShutdownLevel::None).unwrap_err();
    assert!(matches!(error, ReconcileError::Record { .. }));
    assert!(
        error.to_string().starts_with("cannot read the request record of `shop` in the store"),
        "{error}"
    );
    assert_eq!(bench.cloud.effects(), 0);
}

#[test]
fn a_failed_step_is_told_with_its_reason() {
    let bench = Bench::with(|spec| spec.checks[0].status = 204);
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Failed), "{run:#?}");
    let last = run.steps.last().unwrap();
    assert_eq!((last.step.as_str(), last.outcome.as_str()), ("check", "failed"));
    assert!(last.actions[0].message.as_ref().unwrap().contains("answers 200"), "{last:#?}");
    assert!(!has(&bench, "gate-opened"));
}
