//! What could not be read is unreadable, never absent; and a plan on it is a careful one.

use crate::bench::Bench;
use crate::cloud::{Kind, TaskStatus};
use crate::observe::{Observed, Snapshot};
use crate::plan::{ActionKind, BlockedReason, Plan};
use crate::reconcile::ShutdownLevel;
use crate::sim::Outcome;

/// Every read of the port that a look needs, and what it leaves unreadable.
const READS: [(&str, &[&str]); 20] = [
    ("sts:GetCallerIdentity", &["account"]),
    ("ecs:DescribeClusters", &["owner"]),
    ("ecs:DescribeServices", &["services", "migration", "listener"]),
    // Only named in reports.
    ("ecs:ListServices", &[]),
    ("ecs:ListTasks", &["strangers"]),
    ("ecs:DescribeTasks", &["services", "migration"]),
    ("ecs:DescribeTaskDefinition", &["services", "migration"]),
    ("application-autoscaling:DescribeScalableTargets", &["services", "migration"]),
    ("rds:DescribeDBInstances", &["database"]),
    ("rds:DescribeDBSnapshots", &["snapshots"]),
    // Asked before a release only.
    ("rds:DescribeAccountAttributes", &["limits"]),
    ("rds:DescribeBlueGreenDeployments", &["limits"]),
    ("elasticloadbalancing:DescribeRules", &["listener"]),
    ("cloudfront:DescribeFunction", &["function"]),
    ("cloudfront:GetDistributionConfig", &["distributions", "site"]),
    ("s3:GetObject", &["site"]),
    ("s3:ListObjectsV2", &["site"]),
    ("ssm:GetParameter", &["secret"]),
    ("ecr:BatchGetImage", &[]),
    // Asked at first contact with a moving tag only.
    ("ecr:DescribeImages", &[]),
];

/// Reads without which a plan is only less certain: it says so.
const COURTESIES: [&str; 5] = [
    "ecs:ListServices",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "rds:DescribeAccountAttributes",
    "rds:DescribeBlueGreenDeployments",
];

fn is_unreadable<T>(seen: &Observed<T>) -> bool {
    matches!(seen, Observed::Unreadable { .. })
}

fn unreadable(snapshot: &Snapshot) -> Vec<&'static str> {
    let Snapshot { account, owner, services, strangers, database, migration, traffic, sites, .. } = snapshot;
    let traffic = traffic.as_ref().expect("a gate is declared");
    let seen = database.as_ref().and_then(Observed::present);
    let limits = seen.and_then(|seen| seen.limits.as_ref());
    let function = traffic.function.as_ref().and_then(Observed::present);
    let parts = [
        ("snapshots", seen.is_some_and(|seen| seen.snapshots_unreadable.is_some())),
        ("limits", limits.is_some_and(|limits| limits.quota.is_err() || limits.blue_green.is_err())),
        ("distributions", function.is_some_and(|function| function.distributions_unreadable.is_some())),
        ("account", is_unreadable(account)),
        ("owner", is_unreadable(owner)),
        ("services", services.values().all(is_unreadable)),
        ("strangers", is_unreadable(strangers)),
        ("database", database.as_ref().is_some_and(is_unreadable)),
        ("migration", migration.as_ref().is_some_and(is_unreadable)),
        ("listener", traffic.listener.as_ref().is_some_and(is_unreadable)),
        ("function", traffic.function.as_ref().is_some_and(is_unreadable)),
        ("secret", traffic.secret.is_err()),
        ("site", sites.values().all(is_unreadable)),
    ];
    parts.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
}

#[test]
fn a_denied_read_leaves_its_part_unreadable_and_no_other() {
    for (operation, parts) in READS {
        let bench = Bench::new();
        bench.fault(operation, u32::MAX, Kind::AccessDenied);
        let mut expected = parts.to_vec();
        let mut found = unreadable(&bench.snapshot());
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{operation}");
    }
}

