//! The database before a release: what it can be, and whether a release waits, is blocked or begins.

use super::said;
use crate::bench::Bench;
use crate::cloud::{DatabaseStatus, Kind};
use crate::plan::{Blocked, BlockedReason, Plan, Step, WaitingReason};
use crate::reconcile::RunOutcome;
use crate::spec::{DatabaseTarget, EnvironmentSpec};

/// The shop as tidegate left it, with a release of `core` that is due.
fn due(change: impl FnOnce(&mut EnvironmentSpec)) -> Bench {
    let mut bench = Bench::with(change);
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench.spec.versions.insert("core".into(), "v1.5.0".into());
    bench
}

fn set_status(bench: &Bench, status: DatabaseStatus) {
    bench.cloud.with(|world| world.regions[0].databases.get_mut("shop").unwrap().shown.status = status);
}

fn begins(plan: &Plan) -> bool {
    plan.actions.iter().any(|action| action.step == Step::Begin)
}

fn of_the_database(plan: &Plan) -> Vec<&Blocked> {
    plan.blocked.iter().filter(|blocked| blocked.reason == BlockedReason::Database).collect()
}

#[test]
fn a_release_waits_with_an_open_gate_while_aws_works_on_the_database() {
    for word in
        ["modifying", "backing-up", "maintenance", "upgrading", "rebooting", "configuring-log-exports"]
    {
        let bench = due(|_| {});
        set_status(&bench, DatabaseStatus::Busy(word.to_owned()));
        let plan = bench.plan();
        assert!(plan.actions.is_empty(), "{word}: {:#?}", plan.actions);
        assert!(plan.blocked.is_empty(), "{word}: {:#?}", plan.blocked);
        let waiting: Vec<_> = plan.waiting.iter().map(|waiting| waiting.reason).collect();
        assert_eq!(waiting, [WaitingReason::Database], "{word}");
        assert!(plan.waiting[0].message.contains(word), "{word}: {:?}", plan.waiting);
        set_status(&bench, DatabaseStatus::Available);
        assert!(begins(&bench.plan()), "{word} is over");
    }
}

#[test]
fn a_status_that_needs_an_operator_blocks_with_a_way_out_of_its_own() {
    let mut hints = std::collections::BTreeSet::new();
    let words = [
        "storage-full",
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-network",
        "incompatible-parameters",
        "incompatible-option-group",
        "incompatible-restore",
        "insufficient-capacity",
        "deleting",
        "a-status-of-tomorrow",
    ];
    for word in words {
        let bench = due(|_| {});
        set_status(&bench, DatabaseStatus::Broken(word.to_owned()));
        let plan = bench.plan();
        assert!(plan.actions.is_empty(), "{word}: {:#?}", plan.actions);
        let blocked = of_the_database(&plan);
        assert!(blocked[0].message.contains(word), "{word}: {blocked:#?}");
        assert!(hints.insert(blocked[0].hints[0].clone()), "{word} has the hint of another status");
    }
}

#[test]
fn a_blue_green_deployment_blocks_is_waited_for_or_is_over() {
    for (status, blocks, waits) in [
        ("PROVISIONING", true, false),
        ("AVAILABLE", true, false),
        ("INVALID_CONFIGURATION", true, false),
        ("PROVISIONING_FAILED", true, false),
        ("SWITCHOVER_FAILED", true, false),
        ("SWITCHOVER_IN_PROGRESS", false, true),
        ("DELETING", false, true),
        ("SWITCHOVER_COMPLETED", false, false),
    ] {
        let bench = due(|_| {});
        bench.cloud.with(|world| world.person("shop").begin_blue_green(status));
        let plan = bench.plan();
        let blocked = of_the_database(&plan);
        assert_eq!(!blocked.is_empty(), blocks, "{status}: {:#?}", plan.blocked);
        assert!(blocked.iter().all(|it| it.hints[0].contains("aws rds switchover-blue-green-deployment")));
        let is_waiting = plan.waiting.iter().any(|waiting| waiting.reason == WaitingReason::Database);
        assert_eq!(is_waiting, waits, "{status}: {:#?}", plan.waiting);
        assert_eq!(begins(&plan), !blocks && !waits, "{status}");
    }
}

#[test]
fn a_quota_without_room_blocks_with_snapshots_that_may_go_and_the_command_that_raises_it() {
    let bench = due(|_| {});
    // Three releases leave three snapshots of tidegate.
    let mut bench = bench;
    for version in ["v1.5.0", "v1.6.0", "v1.7.0"] {
        bench.spec.versions.insert("core".into(), version.into());
        assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    }
    bench.spec.versions.insert("core".into(), "v1.8.0".into());
    bench.cloud.with(|world| world.person("shop").fill_snapshot_quota());
    let before = bench.writes().len();
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Blocked));
    assert_eq!(bench.writes()[before..], [""; 0], "nothing is touched");
    let hints = run.blocked[0].hints.join("\n");
    assert!(hints.contains("aws rds delete-db-snapshot --db-snapshot-identifier tidegate-shop-"), "{hints}");
    assert!(!hints.contains("v1-7-0"), "the newest is needed: {hints}");
    assert!(hints.contains("--quota-code L-272F1212"), "{hints}");

    bench.spec.migration.as_mut().unwrap().snapshot.take = false;
    assert!(begins(&bench.plan()), "without a snapshot the quota does not matter");
}

#[test]
fn clusters_have_a_quota_of_their_own() {
    let bench =
        due(|spec| spec.database.as_mut().unwrap().target = DatabaseTarget::Cluster("shop".to_owned()));
    bench.cloud.with(|world| world.person("shop").fill_snapshot_quota());
    let plan = bench.plan();
    let hints = of_the_database(&plan)[0].hints.join("\n");
    assert!(hints.contains("L-9B510759") && hints.contains("DBClusterSnapshots"), "{hints}");
}

#[test]
fn limits_that_may_not_be_read_are_unverified_and_hold_nothing_back() {
    let bench = due(|_| {});
    for operation in ["rds:DescribeAccountAttributes", "rds:DescribeBlueGreenDeployments"] {
        bench.fault(operation, 2, Kind::AccessDenied);
    }
    let plan = bench.plan();
    assert!(begins(&plan), "{:#?}", plan.blocked);
    let notes = plan.notes.join("\n");
    assert!(notes.contains("unverified: the quota of manual snapshots"), "{notes}");
    assert!(notes.contains("unverified: blue/green deployments of database `shop`"), "{notes}");
    assert_eq!(said(&bench).first().map(|(topic, _)| *topic), Some("database"));
}

#[test]
fn a_read_replica_and_a_database_of_many_tags_are_refused() {
    let bench = due(|_| {});
    bench.cloud.with(|world| {
        world.regions[0].databases.get_mut("shop").unwrap().shown.replica_of = Some("other".to_owned());
    });
    let plan = bench.plan();
    assert!(of_the_database(&plan)[0].message.contains("read replica of `other`"));
    let bench = due(|_| {});
    bench.cloud.with(|world| {
        let tags = &mut world.regions[0].databases.get_mut("shop").unwrap().shown.tags;
        tags.extend((0..49).map(|number| (format!("tag-{number}"), String::new())));
    });
    assert!(of_the_database(&bench.plan())[0].message.contains("AWS allows 50"));
}
