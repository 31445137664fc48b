//! Deadlines, shutdown, and waits that are cut short.

use chrono::TimeDelta;

use super::{core, has, migrated};
use crate::bench::{Bench, a_tuesday};
use crate::cloud::Kind;
use crate::reconcile::{RunOutcome, ShutdownLevel};
use crate::sim::Outcome;

#[test]
fn a_run_ends_at_its_deadline_and_the_next_one_goes_on() {
    let bench = Bench::new();
    let mut ended = Vec::new();
    for minutes in 1..60 {
        let deadline = a_tuesday() + TimeDelta::minutes(minutes);
        let run = bench.run_with(&core(&bench, "v1.4.0"), Some(deadline), &|| ShutdownLevel::None).unwrap();
        assert!(bench.now() - deadline < TimeDelta::seconds(20), "{}", bench.now() - deadline);
        ended.push(run.outcome.unwrap());
        if run.outcome == Some(RunOutcome::Converged) {
            break;
        }
    }
    assert_eq!(ended.pop(), Some(RunOutcome::Converged));
    assert!(ended.len() > 3 && ended.iter().all(|outcome| *outcome == RunOutcome::TimedOut), "{ended:?}");
    assert_eq!(migrated(&bench), ["v1.4.0"]);
    bench.assert_clean();
}

#[test]
fn where_nothing_is_left_to_do_no_deadline_was_missed() {
    let bench = Bench::converged();
    let run = bench.run_with(&bench.wanted(), Some(a_tuesday()), &|| ShutdownLevel::None).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Converged));
    let run = bench.run_with(&bench.wanted(), None, &|| ShutdownLevel::AfterStep);
    assert_eq!(run.unwrap().outcome, Some(RunOutcome::Converged));
}

#[test]
fn some_haste_ends_it_after_the_step() {
    let bench = Bench::new();
    let shutdown =
        || if has(&bench, "migration-running") { ShutdownLevel::AfterStep } else { ShutdownLevel::None };
    let run = bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Stopped));
    assert_eq!(
        bench.events().last().map(String::as_str),
        Some("migration-ended"),
        "it was watched to its end"
    );
    assert_eq!(run.message.as_deref(), Some("interrupted by shutdown; the next run resumes here"));
}

#[test]
fn more_haste_leaves_even_a_migration_to_itself() {
    let bench = Bench::new();
    let shutdown = || if has(&bench, "migration-running") { ShutdownLevel::Now } else { ShutdownLevel::None };
    let run = bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Stopped));
    assert_eq!(run.steps.last().map(|step| step.outcome.as_str()), Some("left"));
    assert!(bench.ledger().migration_in_flight());
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    assert_eq!(migrated(&bench), ["v1.4.0"]);
    bench.assert_clean();
}

#[test]
fn a_pause_between_two_tries_is_cut_short() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.script.migration("v1.4.0", vec![Outcome::NoCapacity; 5]));
    let tried = || bench.events().iter().filter(|event| *event == "migration-ended").count() == 3;
    let since = std::sync::Mutex::new(None);
    let shutdown = || {
        if tried() {
            since.lock().unwrap().get_or_insert(bench.now());
        }
        if since.lock().unwrap().is_some_and(|since| bench.now() - since > TimeDelta::seconds(2)) {
            return ShutdownLevel::AfterStep;
        }
        ShutdownLevel::None
    };
    let run = bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Stopped));
    let waited = bench.now() - since.lock().unwrap().unwrap();
    assert!(waited < TimeDelta::seconds(10), "{waited}");
}

#[test]
fn a_deadline_is_kept_in_a_pause_too() {
    let bench = Bench::converged();
    bench.fault("rds:DescribeDBInstances", u32::MAX, Kind::AccessDenied);
    let deadline = bench.now() + TimeDelta::seconds(33);
    let run = bench.run_with(&bench.wanted(), Some(deadline), &|| ShutdownLevel::None).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::TimedOut));
    assert!(bench.now() - deadline <= TimeDelta::seconds(5), "{}", bench.now() - deadline);
}

#[test]
fn what_cannot_be_read_for_a_while_is_looked_at_again() {
    let bench = Bench::converged();
    bench.fault("rds:DescribeDBInstances", 3, Kind::AccessDenied);
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench.fault("rds:DescribeDBInstances", u32::MAX, Kind::AccessDenied);
    let began = bench.seconds();
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Blocked));
    assert!(run.blocked[0].message.contains("`shop` could not be read"), "{run:#?}");
    assert!((60..600).contains(&(bench.seconds() - began)), "{}", bench.seconds() - began);
}
