//! Whole releases over the wire: the real adapter, the emulators' own state machines, and nothing simulated by us
//! but how containers end.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::json;
use tidegate::clock::Clock as _;
use tidegate::cloud::{
    CloudRead as _, DatabaseStatus, Depth, LastObservation, Rollback, TaskStatus, UpdateService, tag,
};
use tidegate::cloud::{CloudWrite as _, Condition};
use tidegate::model::State;
use tidegate::reconcile::RunOutcome;
use tidegate::spec::{DatabaseTarget, ListenerTarget};
use tidegate::store::journal::AttemptStatus;

use super::clock::{FastClock, until};
use super::seed::{BALANCER, BUCKET, CLUSTER, DATABASE, FAMILY};
use super::seen::{CLOSED, OPEN, expect, gate, services, steps, tags};
use super::shop::{SECRET, Shop};

/// Requests of a look at an environment that is as it was.
const QUIET: [&str; 6] = [
    "application-autoscaling:DescribeScalableTargets",
    "cloudfront:GetFunction",
    "ecs:DescribeServices",
    "elasticloadbalancing:DescribeRules",
    "rds:DescribeDBInstances",
    "s3:GetObject",
];

#[tokio::test]
async fn at_first_contact_what_runs_is_taken_for_the_schema() {
    let shop = Shop::untouched("200000000001").await;
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(tags(&shop).await[tag::SCHEMA], "v1.0.0");
    let owner = shop.platform.cloud.cluster_tags(&CLUSTER.into()).await.unwrap().unwrap();
    assert!(owner.contains_key(tag::OWNER));
    assert_eq!((shop.migrations(), gate(&shop)), (Vec::new(), OPEN));
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!((run.outcome, writes), (Some(RunOutcome::Converged), BTreeMap::new()));
    let last_observation = LastObservation::default();
    last_observation.begin(FastClock.monotonic());
    let thorough = shop.look(&last_observation, Depth::Full).await;
    let quiet = shop.look(&last_observation, Depth::Quick).await;
    let once: BTreeMap<&str, u64> = QUIET.into_iter().map(|operation| (operation, 1)).collect();
    assert_eq!(quiet, once, "a thorough look asks {thorough:?}");
}

#[tokio::test]
async fn a_version_bump_becomes_a_whole_release() {
    let shop = Shop::open("200000000002").await;
    shop.bump(&[("core", "v1.1.0"), ("client", "v1.1.0")]);
    let run = expect(&shop, RunOutcome::Converged).await;
    let steps = steps(&run);
    let at = |step: &str| {
        steps.iter().position(|found| *found == step).unwrap_or_else(|| panic!("{step}: {steps:?}"))
    };
    let order = ["stage-sites", "close-gate", "drain", "stop-services", "snapshot", "migrate", "record"];
    let order = order.into_iter().chain(["start-services", "switch-sites", "check", "open-gate", "tidy"]);
    assert!(order.map(at).is_sorted(), "{steps:?}");
    assert!(!steps.contains(&"associate"), "made ahead, in the open state");

    assert_eq!(shop.migrations(), [Some(0)], "once");
    assert_eq!(shop.tags_of(FAMILY), ["migrate-v1.1.0"]);
    let tags = tags(&shop).await;
    assert_eq!((tags[tag::SCHEMA].as_str(), tags.get(tag::MIGRATING)), ("v1.1.0", None));
    let cloud = &shop.platform.cloud;
    let snapshots = cloud.snapshots(&DatabaseTarget::Instance(DATABASE.to_owned())).await.unwrap();
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].tags[tag::SNAPSHOT], "v1.0.0/v1.1.0");
    let running = services(&shop).await;
    for (name, count, image) in [
        ("cache", 1, "cache-v1.0.0"),
        ("web", 2, "web-v1.1.0"),
        ("workers", 1, "workers-v1.1.0"),
        ("library", 2, "library-v1.0.0"),
    ] {
        assert_eq!(running[name], (count, image.to_owned()));
    }
    let seen = cloud.services(&CLUSTER.into(), &["web".into()]).await.unwrap();
    assert_eq!(seen["web"].rollback, Rollback { circuit_breaker: true, alarms: false }, "switched on again");
    assert_eq!(gate(&shop), OPEN);
    assert!(!cloud.function("gate").await.unwrap().unwrap().live.unwrap().contains(SECRET));
    let (marker, _) = cloud.site_marker(&shop.platform.bucket(BUCKET), "").await.unwrap().unwrap();
    assert_eq!(marker.live.unwrap().version.as_str(), "v1.1.0");

    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!((run.outcome, writes), (Some(RunOutcome::Converged), BTreeMap::new()));
}

