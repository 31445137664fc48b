use chrono::TimeDelta;

use crate::bench::{Bench, a_tuesday, closes, failure};
use crate::cloud::Kind;
use crate::execute::ActionResult;
use crate::plan::ActionKind;
use crate::store::journal::{Event, Recorded};

fn drains(seconds: i64, at_most: i64) -> ActionKind {
    ActionKind::Drain {
        until: a_tuesday() + TimeDelta::seconds(seconds),
        at_most_until: a_tuesday() + TimeDelta::seconds(at_most),
    }
}

fn closed() -> Bench {
    let bench = Bench::new();
    let gated = bench.rules(|priority| priority != 10);
    assert_eq!(bench.act(closes(gated, true)), ActionResult::Done);
    bench
}

#[test]
fn it_lasts_at_least_as_long_as_declared() {
    let bench = closed();
    bench.cloud.with(|world| world.script.without_metrics = true);
    assert_eq!(bench.act(drains(60, 300)), ActionResult::Done);
    assert_eq!(bench.seconds(), 60);
    assert_eq!(bench.events(), ["gate-closed", "drained"]);
}

#[test]
fn with_metrics_it_goes_on_until_requests_have_run_out() {
    let bench = closed();
    assert_eq!(bench.act(drains(10, 300)), ActionResult::Done);
    // The simulated users leave after 40 seconds; `admin` keeps its own and does not count.
    assert!((40..60).contains(&bench.seconds()), "{}", bench.seconds());
    assert!(bench.said().contains("requests in the last minute"), "{}", bench.said());
}

#[test]
fn requests_that_never_run_out_are_not_waited_for_for_ever() {
    let bench = closed();
    let busy = async {
        for _ in 0..400 {
            bench.after(1).await;
            bench.cloud.with(|world| {
                let now = world.now();
                world.regions[0].listeners[0].rules.iter_mut().for_each(|rule| rule.changed_at = now);
            });
        }
    };
    assert_eq!(bench.act_while(drains(60, 300), busy), ActionResult::Done);
    assert_eq!(bench.events(), ["gate-closed", "drained"]);
    assert!(bench.said().contains("4m 45s"), "{}", bench.said());
    assert!(!bench.said().contains("5m"), "{}", bench.said());
}

#[test]
fn what_cannot_be_read_leaves_only_time() {
    for operation in ["cloudwatch:GetMetricData", "elasticloadbalancing:DescribeRules"] {
        let bench = closed();
        bench.fault(operation, u32::MAX, Kind::AccessDenied);
        assert_eq!(bench.act(drains(60, 300)), ActionResult::Done, "{operation}");
        assert_eq!(bench.seconds(), 60, "{operation}");
    }
}

const HEALTH: &str = "https://shop.example/health";

#[test]
fn nothing_goes_on_while_users_still_get_through_from_outside() {
    let bench = closed();
    bench.cloud.with(|world| world.script.answers.insert(HEALTH.to_owned(), 200));
    let why = failure(bench.act(drains(10, 10)));
    assert!(why.contains("the gate to close"), "{why}");
    assert!(why.contains("users still get through") && why.contains("answers 200"), "{why}");
    assert_eq!((bench.seconds(), bench.events()), (310, vec!["gate-closed".to_owned()]));
}

#[test]
fn a_gate_that_reaches_every_edge_after_a_while_is_waited_for() {
    let bench = closed();
    bench.cloud.with(|world| world.script.answers.insert(HEALTH.to_owned(), 200));
    let arrives = async {
        bench.after(90).await;
        bench.cloud.with(|world| world.script.answers.clear());
    };
    assert_eq!(bench.act_while(drains(10, 10), arrives), ActionResult::Done);
    assert!((90..=105).contains(&bench.seconds()), "{}", bench.seconds());
    assert_eq!(bench.events(), ["gate-closed", "drained"]);
}

#[test]
fn a_time_that_is_over_is_not_waited_for() {
    let bench = closed();
    bench.pass(3600);
    assert_eq!(bench.act(drains(60, 300)), ActionResult::Done);
    bench.journaled([migrated()]);
    let settle = ActionKind::Settle { until: a_tuesday() + TimeDelta::hours(1) };
    assert_eq!(bench.act(settle), ActionResult::Done);
    assert_eq!(bench.seconds(), 3600);
}

#[test]
fn a_wait_after_a_migration_ends_on_time() {
    let bench = Bench::new();
    bench.journaled([migrated()]);
    let settle = ActionKind::Settle { until: a_tuesday() + TimeDelta::minutes(90) };
    assert_eq!(bench.act(settle), ActionResult::Done);
    assert_eq!(bench.seconds(), 90 * 60);
    assert_eq!(bench.events(), ["schema-recorded", "settled"]);
}

/// The version is recorded, and the wait after the migration begins.
fn migrated() -> Event {
    let (version, resource_id) = ("v1.4.0".into(), "db".to_owned());
    Event::SchemaRecorded { version, resource_id, how: Recorded::Migration }
}

/// Someone has opened the gate after the intent of a migration, and before its task was sent.
#[test]
fn users_leave_once_more_before_a_migration_is_sent_again() {
    let bench = Bench::new().begun();
    bench.journaled([
        Event::MigrationIntent {
            resource_id: "db-1".to_owned(),
            from: "v1.3.0".into(),
            to: "v1.4.0".into(),
            attempt: 1,
            client_token: "token".to_owned(),
            started_by: "tidegate".to_owned(),
            definition: "migrate:1".to_owned(),
            placement: None,
        },
        Event::GateClosed { was_open: true, with: None },
    ]);
    assert_eq!(bench.act(drains(0, 0)), ActionResult::Done);
    let ledger = bench.ledger();
    assert!(ledger.migration_in_flight() && ledger.drained_at.is_some(), "{ledger:?}");
}
