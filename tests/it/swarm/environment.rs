//! Which environment a seed draws: the shop in many variations, now and then the real platform.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use tidegate::model::{Level, Version};
use tidegate::sim::{Age, Dice};
use tidegate::spec::{
    AdoptRevision, Autoscaling, CloudFrontGate, DatabaseTarget, EnvironmentSpec, NeededFor, OnFailure,
    SiteSpec, SnapshotPolicy, Template,
};

use crate::rig::{a_tuesday, environment, from_folder};

const SHOP: &str = include_str!("../../cases/plan/shop.yaml");
const HOURS: &str = "schedule: {timezone: Europe/Zurich, start: \"0 7 * * *\", stop: \"0 19 * * *\"}\n";
const WINDOWS: &str = "windows: {timezone: UTC, allow: [\"0 */4 * * * for 90m\"]}\n";

static SHOPS: LazyLock<[EnvironmentSpec; 4]> = LazyLock::new(|| {
    let shop = |extra: &str| environment("shop", &format!("{SHOP}{extra}"), a_tuesday());
    [shop(""), shop(HOURS), shop(WINDOWS), shop(&format!("{HOURS}{WINDOWS}"))]
});

static PRODUCTION: LazyLock<EnvironmentSpec> = LazyLock::new(|| from_folder(".", "production", a_tuesday()));

/// Draws an environment. What it depends on stays valid, as validation would have it.
pub fn drawn(dice: &mut Dice) -> EnvironmentSpec {
    if dice.chance(0.02) {
        return PRODUCTION.clone();
    }
    let mut spec = SHOPS[usize::from(dice.chance(0.15)) + 2 * usize::from(dice.chance(0.15))].clone();
    gate(&mut spec, dice);
    services(&mut spec, dice);
    database(&mut spec, dice);
    if dice.chance(0.2) {
        spec.sites.clear();
    } else if dice.chance(0.5) {
        spec.sites.values_mut().for_each(|site| site.distribution = Some("E2EXAMPLESHOP".to_owned()));
    }
    if dice.chance(0.15) {
        apps(&mut spec, dice);
    }
    if dice.chance(0.4) {
        spec.checks.clear();
    }
    if dice.chance(0.2) {
        spec.adopt_revision = AdoptRevision::Always;
    }
    spec
}

/// How old the world is when tidegate first sees it.
pub fn age(dice: &mut Dice) -> Age {
    match dice.below(10) {
        0..=3 => Age::OneBehind,
        4..=7 => Age::UpToDate,
        8 => Age::At(BTreeMap::from([("core".into(), Version::from("v1.3.2"))])),
        _ => Age::At(BTreeMap::from([("library".into(), Version::from("v1.0.1"))])),
    }
}

/// Small sites that share a bucket and a distribution; some follow the version of the first site, others the library's.
fn apps(spec: &mut EnvironmentSpec, dice: &mut Dice) {
    for (name, prefix) in [("poll", "77c0/latest/"), ("quiz", "8a3f/latest/"), ("timer", "mon app (é)/")] {
        let key = if dice.chance(0.7) { "client" } else { "library" };
        let source =
            Template::parse(&format!("s3://shop-releases/{name}/{{{key}}}/")).expect("it is well-formed");
        let site = SiteSpec {
            source,
            bucket: "shop-apps".to_owned(),
            prefix: prefix.to_owned(),
            distribution: Some("apps.shop.example".to_owned()),
        };
        spec.sites.insert(name.into(), site);
    }
}

fn gate(spec: &mut EnvironmentSpec, dice: &mut Dice) {
    if dice.chance(0.07) {
        spec.maintenance = None;
        return;
    }
    let Some(maintenance) = &mut spec.maintenance else { return };
    if dice.chance(0.4) {
        let distributions = vec!["assets.shop.example".to_owned()];
        maintenance.cloudfront =
            Some(CloudFrontGate { function: "shop-gate".to_owned(), distributions, replace: None });
        if dice.chance(0.1) {
            maintenance.load_balancer = None;
        }
    }
    if dice.chance(0.3) {
        maintenance.keep_open.clear();
    }
    maintenance.drain = Duration::from_secs(dice.below(3) * 45);
}

fn services(spec: &mut EnvironmentSpec, dice: &mut Dice) {
    if dice.chance(0.3) {
        let web = spec.services.get_mut("web").expect("the shop has it");
        web.autoscaling = None;
        web.count = 1 + u32::try_from(dice.below(3)).expect("below 3");
    }
    if dice.chance(0.2) {
        let workers = spec.services.get_mut("workers").expect("the shop has it");
        (workers.autoscaling, workers.count) = (Some(Autoscaling { min: 1, max: 3 }), 2);
    }
    if dice.chance(0.2) {
        let library = spec.services.get_mut("library").expect("the shop has it");
        library.count = 2;
        library.after.clear();
    }
    if dice.chance(0.2) {
        let admin = spec.services.get_mut("admin").expect("the shop has it");
        admin.up_in = BTreeSet::from([tidegate::model::State::Running]);
    }
}

fn database(spec: &mut EnvironmentSpec, dice: &mut Dice) {
    if dice.chance(0.3) {
        let database = spec.database.as_mut().expect("the shop has one");
        database.target = DatabaseTarget::Cluster(database.target.identifier().to_owned());
    }
    if dice.chance(0.07) {
        spec.migration = None;
        if dice.chance(0.5) {
            spec.database = None;
        }
        return;
    }
    let migration = spec.migration.as_mut().expect("the shop has one");
    migration.atomic = dice.chance(0.6);
    if migration.atomic && dice.chance(0.4) {
        migration.on_failure = OnFailure::Revert;
    }
    if dice.chance(0.4) {
        migration.together.insert("client".into());
    }
    migration.needed_for = match dice.below(20) {
        0..=13 => NeededFor::Always,
        14..=18 => NeededFor::Levels(BTreeSet::from([Level::Major, Level::Minor])),
        _ => NeededFor::Never,
    };
    let keep = 1 + u32::try_from(dice.below(4)).expect("below 4");
    migration.snapshot = SnapshotPolicy { take: dice.chance(0.8), keep };
    if dice.chance(0.2) {
        migration.settle = Duration::from_secs(30 + dice.below(90));
    }
    if dice.chance(0.2) {
        migration.timeout = Duration::from_secs(120);
    }
}