#[tokio::test]
async fn a_failing_migration_holds_behind_a_closed_gate_until_a_newer_version_comes() {
    let shop = Shop::open("200000000003").await;
    let logs = ["migrations: begin", "migrations: column exists, rolled back"];
    shop.migrations_end(json!({"exit": 3, "after_seconds": 0.2, "logs": logs, "times": 1}));
    shop.bump(&[("core", "v1.1.0")]);
    let run = expect(&shop, RunOutcome::Held).await;
    assert!(format!("{run:?}").contains("exit code 3"), "{run:#?}");
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(3)], CLOSED));
    let attempt = shop.ledger().attempt.unwrap();
    let AttemptStatus::Ended { outcome, .. } = attempt.status else { panic!("{attempt:?}") };
    assert_eq!(outcome.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(outcome.log_tail, logs, "its last words");
    assert_eq!(tags(&shop).await[tag::MIGRATING], "v1.0.0/v1.1.0/1");
    for (name, (running, image)) in services(&shop).await {
        assert_eq!((running, image.ends_with("v1.0.0")), (0, true), "{name}");
    }
    // It is never run again without being asked.
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!((run.outcome, writes), (Some(RunOutcome::Held), BTreeMap::new()));

    shop.bump(&[("core", "v1.2.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(3), Some(0)], OPEN));
    assert_eq!(tags(&shop).await[tag::SCHEMA], "v1.2.0");
}

#[tokio::test]
async fn a_migration_that_never_ran_is_tried_again_by_itself() {
    let shop = Shop::open("200000000004").await;
    shop.migrations_end(json!({"refuse": "no space left on device", "times": 1}));
    shop.bump(&[("core", "v1.1.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(shop.migrations().last(), Some(&Some(0)));
    assert_eq!(shop.ledger().attempts_made.into_values().collect::<Vec<_>>(), [2]);
    assert_eq!(tags(&shop).await[tag::SCHEMA], "v1.1.0");
}

#[tokio::test]
async fn a_migration_that_hangs_is_watched_and_never_stopped() {
    let shop = Shop::open("200000000006").await;
    shop.migrations_end(json!({}));
    shop.bump(&[("core", "v1.1.0")]);
    let run = shop.apply_until(Some(FastClock.now() + TimeDelta::minutes(5))).await;
    assert_eq!(run.outcome, Some(RunOutcome::TimedOut), "{run:#?}");
    assert_eq!((shop.migrations(), gate(&shop)), (vec![None], CLOSED));
    // The next run finds it again, and goes on watching.
    let run = shop.apply_until(Some(FastClock.now() + TimeDelta::minutes(1))).await;
    assert_eq!(run.outcome, Some(RunOutcome::TimedOut), "{run:#?}");
    let tasks = shop.platform.cloud.family_tasks(&CLUSTER.into(), &FAMILY.into()).await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.status).collect::<Vec<_>>(), [TaskStatus::Running]);
    shop.end_migrations(0);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0)], OPEN));
}

