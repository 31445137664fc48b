//! `mode: observe` writes nothing; failures, windows and sleep end a run for reasons of their own.

use super::{commit, core, has, how_often};
use crate::bench::Bench;
use crate::cloud::tag;
use crate::model::{Mode, State};
use crate::reconcile::{REQUEST, RunOutcome, ShutdownLevel};
use crate::sim::Outcome;
use crate::store::Store;

/// Everything that a run could leave behind.
fn traces(bench: &Bench) -> (u64, Vec<String>, usize, bool) {
    let runs = bench.store.list_runs(&bench.spec.name, 100).unwrap().len();
    let held = bench.store.lease_holder(&bench.spec.name).unwrap().is_some();
    (bench.cloud.effects(), bench.events(), runs, held)
}

#[test]
fn observing_writes_nothing_anywhere() {
    let bench = Bench::with(|spec| spec.mode = Mode::Observe);
    let request = serde_json::json!({"who": "ann", "reason": "seen to", "wish": "retry"});
    bench.store.put_record(&bench.spec.name, REQUEST, Some(&request)).unwrap();
    let before = traces(&bench);
    let run = bench.run();
    assert_eq!((run.outcome, run.steps.len()), (Some(RunOutcome::Observed), 0));
    assert_eq!(traces(&bench), before);
    assert_eq!(
        bench.store.get_record(&bench.spec.name, REQUEST).unwrap(),
        Some(request),
        "and takes nothing up"
    );
}

#[test]
fn observing_needs_no_lease() {
    let bench = Bench::with(|spec| spec.mode = Mode::Observe);
    let _held = bench.store.acquire(&bench.spec.name, "somebody else", bench.now()).unwrap();
    assert_eq!(bench.run().outcome, Some(RunOutcome::Observed));
}

#[test]
fn observing_what_is_as_declared_is_converged_and_not_written_down() {
    let mut bench = Bench::converged();
    bench.spec.mode = Mode::Observe;
    let before = traces(&bench);
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    assert_eq!(traces(&bench), before);
}

/// A migration under way, left by a run that was asked to go.
fn migrating(outcome: Outcome) -> Bench {
    let mut bench = Bench::new();
    bench.cloud.with(|world| world.script.migration("v1.4.0", [outcome]));
    let shutdown = || if has(&bench, "migration-running") { ShutdownLevel::Now } else { ShutdownLevel::None };
    bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    bench.spec.mode = Mode::Observe;
    bench
}

#[test]
fn switched_on_in_a_release_it_watches_the_migration_and_touches_nothing() {
    let bench = migrating(Outcome::Success);
    let effects = bench.cloud.effects();
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Observed), "{run:#?}");
    assert_eq!(bench.cloud.effects(), effects);
    assert_eq!(how_often(&bench, "migration-ended"), 1);
    assert!(!has(&bench, "gate-opened"));
    let steps: Vec<&str> = run.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["migrate"]);
}

#[test]
fn what_else_is_to_be_done_does_not_keep_it_from_watching() {
    let bench = migrating(Outcome::Success);
    bench.cloud.with(|world| {
        // To be put back before the migration is watched, were it not for the mode.
        world.regions[0].clusters.get_mut("shop").unwrap().remove(tag::OWNER);
        world.person("shop").open_gate();
    });
    let effects = bench.cloud.effects();
    bench.run();
    assert_eq!(bench.cloud.effects(), effects);
    assert_eq!(how_often(&bench, "migration-ended"), 1);
}

#[test]
fn switched_off_again_the_release_goes_on() {
    let mut bench = migrating(Outcome::Success);
    bench.run();
    bench.spec.mode = Mode::Enforce;
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench.assert_clean();
}

#[test]
fn a_failed_migration_holds_and_stays_held() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.script.migration("v1.4.0", [Outcome::Exit { code: 1, partial: false }]));
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Held), "{run:#?}");
    assert!(run.blocked[0].message.contains("exit code 1"), "{run:#?}");
    let effects = bench.cloud.effects();
    assert_eq!(bench.run().outcome, Some(RunOutcome::Held));
    assert_eq!((bench.cloud.effects(), how_often(&bench, "migration-intent")), (effects, 1));
    bench.assert_clean();
}

#[test]
fn what_fails_before_it_begins_is_blocked_and_touches_no_service() {
    let bench = Bench::new();
    let missing = core(&bench, "v9.9.9-missing");
    let run = bench.run_with(&missing, None, &|| ShutdownLevel::None).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Blocked));
    assert!(!has(&bench, "release-begun") && !has(&bench, "gate-closed"), "{:?}", bench.events());
}

#[test]
fn a_bump_that_waits_for_the_morning_is_as_good_as_converged() {
    let bench = Bench::converged();
    let asleep = commit(&bench, "asleep", |spec| {
        spec.state = State::Stopped;
        spec.versions.insert("core".into(), "v1.5.0".into());
    });
    assert_eq!(
        bench.run_with(&asleep, None, &|| ShutdownLevel::None).unwrap().outcome,
        Some(RunOutcome::Converged)
    );
    bench.assert_clean();
}
