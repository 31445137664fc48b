mod ahead;
mod broken_off;
mod edges;
mod prefix;

use std::collections::BTreeMap;

use super::marker::stale;
use super::*;
use crate::bench::{Bench, failure};
use crate::cloud::{Kind, Release};
use crate::execute::ActionResult;
use crate::plan::ActionKind;
use crate::sim::Stored;

const BUCKET: &str = "shop-client";
const COPY: &str = "s3:CopyObject";
const PUT: &str = "s3:PutObject";

fn source(version: &str) -> String {
    format!("s3://shop-releases/client/{version}/")
}

fn stage_of(version: &str) -> ActionKind {
    ActionKind::StageSite { site: "client".into(), source: source(version), version: version.into() }
}

fn switch_to(version: &str) -> ActionKind {
    ActionKind::SwitchSite { site: "client".into(), source: source(version), version: version.into() }
}

fn stored(etag: &str) -> Stored {
    Stored::new(format!("\"{etag}\""), 1)
}

/// A release holds these files besides what a bundler writes.
fn with_files(bench: &Bench, version: &str, files: &[(&str, &str)]) {
    let prefix = format!("client/{version}/");
    bench.clock.block_on(bench.port().objects("shop-releases", &prefix)).unwrap();
    bench.cloud.with(|world| {
        let objects = &mut world.buckets.get_mut("shop-releases").unwrap().objects;
        objects.extend(files.iter().map(|(key, etag)| (format!("{prefix}{key}"), stored(etag))));
    });
}

fn keys(bench: &Bench) -> BTreeSet<String> {
    bench.cloud.with(|world| world.buckets[BUCKET].objects.keys().cloned().collect())
}

fn marker_of(bench: &Bench) -> Marker {
    bench.cloud.with(|world| world.buckets[BUCKET].marker.clone()).expect("a marker").0
}

fn versions(marker: &Marker) -> [Option<&str>; 3] {
    [&marker.live, &marker.previous, &marker.staged]
        .map(|release| release.as_ref().map(|it| it.version.as_str()))
}

/// Keys that were copied since `from`, in order.
fn copied(bench: &Bench, from: usize) -> Vec<String> {
    let log = bench.cloud.log().into_iter().skip(from).filter(|effect| effect.operation == COPY);
    log.map(|effect| effect.resource.split_once('/').unwrap().1.to_owned()).collect()
}

fn invalidated(bench: &Bench) -> Vec<Vec<String>> {
    bench.cloud.with(|world| {
        let all = &world.regions[0].distributions["E2SHOP"].invalidations;
        all.iter().map(|(_, paths)| paths.clone()).collect()
    })
}

#[test]
fn assets_are_staged_and_entry_points_stay() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("sw.js", "2"), ("app.webmanifest", "2")]);
    let before = keys(&bench);
    assert_eq!(bench.act(stage_of("v1.4.0")), ActionResult::Done);
    let copies = copied(&bench, 0);
    assert_eq!(copies.len(), 4, "only what differs by content: {copies:?}");
    assert!(copies.iter().all(|key| key.starts_with("assets/")), "{copies:?}");
    assert!(before.is_subset(&keys(&bench)), "nothing goes");
    assert_eq!(versions(&marker_of(&bench)), [None, None, Some("v1.4.0")]);
    assert_eq!(invalidated(&bench), Vec::<Vec<String>>::new());
    assert_eq!(bench.act(stage_of("v1.4.0")), ActionResult::Done);
    assert_eq!((copied(&bench, 0).len(), bench.count(PUT)), (4, 1), "twice is once");
    bench.assert_clean();
}

#[test]
fn entry_points_come_last_and_the_service_worker_after_them() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("sw.js", "2"), ("fr/index.html", "2"), ("zebra.js", "2")]);
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    let copies = copied(&bench, 0);
    assert_eq!(copies[copies.len() - 4..], ["aide/été 2026.html", "fr/index.html", "index.html", "sw.js"]);
    assert!(copies[..copies.len() - 4].iter().all(|key| !is_entry_point(key)), "{copies:?}");
    let log = bench.writes();
    assert!(log.last().unwrap().starts_with(PUT), "the marker is last: {log:?}");
    bench.assert_clean();
}

#[test]
fn at_first_contact_everything_is_forgotten_by_the_edges_and_nothing_is_deleted() {
    let bench = Bench::new();
    let before = keys(&bench);
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    assert_eq!(invalidated(&bench), [["/*"]]);
    assert!(before.is_subset(&keys(&bench)));
    let marker = marker_of(&bench);
    assert_eq!(versions(&marker), [Some("v1.4.0"), None, None]);
    assert!(
        marker.live.unwrap().keys.contains("robots.txt"),
        "a file that was there and is of the release is ours"
    );
}

#[test]
fn what_only_the_release_before_the_last_one_had_goes() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("only-4.js", "4"), ("also-6.js", "4"), ("also-5.js", "4")]);
    with_files(&bench, "v1.5.0", &[("only-5.js", "5"), ("also-5.js", "5")]);
    with_files(&bench, "v1.6.0", &[("also-6.js", "6")]);
    bench.act(switch_to("v1.4.0"));
    bench.act(switch_to("v1.5.0"));
    bench.cloud.with(|world| world.person("shop").put_file(BUCKET, "google1234.html"));
    let before = keys(&bench);
    assert!(before.contains("only-4.js"), "open pages still ask for the files of the release before");
    assert_eq!(bench.act(switch_to("v1.6.0")), ActionResult::Done);
    let gone: Vec<String> = before.difference(&keys(&bench)).cloned().collect();
    assert!(gone.contains(&"only-4.js".to_owned()));
    assert_eq!(gone.iter().filter(|key| !key.starts_with("assets/")).count(), 1, "{gone:?}");
    assert_eq!(versions(&marker_of(&bench)), [Some("v1.6.0"), Some("v1.5.0"), None]);
    bench.assert_clean();
}

