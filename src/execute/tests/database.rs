use crate::bench::{Bench, failure};
use crate::cloud::{DatabaseStatus, Kind};
use crate::execute::ActionResult;
use crate::plan::ActionKind;

const START: &str = "rds:StartDBInstance";
const STOP: &str = "rds:StopDBInstance";

fn status(bench: &Bench) -> DatabaseStatus {
    bench.cloud.with(|world| world.regions[0].databases["shop"].shown.status.clone())
}

fn set_status(bench: &Bench, status: DatabaseStatus) {
    bench.cloud.with(|world| world.regions[0].databases.get_mut("shop").unwrap().shown.status = status);
}

/// Stopped, and nothing that would start it.
fn stopped() -> Bench {
    let bench = Bench::new();
    assert_eq!(bench.act(ActionKind::StopDatabase), ActionResult::Done);
    bench
}

#[test]
fn it_is_stopped_once_and_waited_for() {
    let bench = stopped();
    assert_eq!((status(&bench), bench.count(STOP)), (DatabaseStatus::Stopped, 1));
    assert_eq!(bench.act(ActionKind::StopDatabase), ActionResult::Done);
    assert_eq!(bench.count(STOP), 1);
}

#[test]
fn it_is_started_once_and_waited_for() {
    let bench = stopped();
    assert_eq!(bench.act(ActionKind::StartDatabase), ActionResult::Done);
    assert_eq!((status(&bench), bench.count(START)), (DatabaseStatus::Available, 1));
    assert_eq!(bench.act(ActionKind::StartDatabase), ActionResult::Done);
    assert_eq!(bench.count(START), 1);
}

#[test]
fn one_that_aws_has_started_after_seven_days_is_stopped_again() {
    let bench = stopped();
    bench.pass(7 * 24 * 3600 + 60);
    assert_eq!(status(&bench), DatabaseStatus::Starting);
    assert_eq!(bench.act(ActionKind::StopDatabase), ActionResult::Done);
    assert_eq!((status(&bench), bench.count(STOP)), (DatabaseStatus::Stopped, 2));
}

#[test]
fn one_that_stops_is_started_as_soon_as_it_can_be() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").stop_database());
    assert_eq!(bench.act(ActionKind::StartDatabase), ActionResult::Done);
    assert_eq!(status(&bench), DatabaseStatus::Available);
}

#[test]
fn one_that_somebody_starts_meanwhile_is_looked_at_anew_before_it_is_stopped_again() {
    let bench = Bench::new();
    let somebody = async {
        bench.after(20).await;
        set_status(&bench, DatabaseStatus::Starting);
    };
    let again = bench.act_while(ActionKind::StopDatabase, somebody);
    assert_eq!(
        again,
        ActionResult::Again { why: "`shop` was started outside tidegate while it was stopping".to_owned() }
    );
    assert_eq!(bench.count(STOP), 1);
}

#[test]
fn a_passing_state_is_waited_for() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").modify_database());
    assert_eq!(bench.act(ActionKind::StopDatabase), ActionResult::Done);
    assert!(bench.said().contains("modifying"), "{}", bench.said());
}

#[test]
fn a_state_that_changed_under_our_call_is_looked_at_again() {
    let bench = Bench::new();
    bench.fault(STOP, 2, Kind::InvalidState);
    assert_eq!(bench.act(ActionKind::StopDatabase), ActionResult::Done);
    bench.fault(START, 2, Kind::InvalidState);
    assert_eq!(bench.act(ActionKind::StartDatabase), ActionResult::Done);
}

#[test]
fn lost_answers_are_asked_again() {
    let bench = Bench::new();
    bench.fault(STOP, 1, Kind::AnswerLost);
    assert_eq!(bench.act(ActionKind::StopDatabase), ActionResult::Done);
    bench.fault(START, 1, Kind::AnswerLost);
    assert_eq!(bench.act(ActionKind::StartDatabase), ActionResult::Done);
}

#[test]
fn one_that_cannot_be_stopped_says_why() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").add_replica());
    let why = failure(bench.act(ActionKind::StopDatabase));
    assert_eq!(why, "`shop` cannot be stopped: the instance has read replicas");
    assert_eq!(bench.count(STOP), 0);
}

#[test]
fn a_broken_one_is_left_to_a_person() {
    for kind in [ActionKind::StartDatabase, ActionKind::StopDatabase] {
        let bench = Bench::new();
        set_status(&bench, DatabaseStatus::Broken("storage-full".to_owned()));
        assert_eq!(
            failure(bench.act(kind)),
            "`shop` is storage-full; an operator has to look at it in the RDS console"
        );
        assert_eq!(bench.cloud.effects(), 0);
    }
}

#[test]
fn one_that_is_gone_is_not_waited_for() {
    for kind in [ActionKind::StartDatabase, ActionKind::StopDatabase] {
        let bench = Bench::new();
        bench.cloud.with(|world| world.regions[0].databases.clear());
        assert_eq!(failure(bench.act(kind)), "the database `shop` does not exist");
    }
}

#[test]
fn a_start_may_take_hours_but_not_for_ever() {
    let bench = Bench::new();
    set_status(&bench, DatabaseStatus::Busy("upgrading".to_owned()));
    let why = failure(bench.act(ActionKind::StartDatabase));
    assert_eq!(why, "waited 2h for `shop` to be available; last seen: upgrading");
}
