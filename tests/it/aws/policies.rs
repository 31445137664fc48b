//! `systemd/iam` is enough for everything that is done, and for nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidegate::cloud::{
    CloudError, CloudRead as _, CloudWrite as _, Condition, Kind, RunTask, ScalableTarget, Suspended,
    UpdateService, tag,
};
use tidegate::import::{SurveyTarget, survey};
use tidegate::model::{Mode, State};
use tidegate::reconcile::{REQUEST, RunOutcome};
use tidegate::spec::{DatabaseTarget, ListenerTarget};
use tidegate::store::Store as _;
use tidegate::store::journal::AttemptStatus;

use super::clock::{FastClock, until};
use super::seed::{ALIAS, BALANCER, BUCKET, CLUSTER, DATABASE, FAMILY, Platform, RELEASES, SERVICE};
use super::shop::Shop;
use super::stack::addresses;

const OBSERVE: &str = include_str!("../../../systemd/iam/observe.json");
const ENFORCE: &str = include_str!("../../../systemd/iam/enforce.json");
const HANDBOOK: &str = include_str!("../../../systemd/iam/README.md");

/// A managed policy has at most so many characters, blanks not counted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const POLICY_CHARACTERS_MAX: usize = 6144;

/// What IAM calls differently from the operation that asks for it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>
fn actions_of(operation: &str) -> Vec<&str> {
    match operation {
        "s3:HeadBucket" | "s3:ListObjectsV2" => vec!["s3:ListBucket"],
        // The tags of what is copied are copied, too.
        "s3:CopyObject" => vec!["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"],
        "s3:DeleteObjects" => vec!["s3:DeleteObject"],
        "s3:HeadObject" => vec!["s3:GetObject"],
        // A definition names the roles of its tasks.
        "ecs:RunTask" | "ecs:RegisterTaskDefinition" => vec![operation, "iam:PassRole"],
        // Everybody may ask who they are; a role is assumed before, by whom its trust policy names.
        "sts:GetCallerIdentity" | "sts:AssumeRole" => vec![],
        // A secret is in one of two places: the handbook has the statement for the other.
        "secretsmanager:GetSecretValue" => vec![],
        _ => vec![operation],
    }
}

/// Statements by their name.
fn statements(policy: &str) -> BTreeMap<String, Value> {
    let policy: Value = serde_json::from_str(policy).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    statements.iter().map(|one| (one["Sid"].as_str().unwrap().to_owned(), one.clone())).collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => vec![value.as_str().unwrap().to_owned()],
    }
}

