//! Makes in the emulators what the simulator has made of the declarations, with the SDK as Terraform would.

use aws_config::SdkConfig;
use aws_sdk_cloudfront::types as edge;
use aws_sdk_ecs::types as ecs;
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_s3::types as s3;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidegate::cloud::{CloudRead as _, CloudWrite as _, Condition, Document, RuleAction};
use tidegate::sim::{Region, SimClock, SimCloud, SimListener, SimService};

use super::super::clock::{StackClock, until_by};
use super::Graasp;

/// Releases of the client that there are.
const RELEASES: std::ops::Range<u32> = 23..40;

pub(super) async fn copy(graasp: &mut Graasp) {
    make_edge(graasp).await;
    let (graasp, region) = (&*graasp, &graasp.world.regions[0]);
    make_database(graasp, region).await;
    make_secrets(graasp, region).await;
    make_buckets(graasp).await;
    let groups = make_listener(graasp, &region.listeners[0]).await;
    make_services(graasp, region, &groups).await;
    for (key, target) in &region.targets {
        let (cluster, service) = key.split_once('/').unwrap();
        graasp.cloud.set_scalable_target(&cluster.into(), &service.into(), &target.shown).await.unwrap();
    }
    let names: Vec<_> = region.services.values().map(|service| service.name.clone()).collect();
    until_by(&StackClock(graasp.addresses), "all services run", async || {
        let found = graasp.cloud.services(&graasp.wanted().spec.cluster, &names).await.unwrap();
        found.values().all(|service| service.running == service.desired)
    })
    .await;
}

async fn make_database(graasp: &Graasp, region: &Region) {
    let client = aws_sdk_rds::Client::new(&graasp.config);
    for (identifier, database) in &region.databases {
        let request = client.create_db_instance().db_instance_identifier(identifier).engine("postgres");
        let request = request.db_instance_class("db.t4g.micro").allocated_storage(20);
        let request = request.master_username("graasp").master_user_password("not-a-secret");
        let mut request = request.copy_tags_to_snapshot(database.copy_tags);
        for (key, value) in &database.shown.tags {
            request = request.tags(aws_sdk_rds::types::Tag::builder().key(key).value(value).build());
        }
        request.send().await.unwrap();
    }
}

/// CloudFront draws ids itself: the simulator's distributions get the same.
async fn make_edge(graasp: &mut Graasp) {
    let region = &mut graasp.world.regions[0];
    for (name, function) in &region.functions {
        let etag = graasp.cloud.put_function(name, None, &function.development).await.unwrap();
        graasp.cloud.publish_function(name, &etag).await.unwrap();
    }
    for (_, mut distribution) in std::mem::take(&mut region.distributions) {
        // The one without an alias is declared by its id: it is there.
        if let [alias] = distribution.aliases.as_slice() {
            let paths: Vec<&str> = distribution.behaviours.iter().map(|found| found.path.as_str()).collect();
            distribution.id = make_distribution(&graasp.config, Some(alias), &paths).await;
        }
        region.distributions.insert(distribution.id.clone(), distribution);
    }
}

