//! Each refusal that the table says is asked for: with its condition in the world, AWS refuses the call with that very
//! code, the preflight says so, and a release that is due touches nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::topics;
use crate::bench::Bench;
use crate::cloud::refusals::{Foreseen, operations};
use crate::cloud::{
    Capacity, CapacityProvider, CloudError, Condition, DatabaseStatus, Document, Marker, ProviderKind,
    ProviderShare, ScalableTarget, Suspended, UpdateService, tag,
};
use crate::model::{ClusterName, ServiceName};
use crate::reconcile::RunOutcome;
use crate::schedule::{Crontab, Schedule, Tz};
use crate::sim::World;
use crate::spec::{DatabaseTarget, EnvironmentSpec};

/// Whether the operation belongs to a release. Others are asked for all the same, and hold no release back.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    OfARelease,
    OfSleep,
}

/// An operation, a code, and how the world comes to refuse it.
struct Scenario {
    operation: &'static str,
    code: &'static str,
    part: Part,
    happen: fn(&mut World),
}

const fn release(operation: &'static str, code: &'static str, happen: fn(&mut World)) -> Scenario {
    Scenario { operation, code, part: Part::OfARelease, happen }
}

const fn sleep(operation: &'static str, code: &'static str, happen: fn(&mut World)) -> Scenario {
    Scenario { operation, code, part: Part::OfSleep, happen }
}

const SCENARIOS: &[Scenario] = &[
    release("ecs:RunTask", "ClusterNotFoundException", no_cluster),
    release("ecs:RunTask", "InvalidParameterException", family_without_fargate),
    release("ecs:RunTask", "InvalidParameterException", last_instance_gone),
    release("ecs:UpdateService", "ClusterNotFoundException", no_cluster),
    release("ecs:UpdateService", "InvalidParameterException", express_service),
    release("ecs:UpdateService", "ServiceNotFoundException", no_service),
    release("ecs:UpdateService", "ServiceNotActiveException", deleted_service),
    release("ecs:TagResource", "ClusterNotFoundException", no_cluster),
    release("ecs:StopTask", "ClusterNotFoundException", no_cluster),
    release("application-autoscaling:RegisterScalableTarget", "ValidationException", deleted_service),
    release("rds:CreateDBSnapshot", "DBInstanceNotFound", no_database),
    release("rds:CreateDBSnapshot", "InvalidDBInstanceState", broken_database),
    release("rds:CreateDBSnapshot", "SnapshotQuotaExceeded", no_room_for_snapshots),
    release("rds:CreateDBClusterSnapshot", "DBClusterNotFoundFault", no_database),
    release("rds:CreateDBClusterSnapshot", "InvalidDBClusterStateFault", broken_database),
    release("rds:CreateDBClusterSnapshot", "SnapshotQuotaExceeded", no_room_for_snapshots),
    release("rds:StartDBInstance", "DBInstanceNotFound", no_database),
    release("rds:StartDBInstance", "InvalidDBInstanceState", broken_database),
    release("rds:StartDBCluster", "DBClusterNotFoundFault", no_database),
    release("rds:StartDBCluster", "InvalidDBClusterStateFault", broken_database),
    release("rds:StopDBInstance", "DBInstanceNotFound", no_database),
    sleep("rds:StopDBInstance", "InvalidDBInstanceState", replica),
    release("rds:StopDBCluster", "DBClusterNotFoundFault", no_database),
    sleep("rds:StopDBCluster", "InvalidDBClusterStateFault", replica),
    release("rds:AddTagsToResource", "DBInstanceNotFound", no_database),
    release("rds:AddTagsToResource", "DBClusterNotFoundFault", no_database),
    release("rds:RemoveTagsFromResource", "DBInstanceNotFound", no_database),
    release("rds:RemoveTagsFromResource", "DBClusterNotFoundFault", no_database),
    release("elasticloadbalancing:ModifyRule", "ValidationError", full_rule),
    release("elasticloadbalancing:AddTags", "TooManyTags", rule_of_many_tags),
    release("cloudfront:UpdateDistribution", "NoSuchDistribution", no_distribution),
    release("cloudfront:UpdateDistribution", "InvalidFunctionAssociation", lambda_at_the_edge),
    release("s3:CopyObject", "NoSuchBucket", no_bucket),
    release("s3:DeleteObjects", "NoSuchBucket", no_bucket),
    release("s3:PutObject", "NoSuchBucket", no_bucket),
];

fn no_cluster(world: &mut World) {
    world.regions[0].clusters.remove("shop").unwrap();
}

fn no_service(world: &mut World) {
    world.regions[0].services.remove("shop/web").unwrap();
}

