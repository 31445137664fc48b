//! A whole environment in the emulators, up to date: its cluster, database, balancer,
//! distribution, site and registry, made with the SDK; a store; and runs against it, over the wire.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ecs::types as ecs;
use serde_json::{Value, json};
use tidegate::clock::Clock as _;
use tidegate::cloud::{CachedCloud, CloudRead as _, Depth, LastObservation};
use tidegate::execute::Silent;
use tidegate::model::{Instant, StoreId};
use tidegate::reconcile::{self, Reconciler, Run, RunOutcome, ShutdownLevel};
use tidegate::spec::EnvironmentSpec;
use tidegate::store::MemoryStore;
use tidegate::store::journal::Ledger;
use tidegate::store::journal::read_ledger;

use super::clock::{FastClock, until};
use super::http;
use super::seed::{BALANCER, CLUSTER, FAMILY, Platform};
use super::stack::addresses;
use crate::rig::{Repository, environment};

/// Where users and testers are told apart.
pub const HOST: &str = "shop.example";
pub const SECRET: &str = "not-a-real-secret-at-all";
/// Services with their containers and counts; those with a host have a target group and a rule.
const SERVICES: [(&str, i32, Option<&str>); 4] = [
    ("cache", 1, None),
    ("web", 2, Some(HOST)),
    ("workers", 1, None),
    ("library", 2, Some("library.example")),
];
const VERSIONS: [&str; 3] = ["v1.0.0", "v1.1.0", "v1.2.0"];

const SPEC: &str = r#"
name: shop
aws: {region: eu-central-2, account: "ACCOUNT"}
cluster: shop
versions: {core: v1.0.0, library: v1.0.0, client: v1.0.0}
services:
  cache: {}
  web:
    images: {web: "REGISTRY/shop:web-{core}"}
    count: 2
    autoscaling: {min: 2, max: 4}
    after: [cache]
  workers:
    images: {workers: "REGISTRY/shop:workers-{core}"}
    after: [cache]
  library:
    images: {library: "REGISTRY/shop:library-{library}"}
    count: 2
    after: [web]
database: {instance: shop}
migration:
  follows: core
  task: migrate
  images: {migrate: "REGISTRY/shop:migrate-{core}"}
  network: web
  atomic: true
  timeout: 10m
maintenance:
  page: https://maintenance.shop.example
  bypass: {header: x-bypass, value_from: {ssm: /shop/bypass}}
  load_balancer: {name: shop, port: 443}
  cloudfront: {function: gate, distributions: [assets.shop.example]}
  drain: 10s
sites:
  client: {source: "s3://releases-ACCOUNT/client/{client}/", bucket: client-ACCOUNT}
checks:
  - {url: "https://shop.example/health", status: 200, within: 1m}
"#;

pub struct Shop {
    pub platform: Platform,
    pub store: Arc<MemoryStore>,
    pub repository: Repository,
    /// What the registry's tags mean: containers are started by digest.
    digests: BTreeMap<String, String>,
}

impl Shop {
    /// Everything at v1.0.0, running and open, and never touched by tidegate.
    pub async fn untouched(account: &str) -> Self {
        Self::seeded(Platform::of(account)).await
    }

    /// The same, known to tidegate.
    pub async fn open(account: &str) -> Self {
        Self::untouched(account).await.known().await
    }

    /// The same, where tidegate meets the faults that are asked for.
    pub async fn faulty(account: &str) -> Self {
        Self::seeded(Platform::of(account).with_faults()).await.known().await
    }

    /// The same, untouched, in the world in which policies hold.
    pub async fn guarded(account: &str) -> Self {
        Self::seeded(Platform::guarded(account)).await
    }

    async fn seeded(platform: Platform) -> Self {
        let account = platform.account.clone();
        let registry = format!("{account}.dkr.ecr.eu-central-2.amazonaws.com");
        let text = SPEC.replace("ACCOUNT", &account).replace("REGISTRY", &registry);
        let mut spec = environment("shop", &text, FastClock.now());
        // A declaration takes `https` only, for the header's sake; nobody here has a certificate.
        spec.checks[0].url = format!("{}/health", platform.engine).parse().unwrap();
        let repository = Repository::default();
        repository.commit(spec);
        let store = Arc::new(MemoryStore::new(StoreId::new("6f1c1f5e-0000-4000-8000-000000000001")));
        let platform = platform.with_database().await.with_distribution().await;
        let digests = make_images(&platform).await;
        let shop = Self { platform, store, repository, digests };
        shop.make_site().await;
        shop.make_secrets().await;
        shop.migrations_end(json!({"exit": 0, "after_seconds": 0.3, "logs": ["migrations: all done"]}));
        shop.make_services(&registry).await;
        shop
    }

    async fn known(self) -> Self {
        let run = self.apply().await;
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?} {:#?}", self.plan().await);
        self
    }

