//! Migrations that do not begin, and migrations that do not end.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tidegate::clock::Clock as _;
use tidegate::cloud::{CloudRead as _, TaskStatus, tag};
use tidegate::reconcile::RunOutcome;

use super::clock::FastClock;
use super::seed::{CLUSTER, FAMILY};
use super::seen::{CLOSED, OPEN, expect, gate, services, tags};
use super::shop::Shop;

#[tokio::test]
async fn a_success_that_started_nothing_is_tried_again_until_there_is_one_migration() {
    let shop = Shop::open("200000000201").await;
    shop.migrations_end(json!({"failure": "RESOURCE:MEMORY", "times": 2}));
    shop.bump(&[("core", "v1.1.0")]);
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(writes["ecs:RunTask"], 3, "twice HTTP 200 with `failures[]`, then a task");
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0)], OPEN));
    assert_eq!(shop.ledger().attempts_made.into_values().collect::<Vec<_>>(), [3]);
    let tags = tags(&shop).await;
    assert_eq!((tags[tag::SCHEMA].as_str(), tags.get(tag::MIGRATING)), ("v1.1.0", None));
}

#[tokio::test]
async fn a_migration_that_nothing_has_room_for_ends_with_the_reason_and_nothing_started() {
    let shop = Shop::open("200000000202").await;
    shop.migrations_end(json!({"failure": "RESOURCE:MEMORY"}));
    shop.bump(&[("core", "v1.1.0")]);
    let run = expect(&shop, RunOutcome::GivenUp).await;
    assert!(format!("{run:?}").contains("RESOURCE:MEMORY"), "{run:#?}");
    // Nothing reached RUNNING: the old version is back by itself.
    assert_eq!((shop.migrations(), gate(&shop)), (Vec::new(), OPEN));
    assert_eq!(services(&shop).await["web"], (2, "web-v1.0.0".to_owned()));
    let tags = tags(&shop).await;
    assert_eq!(
        (tags[tag::SCHEMA].as_str(), tags.get(tag::MIGRATING)),
        ("v1.0.0", None),
        "the mark would lie"
    );
    let ledger = shop.ledger();
    assert!(!ledger.attempt.unwrap().reached_running);
    assert_eq!(ledger.given_up.map(|given_up| given_up.to), Some("v1.1.0".into()));
    assert_eq!(ledger.release, None, "the release is over");
    shop.bump(&[("core", "v1.0.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((services(&shop).await["web"].clone(), gate(&shop)), ((2, "web-v1.0.0".to_owned()), OPEN));
}

#[tokio::test]
async fn a_migration_past_its_timeout_is_said_to_be_watched_on_and_left_to_end_well() {
    let shop = Shop::open("200000000203").await;
    shop.migrations_end(json!({}));
    shop.edit(|spec| spec.migration.as_mut().unwrap().timeout = Duration::from_secs(60));
    shop.bump(&[("core", "v1.1.0")]);
    let run = shop.apply_until(Some(FastClock.now() + TimeDelta::minutes(5))).await;
    assert_eq!(run.outcome, Some(RunOutcome::TimedOut), "{run:#?}");
    assert!(shop.ledger().attempt.unwrap().overdue, "journaled once, for whoever pages people");
    let tasks = shop.platform.cloud.family_tasks(&CLUSTER.into(), &FAMILY.into()).await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.status).collect::<Vec<_>>(), [TaskStatus::Running]);
    assert_eq!((shop.migrations(), gate(&shop)), (vec![None], CLOSED));
    shop.end_migrations(0);
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert!(!writes.contains_key("ecs:StopTask") && !writes.contains_key("ecs:RunTask"), "{writes:?}");
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0)], OPEN));
    assert_eq!(tags(&shop).await[tag::SCHEMA], "v1.1.0");
}
