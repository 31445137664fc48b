//! The version that runs, when the schema version is not recorded yet.

use crate::bench::Bench;
use crate::cloud::tag;
use crate::model::ImageRef;
use crate::observe::{MigrationSeen, Observed, RunningVersion};

fn running(bench: &Bench) -> RunningVersion {
    let MigrationSeen { running, .. } = bench.snapshot().migration.unwrap().present().unwrap().clone();
    running
}

/// The shop on a tag that moves: the tag says nothing, what it means is another version's image.
fn on_a_moving_tag(means: &str) -> Bench {
    let bench = Bench::new();
    bench.cloud.with(|world| {
        for (service, container, name) in [("web", "web", "web"), ("workers", "worker", "worker")] {
            let (tag, meant) = (format!("{name}-latest"), format!("{name}-{means}"));
            world.registry.copy_tag("registry.shop.example/shop", &meant, &tag, 9_000);
            let moving = format!("registry.shop.example/shop:{tag}");
            world.person("shop").deploy(service, container, &moving);
        }
    });
    bench.pass(600);
    bench
}

#[test]
fn a_version_is_read_through_the_template() {
    assert_eq!(running(&Bench::new()), RunningVersion::Known("v1.3.0".into()));
}

#[test]
fn a_moving_tag_is_read_through_the_digest_that_runs() {
    let bench = on_a_moving_tag("v1.3.0");
    assert_eq!(running(&bench), RunningVersion::Known("v1.3.0".into()));
    assert!(bench.cloud.calls().contains_key("ecr:DescribeImages"));
}

#[test]
fn once_the_schema_is_recorded_no_registry_is_asked_what_runs() {
    let bench = on_a_moving_tag("v1.3.0");
    bench.cloud.with(|world| world.person("shop").tag_database(tag::SCHEMA, Some("v1.3.0")));
    bench.snapshot();
    assert!(!bench.cloud.calls().contains_key("ecr:DescribeImages"));
}

#[test]
fn two_deployments_at_once_tell_no_version() {
    let bench = Bench::new();
    bench.cloud.with(|world| {
        world.person("shop").deploy("web", "web", "registry.shop.example/shop:web-v1.4.0");
    });
    bench.pass(2);
    let RunningVersion::Several(definitions) = running(&bench) else { panic!("{:?}", running(&bench)) };
    assert_eq!(definitions.len(), 2, "{definitions:?}");
}

#[test]
fn two_services_on_two_versions_tell_no_version() {
    let bench = Bench::new();
    bench.cloud.with(|world| {
        world.person("shop").deploy("web", "web", "registry.shop.example/shop:web-v1.4.0");
    });
    bench.pass(600);
    assert_eq!(running(&bench), RunningVersion::Several(vec!["v1.3.0".into(), "v1.4.0".into()]));
}

#[test]
fn nothing_that_runs_tells_nothing() {
    let bench = Bench::new();
    bench.cloud.with(|world| {
        world.person("shop").set_target(
            "web",
            crate::cloud::ScalableTarget { min: 0, max: 6, suspended: crate::cloud::Suspended::ALL },
        );
        world.person("shop").scale("web", 0);
        world.person("shop").scale("workers", 0);
    });
    bench.pass(600);
    assert_eq!(running(&bench), RunningVersion::NoTask);
}

#[test]
fn the_version_of_a_foreign_image_is_not_guessed() {
    let bench = Bench::new();
    let image = "registry.shop.example/other:web";
    bench.cloud.with(|world| {
        world.registry.push(&ImageRef::new(image), 9_000);
        world.person("shop").deploy("web", "web", image);
    });
    bench.pass(600);
    assert_eq!(running(&bench), RunningVersion::Unknown(ImageRef::new(image)));
}

#[test]
fn a_version_without_order_is_not_taken_for_a_schema() {
    let bench = Bench::new();
    let hotfix = "registry.shop.example/shop:web-hotfix-poolSize";
    bench.cloud.with(|world| {
        world.registry.push(&ImageRef::new(hotfix), 9_000);
        world.person("shop").deploy("web", "web", hotfix);
    });
    bench.pass(600);
    assert_eq!(running(&bench), RunningVersion::Unknown(ImageRef::new(hotfix)));
}

#[test]
fn the_owner_is_the_clusters_tag() {
    let bench = Bench::new();
    assert_eq!(bench.snapshot().owner, Observed::Present(None));
    bench.cloud.with(|world| {
        let tags = world.regions[0].clusters.get_mut("shop").unwrap();
        tags.insert(tag::OWNER.to_owned(), "another-store".to_owned());
    });
    assert_eq!(bench.snapshot().owner, Observed::Present(Some("another-store".into())));
    bench.cloud.with(|world| world.regions[0].clusters.clear());
    assert_eq!(bench.snapshot().owner, Observed::Absent);
}
