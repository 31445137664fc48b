//! What the swarm has taught: each defect that it found, as the shortest story that shows it.

use std::time::Duration;

use tidegate::cloud::{Kind, tag};
use tidegate::execute::Silent;
use tidegate::model::State;
use tidegate::plan::BlockedReason;
use tidegate::reconcile::RunOutcome;
use tidegate::sim::{Age, Broken, Outcome, Schema};
use tidegate::spec::{Check, NeededFor};
use tidegate::store::journal::OperatorCommand;

use crate::rig::{Rig, a_tuesday, differences, environment};

const SHOP: &str = include_str!("../cases/plan/shop.yaml");

/// The shop at v1.4.0, known to tidegate.
fn shop() -> Rig {
    shop_with(|_| {})
}

fn shop_with(change: impl FnOnce(&mut tidegate::spec::EnvironmentSpec)) -> Rig {
    let mut spec = environment("shop", SHOP, a_tuesday());
    change(&mut spec);
    let rig = Rig::new(&spec, &Age::UpToDate, 3, a_tuesday());
    rig.converge(RunOutcome::Converged).unwrap();
    rig
}

fn fails(rig: &Rig, version: &str, partial: bool) {
    rig.cloud.with(|world| world.script.migration(version, [Outcome::Exit { code: 1, partial }]));
}

fn not_atomic(spec: &mut tidegate::spec::EnvironmentSpec) {
    spec.migration.as_mut().unwrap().atomic = false;
}

fn ends_well(rig: &Rig) {
    rig.converge(RunOutcome::Converged).unwrap();
    rig.clock.advance(Duration::from_secs(600));
    rig.assert_clean("the end");
    let spec = rig.repository.spec();
    let found = rig.cloud.with(|world| differences(world, &spec, spec.state));
    assert!(found.is_empty(), "{found:#?}");
    assert!(rig.plan().is_converged(), "{:#?}", rig.plan());
}

fn reasons(rig: &Rig) -> Vec<BlockedReason> {
    rig.plan().blocked.iter().map(|blocked| blocked.reason).collect()
}

fn tag_of(rig: &Rig, key: &str) -> Option<String> {
    rig.cloud.with(|world| {
        let mut databases = world.regions.iter().flat_map(|region| region.databases.values());
        databases.next().and_then(|database| database.shown.tags.get(key).cloned())
    })
}

#[test]
fn a_version_that_is_bumped_while_its_migration_runs_is_recorded_before_the_next_begins() {
    let rig = shop();
    rig.bump(&[("core", "v1.5.0")]);
    let people = rig.people();
    let at = rig.now() + chrono::TimeDelta::minutes(20);
    let mut done = false;
    rig.cloud.with(|world| world.script.migration_seconds = Some(1800));
    rig.clock.on_advance(Box::new(move |now| {
        if now >= at && !done {
            done = true;
            people.edit(|spec| drop(spec.versions.insert("core".into(), "v1.6.0".into())));
        }
    }));
    ends_well(&rig);
    let migrated = rig.cloud.with(|world| world.effects.iter().map(|e| e.to.to_string()).collect::<Vec<_>>());
    assert_eq!(migrated, ["v1.5.0", "v1.6.0"]);
}

#[test]
fn the_wait_after_a_migration_gives_way_to_the_next_migration() {
    let rig = shop_with(|spec| spec.migration.as_mut().unwrap().settle = Duration::from_secs(600));
    rig.bump(&[("core", "v1.5.0")]);
    let (people, mut done) = (rig.people(), false);
    rig.clock.on_advance(Box::new(move |_| {
        let migrated = people.cloud.with(|world| !world.effects.is_empty());
        if migrated && !done {
            done = true;
            people.edit(|spec| drop(spec.versions.insert("core".into(), "v1.6.0".into())));
        }
    }));
    ends_well(&rig);
}

#[test]
fn a_person_says_what_the_schema_is_and_the_migration_from_there_begins_at_once() {
    let rig = shop();
    rig.cloud.with(|world| world.person("shop").tag_database(tag::SCHEMA, None));
    rig.bump(&[("core", "v1.5.0")]);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Blocked));
    assert_eq!(reasons(&rig), [BlockedReason::SchemaTagLost]);
    rig.ask(OperatorCommand::RecordSchema { version: "v1.4.0".into() });
    ends_well(&rig);
}

