//! Switches that break off: after every call, continued or taken back, and never a mix that nothing tells of.

use super::*;

const CALLS: [&str; 3] = [COPY, PUT, "s3:DeleteObjects"];

/// Two releases are behind it, so that a switch has something to delete, too.
fn bench() -> Bench {
    let bench = Bench::new();
    with_files(&bench, "v1.6.0", &[("sw.js", "6"), ("new.html", "6")]);
    for version in ["v1.3.2", "v1.4.0", "v1.5.0"] {
        bench.act(stage_of(version));
        assert_eq!(bench.act(switch_to(version)), ActionResult::Done);
        bench.pass(600);
    }
    bench
}

/// Every file of the release is served as the release has it.
fn shows(bench: &Bench, version: &str) {
    let prefix = format!("client/{version}/");
    bench.cloud.with(|world| {
        let releases = &world.buckets["shop-releases"].objects;
        let served = &world.buckets[BUCKET].objects;
        for (key, stored) in releases.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix))
        {
            let (here, there) = (served.get(&key[prefix.len()..]), stored);
            assert_eq!(here.map(|it| (&it.etag, &it.head)), Some((&there.etag, &there.head)), "{key}");
        }
    });
    let marker = marker_of(bench);
    assert_eq!(marker.live.unwrap().version.as_str(), version);
    assert_eq!((marker.switching, marker.staged, marker.compared), (None, None, None));
}

/// Fails each call of a switch once, and goes on with `then`.
fn each_failure(then: &str) {
    for operation in CALLS {
        for skip in 0.. {
            let bench = bench();
            bench.act(stage_of("v1.6.0"));
            let before = bench.count(operation);
            bench.cloud.faults(|plan| plan.script_later(operation, skip, 1, Kind::AccessDenied));
            let result = bench.act(switch_to("v1.6.0"));
            bench.assert_clean();
            if result == ActionResult::Done {
                assert!(skip > 0, "{operation} is part of a switch");
                assert_eq!(bench.count(operation) - before, skip as usize, "the last call was tried");
                break;
            }
            let is_mixed = bench.cloud.with(|world| {
                let served = |key: &str| world.buckets[BUCKET].objects.get(key).map(|it| it.etag.clone());
                let index = &world.buckets[BUCKET].objects["index.html"];
                index.beside.iter().any(|(key, etag)| served(key).as_ref() != Some(etag))
            });
            assert!(
                !is_mixed || marker_of(&bench).switching.is_some(),
                "{operation} {skip}: the plan must know"
            );
            bench.cloud.faults(|plan| plan.heal());
            assert_eq!(bench.act(switch_to(then)), ActionResult::Done, "{operation} {skip}");
            shows(&bench, then);
            let last = invalidated(&bench).pop().unwrap();
            if is_mixed {
                assert!(last.contains(&"/style.css".to_owned()), "{operation} {skip}: {last:?}");
            }
            bench.assert_clean();
        }
    }
}

#[test]
fn a_switch_that_breaks_off_at_any_call_is_finished() {
    each_failure("v1.6.0");
}

#[test]
fn a_switch_that_breaks_off_at_any_call_is_taken_back() {
    each_failure("v1.5.0");
}

#[test]
fn a_switch_that_breaks_off_at_any_call_is_followed_by_another_version() {
    each_failure("v1.7.0");
}

#[test]
fn a_switch_that_was_cut_off_copies_nothing_again() {
    let bench = bench();
    let earlier = invalidated(&bench).len();
    bench.fault("s3:DeleteObjects", 1, Kind::AccessDenied);
    failure(bench.act(switch_to("v1.6.0")));
    assert!(marker_of(&bench).switching.is_some());
    let copies = copied(&bench, 0).len();
    assert_eq!(bench.act(switch_to("v1.6.0")), ActionResult::Done);
    assert_eq!(copied(&bench, 0).len(), copies, "what is there is not copied again");
    assert_eq!(versions(&marker_of(&bench)), [Some("v1.6.0"), Some("v1.5.0"), None]);
    let asked = invalidated(&bench);
    assert_eq!(asked.len(), earlier + 1);
    assert!(asked[earlier].contains(&"/style.css".to_owned()), "the edges had it: {asked:?}");
}
