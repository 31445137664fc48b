//! A small platform in the emulators, made with the SDK as Terraform would make it. Each test has its own
//! account: the emulator takes the access key for one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudfront::types as edge;
use aws_sdk_ecs::types as ecs;
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_s3::types as s3;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate::cloud::Rates;
use tidegate::cloud::aws::{Allowed, Aws, AwsRegion, Counts, Endpoint};

use super::clock::FastClock;
use super::http;
use super::stack::{Addresses, Guarded, addresses};

pub const CLUSTER: &str = "shop";
pub const SERVICE: &str = "web";
pub const FAMILY: &str = "migrate";
pub const DATABASE: &str = "shop";
pub const BALANCER: &str = "shop";
pub const BUCKET: &str = "client";
pub const RELEASES: &str = "releases";
pub const ALIAS: &str = "assets.shop.example";

/// A platform and the adapter that looks at it.
pub struct Platform {
    pub cloud: AwsRegion,
    pub counts: Counts,
    pub account: String,
    pub config: SdkConfig,
    /// Where this test says how containers end.
    pub engine: &'static str,
    /// What tasks are started as, where that matters.
    role: Option<String>,
}

/// What requests are signed with: a key and its secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Keys {
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl Keys {
    /// The account's own, who may do everything.
    fn root(account: &str) -> Self {
        Self { access_key_id: account.to_owned(), secret_access_key: "secret".to_owned() }
    }
}

impl Platform {
    /// The platform of this account; nothing of it is there yet.
    pub fn of(account: &str) -> Self {
        Self::made(account, Keys::root(account), &addresses().aws)
    }

    /// The same in the world in which policies hold.
    pub fn guarded(account: &str) -> Self {
        let Guarded { aws, engine, policies } = &addresses().guarded;
        let platform = Self::made(account, Keys::root(account), aws);
        http::tell(policies, "/roles", &json!({"account": account, "name": "shop-task"}));
        let role = Some(format!("arn:aws:iam::{account}:role/shop-task"));
        Self { config: config(aws, account), engine, role, ..platform }
    }

    /// The same, where the adapter is a user with these policies and no others.
    pub fn with_user(self, name: &str, policies: &Value) -> Self {
        let Guarded { aws, policies: users, .. } = &addresses().guarded;
        let user = json!({"account": self.account, "name": name, "policies": policies});
        let made = http::request(users, "POST", "/users", &[], &user.to_string());
        let keys = serde_json::from_str(&made.body).unwrap();
        let Self { cloud, counts, .. } = Self::made(&self.account, keys, aws);
        Self { cloud, counts, ..self }
    }

    /// The same, where the adapter meets the faults that are asked for.
    pub fn with_faults(self) -> Self {
        Self::made(&self.account, Keys::root(&self.account), &addresses().faulty)
    }

    fn made(account: &str, keys: Keys, url: &str) -> Self {
        let Addresses { aws, region, engine, .. } = addresses();
        let endpoint = Endpoint {
            url: url.to_owned(),
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key.into(),
        };
        let cloud = Aws::at(endpoint, Arc::new(FastClock), Rates::share(1.0), Allowed::default());
        Self {
            cloud: cloud.region(account, region, None),
            counts: cloud.counts(),
            account: account.to_owned(),
            config: config(aws, account),
            engine,
            role: None,
        }
    }

    /// A bucket's name is everybody's: each account has its own.
    pub fn bucket(&self, name: &str) -> String {
        format!("{name}-{}", self.account)
    }

    /// A definition with one container of the same name.
    pub async fn register(&self, family: &str, image: &str) {
        let client = aws_sdk_ecs::Client::new(&self.config);
        let logs = ecs::LogConfiguration::builder()
            .log_driver(ecs::LogDriver::Awslogs)
            .options("awslogs-group", "/shop")
            .options("awslogs-region", &addresses().region)
            .options("awslogs-stream-prefix", family);
        let container = ecs::ContainerDefinition::builder()
            .name(family)
            .image(image)
            .memory(256)
            .port_mappings(ecs::PortMapping::builder().container_port(80).build())
            .log_configuration(logs.build().unwrap())
            .environment(ecs::KeyValuePair::builder().name("B").value("2").build())
            .environment(ecs::KeyValuePair::builder().name("A").value("1").build())
            .secrets(ecs::Secret::builder().name("S").value_from("/shop/password").build().unwrap());
        let request = client.register_task_definition().family(family).cpu("256").memory("512");
        let request = request.set_execution_role_arn(self.role.clone());
        let request = request.network_mode(ecs::NetworkMode::Awsvpc);
        let request = request.requires_compatibilities(ecs::Compatibility::Fargate);
        let tag = ecs::Tag::builder().key("team").value("platform").build();
        request.container_definitions(container.build()).tags(tag).send().await.unwrap();
    }

    /// Where tasks are placed.
    pub fn network(&self) -> ecs::NetworkConfiguration {
        let network = ecs::AwsVpcConfiguration::builder().subnets("subnet-1").security_groups("sg-1");
        ecs::NetworkConfiguration::builder().awsvpc_configuration(network.build().unwrap()).build()
    }