/// A distribution without any function: its id.
pub(super) async fn make_distribution(config: &SdkConfig, alias: Option<&str>, paths: &[&str]) -> String {
    let client = aws_sdk_cloudfront::Client::new(config);
    let s3 = edge::S3OriginConfig::builder().origin_access_identity("").build();
    let origin = edge::Origin::builder().id("bucket").domain_name("bucket.s3.amazonaws.com");
    let origin = origin.s3_origin_config(s3).build().unwrap();
    let policy = edge::ViewerProtocolPolicy::RedirectToHttps;
    let default = edge::DefaultCacheBehavior::builder()
        .target_origin_id("bucket")
        .viewer_protocol_policy(policy.clone());
    let behaviour = |path: &&str| {
        let behaviour = edge::CacheBehavior::builder().path_pattern(*path).target_origin_id("bucket");
        behaviour.viewer_protocol_policy(policy.clone()).build().unwrap()
    };
    let others: Vec<_> = paths.iter().filter(|path| **path != "*").map(behaviour).collect();
    let count = i32::try_from(others.len()).unwrap();
    let others = edge::CacheBehaviors::builder().quantity(count).set_items(Some(others)).build().unwrap();
    let aliases: Vec<String> = alias.map(str::to_owned).into_iter().collect();
    let count = i32::try_from(aliases.len()).unwrap();
    let aliases = edge::Aliases::builder().quantity(count).set_items(Some(aliases)).build().unwrap();
    let config = edge::DistributionConfig::builder()
        .caller_reference(alias.unwrap_or("client"))
        .comment("made by Terraform")
        .enabled(true)
        .aliases(aliases)
        .origins(edge::Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(default.build().unwrap())
        .cache_behaviors(others);
    let made =
        client.create_distribution().distribution_config(config.build().unwrap()).send().await.unwrap();
    made.distribution.unwrap().id
}

async fn make_secrets(graasp: &Graasp, region: &Region) {
    let client = aws_sdk_ssm::Client::new(&graasp.config);
    for (name, value) in &region.secrets {
        let request = client.put_parameter().name(name).value(value);
        request.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
    }
}

/// The same keys with the same content where the simulator has the same; what the content is does not matter.
async fn make_buckets(graasp: &Graasp) {
    let client = aws_sdk_s3::Client::new(&graasp.config);
    let place = s3::BucketLocationConstraint::from(graasp.addresses.region.as_str());
    let place = s3::CreateBucketConfiguration::builder().location_constraint(place).build();
    let world = graasp.world.clone();
    let clock = Arc::new(SimClock::new(world.now()));
    let simulated = SimCloud::new(world, clock).cloud(&graasp.wanted().spec);
    for (bucket, kept) in &graasp.world.buckets {
        let request = client.create_bucket().bucket(bucket);
        request.create_bucket_configuration(place.clone()).send().await.unwrap();
        let mut objects: BTreeMap<String, String> =
            kept.objects.iter().map(|(key, stored)| (key.clone(), stored.etag.clone())).collect();
        if !kept.releases.is_empty() {
            let clients = RELEASES.map(|number| format!("client/v2.{number}.0/"));
            let wanted = graasp.wanted();
            let spec = &wanted.spec;
            let apps = spec.sites.values().filter(|site| !site.prefix.is_empty());
            let apps = apps.map(|site| {
                let source = site.source.render(&spec.versions).unwrap();
                source.strip_prefix(&format!("s3://{bucket}/")).unwrap().to_owned()
            });
            for prefix in clients.chain(apps) {
                for object in simulated.objects(bucket, &prefix).await.unwrap() {
                    objects.insert(format!("{prefix}{}", object.key), object.etag);
                }
            }
        }
        for (key, content) in objects {
            let request = client.put_object().bucket(bucket).key(key);
            request.body(content.into_bytes().into()).send().await.unwrap();
        }
    }
}

/// The listener with all its rules: target groups by the simulator's ARNs.
async fn make_listener(graasp: &Graasp, simulated: &SimListener) -> BTreeMap<String, String> {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&graasp.config);
    let balancer = client.create_load_balancer().name(&simulated.balancer).subnets("subnet-1");
    let balancer = balancer.send().await.unwrap().load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let redirect = |host: &str, status: elb::RedirectActionStatusCodeEnum| {
        let redirect = elb::RedirectActionConfig::builder().host(host).status_code(status).build();
        elb::Action::builder().r#type(elb::ActionTypeEnum::Redirect).redirect_config(redirect).build()
    };
    let page = redirect("maintenance.graasp.org", elb::RedirectActionStatusCodeEnum::Http302);
    let listener = client.create_listener().load_balancer_arn(balancer).port(simulated.port.into());
    let listener = listener.protocol(elb::ProtocolEnum::Http).default_actions(page).send().await.unwrap();
    let listener = listener.listeners()[0].listener_arn().unwrap().to_owned();
    let mut groups = BTreeMap::new();
    for group in simulated.rules.iter().flat_map(|rule| rule.target_groups()) {
        if !groups.contains_key(group) {
            let name = group.split('/').nth(1).unwrap();
            let made = client.create_target_group().name(name).protocol(elb::ProtocolEnum::Http).port(3000);
            let made = made.target_type(elb::TargetTypeEnum::Ip).vpc_id("vpc-1").send().await.unwrap();
            groups.insert(group.clone(), made.target_groups()[0].target_group_arn().unwrap().to_owned());
        }
    }
    for rule in &simulated.rules {
        let action = match &rule.action {
            RuleAction::Forward(to) => {
                let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward);
                forward.target_group_arn(&groups[&to[0]]).build()
            }
            _ => redirect("graasp.org", elb::RedirectActionStatusCodeEnum::Http301),
        };
        let tags = rule.tags.iter().map(|(key, value)| elb::Tag::builder().key(key).value(value).build());
        let request = client.create_rule().listener_arn(&listener).actions(action);
        let request = request.priority(i32::try_from(rule.priority).unwrap()).set_tags(Some(tags.collect()));
        request.set_conditions(Some(rule.conditions.iter().map(condition).collect())).send().await.unwrap();
    }
    groups
}

