//! What people set for a while: it holds at once, ends by itself, and is remembered.

use chrono::TimeDelta;

use super::{commit, core, has, how_often};
use crate::bench::Bench;
use crate::model::{Mode, State};
use crate::plan::WaitingReason;
use crate::reconcile::{Run, RunOutcome, ShutdownLevel, WithGrace};
use crate::sim::Outcome;
use crate::store::journal::OperatorCommand;
use crate::store::{OVERRIDE, RuntimeOverride, SUSPENSION, Store, Suspension, Withdrawal};

fn set(bench: &Bench, state: State, hours: i64) -> RuntimeOverride {
    let set = RuntimeOverride {
        state,
        until: bench.now() + TimeDelta::hours(hours),
        reason: "a look at the data".to_owned(),
        who: "ann@laptop".to_owned(),
        since: bench.now(),
        declared: bench.spec.state,
        is_met: false,
        taken_back: None,
    };
    put(bench, OVERRIDE, &set);
    set
}

fn suspend(bench: &Bench, hours: Option<i64>) -> Suspension {
    let set = Suspension {
        reason: "audit".to_owned(),
        who: "ann@laptop".to_owned(),
        since: bench.now(),
        until: hours.map(|hours| bench.now() + TimeDelta::hours(hours)),
        taken_back: None,
    };
    put(bench, SUSPENSION, &set);
    set
}

fn put(bench: &Bench, kind: &str, value: &impl serde::Serialize) {
    let value = serde_json::to_value(value).unwrap();
    bench.store.put_record(&bench.spec.name, kind, Some(&value)).unwrap();
}

fn record(bench: &Bench, kind: &str) -> Option<serde_json::Value> {
    bench.store.get_record(&bench.spec.name, kind).unwrap()
}

fn web(bench: &Bench) -> usize {
    bench.cloud.with(|world| world.person("shop").healthy("web"))
}

fn wishes(run: &Run) -> Vec<&OperatorCommand> {
    run.requests.iter().map(|request| &request.command).collect()
}

fn back() -> Option<Withdrawal> {
    Some(Withdrawal { who: "bob@desk".to_owned(), reason: "seen enough".to_owned() })
}

#[test]
fn an_override_beats_the_declaration_and_ends_by_itself() {
    let bench = Bench::converged();
    let set = set(&bench, State::DbOnly, 8);
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(web(&bench), 0);
    assert_eq!(wishes(&run), [&OperatorCommand::Override { state: State::DbOnly, until: set.until }]);
    bench.pass(8 * 3600);
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(web(&bench), 2);
    assert_eq!(run.notes, ["the override `db-only` by ann@laptop has expired"]);
    assert_eq!((record(&bench, OVERRIDE), bench.ledger().override_), (None, None));
    bench.assert_clean();
}

#[test]
fn an_override_is_journaled_once_and_says_who_ended_it() {
    let bench = Bench::converged();
    let set = set(&bench, State::Restricted, 8);
    bench.run();
    bench.run();
    assert_eq!(how_often(&bench, "requested"), 1);
    put(&bench, OVERRIDE, &RuntimeOverride { taken_back: back(), ..set });
    let run = bench.run();
    assert_eq!(wishes(&run), [&OperatorCommand::ClearOverride]);
    assert_eq!((run.requests[0].who.as_str(), record(&bench, OVERRIDE)), ("bob@desk", None));
    bench.assert_clean();
}

#[test]
fn a_commit_that_orders_it_down_ends_an_override() {
    let bench = Bench::converged();
    set(&bench, State::Restricted, 8);
    bench.run();
    let stopped = commit(&bench, "stopped", |spec| spec.state = State::Stopped);
    let run = bench.run_with(&stopped, None, &|| ShutdownLevel::None).unwrap();
    assert_eq!((run.outcome, web(&bench)), (Some(RunOutcome::Converged), 0));
    assert!(run.notes[0].contains("`state: stopped` was committed"), "{:?}", run.notes);
    assert_eq!(record(&bench, OVERRIDE), None);
}

#[test]
fn an_override_may_be_set_on_top_of_what_is_declared_stopped() {
    let mut bench = Bench::converged();
    bench.spec.state = State::Stopped;
    bench.run();
    set(&bench, State::Running, 8);
    bench.run();
    bench.run();
    assert_eq!(web(&bench), 2);
}

#[test]
fn a_suspended_environment_is_observed_and_that_is_written_down() {
    let bench = Bench::converged();
    let set = suspend(&bench, None);
    bench.cloud.with(|world| world.person("shop").scale("admin", 0));
    let effects = bench.cloud.effects();
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Observed), "{run:#?}");
    assert_eq!(wishes(&run), [&OperatorCommand::Suspend { until: None }]);
    assert_eq!((bench.run().outcome, bench.cloud.effects()), (Some(RunOutcome::Observed), effects));
    assert_eq!((bench.plan().mode, how_often(&bench, "requested")), (Mode::Observe, 1));
    put(&bench, SUSPENSION, &Suspension { taken_back: back(), ..set });
    let run = bench.run();
    assert_eq!((run.outcome, wishes(&run)), (Some(RunOutcome::Converged), vec![&OperatorCommand::Resume]));
    assert!(bench.cloud.effects() > effects);
}

#[test]
fn a_suspension_ends_by_itself() {
    let bench = Bench::converged();
    suspend(&bench, Some(2));
    bench.cloud.with(|world| world.person("shop").scale("admin", 0));
    assert_eq!(bench.run().outcome, Some(RunOutcome::Observed));
    bench.pass(2 * 3600);
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(run.notes, ["the suspension by ann@laptop has expired"]);
}

