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
use tidegate::clock::SystemClock;
use tidegate::cloud::aws::{Allowed, Aws, AwsRegion, Counts, Endpoint, Rates};

use super::stack::addresses;

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
}

impl Platform {
    /// The platform of this account; nothing of it is there yet.
    pub fn of(account: &str) -> Self {
        let stack = addresses();
        let endpoint = Endpoint {
            url: stack.aws.clone(),
            access_key_id: account.to_owned(),
            secret_access_key: "secret".to_owned().into(),
        };
        let aws = Aws::at(endpoint, Arc::new(SystemClock), Rates::share(1.0), Allowed::default());
        Self {
            cloud: aws.region(account, &stack.region, None),
            counts: aws.counts(),
            account: account.to_owned(),
            config: config(&stack.aws, account),
        }
    }

    /// A bucket's name is everybody's: each account has its own.
    pub fn bucket(&self, name: &str) -> String {
        format!("{name}-{}", self.account)
    }

    /// A cluster with a service, and the family of its migration.
    pub async fn with_services(self) -> Self {
        let client = aws_sdk_ecs::Client::new(&self.config);
        client.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
        for (family, container) in [(SERVICE, "web"), (FAMILY, "migrate")] {
            let container = ecs::ContainerDefinition::builder()
                .name(container)
                .image(format!("registry.example/shop:{container}-v1"))
                .memory(256)
                .environment(ecs::KeyValuePair::builder().name("B").value("2").build())
                .environment(ecs::KeyValuePair::builder().name("A").value("1").build())
                .secrets(ecs::Secret::builder().name("S").value_from("arn:s").build().unwrap());
            let request = client.register_task_definition().family(family).cpu("256").memory("512");
            let request = request.network_mode(ecs::NetworkMode::Awsvpc);
            let request = request.requires_compatibilities(ecs::Compatibility::Fargate);
            let tag = ecs::Tag::builder().key("team").value("platform").build();
            request.container_definitions(container.build()).tags(tag).send().await.unwrap();
        }
        let network = ecs::AwsVpcConfiguration::builder().subnets("subnet-1").security_groups("sg-1");
        let network = ecs::NetworkConfiguration::builder().awsvpc_configuration(network.build().unwrap());
        let breaker = ecs::DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
        let deployment = ecs::DeploymentConfiguration::builder().deployment_circuit_breaker(breaker);
        let request = client.create_service().cluster(CLUSTER).service_name(SERVICE);
        let request = request.task_definition(SERVICE).desired_count(2);
        let request = request.launch_type(ecs::LaunchType::Fargate).network_configuration(network.build());
        request.deployment_configuration(deployment.maximum_percent(150).build()).send().await.unwrap();
        self
    }

    /// An instance that is available.
    pub async fn with_database(self) -> Self {
        let client = aws_sdk_rds::Client::new(&self.config);
        let request = client.create_db_instance().db_instance_identifier(DATABASE).engine("postgres");
        let request = request.db_instance_class("db.t4g.micro").allocated_storage(20);
        request.master_username("shop").master_user_password("not-a-secret").send().await.unwrap();
        self
    }

    /// A balancer whose one rule forwards, and whose default redirects.
    pub async fn with_balancer(self) -> Self {
        let client = aws_sdk_elasticloadbalancingv2::Client::new(&self.config);
        let balancer = client.create_load_balancer().name(BALANCER).subnets("subnet-1").send().await.unwrap();
        let balancer = balancer.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
        let group = client.create_target_group().name(SERVICE).protocol(elb::ProtocolEnum::Http).port(80);
        let group = group.target_type(elb::TargetTypeEnum::Ip).vpc_id("vpc-1").send().await.unwrap();
        let group = group.target_groups()[0].target_group_arn().unwrap().to_owned();
        let redirect = elb::RedirectActionConfig::builder()
            .host("maintenance.shop.example")
            .status_code(elb::RedirectActionStatusCodeEnum::Http302);
        let default =
            elb::Action::builder().r#type(elb::ActionTypeEnum::Redirect).redirect_config(redirect.build());
        let listener = client.create_listener().load_balancer_arn(balancer).port(443);
        let listener = listener.protocol(elb::ProtocolEnum::Http).default_actions(default.build());
        let listener = listener.send().await.unwrap().listeners()[0].listener_arn().unwrap().to_owned();
        let hosts = elb::HostHeaderConditionConfig::builder().values("shop.example").build();
        let condition = elb::RuleCondition::builder().field("host-header").host_header_config(hosts);
        let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(group);
        let rule = client.create_rule().listener_arn(listener).priority(1);
        rule.conditions(condition.build()).actions(forward.build()).send().await.unwrap();
        self
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
        let client = aws_sdk_s3::Client::new(&self.config);
        let place = s3::BucketLocationConstraint::from(addresses().region.as_str());
        let place = s3::CreateBucketConfiguration::builder().location_constraint(place).build();
        for name in [BUCKET, RELEASES] {
            let request = client.create_bucket().bucket(self.bucket(name));
            request.create_bucket_configuration(place.clone()).send().await.unwrap();
        }
        for (key, text) in files {
            let request = client.put_object().bucket(self.bucket(RELEASES)).key(format!("v1/{key}"));
            let request = request.content_type("text/html").cache_control("max-age=60");
            request.body(text.as_bytes().to_vec().into()).send().await.unwrap();
        }
        self
    }

    /// Autoscaling of the service. Its emulator is another one, and looks whether there is such a service.
    pub async fn with_scaling(self) -> Self {
        let client = aws_sdk_ecs::Client::new(&config(&addresses().moto, &self.account));
        client.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
        let container = ecs::ContainerDefinition::builder().name("web").image("web").memory(64).build();
        let request = client.register_task_definition().family(SERVICE);
        request.container_definitions(container).send().await.unwrap();
        let request = client.create_service().cluster(CLUSTER).service_name(SERVICE);
        request.task_definition(SERVICE).desired_count(2).send().await.unwrap();
        self
    }
}

fn config(url: &str, account: &str) -> SdkConfig {
    let credentials = Credentials::new(account, "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(addresses().region.clone()))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
