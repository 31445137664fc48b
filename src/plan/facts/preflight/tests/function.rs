//! The CloudFront function: nothing of someone else's is overwritten unseen, whatever the environment is on its way to.

use crate::bench::Bench;
use crate::model::{Gate, State};
use crate::plan::{ActionKind, BlockedReason, Plan};
use crate::reconcile::RunOutcome;
use crate::{bench, gate};

const REWRITE: &str =
    "function handler(event) { event.request.uri = '/index.html'; return event.request; }\n";
const PASSES_ON: &str = "function handler(event) {\n  return event.request; // nothing else\n}\n";

fn write(bench: &Bench, live: Option<&str>, development: Option<&str>) {
    bench.cloud.with(|world| {
        world.person("shop").write_function("shop-gate", live, development, "SPA rewrite");
    });
}

fn stages(bench: &Bench) -> (String, String) {
    bench.cloud.with(|world| {
        let function = &world.regions[0].functions["shop-gate"];
        (function.live.clone().unwrap_or_default(), function.development.clone())
    })
}

fn sha256(bench: &Bench) -> String {
    let port = bench.port();
    let found = bench.clock.block_on(port.function("shop-gate")).unwrap().unwrap();
    gate::foreign_code(&found)[0].sha256.clone()
}

fn touches_the_function(plan: &Plan) -> bool {
    plan.actions.iter().any(|action| {
        matches!(
            action.kind,
            ActionKind::AssociateFunction { .. }
                | ActionKind::CloseGate { function: true, .. }
                | ActionKind::OpenGate { function: true, .. }
        )
    })
}

fn blocked(plan: &Plan) -> &crate::plan::Blocked {
    let mut unsafe_ = plan.blocked.iter().filter(|blocked| blocked.reason == BlockedReason::GateUnsafe);
    unsafe_.next().unwrap_or_else(|| panic!("not blocked: {plan:#?}"))
}

