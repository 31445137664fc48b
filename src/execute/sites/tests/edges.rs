//! What the edges are asked to forget, and what follows when CloudFront does not accept it.

use super::*;
use crate::cloud::{Origin, PendingInvalidation};
use crate::model::State;
use crate::reconcile::RunOutcome;

const INVALIDATE: &str = "cloudfront:CreateInvalidation";

fn pending(bench: &Bench) -> Option<PendingInvalidation> {
    marker_of(bench).invalidation
}

fn again() -> ActionKind {
    ActionKind::Invalidate { distribution: "E2SHOP".to_owned(), sites: BTreeSet::from(["client".into()]) }
}

#[test]
fn edges_forget_what_was_replaced() {
    let bench = Bench::new();
    bench.act(switch_to("v1.4.0"));
    bench.act(switch_to("v1.5.0"));
    let paths = [
        "/",
        "/aide/%C3%A9t%C3%A9%202026.html",
        "/index.html",
        "/locales/en.json",
        "/robots.txt",
        "/style.css",
    ];
    assert_eq!(invalidated(&bench)[1], paths);
    bench.act(switch_to("v1.5.0"));
    assert_eq!(invalidated(&bench).len(), 2, "nothing was replaced");
}

#[test]
fn an_invalidation_that_cloudfront_refuses_in_any_way_fails_no_switch_and_is_asked_for_again() {
    let kinds = [
        Kind::Throttled,
        Kind::Unavailable,
        Kind::AccessDenied,
        Kind::AnswerLost,
        Kind::NotFound,
        Kind::Conflict,
        Kind::InvalidState,
        Kind::Invalid,
    ];
    for kind in kinds {
        let bench = Bench::new();
        bench.act(switch_to("v1.4.0"));
        bench.fault(INVALIDATE, u32::MAX, kind);
        assert_eq!(bench.act(switch_to("v1.5.0")), ActionResult::Done, "{kind:?}");
        let open = pending(&bench).expect("the marker keeps it");
        assert!(open.keys.contains("style.css"), "{kind:?}: {open:?}");
        assert_eq!(versions(&marker_of(&bench)), [Some("v1.5.0"), Some("v1.4.0"), None]);
        assert_eq!(bench.act(again()), ActionResult::Done, "{kind:?}");
        assert_eq!(pending(&bench).unwrap().tries, 2);
        bench.cloud.faults(|plan| plan.heal());
        bench.pass(600);
        assert_eq!(bench.act(again()), ActionResult::Done, "{kind:?}");
        assert_eq!(pending(&bench), None);
        assert!(invalidated(&bench).last().unwrap().contains(&"/style.css".to_owned()));
        bench.assert_clean();
    }
}

#[test]
fn a_path_that_cloudfront_does_not_take_is_covered_by_a_wildcard() {
    let bench = Bench::new();
    bench.act(switch_to("v1.4.0"));
    bench.fault(INVALIDATE, 1, Kind::Invalid);
    assert_eq!(bench.act(switch_to("v1.5.0")), ActionResult::Done);
    assert_eq!(pending(&bench), None);
    assert_eq!(invalidated(&bench)[1], ["/*"]);
}

#[test]
fn fifteen_wildcards_of_others_pass() {
    let bench = Bench::new();
    let fills = async {
        for _ in 0..15 {
            bench.port().invalidate("E2SHOP", &["/*".to_owned()]).await.unwrap();
        }
    };
    bench.clock.block_on(fills);
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    assert!(pending(&bench).unwrap().why.contains("TooManyInvalidationsInProgress"));
    bench.pass(120);
    assert_eq!(bench.act(again()), ActionResult::Done);
    assert_eq!(pending(&bench), None);
}

#[test]
fn a_later_switch_asks_for_what_is_open_too() {
    let bench = Bench::new();
    with_files(&bench, "v1.4.0", &[("sometimes.css", "4")]);
    with_files(&bench, "v1.5.0", &[("sometimes.css", "5")]);
    bench.act(switch_to("v1.4.0"));
    bench.fault(INVALIDATE, 1, Kind::AccessDenied);
    bench.act(switch_to("v1.5.0"));
    bench.act(switch_to("v1.6.0"));
    assert_eq!(pending(&bench), None);
    assert!(invalidated(&bench).last().unwrap().contains(&"/sometimes.css".to_owned()));
}