#[test]
fn every_read_of_a_look_is_in_the_table() {
    let bench = Bench::new();
    bench.snapshot();
    let known: Vec<&str> = READS.iter().map(|(operation, _)| *operation).collect();
    for operation in bench.cloud.calls().keys() {
        assert!(known.contains(operation), "{operation}");
    }
}

#[test]
fn a_throttled_read_is_asked_again_and_not_for_ever() {
    for (operation, parts) in READS.into_iter().filter(|(_, parts)| !parts.is_empty()) {
        let bench = Bench::new();
        bench.fault(operation, 1, Kind::Throttled);
        assert_eq!(unreadable(&bench.snapshot()), [""; 0], "{operation}");
        bench.fault(operation, u32::MAX, Kind::Throttled);
        assert!(!unreadable(&bench.snapshot()).is_empty(), "{operation} {parts:?}");
        assert!(bench.seconds() < 60, "{operation}");
    }
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.actions.iter().map(|action| action.id.as_str()).collect()
}

/// An unreadable resource is not an operator's mistake.
fn assert_no_defect(name: &str, plan: &Plan) {
    let defect = plan.blocked.iter().find(|blocked| blocked.reason == BlockedReason::UnsafePlan);
    assert!(defect.is_none(), "{name}: {defect:?}");
}

/// A plan that cannot see everything says so, unless what it cannot see is a courtesy.
fn assert_said(operation: &str, plan: &Plan) {
    let says = plan
        .blocked
        .iter()
        .any(|blocked| matches!(blocked.reason, BlockedReason::Unreadable | BlockedReason::BypassSecret));
    assert!(says || COURTESIES.contains(&operation), "{operation}: {:?}", plan.blocked);
}

#[test]
fn a_release_does_not_begin_blindly() {
    for (operation, _) in READS {
        let bench = Bench::new();
        bench.fault(operation, u32::MAX, Kind::AccessDenied);
        let plan = bench.plan();
        assert_said(operation, &plan);
        let begins = plan.actions.iter().any(|action| {
            !matches!(
                action.kind,
                ActionKind::ClaimOwner { .. }
                    | ActionKind::RecordSchema { .. }
                    | ActionKind::AssociateFunction { .. }
                    | ActionKind::StageSite { .. }
                    | ActionKind::SwitchSite { .. }
                    | ActionKind::StartService(_)
            )
        });
        assert_eq!(begins, COURTESIES.contains(&operation), "{operation}: {:?}", ids(&plan));
    }
}

#[test]
fn where_nothing_is_to_be_done_nothing_is_made_up() {
    let bench = Bench::converged();
    for (operation, _) in READS {
        bench.fault(operation, u32::MAX, Kind::AccessDenied);
        let plan = bench.plan();
        assert!(plan.actions.is_empty(), "{operation}: {:?}", ids(&plan));
        bench.cloud.faults(|faults| faults.heal());
    }
    assert!(bench.plan().is_converged());
}

/// Code on a schema that is neither old nor new, or users on it.
fn assert_careful(operation: &str, plan: &Plan) {
    for action in &plan.actions {
        let is_careless = match &action.kind {
            ActionKind::StartService(start) => start.follows_migration,
            ActionKind::OpenGate { .. } => action.id == "gate/open",
            ActionKind::StopDatabase | ActionKind::BeginRelease { .. } => true,
            _ => false,
        };
        // The whole way to the goal may be planned behind the migration; what counts is what comes before it.
        let behind = plan.actions.iter().take_while(|other| other.id != action.id);
        let is_behind = behind.into_iter().any(|other| matches!(other.kind, ActionKind::Migrate(_)));
        assert!(!is_careless || is_behind, "{operation}: `{}` in {:?}", action.id, ids(plan));
    }
}

