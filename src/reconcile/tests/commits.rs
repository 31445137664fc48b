//! A newer commit is taken up at the next step.

use super::{Head, commit, core, has, migrated};
use crate::bench::Bench;
use crate::model::State;
use crate::reconcile::{Run, RunOutcome, ShutdownLevel};
use crate::sim::Outcome;

/// A run towards `v1.4.0`, until `event` is in the journal; from then on towards `v1.5.0`.
fn run(bench: &Bench, event: &str) -> Run {
    let head = Head(|| Some(core(bench, if has(bench, event) { "v1.5.0" } else { "v1.4.0" })));
    bench.run_with(&head, None, &|| ShutdownLevel::None).unwrap()
}

#[test]
fn before_the_migration_runs_a_newer_version_takes_its_place() {
    for event in ["schema-recorded", "release-begun", "gate-closed", "drained", "snapshot-intent"] {
        let bench = Bench::new();
        let run = run(&bench, event);
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "{event}: {run:#?}");
        assert_eq!(migrated(&bench), ["v1.5.0"], "{event}");
        assert_eq!(run.revision.as_str(), "v1.5.0", "{event}");
        bench.assert_clean();
    }
}

#[test]
fn once_it_runs_it_is_watched_to_its_end_and_recorded_first() {
    for event in ["migration-running", "migration-ended"] {
        let bench = Bench::new();
        let run = run(&bench, event);
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "{event}: {run:#?}");
        assert_eq!(migrated(&bench), ["v1.4.0", "v1.5.0"], "{event}");
        bench.assert_clean();
    }
}

#[test]
fn a_newer_version_is_a_new_attempt_after_one_that_never_ran() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.script.migration("v1.4.0", [Outcome::NeverStarts]));
    let run = run(&bench, "migration-ended");
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(migrated(&bench), ["v1.5.0"]);
    bench.assert_clean();
}

#[test]
fn a_stop_that_is_committed_in_the_middle_of_a_release_is_obeyed_before_the_migration() {
    let bench = Bench::new();
    let head = Head(|| {
        Some(commit(&bench, "stop", |spec| {
            if has(&bench, "gate-closed") {
                spec.state = State::Stopped;
            }
        }))
    });
    let run = bench.run_with(&head, None, &|| ShutdownLevel::None).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(migrated(&bench), [""; 0]);
    bench.assert_clean();
}

#[test]
fn an_environment_that_is_declared_no_more_is_left_as_it_is() {
    let bench = Bench::new();
    let head = Head(|| (!has(&bench, "gate-closed")).then(|| core(&bench, "v1.4.0")));
    let run = bench.run_with(&head, None, &|| ShutdownLevel::None).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Unmanaged));
    assert_eq!(bench.events().last().map(String::as_str), Some("gate-closed"));
    let effects = bench.cloud.effects();
    let gone = Head(|| None);
    let run = bench.run_with(&gone, None, &|| ShutdownLevel::None).unwrap();
    assert_eq!((run.outcome, run.steps.len()), (Some(RunOutcome::Unmanaged), 0));
    assert_eq!(bench.cloud.effects(), effects);
}