#[test]
fn going_back_deletes_nothing_that_is_shown() {
    let bench = Bench::new();
    for version in ["v1.4.0", "v1.5.0", "v1.4.0", "v1.4.0", "v1.5.0"] {
        assert_eq!(bench.act(switch_to(version)), ActionResult::Done, "{version}");
        bench.pass(600);
    }
    assert_eq!(versions(&marker_of(&bench)), [Some("v1.5.0"), Some("v1.4.0"), None]);
    assert_eq!(bench.count("s3:DeleteObjects"), 0);
    bench.assert_clean();
}

#[test]
fn files_of_no_release_are_named_and_stay() {
    let bench = Bench::new();
    bench.act(switch_to("v1.4.0"));
    assert!(
        bench.said().contains(
            "files belong to no release, and tidegate does not delete them: .well-known/security.txt"
        ),
        "{}",
        bench.said()
    );
    assert!(keys(&bench).contains(".well-known/security.txt"));
}

#[test]
fn stale_keys_are_deleted_a_thousand_at_a_time() {
    let release = |version: &str, range: std::ops::Range<u32>| Release {
        source: source(version),
        version: version.into(),
        keys: range.map(|number| format!("assets/{number}.js")).collect(),
    };
    let marker = Marker {
        live: Some(release("v1.3.0", 1990..2100)),
        previous: Some(release("v1.2.0", 0..2000)),
        ..Marker::default()
    };
    assert_eq!(stale(&marker, &release("v1.4.0", 0..10)).len(), 1980);
    assert_eq!(stale(&marker, &release("v1.3.0", 0..10)), [""; 0], "the same release again");
    assert_eq!(stale(&Marker::default(), &release("v1.4.0", 0..10)), [""; 0]);
    let bench = Bench::new();
    bench.clock.block_on(bench.port().put_site_marker(BUCKET, "", &marker, None)).unwrap();
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    assert_eq!(bench.count("s3:DeleteObjects"), 2);
}

#[test]
fn a_lost_race_for_the_marker_is_run_again_on_what_won() {
    let bench = Bench::new();
    bench.fault(PUT, 1, Kind::Conflict);
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    assert_eq!(versions(&marker_of(&bench)), [Some("v1.4.0"), None, None]);
    // Somebody else's release won: ours follows it.
    bench.fault(PUT, 1, Kind::Conflict);
    let somebody = async {
        let (marker, etag) = bench.port().site_marker(BUCKET, "").await.unwrap().unwrap();
        let other = Release { source: source("v9"), version: "v9".into(), ..marker.live.clone().unwrap() };
        let next = Marker { live: Some(other), previous: marker.live, ..Marker::default() };
        bench.port().put_site_marker(BUCKET, "", &next, Some(&etag)).await.ok();
        // The scripted refusal was this call's: once more.
        bench.port().put_site_marker(BUCKET, "", &next, Some(&etag)).await.ok();
    };
    bench.clock.block_on(somebody);
    assert_eq!(bench.act(switch_to("v1.5.0")), ActionResult::Done);
    assert_eq!(versions(&marker_of(&bench)), [Some("v1.5.0"), Some("v9"), None]);
}

#[test]
fn a_marker_that_never_stays_still_is_reported() {
    let bench = Bench::new();
    bench.fault(PUT, u32::MAX, Kind::Conflict);
    let why = failure(bench.act(switch_to("v1.4.0")));
    assert_eq!(why, "waited 1m for the marker of `shop-client`; last seen: changed meanwhile");
}

#[test]
fn a_marker_whose_answer_was_lost_is_written_once() {
    let bench = Bench::new();
    bench.act(switch_to("v1.4.0"));
    bench.fault(PUT, 1, Kind::AnswerLost);
    assert_eq!(bench.act(switch_to("v1.5.0")), ActionResult::Done);
    assert_eq!(versions(&marker_of(&bench)), [Some("v1.5.0"), Some("v1.4.0"), None]);
    assert_eq!(bench.count(PUT), 4, "twice a switch");
}

#[test]
fn what_is_not_there_is_not_switched_to() {
    let bench = Bench::new();
    let why = failure(bench.act(switch_to("v-missing")));
    assert_eq!(why, "`s3://shop-releases/client/v-missing/` holds no files");
    assert_eq!(bench.count(PUT), 0);
}

#[test]
fn folders_that_a_console_made_are_no_files() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("", "0"), ("assets/", "0")]);
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    let live = marker_of(&bench).live.unwrap();
    assert!(!live.keys.contains("") && !live.keys.contains("assets/"), "{:?}", live.keys);
    with_files(&bench, "v-missing-but-a-folder", &[("", "0")]);
    assert!(failure(bench.act(switch_to("v-missing-but-a-folder"))).contains("holds no files"));
}

#[test]
fn entry_points_are_what_people_ask_for_by_a_name_that_stays() {
    for (key, is_entry, is_worker) in [
        ("index.html", true, false),
        ("fr/INDEX.HTM", true, false),
        ("manifest.json", true, false),
        ("site.webmanifest", true, false),
        ("asset-manifest.json", true, false),
        ("version.json", true, false),
        ("sw.js", true, true),
        ("service-worker.mjs", true, true),
        ("registerSW.js", true, true),
        ("assets/sw-1a2b.js", false, false),
        ("assets/index-1a2b.js", false, false),
        ("locales/en.json", false, false),
        ("robots.txt", false, false),
    ] {
        assert_eq!((is_entry_point(key), is_service_worker(key)), (is_entry, is_worker), "{key}");
    }
}
