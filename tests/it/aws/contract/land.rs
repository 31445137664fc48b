//! The same small platform in two clouds: one is simulated in this process, one speaks AWS's protocols.
//!
//! What a promise may know of either stands here. Names are the same in both; what a cloud makes up (ARNs, ids,
//! digests, numbers of revisions) is asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_cloudwatch::types as metrics;
use aws_sdk_ecs::types as ecs;
use aws_smithy_types::DateTime;
use serde_json::json;
use tidegate::clock::Clock as _;
use tidegate::cloud::CloudWrite;
use tidegate::sim::{Age, Outcome, SimClock, SimCloud, SimRegion, World};
use tidegate::spec::{DatabaseTarget, ListenerTarget};
use url::Url;

use super::super::clock::FastClock;
use super::super::http;
use super::super::seed::{BALANCER, CLUSTER, DATABASE, FAMILY, Platform, SERVICE};
use super::super::stack::addresses;
use crate::rig::{a_tuesday, environment};

pub const SECRET: &str = "not-a-real-secret-at-all";

/// A cloud with the platform in it: two tasks of `web` behind a rule, the family of a migration, a database, a
/// distribution, two buckets, a registry, a secret.
pub trait Land: Sized {
    /// A platform that nobody else looks at.
    async fn settled() -> Self;
    /// The ports.
    fn cloud(&self) -> &dyn CloudWrite;
    /// Whose platform it is.
    fn account(&self) -> &str;
    /// Lets time pass there.
    async fn pass(&self, time: Duration);
    /// How the next migrations end, after they have logged something.
    fn migrations_exit(&self, code: i32);
    /// Users ask for something.
    async fn users_come(&self);
    /// A page that answers 200.
    fn page(&self) -> Url;

    /// A bucket's name is everybody's.
    fn bucket(&self, name: &str) -> String {
        format!("{name}-{}", self.account())
    }

    /// Where images are.
    fn repository(&self) -> String {
        repository(self.account())
    }

    /// Waits for what the cloud does by itself.
    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        // Twenty minutes: a database takes up to eight.
        for _ in 0..600 {
            if holds().await {
                return;
            }
            self.pass(Duration::from_secs(2)).await;
        }
        panic!("not in time: {what}");
    }
}

pub fn database() -> DatabaseTarget {
    DatabaseTarget::Instance(DATABASE.to_owned())
}

pub fn listener() -> ListenerTarget {
    ListenerTarget { name: BALANCER.to_owned(), port: 443 }
}

fn repository(account: &str) -> String {
    format!("{account}.dkr.ecr.eu-central-2.amazonaws.com/shop")
}

/// The platform in the simulator.
pub struct Simulated {
    port: SimRegion,
    cloud: SimCloud,
    clock: SimClock,
    account: String,
}

const SPEC: &str = r#"
name: shop
aws: {region: eu-central-2, account: "ACCOUNT"}
cluster: shop
versions: {core: v1.0.0, client: v1}
services:
  web: {images: {web: "REPOSITORY:web-{core}"}, count: 2}
database: {instance: shop}
migration: {follows: core, task: migrate, images: {migrate: "REPOSITORY:migrate-{core}"}, network: web}
maintenance:
  page: https://maintenance.shop.example
  bypass: {header: x-bypass, value_from: {ssm: /shop/bypass}}
  load_balancer: {name: shop, port: 443}
  cloudfront: {function: gate, distributions: [assets.shop.example]}
sites:
  client: {source: "s3://releases-ACCOUNT/{client}/", bucket: client-ACCOUNT}
"#;

impl Land for Simulated {
    async fn settled() -> Self {
        let account = "592217263685";
        let text = SPEC.replace("ACCOUNT", account).replace("REPOSITORY", &repository(account));
        let spec = environment("shop", &text, a_tuesday());
        let mut world = World::from_spec(std::slice::from_ref(&spec), &Age::UpToDate, 1, a_tuesday());
        for region in &mut world.regions {
            region.functions.clear();
            region.secrets.values_mut().for_each(|value| SECRET.clone_into(value));
            region.secrets.insert("bypass".to_owned(), SECRET.to_owned());
        }
        world.script.migration_seconds = Some(60);
        let clock = SimClock::new(a_tuesday());
        let cloud = SimCloud::new(world, Arc::new(clock.clone()));
        let port = cloud.region(account, &spec.region);
        Self { port, cloud, clock, account: account.to_owned() }
    }

    fn cloud(&self) -> &dyn CloudWrite {
        &self.port
    }

