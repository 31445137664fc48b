//! Several sites in one bucket.

use super::*;
use crate::spec::{SiteSpec, Template};

const APPS: &str = "shop-apps";

/// A shop with two small apps in one bucket, behind one distribution, and something of someone else's beside them.
fn bench() -> Bench {
    let bench = Bench::with(|spec| {
        let site = |name: &str, prefix: &str| {
            let source = Template::parse(&format!("s3://shop-releases/{name}/{{client}}/")).unwrap();
            SiteSpec {
                source,
                bucket: APPS.to_owned(),
                prefix: prefix.to_owned(),
                distribution: Some("E3APPS".to_owned()),
            }
        };
        spec.sites.insert("quiz".into(), site("quiz", "8a3f/latest/"));
        spec.sites.insert("poll".into(), site("poll", "77c0/latest/"));
    });
    bench.cloud.with(|world| world.person("shop").put_file(APPS, "other/index.html"));
    bench
}

fn act(bench: &Bench, name: &str, version: &str, is_switch: bool) {
    let (site, source) = (SiteName::new(name), format!("s3://shop-releases/{name}/{version}/"));
    let version = Version::new(version);
    let kind = match is_switch {
        true => ActionKind::SwitchSite { site, source, version },
        false => ActionKind::StageSite { site, source, version },
    };
    assert_eq!(bench.act(kind), ActionResult::Done, "{name}");
}

fn release(bench: &Bench, name: &str, version: &str) {
    act(bench, name, version, false);
    act(bench, name, version, true);
}

fn below(bench: &Bench, prefix: &str) -> BTreeMap<String, Stored> {
    bench.cloud.with(|world| {
        let objects = world.buckets[APPS].objects.iter();
        objects
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, it)| (key.clone(), it.clone()))
            .collect()
    })
}

#[test]
fn a_site_below_a_prefix_touches_nothing_outside_of_it() {
    let bench = bench();
    release(&bench, "poll", "v1.3.2");
    let others = (below(&bench, "77c0/"), below(&bench, "other/"));
    for version in ["v1.3.2", "v1.4.0", "v1.5.0", "v1.6.0"] {
        release(&bench, "quiz", version);
    }
    assert_eq!((below(&bench, "77c0/"), below(&bench, "other/")), others);
    let gone = bench.writes().into_iter().filter(|write| write.starts_with("s3:DeleteObjects")).count();
    assert_eq!(gone, 2, "v1.5.0 and v1.6.0 delete the release before the one before");
    bench.cloud.with(|world| {
        let bucket = &world.buckets[APPS];
        assert_eq!(bucket.marker, None);
        let live = |prefix: &str| bucket.markers[prefix].0.live.as_ref().unwrap().version.to_string();
        assert_eq!((live("8a3f/latest/"), live("77c0/latest/")), ("v1.6.0".to_owned(), "v1.3.2".to_owned()));
        let keys = &bucket.markers["8a3f/latest/"].0.live.as_ref().unwrap().keys;
        assert!(keys.contains("index.html"), "keys stand below the prefix: {keys:?}");
    });
    assert!(!bench.said().contains("77c0"), "files of another site are no strangers: {}", bench.said());
    bench.assert_clean();
}

#[test]
fn edges_forget_paths_below_the_prefix_only() {
    let bench = bench();
    for version in ["v1.3.2", "v1.4.0"] {
        release(&bench, "quiz", version);
    }
    let asked = bench.cloud.with(|world| world.regions[0].distributions["E3APPS"].invalidations.clone());
    let paths: Vec<&Vec<String>> = asked.iter().map(|(_, paths)| paths).collect();
    assert_eq!(paths[0], &["/8a3f/latest/*"], "at first contact");
    assert!(paths[1].iter().all(|path| path.starts_with("/8a3f/latest")), "{paths:?}");
    assert!(paths[1].contains(&"/8a3f/latest/".to_owned()));
}

#[test]
fn what_has_no_room_for_several_sites_is_asked_for_together() {
    let bench = bench();
    let fills = async {
        let wildcards: Vec<String> = (0..15).map(|number| format!("/other/{number}/*")).collect();
        bench.port().invalidate("E3APPS", &wildcards).await.unwrap();
    };
    bench.clock.block_on(fills);
    release(&bench, "quiz", "v1.4.0");
    release(&bench, "poll", "v1.4.0");
    bench.pass(600);
    let sites = BTreeSet::from(["poll".into(), "quiz".into()]);
    let kind = ActionKind::Invalidate { distribution: "E3APPS".to_owned(), sites };
    assert_eq!(bench.act(kind), ActionResult::Done);
    let asked = bench.cloud.with(|world| world.regions[0].distributions["E3APPS"].invalidations.clone());
    assert_eq!(asked.last().unwrap().1, ["/*"], "one wildcard for both");
    let open = bench.cloud.with(|world| {
        let markers = world.buckets[APPS].markers.values();
        markers.filter(|(marker, _)| marker.invalidation.is_some()).count()
    });
    assert_eq!(open, 0);
}