    async fn make_site(&self) {
        let client = aws_sdk_s3::Client::new(&self.platform.config);
        let releases = self.platform.make_buckets().await;
        for version in VERSIONS {
            for (key, text) in
                [("index.html", format!("<html>{version}")), ("assets/app.js", version.to_owned())]
            {
                let request = client.put_object().bucket(&releases).key(format!("client/{version}/{key}"));
                request.body(text.into_bytes().into()).send().await.unwrap();
            }
        }
    }

    async fn make_secrets(&self) {
        let client = aws_sdk_ssm::Client::new(&self.platform.config);
        for (name, value) in [("/shop/bypass", SECRET), ("/shop/password", "hunter2")] {
            let request = client.put_parameter().name(name).value(value);
            request.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
        }
    }

    async fn make_services(&self, registry: &str) {
        let balancers = aws_sdk_elasticloadbalancingv2::Client::new(&self.platform.config);
        let client = aws_sdk_ecs::Client::new(&self.platform.config);
        let logs = aws_sdk_cloudwatchlogs::Client::new(&self.platform.config);
        logs.create_log_group().log_group_name("/shop").send().await.unwrap();
        let listener = self.platform.make_listener().await;
        client.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
        self.platform.register(FAMILY, &format!("{registry}/shop:migrate-v1.0.0")).await;
        for (priority, (name, count, host)) in (1..).zip(SERVICES) {
            self.platform.register(name, &format!("{registry}/shop:{name}-v1.0.0")).await;
            let request = client.create_service().cluster(CLUSTER).service_name(name).task_definition(name);
            let request = request.desired_count(count).launch_type(ecs::LaunchType::Fargate);
            let request = request.network_configuration(self.platform.network());
            let mut request = request.deployment_configuration(self.platform.breaker());
            if let Some(host) = host {
                let group = self.platform.make_rule(&balancers, &listener, priority, name, host).await;
                let balancer = ecs::LoadBalancer::builder().target_group_arn(group);
                request = request.load_balancers(balancer.container_name(name).container_port(80).build());
            }
            request.send().await.unwrap();
        }
        let scaling = aws_sdk_applicationautoscaling::Client::new(&self.platform.config);
        let request = scaling.register_scalable_target().resource_id(format!("service/{CLUSTER}/web"));
        let request =
            request.service_namespace("ecs".into()).scalable_dimension("ecs:service:DesiredCount".into());
        request.min_capacity(2).max_capacity(4).send().await.unwrap();
        until("all services run", async || {
            let names: Vec<_> = SERVICES.iter().map(|(name, ..)| (*name).into()).collect();
            let found = self.platform.cloud.services(&CLUSTER.into(), &names).await.unwrap();
            found.values().all(|service| service.running == service.desired)
        })
        .await;
    }

    /// How containers of this family and version go.
    pub fn containers_end(&self, family: &str, version: &str, ending: Value) {
        self.end(family, &self.digests[&format!("{family}-{version}")], ending);
    }

    fn end(&self, family: &str, image: &str, ending: Value) {
        let Value::Object(mut ending) = ending else { panic!("an object") };
        ending.insert("account".to_owned(), json!(self.platform.account));
        ending.insert("family".to_owned(), json!(family));
        ending.insert("image".to_owned(), json!(image));
        http::tell(self.platform.engine, "/endings", &Value::Object(ending));
    }

    /// How migrations go.
    pub fn migrations_end(&self, ending: Value) {
        self.end(FAMILY, "", ending);
    }

    /// Migrations that run end now.
    pub fn end_migrations(&self, exit_code: i32) {
        let told = json!({"account": self.platform.account, "family": FAMILY, "exit": exit_code});
        http::tell(self.platform.engine, "/ends", &told);
    }

    /// Exit codes of the migrations that were started, oldest first; `None` = it runs.
    pub fn migrations(&self) -> Vec<Option<i64>> {
        let started = self.started();
        let migrations = started.iter().filter(|container| container["family"] == FAMILY);
        migrations.map(|container| container["exit_code"].as_i64()).collect()
    }

    /// Tags of the containers of a family that were started, oldest first.
    pub fn tags_of(&self, family: &str) -> Vec<&str> {
        let started = self.started();
        let of_family = started.iter().filter(|container| container["family"] == family);
        let images = of_family.map(|container| container["image"].as_str().unwrap());
        let tag = |image: &str| self.digests.iter().find(|(_, digest)| image.ends_with(digest.as_str()));
        images.map(|image| tag(image).map_or("unpinned", |(tag, _)| tag)).collect()
    }

    fn started(&self) -> Vec<Value> {
        let path = format!("/containers/{}", self.platform.account);
        let reply = http::request(self.platform.engine, "GET", &path, &[], "");
        serde_json::from_str(&reply.body).unwrap()
    }