    fn account(&self) -> &str {
        &self.account
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    fn migrations_exit(&self, code: i32) {
        if code != 0 {
            let outcome = Outcome::Exit { code, partial: false };
            self.cloud.with(|world| world.script.migration("v1.0.0", [outcome]));
        }
    }

    async fn users_come(&self) {}

    fn page(&self) -> Url {
        "https://web.shop.example/health".parse().unwrap()
    }
}

/// The platform in the emulators.
pub struct Emulated(pub Platform);

impl Land for Emulated {
    async fn settled() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
        let account = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let files = BTreeMap::from([("index.html", "<html>"), ("assets/a b+ü.js", "let a;")]);
        let platform = Platform::of(&account).with_database().await.with_distribution().await;
        let land = Self(platform.with_site(&files).await);
        land.make_secrets().await;
        land.make_images().await;
        land.make_services().await;
        land
    }

    fn cloud(&self) -> &dyn CloudWrite {
        &self.0.cloud
    }

    fn account(&self) -> &str {
        &self.0.account
    }

    async fn pass(&self, time: Duration) {
        FastClock.sleep(time).await;
    }

    fn migrations_exit(&self, code: i32) {
        let logs = ["migrations: begin", "migrations: the end"];
        let ending = json!({"account": self.account(), "family": FAMILY, "image": "", "exit": code,
            "after_seconds": 0.1, "logs": logs});
        http::tell(&addresses().engine, "/endings", &ending);
    }

    async fn users_come(&self) {
        let balancers = aws_sdk_elasticloadbalancingv2::Client::new(&self.0.config);
        let group = balancers.describe_target_groups().names(SERVICE).send().await.unwrap();
        let group = &group.target_groups()[0];
        let end = |arn: &str| arn.rsplit(':').next().unwrap().to_owned();
        let balancer = end(&group.load_balancer_arns()[0]);
        let pair = |name: &str, value: &str| metrics::Dimension::builder().name(name).value(value).build();
        let counted = metrics::MetricDatum::builder()
            .metric_name("RequestCount")
            .dimensions(pair("TargetGroup", &end(group.target_group_arn().unwrap())))
            .dimensions(pair("LoadBalancer", balancer.strip_prefix("loadbalancer/").unwrap()))
            // In the last minute that is over.
            .timestamp(DateTime::from_millis(
                (FastClock.now() - chrono::TimeDelta::minutes(1)).timestamp_millis(),
            ))
            .value(240.0);
        let client = aws_sdk_cloudwatch::Client::new(&self.0.config);
        let request = client.put_metric_data().namespace("AWS/ApplicationELB").metric_data(counted.build());
        request.send().await.unwrap();
    }

    fn page(&self) -> Url {
        format!("{}/health", addresses().engine).parse().unwrap()
    }
}

impl Emulated {
    async fn make_services(&self) {
        let Self(platform) = self;
        let client = aws_sdk_ecs::Client::new(&platform.config);
        let balancers = aws_sdk_elasticloadbalancingv2::Client::new(&platform.config);
        let logs = aws_sdk_cloudwatchlogs::Client::new(&platform.config);
        logs.create_log_group().log_group_name("/shop").send().await.unwrap();
        let cluster = client.create_cluster().cluster_name(CLUSTER);
        cluster.capacity_providers("FARGATE").capacity_providers("FARGATE_SPOT").send().await.unwrap();
        for family in [SERVICE, FAMILY] {
            platform.register(family, &format!("{}:{family}-v1.0.0", self.repository())).await;
        }
        let listener = platform.make_listener().await;
        let group = platform.make_rule(&balancers, &listener, 10, SERVICE, "web.shop.example").await;
        let balancer = ecs::LoadBalancer::builder().target_group_arn(group);
        let balancer = balancer.container_name(SERVICE).container_port(80).build();
        let request = client.create_service().cluster(CLUSTER).service_name(SERVICE);
        let request = request.task_definition(SERVICE).desired_count(2).launch_type(ecs::LaunchType::Fargate);
        let request = request.network_configuration(platform.network()).load_balancers(balancer);
        request.deployment_configuration(platform.breaker()).send().await.unwrap();
        self.until("both tasks run", async || {
            let found = self.cloud().services(&CLUSTER.into(), &[SERVICE.into()]).await.unwrap();
            found[SERVICE].running == 2
        })
        .await;
    }

    async fn make_images(&self) {
        let client = aws_sdk_ecr::Client::new(&self.0.config);
        client.create_repository().repository_name("shop").send().await.unwrap();
        for version in ["v1.0.0", "v1.1.0"] {
            let manifest = json!({
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
                "config": {"mediaType": "x", "size": 1, "digest": format!("sha256:{version:0>64}")},
            });
            let request = client.put_image().repository_name("shop").image_manifest(manifest.to_string());
            request.image_tag(format!("web-{version}")).send().await.unwrap();
        }
    }

    async fn make_secrets(&self) {
        let ssm = aws_sdk_ssm::Client::new(&self.0.config);
        for (name, value) in [("/shop/bypass", SECRET), ("/shop/password", "hunter2")] {
            let request = ssm.put_parameter().name(name).value(value);
            request.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
        }
        let manager = aws_sdk_secretsmanager::Client::new(&self.0.config);
        manager.create_secret().name("bypass").secret_string(SECRET).send().await.unwrap();
    }
}