    /// AWS goes back by itself when a deployment fails.
    pub fn breaker(&self) -> ecs::DeploymentConfiguration {
        let breaker = ecs::DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
        let deployment = ecs::DeploymentConfiguration::builder().deployment_circuit_breaker(breaker);
        deployment.maximum_percent(150).minimum_healthy_percent(100).build()
    }

    /// An instance that is available.
    pub async fn with_database(self) -> Self {
        let client = aws_sdk_rds::Client::new(&self.config);
        let request = client.create_db_instance().db_instance_identifier(DATABASE).engine("postgres");
        let request = request.db_instance_class("db.t4g.micro").allocated_storage(20);
        request.master_username("shop").master_user_password("not-a-secret").send().await.unwrap();
        self
    }

    /// A balancer without rules, whose default redirects: its listener.
    pub async fn make_listener(&self) -> String {
        let client = aws_sdk_elasticloadbalancingv2::Client::new(&self.config);
        let balancer = client.create_load_balancer().name(BALANCER).subnets("subnet-1").send().await.unwrap();
        let balancer = balancer.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
        let redirect = elb::RedirectActionConfig::builder()
            .host("maintenance.shop.example")
            .status_code(elb::RedirectActionStatusCodeEnum::Http302);
        let default =
            elb::Action::builder().r#type(elb::ActionTypeEnum::Redirect).redirect_config(redirect.build());
        let listener = client.create_listener().load_balancer_arn(balancer).port(443);
        let listener = listener.protocol(elb::ProtocolEnum::Http).default_actions(default.build());
        listener.send().await.unwrap().listeners()[0].listener_arn().unwrap().to_owned()
    }

    /// A rule that forwards a host to a target group of its own: the group.
    pub async fn make_rule(
        &self,
        client: &aws_sdk_elasticloadbalancingv2::Client,
        listener: &str,
        priority: i32,
        name: &str,
        host: &str,
    ) -> String {
        let group = client.create_target_group().name(name).protocol(elb::ProtocolEnum::Http).port(80);
        let group = group.target_type(elb::TargetTypeEnum::Ip).vpc_id("vpc-1").send().await.unwrap();
        let group = group.target_groups()[0].target_group_arn().unwrap().to_owned();
        let hosts = elb::HostHeaderConditionConfig::builder().values(host).build();
        let condition = elb::RuleCondition::builder().field("host-header").host_header_config(hosts);
        let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(&group);
        let rule = client.create_rule().listener_arn(listener).priority(priority);
        rule.conditions(condition.build()).actions(forward.build()).send().await.unwrap();
        group
    }

    /// A distribution with an alias, without any function.
    pub async fn with_distribution(self) -> Self {
        let client = aws_sdk_cloudfront::Client::new(&self.config);
        let origin = edge::S3OriginConfig::builder().origin_access_identity("").build();
        let origin = edge::Origin::builder()
            .id("bucket")
            .domain_name("bucket.s3.amazonaws.com")
            .s3_origin_config(origin)
            .build()
            .unwrap();
        let behaviour = edge::DefaultCacheBehavior::builder()
            .target_origin_id("bucket")
            .viewer_protocol_policy(edge::ViewerProtocolPolicy::RedirectToHttps)
            .build()
            .unwrap();
        let config = edge::DistributionConfig::builder()
            .caller_reference(&self.account)
            .comment("assets")
            .enabled(true)
            .aliases(edge::Aliases::builder().quantity(1).items(ALIAS).build().unwrap())
            .origins(edge::Origins::builder().quantity(1).items(origin).build().unwrap())
            .default_cache_behavior(behaviour);
        client.create_distribution().distribution_config(config.build().unwrap()).send().await.unwrap();
        self
    }

    /// A bucket of releases with one of them, and an empty bucket that serves.
    pub async fn with_site(self, files: &BTreeMap<&str, &str>) -> Self {
        let releases = self.make_buckets().await;
        let client = aws_sdk_s3::Client::new(&self.config);
        for (key, text) in files {
            let request = client.put_object().bucket(&releases).key(format!("v1/{key}"));
            let request = request.content_type("text/html").cache_control("max-age=60");
            request.body(text.as_bytes().to_vec().into()).send().await.unwrap();
        }
        self
    }

    /// The two buckets of a site, empty: the name of the one with releases.
    pub async fn make_buckets(&self) -> String {
        let client = aws_sdk_s3::Client::new(&self.config);
        let place = s3::BucketLocationConstraint::from(addresses().region.as_str());
        let place = s3::CreateBucketConfiguration::builder().location_constraint(place).build();
        for name in [BUCKET, RELEASES] {
            let request = client.create_bucket().bucket(self.bucket(name));
            request.create_bucket_configuration(place.clone()).send().await.unwrap();
        }
        self.bucket(RELEASES)
    }
}

fn config(url: &str, account: &str) -> SdkConfig {
    config_at(url, account, &addresses().region)
}

/// For making what Terraform makes.
pub fn config_at(url: &str, account: &str, region: &str) -> SdkConfig {
    let credentials = Credentials::new(account, "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
