//! Declarations for the simulator's own tests: the reference platform, and a small one of another kind.
//!
//! They stand in `src` because those tests look inside the world, where only the simulator can look; cargo lets unit
//! tests import nothing from `tests`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::world::World;
use super::{Age, SimClock, SimCloud};
use crate::model::{Instant, State};
use crate::spec::{
    AdoptRevision, Autoscaling, Bypass, Check, CloudFrontGate, DatabaseSpec, DatabaseTarget, EnvironmentSpec,
    ListenerTarget, Maintenance, MigrationSpec, NeededFor, OnFailure, SecretSource, ServiceSpec, SiteSpec,
    SnapshotPolicy, Template,
};

pub(super) const PRODUCTION: &str = "production";
pub(super) const REPOSITORY: &str = "592217263685.dkr.ecr.eu-central-2.amazonaws.com/graasp";

pub(super) fn start() -> Instant {
    Instant::from_timestamp(1_800_000_000, 0).unwrap()
}

fn template(text: &str) -> Template {
    Template::parse(text).unwrap()
}

fn service(images: &[(&str, &str)], count: u32) -> ServiceSpec {
    ServiceSpec {
        images: images.iter().map(|(name, image)| ((*name).into(), template(image))).collect(),
        count,
        autoscaling: None,
        after: BTreeSet::new(),
        up_in: BTreeSet::from([State::Running, State::Restricted]),
        start_within: None,
    }
}

/// The reference platform at `v2.25.0`.
pub(super) fn graasp() -> EnvironmentSpec {
    let core = format!("{REPOSITORY}:core-{{core}}");
    let workers = format!("{REPOSITORY}:workers-{{core}}");
    let library = format!("{REPOSITORY}/explore:{{library}}");
    let mut services = BTreeMap::from([
        ("graasp".into(), service(&[("core", &core)], 2)),
        ("workers".into(), service(&[("graasp-worker", &workers)], 1)),
        ("graasp-library".into(), service(&[("graasp-library", &library)], 1)),
    ]);
    for name in ["admin", "umami", "etherpad", "meilisearch", "iframely", "redis"] {
        services.insert(name.into(), service(&[], 1));
    }
    let graasp = services.get_mut("graasp").unwrap();
    graasp.autoscaling = Some(Autoscaling { min: 2, max: 8 });
    graasp.after = ["redis", "meilisearch", "iframely"].map(Into::into).into();
    let migrate = template(&format!("{REPOSITORY}:migrate-{{core}}"));
    EnvironmentSpec {
        name: PRODUCTION.into(),
        region: "eu-central-2".to_owned(),
        account: "592217263685".to_owned(),
        assume_role: None,
        cluster: "graasp-prod".into(),
        state: State::Running,
        mode: Default::default(),
        versions: [("core", "v2.25.0"), ("library", "v1.15.2"), ("client", "v2.25.0")]
            .map(|(key, version)| (key.into(), version.into()))
            .into(),
        services,
        database: Some(DatabaseSpec { target: database() }),
        migration: Some(MigrationSpec {
            on_failure: OnFailure::Hold,
            together: BTreeSet::new(),
            follows: "core".into(),
            task: "migrate".into(),
            images: BTreeMap::from([("migrate".into(), migrate)]),
            network: "graasp".into(),
            run_on: Default::default(),
            needed_for: NeededFor::Always,
            atomic: true,
            timeout: Duration::from_secs(3600),
            snapshot: SnapshotPolicy { take: true, keep: 5 },
            settle: Duration::ZERO,
            allow_schema: None,
        }),
        maintenance: Some(Maintenance {
            page: "https://maintenance.graasp.org".parse().unwrap(),
            bypass: Bypass {
                header: "x-maintenance-bypass".to_owned(),
                value_from: SecretSource::Ssm("/graasp/prod/maintenance-secret".to_owned()),
            },
            load_balancer: Some(listener()),
            cloudfront: Some(CloudFrontGate {
                function: "maintenance-check".to_owned(),
                distributions: ["assets.graasp.org", "h5p.graasp.org"].map(str::to_owned).to_vec(),
                replace: None,
            }),
            keep_open: ["umami", "admin"].map(Into::into).into(),
            drain: Duration::from_secs(60),
        }),
        sites: BTreeMap::from([(
            "client".into(),
            SiteSpec {
                source: template("s3://graasp-releases/client/{client}/"),
                bucket: "graasp-prod-client".to_owned(),
                prefix: String::new(),
                distribution: Some("E2EXAMPLE".to_owned()),
            },
        )]),
        checks: vec![Check {
            url: "https://api.graasp.org/health".parse().unwrap(),
            status: 200,
            within: Duration::from_secs(300),
        }],
        schedule: None,
        grace: Duration::from_secs(900),
        override_: None,
        windows: None,
        adopt_revision: AdoptRevision::default(),
    }
}

/// Two services and nothing else: no database, no gate.
pub(super) fn small() -> EnvironmentSpec {
    EnvironmentSpec {
        name: "small".into(),
        region: "eu-west-1".to_owned(),
        cluster: "small".into(),
        versions: BTreeMap::from([("web".into(), "v1.0.0".into())]),
        services: BTreeMap::from([
            ("web".into(), service(&[("web", "ghcr.io/acme/web:{web}")], 3)),
            ("cache".into(), service(&[], 1)),
        ]),
        database: None,
        migration: None,
        maintenance: None,
        sites: BTreeMap::new(),
        checks: Vec::new(),
        ..graasp()
    }
}

pub(super) fn database() -> DatabaseTarget {
    DatabaseTarget::Instance("graasp-prod".to_owned())
}

pub(super) fn listener() -> ListenerTarget {
    ListenerTarget { name: "graasp-prod".to_owned(), port: 443 }
}

/// The reference platform, one release behind.
pub(super) fn world() -> World {
    World::from_spec(&[graasp()], &Age::OneBehind, 1, start())
}

pub(super) fn cloud() -> (SimClock, SimCloud) {
    let clock = SimClock::new(start());
    let cloud = SimCloud::new(world(), std::sync::Arc::new(clock.clone()));
    (clock, cloud)
}

/// Lets this many seconds pass.
pub(super) fn pass(world: &mut World, seconds: i64) {
    world.advance(world.now() + chrono::TimeDelta::seconds(seconds));
}