#[test]
fn a_fix_forward_whose_image_is_missing_lets_nothing_start_on_a_broken_schema() {
    let rig = shop_with(not_atomic);
    fails(&rig, "v1.5.0", true);
    rig.bump(&[("core", "v1.5.0")]);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Held));
    rig.bump(&[("core", "v1.5.1-missing")]);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Held));
    assert!(reasons(&rig).contains(&BlockedReason::ImageMissing), "{:?}", reasons(&rig));
    rig.assert_clean("held");
    rig.bump(&[("core", "v1.5.1")]);
    ends_well(&rig);
}

#[test]
fn code_that_waited_in_db_only_is_not_rolled_back_behind_the_schema() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::DbOnly);
    rig.bump(&[("core", "v1.5.0")]);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.cloud.with(|world| {
        world.script.broken.insert("web-v1.5.0".to_owned(), Broken::Crashes { code: 1 });
    });
    rig.edit(|spec| spec.state = State::Running);
    assert_ne!(rig.apply().outcome, Some(RunOutcome::Converged));
    rig.clock.advance(Duration::from_secs(3600));
    rig.assert_clean("the circuit breaker has tripped");
    rig.cloud.with(|world| world.script.broken.clear());
    rig.ask(OperatorCommand::Retry);
    ends_well(&rig);
}

#[test]
fn old_code_that_is_down_stays_down_when_its_successor_is_taken_back() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::DbOnly);
    rig.bump(&[("core", "v1.5.0")]);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.edit(|spec| spec.state = State::Running);
    rig.bump(&[("core", "v1.4.0")]);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Blocked));
    assert!(reasons(&rig).contains(&BlockedReason::Backward), "{:?}", reasons(&rig));
    rig.assert_clean("backward");
    rig.edit(|spec| spec.migration.as_mut().unwrap().allow_schema = Some("v1.5.0".into()));
    ends_well(&rig);
}

#[test]
fn an_outcome_that_nobody_saw_is_a_hold_with_ways_out_that_work() {
    for partial in [false, true] {
        let rig = shop_with(not_atomic);
        rig.bump(&[("core", "v1.5.0")]);
        if partial {
            fails(&rig, "v1.5.0", true);
        }
        // The migration takes half an hour, and whoever watched it is gone after ten minutes.
        rig.cloud.with(|world| world.script.migration_seconds = Some(1800));
        let deadline = rig.now() + chrono::TimeDelta::minutes(10);
        let run = rig.try_apply(&Silent, Some(deadline)).unwrap().unwrap();
        assert_eq!(run.outcome, Some(RunOutcome::TimedOut));
        rig.clock.advance(Duration::from_secs(3 * 3600));
        assert_eq!(rig.apply().outcome, Some(RunOutcome::Held));
        assert_eq!(reasons(&rig), [BlockedReason::OutcomeUnknown]);
        match rig.cloud.with(|world| world.schema("shop").cloned()) {
            Some(Schema::At(version)) => rig.ask(OperatorCommand::RecordSchema { version }),
            _ => rig.bump(&[("core", "v1.5.1")]),
        }
        ends_well(&rig);
    }
}

#[test]
fn the_mark_of_a_failed_migration_goes_when_its_version_is_taken_back() {
    let rig = shop();
    fails(&rig, "v1.5.0", false);
    rig.bump(&[("core", "v1.5.0")]);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Held));
    assert_eq!(tag_of(&rig, tag::MIGRATING).as_deref(), Some("v1.4.0/v1.5.0/1"));
    rig.people().revert();
    ends_well(&rig);
    assert_eq!(tag_of(&rig, tag::MIGRATING), None);
    // The old version was reached in between: to set the new one again is to ask for another attempt.
    rig.bump(&[("core", "v1.5.0")]);
    ends_well(&rig);
    assert_eq!(tag_of(&rig, tag::MIGRATING), None);
}

#[test]
fn a_gate_that_cannot_be_read_stops_a_release_and_does_not_send_it_on() {
    let rig = shop();
    rig.bump(&[("core", "v1.5.0")]);
    rig.cloud.faults(|faults| {
        faults.script_later("elasticloadbalancing:DescribeRules", 8, 200, Kind::AccessDenied);
    });
    let run = rig.apply();
    assert_eq!(run.outcome, Some(RunOutcome::Blocked));
    assert_eq!(reasons(&rig), [BlockedReason::Unreadable]);
    rig.cloud.faults(|faults| faults.heal());
    ends_well(&rig);
}

#[test]
fn a_database_that_cannot_be_read_stops_a_release_where_it_is() {
    let rig = shop();
    rig.bump(&[("core", "v1.5.0")]);
    rig.cloud.faults(|faults| faults.script_later("rds:DescribeDBInstances", 4, 200, Kind::AccessDenied));
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Blocked));
    let plan = rig.plan();
    assert!(plan.actions.is_empty(), "{plan:#?}");
    rig.cloud.faults(|faults| faults.heal());
    ends_well(&rig);
}

