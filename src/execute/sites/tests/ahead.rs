//! What is uploaded ahead of a switch, and what counts as equal.

use super::*;
use crate::cloud::ObjectHead;

const HEAD: &str = "s3:HeadObject";

fn change(bench: &Bench, version: &str, key: &str, change: impl FnOnce(&mut Stored)) {
    let key = format!("client/{version}/{key}");
    bench.clock.block_on(bench.port().objects("shop-releases", &format!("client/{version}/"))).unwrap();
    bench.cloud.with(|world| {
        let objects = &mut world.buckets.get_mut("shop-releases").unwrap().objects;
        change(objects.entry(key).or_insert_with(|| stored("new")));
    });
}

fn served(bench: &Bench) -> BTreeMap<String, Stored> {
    bench.cloud.with(|world| world.buckets[BUCKET].objects.clone())
}

#[test]
fn ahead_of_a_switch_nothing_that_users_see_changes() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("about.html", "4"), ("locales/it.json", "4")]);
    bench.act(switch_to("v1.3.2"));
    let before = served(&bench);
    assert_eq!(bench.act(stage_of("v1.4.0")), ActionResult::Done);
    let after = served(&bench);
    for (key, stored) in &before {
        assert_eq!(after.get(key), Some(stored), "{key}");
    }
    assert!(after.contains_key("locales/it.json"));
    assert!(!after.contains_key("about.html"), "a page could be found under its address");
    let marker = marker_of(&bench);
    assert_eq!(marker.switching, None);
    let replaces: Vec<String> = marker.compared.unwrap().replaces.into_iter().collect();
    let expected = ["aide/été 2026.html", "index.html", "locales/en.json", "robots.txt", "style.css"];
    assert_eq!(replaces, expected);
    bench.assert_clean();
}

#[test]
fn equal_content_with_other_headers_is_copied_and_nothing_else_is() {
    type Set = fn(&mut ObjectHead, Option<String>);
    let headers: [(&str, Set); 6] = [
        ("type", |head, value| head.headers.content_type = value),
        ("cache", |head, value| head.headers.cache_control = value),
        ("encoding", |head, value| head.headers.content_encoding = value),
        ("disposition", |head, value| head.headers.content_disposition = value),
        ("language", |head, value| head.headers.content_language = value),
        ("expires", |head, value| head.headers.expires = value),
    ];
    let bench = Bench::new();
    bench.act(switch_to("v1.3.2"));
    for (name, set) in headers {
        change(&bench, "v1.3.2", name, |_| {});
        change(&bench, "v1.4.0", name, |stored| set(&mut stored.head, Some("x".to_owned())));
    }
    change(&bench, "v1.3.2", "checked", |stored| stored.head.checksum = Some("SHA1:a".to_owned()));
    change(&bench, "v1.4.0", "checked", |stored| stored.head.checksum = Some("CRC32:b".to_owned()));
    bench.act(switch_to("v1.3.2"));
    let from = bench.cloud.log().len();
    bench.act(stage_of("v1.4.0"));
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    let copies = copied(&bench, from);
    for (name, _) in headers {
        assert!(copies.contains(&name.to_owned()), "{name}: {copies:?}");
    }
    assert!(copies.contains(&"robots.txt".to_owned()));
    for same in ["checked", "favicon.ico", "locales/fr.json", "assets/vendor-5f1c8a2e.js"] {
        assert!(!copies.contains(&same.to_owned()), "{same}: {copies:?}");
    }
}

#[test]
fn with_other_etags_the_checksum_tells_whether_the_content_is_equal() {
    for (source, target, is_copied) in [
        (Some("CRC64NVME:a"), Some("CRC64NVME:a"), false),
        (Some("CRC64NVME:a"), Some("CRC64NVME:b"), true),
        (Some("CRC64NVME:a"), None, true),
        (None, None, true),
    ] {
        let bench = Bench::new();
        for (version, etag, checksum) in [("v1.3.2", "kms-1", target), ("v1.4.0", "parts-2", source)] {
            change(&bench, version, "large.bin", |stored| {
                stored.etag = etag.to_owned();
                stored.head.checksum = checksum.map(str::to_owned);
            });
        }
        bench.act(switch_to("v1.3.2"));
        bench.act(stage_of("v1.4.0"));
        let from = bench.cloud.log().len();
        assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
        assert_eq!(
            copied(&bench, from).contains(&"large.bin".to_owned()),
            is_copied,
            "{source:?} {target:?}"
        );
    }
}

#[test]
fn headers_that_may_not_be_read_hold_nothing_back() {
    let bench = Bench::new();
    bench.act(switch_to("v1.3.2"));
    bench.fault(HEAD, u32::MAX, Kind::AccessDenied);
    assert_eq!(bench.act(stage_of("v1.4.0")), ActionResult::Done);
    assert!(bench.said().contains("every file that both sides have is copied"), "{}", bench.said());
    let replaces = marker_of(&bench).compared.unwrap().replaces;
    assert!(replaces.contains("favicon.ico") && replaces.contains("robots.txt"), "{replaces:?}");
    bench.cloud.faults(|plan| plan.heal());
    bench.fault(HEAD, u32::MAX, Kind::Invalid);
    failure(bench.act(stage_of("v1.5.0")));
}

#[test]
fn a_file_that_was_overwritten_outside_of_tidegate_since_it_was_staged_is_replaced() {
    let bench = Bench::new();
    bench.act(switch_to("v1.3.2"));
    bench.act(stage_of("v1.4.0"));
    bench.cloud.with(|world| world.person("shop").put_file(BUCKET, "favicon.ico"));
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    assert!(copied(&bench, 0).contains(&"favicon.ico".to_owned()));
}

#[test]
fn files_of_a_release_that_never_went_live_go_with_the_next_switch() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("only-4.js", "4"), ("both.js", "4")]);
    with_files(&bench, "v1.5.0", &[("both.js", "4")]);
    bench.act(switch_to("v1.3.2"));
    let before = keys(&bench);
    bench.act(stage_of("v1.4.0"));
    bench.act(stage_of("v1.5.0"));
    assert!(keys(&bench).contains("only-4.js"));
    assert_eq!(bench.act(switch_to("v1.5.0")), ActionResult::Done);
    let after = keys(&bench);
    assert!(!after.contains("only-4.js") && after.contains("both.js"), "{after:?}");
    assert!(before.is_subset(&after), "what users had stays for one release");
    bench.assert_clean();
}