#[tokio::test]
async fn what_does_not_come_up_after_a_migration_holds_and_no_old_code_starts() {
    let shop = Shop::open("200000000007").await;
    shop.containers_end("web", "v1.1.0", json!({"exit": 1, "after_seconds": 0.1}));
    shop.bump(&[("core", "v1.1.0")]);
    let before = shop.tags_of("web").len();
    let run = expect(&shop, RunOutcome::Held).await;
    assert!(format!("{run:?}").contains("`web` did not come up"), "{run:#?}");
    let started = shop.tags_of("web").split_off(before);
    assert!(started.len() >= 3 && started.iter().all(|tag| *tag == "web-v1.1.0"), "{started:?}");
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0)], CLOSED));
    assert_eq!(tags(&shop).await[tag::SCHEMA], "v1.1.0", "recorded: the old code fits no more");

    shop.bump(&[("core", "v1.2.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0), Some(0)], OPEN));
}

#[tokio::test]
async fn a_rollback_of_aws_is_a_failed_start() {
    let shop = Shop::open("200000000008").await;
    shop.containers_end("library", "v1.1.0", json!({"exit": 1, "after_seconds": 0.1}));
    shop.bump(&[("library", "v1.1.0")]);
    let run = shop.apply().await;
    assert!(matches!(run.outcome, Some(RunOutcome::Failed | RunOutcome::Blocked)), "{run:#?}");
    assert!(format!("{run:?}").contains("`library` did not come up"), "{run:#?}");
    assert!(format!("{run:?}").contains("AWS rolled back"), "{run:#?}");
    assert_eq!((shop.migrations(), gate(&shop)), (Vec::new(), OPEN), "a roll closes nothing");
    until("AWS rolled back", async || services(&shop).await["library"] == (2, "library-v1.0.0".to_owned()))
        .await;
    shop.bump(&[("library", "v1.2.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(services(&shop).await["library"], (2, "library-v1.2.0".to_owned()));
}

#[tokio::test]
async fn what_a_hand_changes_is_put_back() {
    let shop = Shop::open("200000000009").await;
    let cloud = &shop.platform.cloud;
    let update = UpdateService {
        cluster: CLUSTER.into(),
        service: "library".into(),
        definition: None,
        desired: Some(0),
        rollback: None,
    };
    cloud.update_service(&update).await.unwrap();
    let target = ListenerTarget { name: BALANCER.to_owned(), port: 443 };
    let rule = cloud.listener(&target).await.unwrap().unwrap().rules.remove(0);
    cloud.tag_rule(&rule.arn, tag::GATE, Some("closed")).await.unwrap();
    let mut conditions = rule.conditions.clone();
    conditions.push(Condition::header("x-bypass", SECRET));
    cloud.set_rule_conditions(&rule.arn, &conditions).await.unwrap();
    assert_eq!(gate(&shop), CLOSED);
    let drift: Vec<String> = shop.plan().await.drift.into_iter().map(|drift| drift.resource).collect();
    assert!(drift.iter().any(|resource| resource == "library"), "{drift:?}");
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((services(&shop).await["library"].0, gate(&shop)), (2, OPEN));
}

#[tokio::test]
async fn an_environment_is_stopped_and_started() {
    let shop = Shop::open("200000000010").await;
    let database = async || {
        let target = DatabaseTarget::Instance(DATABASE.to_owned());
        shop.platform.cloud.database(&target).await.unwrap().unwrap().status
    };
    shop.edit(|spec| spec.state = State::Stopped);
    expect(&shop, RunOutcome::Converged).await;
    assert!(services(&shop).await.values().all(|(running, _)| *running == 0));
    assert_eq!((database().await, gate(&shop)), (DatabaseStatus::Stopped, CLOSED));
    let targets = shop.platform.cloud.scalable_targets(&CLUSTER.into(), &["web".into()]).await.unwrap();
    assert_eq!((targets["web"].min, targets["web"].suspended), (0, tidegate::cloud::Suspended::ALL));

    shop.edit(|spec| spec.state = State::Running);
    expect(&shop, RunOutcome::Converged).await;
    let running: Vec<u32> = services(&shop).await.into_values().map(|(running, _)| running).collect();
    assert_eq!((running, database().await), (vec![1, 2, 2, 1], DatabaseStatus::Available));
    assert_eq!((shop.migrations(), gate(&shop)), (Vec::new(), OPEN));
}

#[tokio::test]
async fn a_bump_of_a_site_alone_is_a_sync() {
    let shop = Shop::open("200000000011").await;
    shop.bump(&[("client", "v1.1.0")]);
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert!(writes.keys().all(|operation| operation.starts_with("s3:")), "{writes:?}");
    let bucket = shop.platform.bucket(BUCKET);
    let (marker, _) = shop.platform.cloud.site_marker(&bucket, "").await.unwrap().unwrap();
    assert_eq!(marker.live.unwrap().version.as_str(), "v1.1.0");
    let page = aws_sdk_s3::Client::new(&shop.platform.config).get_object().bucket(bucket).key("index.html");
    let page = page.send().await.unwrap().body.collect().await.unwrap().into_bytes();
    assert_eq!(page, "<html>v1.1.0".as_bytes());
}