fn condition(condition: &Condition) -> elb::RuleCondition {
    let (made, values) = (elb::RuleCondition::builder().field(&condition.field), condition.values.clone());
    let made = match condition.field.as_str() {
        "host-header" => {
            let hosts = elb::HostHeaderConditionConfig::builder().set_values(Some(values));
            made.host_header_config(hosts.build())
        }
        "path-pattern" => {
            let paths = elb::PathPatternConditionConfig::builder().set_values(Some(values));
            made.path_pattern_config(paths.build())
        }
        other => panic!("{other}"),
    };
    made.build()
}

async fn make_services(graasp: &Graasp, region: &Region, groups: &BTreeMap<String, String>) {
    let client = aws_sdk_ecs::Client::new(&graasp.config);
    for (cluster, tags) in &region.clusters {
        let tags = tags.iter().map(|(key, value)| ecs::Tag::builder().key(key).value(value).build());
        let request = client.create_cluster().cluster_name(cluster).set_tags(Some(tags.collect()));
        request.send().await.unwrap();
    }
    let mut definitions = BTreeMap::new();
    for revisions in region.definitions.values() {
        let newest = revisions.last().unwrap();
        let document = prepared(graasp, &newest.document).await;
        let made = graasp.cloud.register_definition(&document).await.unwrap();
        definitions.insert(newest.arn.clone(), made);
    }
    for service in region.services.values() {
        let definition = &definitions[&service.deployments[0].definition];
        let container = definition.document.containers().next().unwrap()["name"].as_str().unwrap();
        let mut request = client
            .create_service()
            .cluster(service.cluster.as_str())
            .service_name(service.name.as_str())
            .task_definition(&definition.arn)
            .desired_count(i32::try_from(service.desired).unwrap())
            .launch_type(ecs::LaunchType::Fargate)
            .network_configuration(network())
            .deployment_configuration(deployment(service));
        for group in &service.target_groups {
            let balancer = ecs::LoadBalancer::builder().target_group_arn(&groups[group]);
            request = request.load_balancers(balancer.container_name(container).container_port(3000).build());
        }
        request.send().await.unwrap();
    }
}

fn network() -> ecs::NetworkConfiguration {
    let network = ecs::AwsVpcConfiguration::builder().subnets("subnet-1").security_groups("sg-1");
    ecs::NetworkConfiguration::builder().awsvpc_configuration(network.build().unwrap()).build()
}

fn deployment(service: &SimService) -> ecs::DeploymentConfiguration {
    let breaker = ecs::DeploymentCircuitBreaker::builder()
        .enable(service.breaker)
        .rollback(service.rollback.circuit_breaker);
    let made = ecs::DeploymentConfiguration::builder().deployment_circuit_breaker(breaker.build());
    made.maximum_percent(200).minimum_healthy_percent(100).build()
}

/// A definition whose secrets and log groups are there: Secrets Manager ends its ARNs as it likes. Variables are
/// in the order in which the adapter reads them, because the adapter registers it.
async fn prepared(graasp: &Graasp, document: &Document) -> Document {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&graasp.config);
    let secrets = aws_sdk_secretsmanager::Client::new(&graasp.config);
    let mut text = document.expose().to_string();
    let mut asked = BTreeSet::new();
    for container in document.containers() {
        let group = container["logConfiguration"]["options"]["awslogs-group"].as_str().unwrap();
        // Containers of several families may share a group.
        let _ = logs.create_log_group().log_group_name(group).send().await;
        for secret in container.get("secrets").and_then(|secrets| secrets.as_array()).into_iter().flatten() {
            asked.insert(secret["valueFrom"].as_str().unwrap().trim_end_matches(":jwt::").to_owned());
        }
    }
    for arn in asked {
        let name = arn.rsplit(':').next().unwrap().rsplit_once('-').unwrap().0;
        let made = secrets.create_secret().name(name).secret_string(r#"{"jwt": "not-a-secret"}"#);
        text = text.replace(&arn, made.send().await.unwrap().arn().unwrap());
    }
    let mut value: Value = serde_json::from_str(&text).unwrap();
    for container in value["containerDefinitions"].as_array_mut().unwrap() {
        if let Some(variables) = container.get_mut("environment").and_then(Value::as_array_mut) {
            variables.sort_by(|one, two| one["name"].as_str().cmp(&two["name"].as_str()));
        }
    }
    Document::new(value)
}