#[test]
fn suspended_in_a_release_the_migration_is_watched_and_the_gate_stays_closed() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.script.migration("v1.4.0", [Outcome::Success]));
    let shutdown = || if has(&bench, "migration-running") { ShutdownLevel::Now } else { ShutdownLevel::None };
    bench.run_with(&core(&bench, "v1.4.0"), None, &shutdown).unwrap();
    suspend(&bench, None);
    let effects = bench.cloud.effects();
    let run = bench.run_with(&core(&bench, "v1.4.0"), None, &|| ShutdownLevel::None).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Observed), "{run:#?}");
    assert_eq!((bench.cloud.effects(), how_often(&bench, "migration-ended")), (effects, 1));
    assert!(!has(&bench, "gate-opened"));
}

#[test]
fn a_record_that_nobody_understands_is_said_with_its_file() {
    let bench = Bench::converged();
    put(&bench, OVERRIDE, &"what?");
    let error = bench.run_with(&bench.wanted(), None, &|| ShutdownLevel::None).unwrap_err();
    assert_eq!(error.hint(), "remove `environments/shop/records/override.json` from the store");
}

/// The shop asleep.
fn asleep() -> Bench {
    let mut bench = Bench::converged();
    bench.spec.state = State::Stopped;
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench
}

fn patient_run(bench: &Bench) -> Run {
    bench.run_with(&WithGrace(bench.wanted()), None, &|| ShutdownLevel::None).unwrap()
}

#[test]
fn what_a_person_starts_at_night_is_left_alone_for_a_quarter_of_an_hour() {
    let bench = asleep();
    bench.cloud.with(|world| world.person("shop").scale("admin", 1));
    bench.pass(120);
    let run = patient_run(&bench);
    assert_eq!((run.outcome, run.steps.len()), (Some(RunOutcome::Converged), 0), "{run:#?}");
    assert_eq!(run.waiting[0].reason, WaitingReason::Grace);
    assert!(run.waiting[0].message.contains("tidegate override shop running --for 2h --reason"));
    bench.pass(14 * 60);
    assert!(patient_run(&bench).steps.is_empty());
    bench.pass(60);
    let run = patient_run(&bench);
    let words: Vec<&str> = run.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(words, ["stop-services"], "{run:#?}");
    assert!(run.steps[0].actions[0].reason.contains("started outside tidegate"), "{run:#?}");
    assert_eq!(bench.ledger().found_awake.len(), 0);
    bench.assert_clean();
}

#[test]
fn whoever_is_asked_to_act_once_gives_no_grace() {
    let bench = asleep();
    bench.cloud.with(|world| world.person("shop").scale("admin", 1));
    bench.pass(120);
    assert_eq!(bench.run().steps.len(), 1);
}

#[test]
fn an_override_makes_of_it_what_is_wanted() {
    let bench = asleep();
    bench.cloud.with(|world| world.person("shop").scale("admin", 1));
    bench.pass(120);
    patient_run(&bench);
    set(&bench, State::Running, 2);
    bench.pass(15 * 60);
    assert_eq!(patient_run(&bench).outcome, Some(RunOutcome::Converged));
    assert_eq!((web(&bench), bench.ledger().found_awake.len()), (2, 0));
}

#[test]
fn the_gate_has_no_grace() {
    let bench = asleep();
    bench.cloud.with(|world| {
        world.person("shop").open_gate();
        world.person("shop").scale("admin", 1);
    });
    bench.pass(120);
    let run = patient_run(&bench);
    let words: Vec<&str> = run.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(words, ["close-gate"], "{run:#?}");
}

#[test]
fn a_database_that_aws_has_started_is_stopped_at_once_and_the_history_says_why() {
    let bench = asleep();
    bench.pass(7 * 24 * 3600 + 1800);
    let run = patient_run(&bench);
    let action = &run.steps[0].actions[0];
    assert_eq!((action.kind.as_str(), action.corrects.as_deref()), ("stop-database", Some("status")));
    assert!(action.reason.starts_with("AWS started it again 7 days after it was stopped on"), "{action:?}");
    bench.assert_clean();
}

#[test]
fn a_record_of_any_shape_ends_once() {
    let until = "2026-11-24T10:00:00Z";
    let old = serde_json::json!({
        "state": "db-only", "until": until, "reason": "r", "who": "ann@laptop",
        "since": "2026-11-24T08:00:00Z", "declared": "running",
    });
    let suspended = serde_json::json!({
        "reason": "r", "who": "ann@laptop", "since": "2026-11-24T08:00:00Z", "until": until,
    });
    let with = |value: &serde_json::Value, key: &str, member: serde_json::Value| {
        let mut value = value.clone();
        value[key] = member;
        value
    };
    let shapes = [
        (OVERRIDE, old.clone()),
        (OVERRIDE, with(&old, "is_met", true.into())),
        (OVERRIDE, with(&old, "comment", "written by hand".into())),
        (OVERRIDE, with(&old, "until", "2026-11-24T11:00:00+01:00".into())),
        (
            OVERRIDE,
            with(&old, "taken_back", serde_json::json!({"who": "bob@desk", "reason": "x", "later": 1})),
        ),
        (SUSPENSION, suspended.clone()),
        (SUSPENSION, with(&suspended, "comment", "written by hand".into())),
        (SUSPENSION, with(&suspended, "until", "2026-11-24T11:00:00.000+01:00".into())),
    ];
    for (kind, shape) in shapes {
        let bench = Bench::converged();
        put(&bench, kind, &shape);
        bench.pass(24 * 3600);
        let before = bench.events().len();
        bench.run();
        assert_eq!(record(&bench, kind), None, "{shape}");
        let journaled = bench.events().len();
        assert!(journaled > before, "{shape}");
        bench.run();
        bench.run();
        assert_eq!(bench.events().len(), journaled, "{shape} ends once");
    }
}
