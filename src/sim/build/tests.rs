use super::*;
use crate::cloud::{DatabaseStatus, ImageLookup, RuleAction};
use crate::sim::samples::{PRODUCTION, REPOSITORY, graasp, listener, pass, small, start, world};

#[test]
fn the_release_before_a_version() {
    for (version, before) in [
        ("v2.25.0", "v2.24.0"),
        ("v1.15.2", "v1.15.1"),
        ("v2.0.0", "v1.0.0"),
        ("0.1.10", "0.1.9"),
        ("v0.0.0", "v0.0.0"),
        ("v1.2.3-hotfix", "v1.2.3"),
        ("v1.2.3-rc.1", "v1.2.2"),
        ("nightly", "nightly"),
        ("", ""),
    ] {
        assert_eq!(previous(&version.into()).as_str(), before, "{version}");
    }
}

#[test]
fn the_reference_platform_runs_one_release_behind() {
    let world = world();
    let region = &world.regions[0];
    assert_eq!(region.services.len(), 9);
    for (key, service) in &region.services {
        let shown = world.shown_service(0, service);
        assert_eq!((shown.running, shown.deployments.len()), (shown.desired, 1), "{key}");
        let routed = !["workers", "redis", "meilisearch", "iframely"].contains(&service.name.as_str());
        assert_eq!(!shown.target_groups.is_empty(), routed, "{key}");
    }
    let core = &region.services["graasp-prod/graasp"];
    let definition = world.definition(0, &core.primary().definition).unwrap();
    let images = definition.document.images();
    assert_eq!(images["core"].as_str(), format!("{REPOSITORY}:core-v2.24.0"));
    assert_eq!(images["nudenet"].as_str(), format!("{REPOSITORY}:nudenet-latest"));
    assert!(definition.document.expose().to_string().contains(PASSWORD));
    assert_eq!(region.targets["graasp-prod/graasp"].shown.min, 2);
    let database = &region.databases["graasp-prod"];
    assert_eq!(database.shown.status, DatabaseStatus::Available);
    assert!(database.shown.tags.keys().all(|key| !key.starts_with("tidegate:")), "first contact");
    assert_eq!(world.schema(PRODUCTION), Some(&Schema::At("v2.24.0".into())));
    let priorities: Vec<u32> =
        world.find_listener(0, &listener()).unwrap().rules.iter().map(|rule| rule.priority).collect();
    assert_eq!(priorities, [1, 2, 4, 5, 7, 8, 30, 50, 51, 52, 53, 54, 55, 56]);
    assert!(region.functions["maintenance-check"].live.is_some());
    assert_eq!(region.distributions.len(), 3);
    assert!(world.buckets["graasp-prod-client"].marker.is_none());
}

#[test]
fn wanted_and_previous_images_exist() {
    let mut world = world();
    for tag in ["core-v2.24.0", "core-v2.25.0", "workers-v2.25.0", "migrate-v2.25.0", "core-v99.0.0"] {
        let found = world.look_up(&ImageRef::new(format!("{REPOSITORY}:{tag}")));
        assert!(matches!(found, ImageLookup::Found(_)), "{tag}");
    }
    let missing = world.look_up(&ImageRef::new(format!("{REPOSITORY}:core-v3-missing")));
    let ImageLookup::Missing(like) = missing else { panic!("{missing:?}") };
    assert_eq!(like[0], "core-v99.0.0");
}

#[test]
fn other_platforms_get_what_they_declare() {
    let mut world = World::from_spec(&[small()], &Age::UpToDate, 1, start());
    assert_eq!((world.regions[0].services.len(), world.regions[0].databases.len()), (2, 0));
    let mut gated = small();
    gated.maintenance = graasp().maintenance;
    gated.name = "gated".into();
    gated.cluster = "gated".into();
    world.declare(&[gated], &Age::UpToDate);
    let rules = &world.regions[0].listeners[0].rules;
    assert_eq!(rules.len(), 1, "the cache is internal");
    assert!(matches!(rules[0].action, RuleAction::Forward(_)));
}

#[test]
fn an_environment_that_appears_later_is_added_and_known_ones_stay() {
    let mut world = world();
    world.person(PRODUCTION).scale("graasp", 3);
    let before = world.portrait();
    let mut spec = graasp();
    spec.versions.insert("core".into(), "v2.26.0".into());
    world.declare(&[spec.clone()], &Age::OneBehind);
    assert_eq!(world.portrait(), before, "a commit changes nothing by itself");
    world.declare(&[spec, small()], &Age::OneBehind);
    assert_eq!(world.regions.len(), 2);
}

#[test]
fn two_environments_in_one_region_share_no_family() {
    let mut staging = graasp();
    (staging.name, staging.cluster) = ("staging".into(), "graasp-staging".into());
    let world = World::from_spec(&[graasp(), staging], &Age::OneBehind, 1, start());
    let families: Vec<&str> = ["graasp-prod/graasp", "graasp-staging/graasp"]
        .map(|key| &world.regions[0].services[key].primary().definition)
        .map(|arn| world.definition(0, arn).unwrap().family.as_str())
        .to_vec();
    assert_eq!(families, ["graasp", "graasp-staging-graasp"]);
}

#[test]
fn what_is_not_deployed_has_no_tasks() {
    let mut spec = graasp();
    spec.versions.insert("library".into(), "".into());
    let world = World::from_spec(&[spec], &Age::OneBehind, 1, start());
    assert_eq!(world.regions[0].services["graasp-prod/graasp-library"].desired, 0);
}

#[test]
fn a_world_repeats_itself() {
    let live = |seed| {
        let mut world = World::from_spec(&[graasp()], &Age::OneBehind, seed, start());
        world.person(PRODUCTION).deploy("graasp", "core", &format!("{REPOSITORY}:core-v2.25.0"));
        pass(&mut world, 35);
        serde_json::to_string(&world).unwrap()
    };
    assert_eq!(live(3), live(3));
    assert_ne!(live(3), live(4));
}

#[test]
fn a_cluster_that_is_there_is_not_built_again_for_another_name() {
    let mut world = world();
    let before = world.regions[0].services["graasp-prod/graasp"].primary().definition.clone();
    let mut spec = graasp();
    spec.name = "another".into();
    spec.services.retain(|name, _| name.as_str() == "graasp");
    world.declare(&[spec], &Age::UpToDate);
    assert_eq!(world.regions[0].services.len(), 9);
    assert_eq!(world.regions[0].services["graasp-prod/graasp"].primary().definition, before);
}

/// As an account whose quota is used up: every valid declaration has a world.
#[test]
fn a_region_runs_only_so_many_tasks_however_many_are_declared() {
    let mut spec = graasp();
    for service in spec.services.values_mut() {
        (service.count, service.autoscaling) = (5_000, None);
    }
    let world = World::from_spec(&[spec], &Age::UpToDate, 1, start());
    let region = &world.regions[0];
    assert_eq!(region.tasks.len(), 10_000);
    assert!(region.services.values().all(|service| service.desired == 5_000), "they stay short of tasks");
}