#[test]
fn a_service_that_did_not_come_up_is_not_rolled_back_behind_the_schema_at_the_next_try() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::DbOnly);
    rig.bump(&[("core", "v1.5.0")]);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.cloud.with(|world| {
        world.script.broken.insert("web-v1.5.0".to_owned(), Broken::Unhealthy);
    });
    rig.edit(|spec| spec.state = State::Running);
    for _ in 0..3 {
        // Now and then it cannot be seen how the start goes.
        rig.cloud.faults(|faults| faults.script_later("ecs:DescribeTasks", 60, 12, Kind::AccessDenied));
        assert_ne!(rig.apply().outcome, Some(RunOutcome::Converged));
        rig.cloud.faults(|faults| faults.heal());
        rig.ask(OperatorCommand::Retry);
        rig.clock.advance(Duration::from_secs(1800));
        rig.assert_clean("not up yet");
        assert!(rig.cloud.with(|world| world.open_route("shop").is_none()), "nobody is let in");
    }
    rig.cloud.with(|world| world.script.broken.clear());
    ends_well(&rig);
}

#[test]
fn nothing_is_started_on_a_database_that_nobody_can_see() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::Stopped);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.edit(|spec| spec.state = State::Running);
    rig.cloud.faults(|faults| faults.script_later("rds:DescribeDBInstances", 1, 40, Kind::AccessDenied));
    rig.apply();
    rig.assert_clean("unseen");
    rig.cloud.faults(|faults| faults.heal());
    ends_well(&rig);
}

#[test]
fn a_service_that_is_kept_open_and_was_taken_down_by_hand_does_not_hold_a_release_up() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::Restricted);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.cloud.with(|world| world.person("shop").scale("admin", 0));
    rig.bump(&[("core", "v1.5.0")]);
    ends_well(&rig);
}

#[test]
fn a_secret_that_is_rotated_behind_a_closed_gate_opens_it_all_the_same() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::Stopped);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.cloud.with(|world| world.person("shop").rotate_secret("/shop/bypass", "another-secret-of-the-shop"));
    rig.edit(|spec| spec.state = State::Running);
    ends_well(&rig);
}

#[test]
fn a_check_of_a_service_that_is_not_deployed_keeps_nobody_out() {
    let rig = shop_with(|spec| {
        let check = Check { url: "https://library.shop.example/".parse().unwrap(), ..spec.checks[0].clone() };
        spec.checks.push(check);
    });
    rig.bump(&[("core", "v1.5.0"), ("library", "")]);
    ends_well(&rig);
}

#[test]
fn a_migration_is_not_sent_again_while_a_service_cannot_be_seen() {
    let rig = shop();
    rig.bump(&[("core", "v1.5.0")]);
    // A conflict says that another request with this token may have arrived: the attempt stays open.
    rig.cloud.faults(|faults| faults.script("ecs:RunTask", 60, Kind::Conflict));
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Failed));
    rig.cloud.faults(|faults| {
        faults.heal();
        faults.script("ecs:DescribeTasks", 60, Kind::AccessDenied);
    });
    let plan = rig.plan();
    assert!(plan.blocked.iter().all(|blocked| blocked.reason == BlockedReason::Unreadable), "{plan:#?}");
    rig.cloud.faults(|faults| faults.heal());
    ends_well(&rig);
}

#[test]
fn a_schema_tag_that_was_only_ever_seen_is_missed_when_it_is_gone() {
    let rig = shop_with(|spec| {
        spec.migration.iter_mut().for_each(|migration| migration.needed_for = NeededFor::Never);
    });
    rig.bump(&[("core", "v1.5.0")]);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.cloud.with(|world| world.person("shop").tag_database(tag::SCHEMA, None));
    let plan = rig.plan();
    assert!(plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::SchemaTagLost), "{plan:#?}");
}

#[test]
fn a_retried_start_is_over_when_the_service_is_up_and_not_before() {
    let rig = shop();
    rig.edit(|spec| spec.state = State::Stopped);
    rig.converge(RunOutcome::Converged).unwrap();
    rig.cloud.with(|world| {
        world.script.broken.insert("web-v1.4.0".to_owned(), Broken::Unhealthy);
    });
    rig.edit(|spec| spec.state = State::Restricted);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Blocked));
    rig.ask(OperatorCommand::Retry);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Blocked), "it is as broken as before");
    rig.cloud.with(|world| world.script.broken.clear());
    rig.ask(OperatorCommand::Retry);
    ends_well(&rig);
}