/// The policies of this platform, as the handbook has them filled in.
async fn policies(platform: &Platform, names: &[(&str, &str)]) -> Value {
    let distribution = platform.cloud.distributions(&[ALIAS.to_owned()]).await.unwrap();
    let distribution = distribution[ALIAS].id.clone();
    let (site, releases) = (platform.bucket(BUCKET), platform.bucket(RELEASES));
    let values = [
        // Longer names first: a part of one is another.
        ("MIGRATION_FAMILY", FAMILY),
        ("RELEASES_BUCKET", &releases),
        ("SITE_BUCKET", &site),
        ("DISTRIBUTION", &distribution),
        ("REPOSITORY", "shop"),
        ("TASK_ROLES", "shop-*"),
        ("PARAMETER", "shop/bypass"),
        ("LOG_GROUP", "/shop"),
        ("DATABASE", DATABASE),
        ("BALANCER", BALANCER),
        ("FUNCTION", "gate"),
        ("ACCOUNT", &platform.account),
        ("CLUSTER", CLUSTER),
        ("REGION", &super::stack::addresses().region),
    ];
    let filled = |policy: &str| {
        let policy = values.iter().fold(policy.to_owned(), |text, (name, value)| text.replace(name, value));
        assert!(policy.chars().filter(|letter| !letter.is_whitespace()).count() <= POLICY_CHARACTERS_MAX);
        serde_json::from_str::<Value>(&policy).unwrap()
    };
    names
        .iter()
        .map(|(name, policy)| ((*name).to_owned(), filled(policy)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A shop in whose account tidegate may do what these policies allow.
async fn guarded(account: &str, names: &[(&str, &str)]) -> Shop {
    let mut shop = Shop::guarded(account).await;
    shop.platform = bound(shop.platform, names).await;
    shop
}

/// The same platform, looked at by somebody who may do what these policies allow.
async fn bound(platform: Platform, names: &[(&str, &str)]) -> Platform {
    let policies = policies(&platform, names).await;
    platform.with_user("tidegate", &policies)
}

const BOTH: [(&str, &str); 2] = [("observe", OBSERVE), ("enforce", ENFORCE)];

#[test]
fn the_policies_allow_what_the_adapter_asks_for_and_nothing_else() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud/aws");
    let mut asked = BTreeSet::new();
    for file in files(&sources) {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in text.split('"') {
            let is_operation = word.split_once(':').is_some_and(|(service, operation)| {
                !["http", "registry", "tidegate"].contains(&service)
                    && service
                        .chars()
                        .all(|letter| letter.is_ascii_lowercase() || letter == '-' || letter == '3')
                    && operation.starts_with(|letter: char| letter.is_ascii_uppercase())
                    && operation.chars().all(|letter| letter.is_ascii_alphanumeric())
            });
            if is_operation && !is_test(&file) {
                asked.extend(actions_of(word).into_iter().map(str::to_owned));
            }
        }
    }
    let allowed = [OBSERVE, ENFORCE].into_iter().flat_map(statements);
    let allowed: BTreeSet<String> = allowed.flat_map(|(_, one)| texts(&one["Action"])).collect();
    assert_eq!(asked.difference(&allowed).collect::<Vec<_>>(), Vec::<&String>::new(), "not allowed");
    assert_eq!(allowed.difference(&asked).collect::<Vec<_>>(), Vec::<&String>::new(), "never asked for");
}

fn is_test(file: &Path) -> bool {
    file.ends_with("tests.rs") || file.ends_with("fixture.rs")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_handbook_explains_every_statement_and_every_name_to_fill_in() {
    for policy in [OBSERVE, ENFORCE] {
        for (name, one) in statements(policy) {
            assert!(HANDBOOK.contains(&format!("| `{name}` |")), "{name}");
            for text in texts(&one["Resource"])
                .into_iter()
                .chain(one.get("Condition").map(texts).into_iter().flatten())
            {
                for word in text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_')) {
                    assert!(word.len() < 3 || HANDBOOK.contains(&format!("`{word}`")), "{word}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_whole_release_a_stop_and_a_start_need_no_more_than_the_policies() {
    let shop = guarded("300000000001", &BOTH).await;
    for change in [
        (|spec| {
            spec.versions.insert("core".into(), "v1.1.0".into());
            spec.versions.insert("client".into(), "v1.1.0".into());
        }) as fn(&mut tidegate::spec::EnvironmentSpec),
        |spec| spec.state = State::Stopped,
        |spec| spec.state = State::Running,
    ] {
        shop.edit(change);
        let run = shop.apply().await;
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?} {:#?}", shop.plan().await);
    }
    assert_eq!(shop.migrations(), [Some(0)]);
}

#[tokio::test]
async fn a_migration_that_hangs_is_stopped_when_a_person_asks_and_only_then() {
    let shop = guarded("300000000005", &BOTH).await;
    shop.migrations_end(json!({}));
    shop.bump(&[("core", "v1.1.0")]);
    let asks = async {
        until("it runs", async || shop.ledger().attempt.is_some_and(|attempt| attempt.reached_running)).await;
        let request =
            json!({"who": "ann", "reason": "it waits for a lock", "wish": "stop-migration", "attempt": 1});
        shop.store.put_record(&"shop".into(), REQUEST, Some(&request)).unwrap();
    };
    let (run, ()) = tokio::join!(shop.apply(), asks);
    assert_eq!(run.outcome, Some(RunOutcome::Held), "{run:#?}");
    let AttemptStatus::Ended { outcome, .. } = shop.ledger().attempt.unwrap().status else { panic!("over") };
    assert_eq!(outcome.stop_code.as_deref(), Some("UserInitiated"));
    assert!(!outcome.succeeded, "whatever exit code a stopped task shows: {outcome:?}");
    let writes = shop.platform.counts.by_operation();
    assert_eq!((writes["ecs:RunTask"], writes["ecs:StopTask"]), (1, 1));
}

#[tokio::test]
async fn observing_needs_no_more_than_its_policy() {
    let shop = guarded("300000000002", &[("observe", OBSERVE)]).await;
    shop.edit(|spec| spec.mode = Mode::Observe);
    shop.bump(&[("core", "v1.1.0")]);
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!(writes, BTreeMap::new(), "{run:#?}");
    let plan = shop.plan().await;
    assert!(plan.actions.len() > 10, "a whole release: {plan:#?}");
    assert!(!format!("{plan:?}").contains("AccessDenied"), "{plan:#?}");
}

#[tokio::test]
async fn importing_needs_no_more_than_the_policy_of_observing() {
    let shop = guarded("300000000006", &[("observe", OBSERVE)]).await;
    let place = SurveyTarget {
        account: shop.platform.account.clone(),
        region: addresses().region.clone(),
        assume_role: None,
        cluster: CLUSTER.into(),
    };
    let seen = survey(&shop.platform.cloud, &FastClock, place, &[]).await.unwrap();
    assert_eq!((seen.services.len(), seen.databases.unwrap().len()), (4, 1));
    assert_eq!((seen.listeners.unwrap().len(), seen.families.unwrap().len()), (1, 1));
    shop.platform.cloud.cluster_names().await.unwrap();
}

/// Every way to change something, at the things of the shop, told by name.
async fn attempts(shop: &Shop) -> Vec<(&'static str, Result<(), CloudError>)> {
    let cloud = &shop.platform.cloud;
    let (cluster, database) = (CLUSTER.into(), DatabaseTarget::Instance(DATABASE.to_owned()));
    let newest = cloud.newest_definition(&FAMILY.into()).await.unwrap().unwrap();
    let listener = ListenerTarget { name: BALANCER.to_owned(), port: 443 };
    let rule = cloud.listener(&listener).await.unwrap().unwrap().rules.remove(0);
    let distribution = cloud.distributions(&[ALIAS.to_owned()]).await.unwrap();
    let distribution = &distribution[ALIAS].id;
    let (site, releases) = (shop.platform.bucket(BUCKET), shop.platform.bucket(RELEASES));
    let update = UpdateService {
        cluster: CLUSTER.into(),
        service: SERVICE.into(),
        definition: None,
        desired: Some(1),
        rollback: None,
    };
    let run = RunTask {
        placement: Default::default(),
        cluster: CLUSTER.into(),
        definition: newest.arn.clone(),
        network_of: SERVICE.into(),
        client_token: "token".to_owned(),
        started_by: "nobody".to_owned(),
        tags: BTreeMap::new(),
    };
    let target = ScalableTarget { min: 0, max: 1, suspended: Suspended::NONE };
    let conditions = [Condition::header("x-other", "value")];
    vec![
        ("tag_cluster", cloud.tag_cluster(&cluster, tag::OWNER, "somebody").await),
        ("register_definition", cloud.register_definition(&newest.document).await.map(drop)),
        ("update_service", cloud.update_service(&update).await.map(drop)),
        ("set_scalable_target", cloud.set_scalable_target(&cluster, &SERVICE.into(), &target).await),
        ("run_task", cloud.run_task(&run).await.map(drop)),
        ("start_database", cloud.start_database(&database).await),
        ("stop_database", cloud.stop_database(&database).await),
        ("tag_database", cloud.tag_database(&database, tag::SCHEMA, Some("v9")).await),
        ("untag_database", cloud.tag_database(&database, tag::SCHEMA, None).await),
        ("create_snapshot", cloud.create_snapshot(&database, "tidegate-1", &BTreeMap::new()).await),
        ("delete_snapshot", cloud.delete_snapshot(&database, "tidegate-1").await),
        ("set_rule_conditions", cloud.set_rule_conditions(&rule.arn, &conditions).await),
        ("tag_rule", cloud.tag_rule(&rule.arn, tag::GATE, Some("closed")).await),
        ("untag_rule", cloud.tag_rule(&rule.arn, tag::GATE, None).await),
        (
            "put_function",
            cloud
                .put_function("gate", None, "function handler(event) { return event.request; }")
                .await
                .map(drop),
        ),
        ("publish_function", cloud.publish_function("gate", "etag").await),
        ("associate_function", cloud.associate_function(distribution, "gate").await),
        (
            "copy_object",
            cloud.copy_object((&releases, "client/v1.0.0/index.html"), (&site, "new.html")).await.map(drop),
        ),
        ("delete_objects", cloud.delete_objects(&site, &["index.html".to_owned()]).await),
        (
            "put_site_marker",
            cloud.put_site_marker(&site, "", &tidegate::cloud::Marker::default(), None).await,
        ),
        ("invalidate", cloud.invalidate(distribution, &["/*".to_owned()]).await),
        ("stop_task", cloud.stop_task(&cluster, "0123456789abcdef", "no reason").await),
    ]
}

#[tokio::test]
async fn whoever_may_only_observe_changes_nothing() {
    let mut shop = Shop::guarded("300000000003").await;
    let etag = shop
        .platform
        .cloud
        .put_function("gate", None, "function handler(event) { return event.request; }")
        .await
        .unwrap();
    shop.platform.cloud.publish_function("gate", &etag).await.unwrap();
    shop.platform = bound(shop.platform, &[("observe", OBSERVE)]).await;
    for (what, attempt) in attempts(&shop).await {
        assert_eq!(attempt.map_err(|error| error.kind), Err(Kind::AccessDenied), "{what}");
    }
    shop.bump(&[("core", "v1.1.0")]);
    let run = shop.apply().await;
    assert_ne!(run.outcome, Some(RunOutcome::Converged));
    assert!(format!("{run:?}").contains("ecs:TagResource"), "it says what it may not: {run:#?}");
    assert_eq!(shop.migrations(), Vec::<Option<i64>>::new());
}

#[tokio::test]
async fn what_belongs_to_others_is_out_of_reach() {
    let shop = guarded("300000000004", &BOTH).await;
    let cloud = &shop.platform.cloud;
    let other = DatabaseTarget::Instance("accounting".to_owned());
    let elsewhere = UpdateService {
        cluster: "accounting".into(),
        service: SERVICE.into(),
        definition: None,
        desired: Some(0),
        rollback: None,
    };
    let ours = DatabaseTarget::Instance(DATABASE.to_owned());
    let rule = "arn:aws:elasticloadbalancing:eu-central-2:300000000004:listener-rule/app/accounting/1/2/3";
    for (what, attempt) in [
        ("a service of another cluster", cloud.update_service(&elsewhere).await.map(drop)),
        ("another database", cloud.stop_database(&other).await),
        ("a tag that others set", cloud.tag_database(&ours, "team", Some("ours")).await),
        ("a snapshot of a person", cloud.delete_snapshot(&ours, "before-the-move").await),
        ("a snapshot that looks like ours", cloud.delete_snapshot(&ours, "tidegate-without-tags").await),
        ("a rule of another balancer", cloud.tag_rule(&rule.into(), tag::GATE, Some("closed")).await),
        ("another function", cloud.publish_function("redirects", "etag").await),
        ("another distribution", cloud.invalidate("E0000000000000", &["/*".to_owned()]).await),
        ("a release", cloud.delete_objects(&shop.platform.bucket(RELEASES), &["a".to_owned()]).await),
    ] {
        assert_eq!(attempt.map_err(|error| error.kind), Err(Kind::AccessDenied), "{what}");
    }
}