fn deleted_service(world: &mut World) {
    world.person("shop").delete_service("web");
}

/// The family allows only container instances, and the cluster has none.
fn family_without_fargate(world: &mut World) {
    let migrate = world.regions[0].definitions.get_mut("migrate").unwrap();
    for definition in migrate {
        let mut text = definition.document.expose().clone();
        text["requiresCompatibilities"] = serde_json::json!(["EC2"]);
        definition.document = Document::new(text);
    }
}

/// A provider that nothing scales, without an instance.
fn last_instance_gone(world: &mut World) {
    family_without_fargate(world);
    let kind = ProviderKind::AutoScalingGroup { scales: false };
    let provider = CapacityProvider { name: "shop-ec2".to_owned(), kind, active: true };
    let share = ProviderShare { name: provider.name.clone(), weight: 1, base: 0 };
    let capacity = Capacity { instances: 0, providers: vec![provider], default_strategy: vec![share] };
    world.regions[0].capacity.insert("shop".to_owned(), capacity);
}

fn express_service(world: &mut World) {
    world.regions[0].services.get_mut("shop/web").unwrap().express = true;
}

fn no_database(world: &mut World) {
    world.regions[0].databases.remove("shop").unwrap();
}

fn broken_database(world: &mut World) {
    let database = world.regions[0].databases.get_mut("shop").unwrap();
    database.shown.status = DatabaseStatus::Broken("storage-full".to_owned());
}

fn no_room_for_snapshots(world: &mut World) {
    world.person("shop").fill_snapshot_quota();
}

fn replica(world: &mut World) {
    world.person("shop").add_replica();
}

fn full_rule(world: &mut World) {
    let values = (1..=5).map(|number| format!("h{number}.shop.example")).collect();
    let full = Condition { field: "host-header".to_owned(), header: None, values };
    world.person("shop").set_rule(20, &[full]);
}

fn rule_of_many_tags(world: &mut World) {
    let rule = world.regions[0].listeners[0].rules.iter_mut().find(|rule| rule.priority == 20).unwrap();
    rule.tags.extend((0..50).map(|number| (format!("tag-{number}"), String::new())));
}

fn no_distribution(world: &mut World) {
    let is_gated = |aliases: &[String]| aliases.iter().any(|alias| alias == "assets.shop.example");
    world.regions[0].distributions.retain(|_, distribution| !is_gated(&distribution.aliases));
}

fn lambda_at_the_edge(world: &mut World) {
    let all = world.regions[0].distributions.values_mut();
    all.flat_map(|distribution| &mut distribution.behaviours).for_each(|behaviour| behaviour.lambda = true);
}

fn no_bucket(world: &mut World) {
    world.buckets.remove("shop-client").unwrap();
}

/// Sends the operation as tidegate would, to what the scenarios take away.
fn call(bench: &Bench, operation: &str) -> CloudError {
    let port = bench.port();
    let (cluster, web) = (ClusterName::new("shop"), ServiceName::new("web"));
    let target = bench.spec.database.as_ref().unwrap().target.clone();
    let (rule, conditions) = bench.cloud.with(|world| {
        let mut rules = world.regions[0].listeners[0].rules.iter();
        let rule = rules.find(|rule| rule.priority == 20).unwrap();
        (rule.arn.clone(), rule.conditions.clone())
    });
    let update = UpdateService {
        cluster: cluster.clone(),
        service: web.clone(),
        definition: None,
        desired: Some(0),
        rollback: None,
    };
    let task = "arn:aws:ecs:eu-central-1:123456789012:task/shop/0";
    let answer = bench.clock.block_on(async {
        match operation {
            "ecs:RunTask" => port.run_task(&bench.migration_request()).await.map(drop),
            "ecs:UpdateService" => port.update_service(&update).await.map(drop),
            "ecs:TagResource" => port.tag_cluster(&cluster, tag::OWNER, "store").await,
            "ecs:StopTask" => port.stop_task(&cluster, task, "why").await,
            "application-autoscaling:RegisterScalableTarget" => {
                let scaling = ScalableTarget { min: 0, max: 2, suspended: Suspended::ALL };
                port.set_scalable_target(&cluster, &web, &scaling).await
            }
            "rds:CreateDBSnapshot" | "rds:CreateDBClusterSnapshot" => {
                port.create_snapshot(&target, "tidegate-shop-test", &BTreeMap::new()).await
            }
            "rds:StartDBInstance" | "rds:StartDBCluster" => port.start_database(&target).await,
            "rds:StopDBInstance" | "rds:StopDBCluster" => port.stop_database(&target).await,
            "rds:AddTagsToResource" => port.tag_database(&target, tag::SCHEMA, Some("v1")).await,
            "rds:RemoveTagsFromResource" => port.tag_database(&target, tag::SCHEMA, None).await,
            "elasticloadbalancing:ModifyRule" => {
                let closed = [Condition::header("x-bypass", "v")];
                let conditions: Vec<_> = conditions.into_iter().chain(closed).collect();
                port.set_rule_conditions(&rule, &conditions).await
            }
            "elasticloadbalancing:AddTags" => port.tag_rule(&rule, tag::GATE, Some("closed")).await,
            "cloudfront:UpdateDistribution" => {
                port.associate_function("assets.shop.example", "shop-gate").await
            }
            "s3:CopyObject" => port.copy_object(("shop-client", "a"), ("shop-client", "b")).await.map(drop),
            "s3:DeleteObjects" => port.delete_objects("shop-client", &["a".to_owned()]).await,
            "s3:PutObject" => port.put_site_marker("shop-client", "", &Marker::default(), None).await,
            other => panic!("no call for {other}"),
        }
    });
    answer.err().unwrap_or_else(|| panic!("{operation} was not refused"))
}