    /// A new commit.
    pub fn edit(&self, change: impl FnOnce(&mut EnvironmentSpec)) {
        let mut spec = self.repository.spec();
        change(&mut spec);
        self.repository.commit(spec);
    }

    /// A new commit with other versions.
    pub fn bump(&self, versions: &[(&str, &str)]) {
        self.edit(|spec| {
            for (key, version) in versions {
                spec.versions.insert((*key).into(), (*version).into());
            }
        });
    }

    /// One run to its end.
    pub async fn apply(&self) -> Run {
        self.apply_until(None).await
    }

    pub async fn apply_until(&self, deadline: Option<Instant>) -> Run {
        let reconciler = Reconciler {
            cloud: &self.platform.cloud,
            clock: &FastClock,
            store: &*self.store,
            declared: &self.repository,
            progress: &Silent,
            holder: "test",
            deadline: deadline
                .map(|at| FastClock.monotonic() + (at - FastClock.now()).to_std().unwrap_or_default()),
            shutdown: &|| ShutdownLevel::None,
        };
        reconciler.converge(&self.repository.spec().name).await.unwrap()
    }

    pub async fn plan(&self) -> tidegate::plan::Plan {
        let look = reconcile::preview(&self.platform.cloud, &FastClock, &*self.store, &self.repository);
        look.await.unwrap().expect("declared").plan
    }

    /// A look that finds nothing new, and the requests it sent.
    pub async fn look(
        &self,
        last_observation: &LastObservation,
        depth: Depth,
    ) -> BTreeMap<&'static str, u64> {
        let last = self.plan().await;
        let before = self.platform.counts.by_operation();
        let cloud = CachedCloud { cloud: &self.platform.cloud, last_observation, depth };
        let look = reconcile::is_unchanged(&cloud, &FastClock, &*self.store, &self.repository, &last);
        assert!(look.await.unwrap(), "nothing is new");
        let mut sent = self.platform.counts.by_operation();
        sent.retain(|operation, count| {
            *count -= before.get(operation).copied().unwrap_or_default();
            *count > 0
        });
        sent
    }

    pub fn ledger(&self) -> Ledger {
        read_ledger(&*self.store, &self.repository.spec().name).unwrap()
    }

    /// Requests that change something, sent while `act` runs.
    pub async fn writes(&self, act: impl Future<Output = Run>) -> (Run, BTreeMap<&'static str, u64>) {
        const READS: [&str; 6] = ["Describe", "List", "Get", "Head", "BatchGet", "GET"];
        let before = self.platform.counts.by_operation();
        let run = act.await;
        let mut found = self.platform.counts.by_operation();
        found.retain(|operation, count| {
            *count -= before.get(operation).copied().unwrap_or_default();
            let name = operation.split(':').next_back().unwrap();
            *count > 0 && !READS.iter().any(|read| name.starts_with(read))
        });
        (run, found)
    }

    /// The status that users of the shop get from the balancer, and testers with the header.
    pub fn seen(&self) -> (u16, u16) {
        (self.ask("/", &[]), self.ask("/", &[("x-bypass", SECRET)]))
    }

    /// The status that the balancer answers.
    pub fn ask(&self, path: &str, headers: &[(&str, &str)]) -> u16 {
        let path = format!("/_alb/{BALANCER}{path}");
        let credential = self.credential("elasticloadbalancing");
        let own = [("Host", HOST), ("Authorization", credential.as_str())];
        let headers: Vec<(&str, &str)> = own.iter().chain(headers).copied().collect();
        http::request(&addresses().ministack, "GET", &path, &headers, "").status
    }

    /// What tells the emulators whose request it is, and to which of them.
    pub fn credential(&self, service: &str) -> String {
        let account = &self.platform.account;
        format!("AWS4-HMAC-SHA256 Credential={account}/20260101/eu-central-2/{service}/aws4_request")
    }
}

/// Every version of every image: tags and their digests.
async fn make_images(platform: &Platform) -> BTreeMap<String, String> {
    let client = aws_sdk_ecr::Client::new(&platform.config);
    client.create_repository().repository_name("shop").send().await.unwrap();
    let mut digests = BTreeMap::new();
    for name in SERVICES.map(|(name, ..)| name).into_iter().chain([FAMILY]) {
        for version in VERSIONS {
            let tag = format!("{name}-{version}");
            let manifest = json!({
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
                "config": {"mediaType": "x", "size": 1, "digest": format!("sha256:{tag:0>64}")},
            });
            let request = client.put_image().repository_name("shop").image_manifest(manifest.to_string());
            let image = request.image_tag(&tag).send().await.unwrap().image.unwrap();
            digests.insert(tag, image.image_id.unwrap().image_digest.unwrap());
        }
    }
    digests
}