/// A bench in the middle of a migration that keeps running.
fn migrating() -> Bench {
    let bench = Bench::new();
    bench.cloud.with(|world| world.script.migration("v1.4.0", [Outcome::Hangs]));
    let is_running = || {
        bench.cloud.with(|world| {
            let tasks = &world.regions[0].tasks;
            tasks.values().any(|task| task.service.is_none() && task.shown.status == TaskStatus::Running)
        })
    };
    let shutdown = || if is_running() { ShutdownLevel::Now } else { ShutdownLevel::None };
    bench.run_with(&bench.wanted(), None, &shutdown).unwrap();
    assert!(bench.ledger().migration_in_flight());
    bench
}

#[test]
fn in_the_middle_of_a_migration_nothing_is_started_blindly() {
    let bench = migrating();
    for (operation, _) in READS {
        bench.fault(operation, u32::MAX, Kind::AccessDenied);
        assert_careful(operation, &bench.plan());
        bench.cloud.faults(|faults| faults.heal());
    }
}

/// The same look with one part of it unreadable, by the part's name.
fn blinded(whole: &Snapshot) -> Vec<(String, Snapshot)> {
    fn blind<T>() -> Observed<T> {
        Observed::Unreadable { why: "no answer".to_owned() }
    }
    let mut all = Vec::new();
    let mut with = |name: &str, bend: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = whole.clone();
        bend(&mut snapshot);
        all.push((name.to_owned(), snapshot));
    };
    for name in whole.services.keys() {
        with(name.as_str(), &|snapshot| *snapshot.services.get_mut(name).unwrap() = blind());
    }
    with("account", &|snapshot| snapshot.account = blind());
    with("owner", &|snapshot| snapshot.owner = blind());
    with("database", &|snapshot| snapshot.database = Some(blind()));
    with("migration", &|snapshot| snapshot.migration = Some(blind()));
    with("listener", &|snapshot| snapshot.traffic.as_mut().unwrap().listener = Some(blind()));
    with("function", &|snapshot| snapshot.traffic.as_mut().unwrap().function = Some(blind()));
    with("site", &|snapshot| snapshot.sites.values_mut().for_each(|site| *site = blind()));
    all
}

#[test]
fn one_blind_spot_in_the_middle_of_a_migration_starts_nothing() {
    let bench = migrating();
    for (name, snapshot) in blinded(&bench.snapshot()) {
        let plan = bench.plan_on(snapshot);
        assert_careful(&name, &plan);
        assert_no_defect(&name, &plan);
        let is_watched = ids(&plan).iter().any(|id| id.starts_with("migration/"));
        let is_lost_to_sight = ["account", "owner", "database", "migration"].contains(&name.as_str());
        assert!(is_watched || is_lost_to_sight, "{name}: {:?}", ids(&plan));
    }
}

#[test]
fn one_blind_spot_before_the_migration_keeps_it_from_being_sent() {
    let bench = Bench::new();
    // Until the gate is closed and everything has stopped.
    let stopped = || bench.events().contains(&"snapshot-intent".to_owned());
    let shutdown = || if stopped() { ShutdownLevel::AfterStep } else { ShutdownLevel::None };
    bench.run_with(&bench.wanted(), None, &shutdown).unwrap();
    assert!(bench.planned("migration/v1.4.0/1") != ActionKind::StopDatabase);
    for (name, snapshot) in blinded(&bench.snapshot()) {
        let plan = bench.plan_on(snapshot);
        let sends = plan.actions.iter().any(|action| matches!(action.kind, ActionKind::Migrate(_)));
        // Entry points are switched afterwards, and `admin` is up while the migration runs.
        assert!(!sends || ["site", "admin"].contains(&name.as_str()), "`{name}` is blind: {:?}", ids(&plan));
        assert_no_defect(&name, &plan);
    }
}

#[test]
fn one_blind_spot_in_a_quiet_environment_moves_nothing() {
    let bench = Bench::converged();
    for (name, snapshot) in blinded(&bench.snapshot()) {
        let plan = bench.plan_on(snapshot);
        assert!(plan.actions.is_empty(), "{name}: {:#?}", plan.actions);
        assert!(
            plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::Unreadable),
            "{name}: {plan:#?}"
        );
    }
}
