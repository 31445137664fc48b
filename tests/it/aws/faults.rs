//! Releases while AWS throttles, hangs up, and loses its answers: in the end all is as if it had not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tidegate::clock::Clock as _;
use tidegate::cloud::{CloudRead as _, DatabaseStatus};
use tidegate::model::State;
use tidegate::reconcile::RunOutcome;
use tidegate::spec::{DatabaseTarget, ListenerTarget};

use super::clock::FastClock;
use super::http;
use super::seed::{BALANCER, DATABASE};
use super::seen::{CLOSED, OPEN, expect, gate, services};
use super::shop::Shop;
use super::stack::addresses;

/// What changes something in a release, or at night.
const WRITES: [(&str, &str); 9] = [
    ("ecs", "RegisterTaskDefinition"),
    ("ecs", "UpdateService"),
    ("ecs", "RunTask"),
    ("rds", "CreateDBSnapshot"),
    ("rds", "StopDBInstance"),
    ("rds", "AddTagsToResource"),
    ("elbv2", "ModifyRule"),
    ("cloudfront", "UpdateFunction"),
    ("cloudfront", "PublishFunction"),
];

const RULES: &str = "/_microburst/rules";
/// Runs that a fault may cost: each leaves the rest to the next, as a daemon's do.
const RUNS_MAX: u32 = 4;

/// Faults that this shop meets and no other.
struct Faults {
    /// The proxy's numbers of them.
    rules: Vec<u64>,
    headers: Value,
}

impl Faults {
    fn asked(shop: &Shop, faults: impl IntoIterator<Item = (&'static str, &'static str, Value)>) -> Self {
        let headers = json!({"authorization": format!("Credential={}/", shop.platform.account)});
        let rules = faults.into_iter().map(|(service, operation, effect)| {
            let mut rule = json!({"service": service, "operation": operation, "headers": headers});
            rule.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
            rule
        });
        let rules: Value = rules.collect();
        let all: Vec<Value> = serde_json::from_str(&asked("PATCH", RULES, &rules.to_string())).unwrap();
        let mine = all.into_iter().filter(|rule| rule["headers"] == headers);
        Self { rules: mine.map(|rule| rule["id"].as_u64().unwrap()).collect(), headers }
    }

    /// The operations that have met theirs.
    fn met(&self) -> BTreeSet<String> {
        let events = self.rules.iter().flat_map(|rule| {
            let path = format!("/_microburst/fired?limit=1000&rule_id={rule}");
            serde_json::from_str::<Vec<Value>>(&asked("GET", &path, "")).unwrap()
        });
        events.map(|event| event["operation"].as_str().unwrap().to_owned()).collect()
    }

    fn end(self) {
        asked("DELETE", RULES, &json!([{"headers": self.headers}]).to_string());
    }
}

/// What the proxy answers.
fn asked(method: &str, path: &str, body: &str) -> String {
    let reply = http::request(&addresses().faults, method, path, &[], body);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.body
}

async fn converge(shop: &Shop) {
    let mut said = Vec::new();
    for _ in 0..RUNS_MAX {
        let run = shop.apply().await;
        if run.outcome == Some(RunOutcome::Converged) {
            return;
        }
        said.push(format!("{:?} {:?} {:?}", run.outcome, run.message, run.blocked));
    }
    panic!("not converged after {RUNS_MAX} runs: {said:#?} {:#?}", shop.plan().await);
}

/// Revisions of each family.
async fn revisions(shop: &Shop) -> BTreeMap<String, usize> {
    let client = aws_sdk_ecs::Client::new(&shop.platform.config);
    let found = client.list_task_definitions().send().await.unwrap();
    let mut revisions = BTreeMap::new();
    for arn in found.task_definition_arns() {
        let family = arn.rsplit('/').next().unwrap().split(':').next().unwrap();
        *revisions.entry(family.to_owned()).or_default() += 1;
    }
    revisions
}

async fn a_release_and_a_night(account: &str, effect: impl Fn(&str) -> Value) {
    let shop = Shop::faulty(account).await;
    let cloud = &shop.platform.cloud;
    let listener = ListenerTarget { name: BALANCER.to_owned(), port: 443 };
    let before = cloud.listener(&listener).await.unwrap();
    let faults = Faults::asked(&shop, WRITES.map(|(service, name)| (service, name, effect(service))));
    shop.bump(&[("core", "v1.1.0"), ("library", "v1.1.0")]);
    converge(&shop).await;

    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0)], OPEN));
    let target = DatabaseTarget::Instance(DATABASE.to_owned());
    assert_eq!(cloud.snapshots(&target).await.unwrap().len(), 1);
    assert_eq!(cloud.listener(&listener).await.unwrap(), before, "tags and all");
    let expected = [("cache", 1), ("library", 2), ("migrate", 2), ("web", 2), ("workers", 2)];
    let expected = expected.map(|(family, count)| (family.to_owned(), count)).into();
    assert_eq!(revisions(&shop).await, expected, "each new one was registered once");
    let running = services(&shop).await;
    assert_eq!(running["web"], (2, "web-v1.1.0".to_owned()));
    assert_eq!(running["library"], (2, "library-v1.1.0".to_owned()));

    shop.edit(|spec| spec.state = State::Stopped);
    converge(&shop).await;
    let stopped = cloud.database(&target).await.unwrap().unwrap().status;
    assert_eq!((stopped, gate(&shop)), (DatabaseStatus::Stopped, CLOSED));
    assert_eq!(shop.migrations(), [Some(0)]);
    let wanted: BTreeSet<String> = WRITES.iter().map(|(_, operation)| (*operation).to_owned()).collect();
    assert_eq!(faults.met(), wanted, "nothing was spared");
    faults.end();
}

#[tokio::test]
async fn throttled_writes_are_made_a_little_later() {
    a_release_and_a_night("200000000501", |service| {
        let code = if service == "ecs" { "ThrottlingException" } else { "Throttling" };
        json!({"times": 2, "error": {"code": code, "status": 400}})
    })
    .await;
}

#[tokio::test]
async fn writes_that_were_cut_off_are_made_again() {
    a_release_and_a_night("200000000502", |_| json!({"times": 1, "reset": true})).await;
}

#[tokio::test]
async fn writes_whose_answers_were_lost_are_not_made_twice() {
    a_release_and_a_night("200000000503", |_| json!({"times": 1, "response": {"abort_bytes": 0}})).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_not_taken_for_absent() {
    let shop = Shop::faulty("200000000504").await;
    shop.bump(&[("core", "v1.1.0")]);
    let broken = json!({"error": {"code": "InternalFailure", "status": 500}});
    let unread = [("elbv2", "DescribeRules"), ("rds", "DescribeDBInstances")];
    let faults = Faults::asked(&shop, unread.map(|(service, name)| (service, name, broken.clone())));
    let until = FastClock.now() + TimeDelta::minutes(1);
    let (run, writes) = shop.writes(shop.apply_until(Some(until))).await;
    assert_ne!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    assert_eq!(writes, BTreeMap::new());
    assert_eq!(faults.met(), unread.map(|(_, name)| name.to_owned()).into());
    faults.end();
    assert_eq!((shop.migrations(), gate(&shop)), (Vec::new(), OPEN));
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((shop.migrations(), gate(&shop)), (vec![Some(0)], OPEN));
}
