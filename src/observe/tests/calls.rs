//! What a look costs, and what is only asked when it decides.

use std::collections::BTreeMap;

use crate::bench::{Bench, a_tuesday};
use crate::model::ImageRef;
use crate::observe::{ObserveOptions, Snapshot, observe};
use crate::sim::Age;
use crate::spec::{EnvironmentSpec, Template};
use crate::store::journal::Event;

fn look(bench: &Bench, refresh_images: bool) -> Snapshot {
    let (port, ledger) = (bench.port(), bench.ledger());
    let options = ObserveOptions { refresh_images, all_images: false };
    bench.clock.block_on(observe(&*port, &bench.clock, &bench.spec, &ledger, options))
}

/// Calls of the port that one look makes, by operation.
fn calls(bench: &Bench, refresh_images: bool) -> BTreeMap<&'static str, u64> {
    let before = bench.cloud.calls();
    look(bench, refresh_images);
    let made = bench.cloud.calls().into_iter();
    let made =
        made.map(|(operation, count)| (operation, count - before.get(operation).copied().unwrap_or(0)));
    made.filter(|(_, count)| *count > 0).collect()
}

fn images(bench: &Bench) -> Vec<String> {
    look(bench, false).images.keys().map(ToString::to_string).collect()
}

/// One entry of `versions` names no order, so that its tag may move.
fn with_a_moving_library(spec: &mut EnvironmentSpec) {
    spec.versions.insert("library".into(), "nightly".into());
}

#[test]
fn a_look_at_a_quiet_environment_asks_for_this_and_no_more() {
    let bench = Bench::converged();
    let services = bench.spec.services.len() as u64;
    let expected = BTreeMap::from([
        ("sts:GetCallerIdentity", 1),
        ("ecs:DescribeClusters", 1),
        ("ecs:ListServices", 1),
        ("ecs:DescribeServices", 1),
        ("application-autoscaling:DescribeScalableTargets", 1),
        // The deployed revision and the newest of each family; the newest of the migration's.
        ("ecs:DescribeTaskDefinition", 2 * services + 1),
        ("ecs:DescribeTasks", services + 1),
        // Tasks of no declared service.
        ("ecs:ListTasks", 1),
        ("rds:DescribeDBInstances", 1),
        ("rds:DescribeDBSnapshots", 1),
        ("elasticloadbalancing:DescribeRules", 1),
        ("cloudfront:DescribeFunction", 1),
        ("cloudfront:GetDistributionConfig", 1),
        ("s3:GetObject", 1),
        ("ssm:GetParameter", 1),
    ]);
    assert_eq!(calls(&bench, false), expected);
    assert_eq!(calls(&bench, true), expected, "no tag of the shop moves");
}

#[test]
fn images_that_run_are_not_looked_up() {
    assert_eq!(images(&Bench::converged()), [""; 0]);
}

#[test]
fn images_of_a_coming_release_are_looked_up_until_they_are_pinned() {
    let bench = Bench::new();
    let wanted: Vec<String> =
        ["library:v1.1.0", "shop:migrate-v1.4.0", "shop:web-v1.4.0", "shop:worker-v1.4.0"]
            .map(|image| format!("registry.shop.example/{image}"))
            .into();
    assert_eq!(images(&bench), wanted);
    let pins = wanted.iter().map(|image| (ImageRef::new(image), ImageRef::new(format!("{image}@sha256:1"))));
    bench.journaled([Event::ReleaseBegun {
        from: "v1.3.0".into(),
        to: "v1.4.0".into(),
        images: pins.collect(),
        revision: crate::model::Revision::worktree(),
    }]);
    assert_eq!(images(&bench), [""; 0], "what a tag means was settled when the release began");
}

#[test]
fn a_tag_that_moves_is_resolved_again_only_when_asked_to() {
    let bench = Bench::with(with_a_moving_library);
    bench.run();
    assert_eq!(images(&bench), [""; 0]);
    let again: Vec<String> = look(&bench, true).images.keys().map(ToString::to_string).collect();
    assert_eq!(again, ["registry.shop.example/library:nightly"]);
}

#[test]
fn an_image_without_a_version_moves_and_one_with_a_digest_does_not() {
    let digest = crate::sim::Registry::default().push(&ImageRef::new("registry.shop.example/redis:7"), 1);
    for (image, moves) in [
        ("registry.shop.example/redis:7".to_owned(), true),
        (format!("registry.shop.example/redis@{digest}"), false),
    ] {
        let mut bench = Bench::new();
        bench.cloud.with(|world| {
            world.registry.push(&ImageRef::new("registry.shop.example/redis:7"), 1);
            world.person("shop").deploy("cache", "cache", &image);
        });
        let cache = bench.spec.services.get_mut("cache").unwrap();
        cache.images.insert("cache".into(), Template::parse(&image).unwrap());
        bench.run();
        assert_eq!(look(&bench, true).images.contains_key(&ImageRef::new(&image)), moves, "{image}");
    }
}

#[test]
fn a_migration_that_cannot_be_due_needs_no_image() {
    let bench = Bench::of(crate::bench::shop(), &Age::UpToDate);
    assert_eq!(
        images(&bench),
        ["registry.shop.example/shop:migrate-v1.4.0"],
        "the schema version is not recorded yet"
    );
    bench.run();
    assert_eq!(images(&bench), [""; 0]);
}

#[test]
fn what_is_not_declared_is_not_asked_for() {
    let bench = Bench::with(|spec| {
        spec.database = None;
        spec.migration = None;
        spec.maintenance = None;
        spec.sites.clear();
    });
    let calls = calls(&bench, false);
    let apis: Vec<&str> = calls.keys().map(|operation| operation.split(':').next().unwrap()).collect();
    assert!(
        apis.iter().all(|api| ["sts", "ecs", "ecr", "application-autoscaling"].contains(api)),
        "{calls:?}"
    );
    let Snapshot { database, migration, traffic, sites, .. } = look(&bench, false);
    assert!(database.is_none() && migration.is_none() && traffic.is_none() && sites.is_empty());
}

#[test]
fn a_snapshot_says_when_it_was_taken() {
    let bench = Bench::new();
    bench.pass(90);
    assert_eq!(look(&bench, false).taken_at, a_tuesday() + chrono::TimeDelta::seconds(90));
}

/// Whatever a registry answered when the release began, it is not asked again behind the closed gate.
#[test]
fn a_release_asks_a_registry_once() {
    let mut bench = Bench::converged();
    bench.spec.versions.insert("core".into(), "v1.5.0".into());
    bench.cloud.with(|world| world.registry.unverified.insert("registry.shop.example/shop".to_owned()));
    let asked = |bench: &Bench| calls(bench, true).get("ecr:BatchGetImage").copied().unwrap_or(0);
    assert_eq!(asked(&bench), 3, "web, worker and migrate, before the release");
    let of_services = bench.spec.services.values().flat_map(|service| service.images.values());
    let of_migration = bench.spec.migration.iter().flat_map(|migration| migration.images.values());
    let templates = of_services.chain(of_migration);
    let images: BTreeMap<ImageRef, ImageRef> = templates
        .filter_map(|template| template.image(&bench.spec.versions))
        .map(|image| (image.clone(), image))
        .collect();
    bench.journaled([Event::ReleaseBegun {
        from: "v1.4.0".into(),
        to: "v1.5.0".into(),
        images,
        revision: crate::model::Revision::commit("a"),
    }]);
    bench.cloud.with(|world| {
        for name in ["web", "workers"] {
            world.person("shop").scale(name, 0);
        }
    });
    assert_eq!(asked(&bench), 0, "after a commit, with every service down");
}
