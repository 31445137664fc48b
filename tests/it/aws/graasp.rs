//! Graasp's production over the wire: the platform that `environments/production.yaml` declares, in the
//! emulators, and tidegate as a process of its own.
//!
//! The topology is written once, where the simulator builds it from the declarations; `copy` makes the same in
//! the emulators. What the emulators force is changed in the declarations, and nothing else:
//!
//! - `sites.client.distribution`: CloudFront draws its ids itself;
//! - `drain` is ten seconds, so that nobody waits for a minute in which nothing happens.
//!
//! Windows stay as they are: the real binary is told `--now`. A process at the emulators' time (`process`) has none,
//! because what day it is there means nothing.
//!
//! The account is the declared one (the emulators take the access key for it). The checks ask the declared
//! addresses, through a proxy that hands them to the emulated balancer, and images are looked up in the declared
//! registry, which is one of ours behind the same proxy.

mod binary;
mod copy;
mod kill;
mod look;
mod process;
mod promise;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_config::SdkConfig;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate::clock::Clock as _;
use tidegate::cloud::Rates;
use tidegate::cloud::aws::{Allowed, Aws, AwsRegion, Endpoint};
use tidegate::model::{Revision, Version};
use tidegate::reconcile::DeclaredEnvironment;
use tidegate::sim::{Age, World};
use tidegate::spec;

use super::clock::StackClock;
use super::http;
use super::seed;
use super::stack::Addresses;

/// As `environments/production.yaml` says.
const ACCOUNT: &str = "592217263685";
const ENVIRONMENT: &str = "production";
const BALANCER: &str = "graasp-prod";
const FAMILY: &str = "migrate";
/// The id that stands in the declarations until there is a real one.
const DISTRIBUTION: &str = "E2EXAMPLEPROD";
/// What chance decides in the simulated world that is copied.
const SEED: u64 = 1;

/// A platform, its declarations, and a store.
struct Graasp {
    addresses: &'static Addresses,
    /// For looking at it, and for making it.
    cloud: AwsRegion,
    config: SdkConfig,
    /// Declarations and store.
    home: TempDir,
    /// What the simulator made of the declarations.
    world: World,
}

impl Graasp {
    /// The platform as declared, but running these versions; never touched by tidegate.
    async fn running(addresses: &'static Addresses, versions: &[(&str, &str)]) -> Self {
        let clock = StackClock(addresses);
        let endpoint = Endpoint {
            url: addresses.aws.clone(),
            access_key_id: ACCOUNT.to_owned(),
            secret_access_key: "secret".to_owned().into(),
        };
        let cloud = Aws::at(endpoint, std::sync::Arc::new(clock), Rates::share(1.0), Allowed::default());
        let cloud = cloud.region(ACCOUNT, &addresses.region, None);
        let config = seed::config_at(&addresses.aws, ACCOUNT, &addresses.region);
        let home = tempfile::tempdir().unwrap();
        for file in ["production.yaml", "platforms/graasp.yaml"] {
            let to = home.path().join("environments").join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("environments").join(file);
            std::fs::copy(from, to).unwrap();
        }
        let world = World::new(SEED, clock.now());
        let mut graasp = Self { addresses, cloud, config, home, world };
        let distribution = copy::make_distribution(&graasp.config, None, &["*"]).await;
        graasp.edit("production.yaml", DISTRIBUTION, &distribution);
        graasp.edit("platforms/graasp.yaml", "drain: 60s", "drain: 10s");
        let versions: BTreeMap<_, _> =
            versions.iter().map(|(key, version)| ((*key).into(), Version::from(*version))).collect();
        let spec = graasp.wanted().spec;
        graasp.world = World::from_spec(&[spec], &Age::At(versions), SEED, clock.now());
        graasp.engine("/endings", json!({
            "account": ACCOUNT, "family": FAMILY, "image": "",
            "exit": 0, "after_seconds": 6.0 / f64::from(addresses.speed), "logs": ["migrations: all done"],
        }));
        copy::copy(&mut graasp).await;
        graasp
    }

    /// The folder with `environments`.
    fn declarations(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    fn store(&self) -> PathBuf {
        self.home.path().join("store")
    }

    /// A commit that replaces a text which stands there once.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.home.path().join("environments").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{file}: {from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// What is declared now.
    fn wanted(&self) -> DeclaredEnvironment {
        wanted(&self.declarations())
    }

    fn engine(&self, path: &str, told: Value) {
        http::tell(&self.addresses.engine, path, &told);
    }

    /// Requests to AWS so far, by operation: everybody's.
    fn requests(&self) -> BTreeMap<String, u64> {
        let path = format!("/requests/{ACCOUNT}");
        let reply = http::request(&self.addresses.aws, "GET", &path, &[], "");
        serde_json::from_str(&reply.body).unwrap()
    }
}

/// What a folder declares; its revision is another one for other files.
fn wanted(folder: &Path) -> DeclaredEnvironment {
    let mut files = BTreeMap::new();
    for file in ["production.yaml", "platforms/graasp.yaml"] {
        let name = format!("environments/{file}");
        let text = std::fs::read(folder.join(&name)).unwrap();
        files.insert(name, text);
    }
    let now = "2026-11-24T09:00:00Z".parse().unwrap();
    let declared = spec::read(&files, "environments", now);
    let said = spec::render(&declared.diagnostics, &files, 100);
    let spec = declared.environments.get(ENVIRONMENT).unwrap_or_else(|| panic!("{said}")).clone();
    let core = spec.versions["core"].as_str().to_owned();
    DeclaredEnvironment::at(spec, Revision::commit(core))
}

/// How much more there is of what.
fn since(before: &BTreeMap<String, u64>, mut now: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    now.retain(|operation, count| {
        *count -= before.get(operation).copied().unwrap_or_default();
        *count > 0
    });
    now
}

/// Those that change something.
fn writes(requests: &BTreeMap<String, u64>) -> BTreeMap<&str, u64> {
    const READS: [&str; 6] = ["Describe", "List", "Get", "BatchGet", "GET", "HEAD"];
    let is_read = |operation: &str| READS.iter().any(|read| operation.starts_with(read));
    let named = requests.iter().map(|(name, count)| (name.as_str(), *count));
    named.filter(|(name, _)| !is_read(name.rsplit(':').next().unwrap())).collect()
}