#[test]
fn a_distribution_that_vanished_is_a_reason_and_no_failure() {
    let bench = Bench::with(|spec| {
        spec.sites.get_mut("client").unwrap().distribution = Some("E404".to_owned());
    });
    bench.cloud.with(|world| world.regions[0].distributions.clear());
    assert_eq!(bench.act(switch_to("v1.4.0")), ActionResult::Done);
    assert_eq!(pending(&bench).unwrap().why, "the distribution `E404` does not exist");
}

#[test]
fn the_plan_says_what_is_open_waits_and_asks_again_once_for_all_sites() {
    let bench = Bench::converged();
    bench.fault(INVALIDATE, u32::MAX, Kind::AccessDenied);
    bench.act(switch_to("v1.5.0"));
    bench.act(switch_to("v1.4.0"));
    let plan = bench.plan();
    assert_eq!(plan.actions, []);
    assert_eq!(plan.waiting.len(), 1);
    assert!(plan.waiting[0].message.contains("did not accept the invalidation"), "{:?}", plan.waiting);
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged), "a condition, not a failure");
    bench.pass(400);
    let kind = bench.planned("site/E2SHOP/invalidate");
    assert_eq!(kind, again());
    assert_eq!(bench.act(kind), ActionResult::Done);
    assert_eq!(bench.plan().actions, [], "and waits again");
    bench.cloud.faults(|plan| plan.heal());
    bench.pass(3600);
    bench.run();
    let plan = bench.plan();
    assert!(plan.is_converged(), "{plan:#?}");
    bench.assert_clean();
}

/// Nothing waits for an invalidation, and it waits for nothing: neither the way between two states nor a release, on
/// which its action comes after the gate has opened or the database has stopped.
#[test]
fn an_invalidation_that_is_refused_all_the_time_holds_nothing_back() {
    let ways = State::ALL.into_iter().flat_map(|from| State::ALL.map(|to| (from, to)));
    for ((from, to), bump) in ways.flat_map(|way| [(way, false), (way, true)]) {
        let claim = format!("{from} to {to}, with a release: {bump}");
        let mut bench = Bench::converged();
        bench.spec.state = from;
        assert_eq!(bench.run().outcome, Some(RunOutcome::Converged), "{claim}");
        bench.fault(INVALIDATE, u32::MAX, Kind::AccessDenied);
        bench.act(switch_to("v1.5.0"));
        bench.act(switch_to("v1.4.0"));
        bench.pass(400);
        bench.spec.state = to;
        if bump {
            bench.spec.versions.insert("core".into(), "v1.5.0".into());
        }
        let plan = bench.plan();
        assert!(plan.blocked.is_empty(), "{claim}: {:?}", plan.blocked);
        let last = plan.actions.last().map(|action| &action.kind);
        assert_eq!(last, Some(&again()), "{claim}: {:#?}", plan.actions);
        assert_eq!(bench.run().outcome, Some(RunOutcome::Converged), "{claim}");
        assert!(pending(&bench).is_some(), "{claim}");
    }
}

#[test]
fn an_origin_with_a_path_and_a_page_for_every_address() {
    for (path, page, expected) in [
        ("", None, "/style.css"),
        ("/app", None, ""),
        ("", Some("/index.html"), "/*"),
        ("", Some("/other.html"), "/style.css"),
    ] {
        let bench = Bench::new();
        bench.act(switch_to("v1.4.0"));
        bench.cloud.with(|world| {
            let distribution = world.regions[0].distributions.get_mut("E2SHOP").unwrap();
            let domain = format!("{BUCKET}.s3.eu-central-2.amazonaws.com");
            distribution.origins = vec![Origin { domain, path: path.to_owned() }];
            distribution.error_pages = page.into_iter().map(str::to_owned).collect();
        });
        assert_eq!(bench.act(switch_to("v1.5.0")), ActionResult::Done);
        let asked = invalidated(&bench);
        match expected {
            "" => assert_eq!(asked.len(), 1, "nothing of it is shown there"),
            expected => assert!(asked[1].contains(&expected.to_owned()), "{asked:?}"),
        }
    }
}
