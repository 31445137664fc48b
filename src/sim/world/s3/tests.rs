use super::*;
use crate::sim::samples::world;

const SOURCE: &str = "graasp-releases";
const SITE: &str = "graasp-prod-client";

fn keys(world: &mut World, bucket: &str, prefix: &str) -> Vec<String> {
    world.list_objects(bucket, prefix).unwrap().into_iter().map(|object| object.key).collect()
}

#[test]
fn every_release_exists_on_demand_unless_it_is_missing() {
    let mut world = world();
    let release = keys(&mut world, SOURCE, "client/v9.9.9/");
    assert!(release.contains(&"index.html".to_owned()) && release.len() == 12, "{release:?}");
    assert!(keys(&mut world, SOURCE, "client/v9-missing/").is_empty());
    assert!(keys(&mut world, SOURCE, "other/v9.9.9/").is_empty());
    assert_eq!(world.list_objects("none", "").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn releases_share_what_did_not_change() {
    let mut world = world();
    let etag = |world: &mut World, version: &str, key: &str| {
        let objects = world.list_objects(SOURCE, &format!("client/{version}/")).unwrap();
        objects.into_iter().find(|object| object.key == key).unwrap().etag
    };
    for (key, same) in [("favicon.ico", true), ("index.html", false)] {
        assert_eq!(etag(&mut world, "v1", key) == etag(&mut world, "v2", key), same, "{key}");
    }
}

#[test]
fn the_marker_is_replaced_only_by_who_read_it() {
    let mut world = world();
    let marker = Marker::default();
    assert_eq!(world.site_marker(SITE, "").unwrap(), None);
    assert_eq!(world.put_site_marker((SITE, ""), &marker, Some("\"x\"")).unwrap_err().kind, Kind::Conflict);
    world.put_site_marker((SITE, ""), &marker, None).unwrap();
    assert_eq!(world.put_site_marker((SITE, ""), &marker, None).unwrap_err().kind, Kind::Conflict);
    let (_, etag) = world.site_marker(SITE, "").unwrap().unwrap();
    world.put_site_marker((SITE, ""), &marker, Some(&etag)).unwrap();
    assert_eq!(world.put_site_marker((SITE, ""), &marker, Some(&etag)).unwrap_err().kind, Kind::Conflict);
}

#[test]
fn an_entry_point_before_its_assets_breaks_a_promise() {
    let prefix = "client/v2.25.0/";
    for entry_last in [true, false] {
        let mut world = world();
        says_it_switches(&mut world);
        let mut release = keys(&mut world, SOURCE, prefix);
        release.sort_by_key(|key| (key == "index.html") == entry_last);
        for key in release {
            world.copy_object((SOURCE, &format!("{prefix}{key}")), (SITE, &key)).unwrap();
        }
        assert_eq!(world.violations.is_empty(), entry_last);
    }
}

fn says_it_switches(world: &mut World) {
    let marker = Marker { switching: Some(BTreeSet::new()), ..Marker::default() };
    world.put_site_marker((SITE, ""), &marker, None).unwrap();
}

#[test]
fn files_of_two_releases_are_a_breach_unless_the_marker_says_so() {
    let prefix = "client/v2.25.0/";
    for (is_said, key, is_breach) in [
        (true, "style.css", false),
        (false, "style.css", true),
        (false, "locales/fr.json", false),
        (false, "robots.txt", false),
    ] {
        let mut world = world();
        keys(&mut world, SOURCE, prefix);
        if is_said {
            says_it_switches(&mut world);
        }
        world.copy_object((SOURCE, &format!("{prefix}{key}")), (SITE, key)).unwrap();
        let found: Vec<Promise> = world.violations.iter().map(|violation| violation.promise).collect();
        assert_eq!(found == [Promise::SitesAreOfOneRelease], is_breach, "{key}: {found:?}");
        if is_said {
            let (_, etag) = world.site_marker(SITE, "").unwrap().unwrap();
            world.put_site_marker((SITE, ""), &Marker::default(), Some(&etag)).unwrap();
            assert_eq!(world.violations.len(), 1, "and then it says that it has ended");
        }
    }
}

#[test]
fn deleting_what_is_asked_for_or_not_ours_breaks_a_promise() {
    let mut world = world();
    let asked = keys(&mut world, SITE, "assets/index-").remove(0);
    world.delete_objects(SITE, &["unknown".to_owned()]).unwrap();
    assert!(world.violations.is_empty());
    world.delete_objects(SITE, &[format!("assets/index-{asked}")]).unwrap();
    world.delete_objects(SITE, &[".well-known/security.txt".to_owned()]).unwrap();
    let promises: Vec<Promise> = world.violations.iter().map(|violation| violation.promise).collect();
    assert_eq!(promises, [Promise::EntryPointsAreWhole, Promise::ForeignFilesStay]);
}

#[test]
fn a_copy_of_nothing_is_refused() {
    let refusal = world().copy_object((SOURCE, "client/none"), (SITE, "none")).unwrap_err();
    assert_eq!(refusal.kind, Kind::NotFound);
}

#[test]
fn templates_are_recognised_in_prefixes() {
    for (keys, prefix, fit) in [
        ("client/{client}/", "client/v1/", true),
        ("client/{client}/", "client//", false),
        ("{a}/{b}/", "x/y/", true),
        ("fixed/", "fixed/", true),
        ("fixed/", "other/", false),
    ] {
        assert_eq!(fits(keys, prefix), fit, "{keys} {prefix}");
    }
}