/// The shop as tidegate left it after its last release, a newer one that is due, and the scenario's condition.
fn bench(scenario: &Scenario) -> Bench {
    let is_cluster = scenario.operation.contains("DBCluster") || scenario.code.contains("DBCluster");
    let mut bench = Bench::with(|spec: &mut EnvironmentSpec| {
        if is_cluster {
            spec.database.as_mut().unwrap().target = DatabaseTarget::Cluster("shop".to_owned());
        }
        if scenario.part == Part::OfSleep {
            spec.schedule = Some(nightly());
        }
    });
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench.spec.versions.insert("core".into(), "v1.5.0".into());
    bench.cloud.with(scenario.happen);
    bench
}

fn nightly() -> Schedule {
    Schedule {
        timezone: Tz::UTC,
        start: vec![Crontab::parse("0 7 * * *").unwrap()],
        stop: vec![Crontab::parse("0 19 * * *").unwrap()],
        holidays: Vec::new(),
        except: Vec::new(),
        also: Vec::new(),
    }
}

#[test]
fn each_refusal_that_is_asked_for_has_its_scenario() {
    let in_table: BTreeSet<(&str, &str)> = operations()
        .flat_map(|operation| operation.refusals.iter().map(move |refusal| (operation, refusal)))
        .filter(|(_, refusal)| matches!(refusal.foreseen, Foreseen::Asked(_)))
        .flat_map(|(operation, refusal)| refusal.codes.iter().map(|code| (operation.name, *code)))
        .collect();
    let tried: BTreeSet<(&str, &str)> = SCENARIOS.iter().map(|it| (it.operation, it.code)).collect();
    assert_eq!(in_table, tried);
}

#[test]
fn what_is_asked_for_is_asked_by_a_check_of_the_preflight() {
    let found = topics(&Bench::converged());
    let names: BTreeSet<&str> = found.iter().map(|topic| topic.name).collect();
    for operation in operations() {
        for refusal in operation.refusals {
            if let Foreseen::Asked(check) = refusal.foreseen {
                assert!(names.contains(check), "{}: no check `{check}` in {names:?}", operation.name);
            }
        }
    }
}

#[test]
fn with_its_condition_present_aws_refuses_and_the_preflight_blocks_before_anything_is_touched() {
    for scenario in SCENARIOS {
        let what = format!("{} {}", scenario.operation, scenario.code);
        let refused = call(&bench(scenario), scenario.operation);
        assert_eq!(refused.code.as_deref(), Some(scenario.code), "{what}: {refused}");
        assert_eq!(refused.operation, scenario.operation, "{what}");

        let operation = operations().find(|operation| operation.name == scenario.operation).unwrap();
        let Foreseen::Asked(check) = operation.refusal(scenario.code).unwrap().foreseen else {
            panic!("{what} is not asked for");
        };
        let bench = bench(scenario);
        let before = bench.writes().len();
        let found = topics(&bench);
        let topic = found.iter().find(|topic| topic.name == check).unwrap();
        assert!(!topic.problems.is_empty(), "{what}: the check `{check}` says nothing: {found:#?}");
        let hinted = topic.problems.iter().all(|problem| !problem.hints.is_empty());
        assert!(hinted, "{what}: no way out: {:#?}", topic.problems);

        if scenario.part == Part::OfARelease {
            let run = bench.run();
            assert_eq!(run.outcome, Some(RunOutcome::Blocked), "{what}: {:#?}", run.steps);
            assert_eq!(bench.writes()[before..], [""; 0], "{what}: nothing is touched");
        }
    }
}
