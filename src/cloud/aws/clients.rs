//! The SDK's clients for one account, region and role.
//!
//! Each service has two: one for reading, which the SDK repeats a few times, and one for writing, which it
//! sends exactly once. An answer that was lost may belong to a request that was carried out, and only whoever
//! asked knows how to find that out.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use secrecy::{ExposeSecret, SecretString};

/// A connection that is not there after three seconds will not come.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// One attempt. Well below the thirty seconds of the shortest lease, so that no write outlives it.
const ATTEMPT_MAX: Duration = Duration::from_secs(12);
/// Attempts of a read. More patience is the reader's own.
const READ_ATTEMPTS_MAX: u32 = 3;
/// Shows in CloudTrail who was there.
const SESSION_NAME: &str = "tidegate";

/// One service, read and written.
#[derive(Clone, Debug)]
pub(super) struct Pair<C> {
    pub(super) read: C,
    pub(super) write: C,
}

/// Every service, in the environment's region.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) ecs: Pair<aws_sdk_ecs::Client>,
    pub(super) scaling: Pair<aws_sdk_applicationautoscaling::Client>,
    pub(super) rds: Pair<aws_sdk_rds::Client>,
    pub(super) balancers: Pair<aws_sdk_elasticloadbalancingv2::Client>,
    /// CloudFront has one endpoint for all regions; the SDK finds it.
    pub(super) edge: Pair<aws_sdk_cloudfront::Client>,
    pub(super) parameters: aws_sdk_ssm::Client,
    pub(super) secrets: aws_sdk_secretsmanager::Client,
    pub(super) metrics: aws_sdk_cloudwatch::Client,
    config: SdkConfig,
    storage: Regional<Pair<aws_sdk_s3::Client>>,
    registries: Regional<aws_sdk_ecr::Client>,
    logs: Regional<aws_sdk_cloudwatchlogs::Client>,
}

/// Clients by region: each keeps its connections.
type Regional<C> = Mutex<BTreeMap<String, C>>;

macro_rules! client {
    ($sdk:ident, $config:expr, $retries:expr) => {
        $sdk::Client::from_conf($sdk::config::Builder::from($config).retry_config($retries).build())
    };
    (pair $sdk:ident, $config:expr) => {
        Pair { read: client!($sdk, $config, reading()), write: client!($sdk, $config, writing()) }
    };
}

fn reading() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(READ_ATTEMPTS_MAX)
}

fn writing() -> RetryConfig {
    RetryConfig::disabled()
}

/// Somewhere else than AWS: an emulator, or a proxy before several.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where every request goes.
    pub url: String,
    /// What requests are signed with; the standard chain is not asked.
    pub access_key_id: String,
    /// …and its secret.
    pub secret_access_key: SecretString,
}

/// The standard chain (variables, profile, container, instance), in this region, as this role. Variables such
/// as `AWS_PROFILE` and `AWS_ENDPOINT_URL` hold.
/// <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html>
pub(super) async fn configure(region: &str, role: Option<&str>, endpoint: Option<&Endpoint>) -> SdkConfig {
    let region = Region::new(region.to_owned());
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_MAX).operation_attempt_timeout(ATTEMPT_MAX).build();
    let name = AppName::new(SESSION_NAME).expect("the name is made of letters");
    let loader = aws_config::defaults(BehaviorVersion::latest());
    let loader = loader.region(region.clone()).timeout_config(timeouts).app_name(name);
    let loader = match endpoint {
        Some(Endpoint { url, access_key_id, secret_access_key }) => {
            let secret = secret_access_key.expose_secret();
            let credentials = Credentials::new(access_key_id, secret, None, None, "endpoint");
            loader.endpoint_url(url).credentials_provider(credentials)
        }
        None => loader,
    };
    let config = loader.load().await;
    let Some(role) = role else { return config };
    let provider = AssumeRoleProvider::builder(role)
        .session_name(SESSION_NAME)
        .region(region)
        .configure(&config)
        .build()
        .await;
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

impl Clients {
    pub(super) fn new(config: SdkConfig) -> Self {
        Self {
            sts: client!(aws_sdk_sts, &config, reading()),
            ecs: client!(pair aws_sdk_ecs, &config),
            scaling: client!(pair aws_sdk_applicationautoscaling, &config),
            rds: client!(pair aws_sdk_rds, &config),
            balancers: client!(pair aws_sdk_elasticloadbalancingv2, &config),
            edge: client!(pair aws_sdk_cloudfront, &config),
            parameters: client!(aws_sdk_ssm, &config, reading()),
            secrets: client!(aws_sdk_secretsmanager, &config, reading()),
            metrics: client!(aws_sdk_cloudwatch, &config, reading()),
            config,
            storage: Mutex::default(),
            registries: Mutex::default(),
            logs: Mutex::default(),
        }
    }

    /// The environment's region.
    pub(super) fn region(&self) -> &str {
        self.config.region().map_or("", AsRef::as_ref)
    }

    /// S3 in the region of a bucket: it may be another one.
    pub(super) fn storage(&self, region: &str) -> Pair<aws_sdk_s3::Client> {
        self.there(&self.storage, region, |config| client!(pair aws_sdk_s3, config))
    }

    /// ECR in the region of a repository.
    pub(super) fn registry(&self, region: &str) -> aws_sdk_ecr::Client {
        self.there(&self.registries, region, |config| client!(aws_sdk_ecr, config, reading()))
    }

    /// Logs in the region that a definition names.
    pub(super) fn logs(&self, region: &str) -> aws_sdk_cloudwatchlogs::Client {
        self.there(&self.logs, region, |config| client!(aws_sdk_cloudwatchlogs, config, reading()))
    }

    fn there<C: Clone>(&self, known: &Regional<C>, region: &str, make: impl Fn(&SdkConfig) -> C) -> C {
        let mut known = known.lock().expect("nothing panics while it makes a client");
        let found = known.entry(region.to_owned()).or_insert_with(|| {
            let region = Region::new(region.to_owned());
            make(&self.config.clone().into_builder().region(region).build())
        });
        found.clone()
    }
}