#[test]
fn foreign_code_survives_every_way_that_an_environment_can_go() {
    type Way = (&'static str, fn(&mut Bench));
    let ways: [Way; 5] = [
        ("at rest", |_| {}),
        ("a release", |bench| drop(bench.spec.versions.insert("core".into(), "v1.5.0".into()))),
        ("restricted", |bench| bench.spec.state = State::Restricted),
        ("db-only", |bench| bench.spec.state = State::DbOnly),
        ("stopped", |bench| bench.spec.state = State::Stopped),
    ];
    let closed_by_tidegate = |bench: &Bench| stages(bench).0;
    for before_first_contact in [true, false] {
        for (live, development) in [(true, true), (true, false), (false, true)] {
            for (way, go) in ways {
                let mut bench = if before_first_contact { Bench::new() } else { Bench::converged() };
                let code = |is: bool| is.then_some(REWRITE);
                write(&bench, code(live), code(development));
                let before = stages(&bench);
                go(&mut bench);
                let run = bench.run();
                let what = format!("{way}, live {live}, development {development}: {:#?}", run.blocked);
                assert_eq!(stages(&bench), before, "{what}");
                assert_ne!(run.outcome, Some(RunOutcome::Converged), "{what}");
                assert!(run.blocked.iter().any(|it| it.reason == BlockedReason::GateUnsafe), "{what}");
            }
        }
    }
    let bench = Bench::converged();
    assert_eq!(gate::recognise(&closed_by_tidegate(&bench)), Some(Gate::Open));
}

#[test]
fn what_goes_down_drains_once_although_a_part_of_the_gate_cannot_close() {
    for (goes_to, tasks_left) in [(State::Stopped, 0), (State::DbOnly, 1)] {
        let mut bench = Bench::converged();
        write(&bench, Some(REWRITE), None);
        bench.spec.state = goes_to;
        let drained = |bench: &Bench| bench.events().iter().filter(|event| *event == "drained").count();
        let before = drained(&bench);
        let run = bench.run();
        assert_eq!(run.outcome, Some(RunOutcome::Blocked), "{goes_to:?}: {:?}", run.message);
        assert_eq!(drained(&bench), before + 1, "{goes_to:?}");
        let up =
            bench.cloud.with(|world| world.regions[0].services.values().filter(|it| it.desired > 0).count());
        assert_eq!(up, tasks_left, "{goes_to:?}: `admin` alone is up in db-only");
    }
}

#[test]
fn the_plan_shows_what_stands_there_and_who_calls_it() {
    let bench = Bench::new();
    write(&bench, Some(REWRITE), Some(PASSES_ON));
    bench.cloud.with(|world| {
        let other = world.regions[0].distributions.values_mut().find(|it| it.aliases.is_empty()).unwrap();
        other.behaviours[0].function = Some("shop-gate".to_owned());
    });
    let plan = bench.plan();
    assert!(!touches_the_function(&plan), "{:#?}", plan.actions);
    let blocked = blocked(&plan);
    let digits = &sha256(&bench)[..12];
    for part in [
        format!("LIVE: {} bytes, sha256 {digits}", REWRITE.len()),
        "comment: SPA rewrite".to_owned(),
        "distribution E2SHOP calls it, too, and is not declared".to_owned(),
    ] {
        assert!(blocked.message.contains(&part), "{part}: {}", blocked.message);
    }
    assert!(!blocked.message.contains("DEVELOPMENT"), "a handler that passes requests on is no loss");
    let hints = blocked.hints.join("\n");
    assert!(hints.contains(&format!("replace: \"{digits}\"")), "{hints}");
    assert!(
        hints.contains("aws cloudfront get-function --name shop-gate --stage LIVE shop-gate.js"),
        "{hints}"
    );
}

#[test]
fn git_lets_this_very_code_go_and_no_other() {
    let mut bench = Bench::new();
    write(&bench, Some(REWRITE), None);
    let digits = sha256(&bench)[..12].to_owned();
    let replace = |bench: &mut Bench, digits: &str| {
        let gate = bench.spec.maintenance.as_mut().unwrap().cloudfront.as_mut().unwrap();
        gate.replace = Some(digits.to_owned());
    };
    replace(&mut bench, "0123456789ab");
    let plan = bench.plan();
    assert!(blocked(&plan).message.contains("allows other code to be overwritten, not this code"));
    replace(&mut bench, &digits);
    let plan = bench.plan();
    assert!(touches_the_function(&plan), "{plan:#?}");
    let notes = plan.notes.join("\n");
    assert!(notes.contains(&digits) && notes.contains("keep a copy"), "{notes}");
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    assert_eq!(gate::recognise(&stages(&bench).0), Some(Gate::Open));
    // Other code that someone writes later is not covered by it.
    let other = REWRITE.replace("index", "other");
    write(&bench, Some(&other), Some(&other));
    assert!(!touches_the_function(&bench.plan()));
    assert_eq!(bench.run().outcome, Some(RunOutcome::Blocked));
    assert_eq!(stages(&bench).0, other);
}

#[test]
fn code_that_only_passes_requests_on_is_replaced_and_said() {
    let bench = Bench::new();
    write(&bench, Some(PASSES_ON), Some(PASSES_ON));
    let plan = bench.plan();
    let notes = plan.notes.join("\n");
    assert!(notes.contains("`shop-gate` holds a handler that only passes requests on"), "{notes}");
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
}

#[test]
fn code_that_arrives_between_the_plan_and_the_step_stays() {
    let bench = Bench::converged();
    let close = bench::closes(bench.rules(|_| true), true);
    write(&bench, Some(REWRITE), Some(REWRITE));
    let why = bench::failure(bench.act(close));
    assert!(why.contains("holds code that tidegate did not write (LIVE"), "{why}");
    assert_eq!(stages(&bench).0, REWRITE);
}
