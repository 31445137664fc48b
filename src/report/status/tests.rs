use serde_json::{Value, json};

use super::{json, text};
use crate::bench::Bench;
use crate::cloud::LifecycleHook;
use crate::reconcile::{Preview, RunOutcome};
use crate::report::StatusView;
use crate::report::page::PLAIN;
use crate::schedule::Tz;

fn view<'a>(bench: &'a Bench, preview: &'a Preview) -> StatusView<'a> {
    StatusView {
        spec: &bench.spec,
        plan: &preview.plan,
        snapshot: &preview.snapshot,
        ledger: &preview.ledger,
        last_run: None,
        defect: None,
        holder: None,
        next_change: None,
        overrides: &preview.standing,
        now: bench.now(),
        zone: Tz::UTC,
        page: &PLAIN,
    }
}

fn condition(status: &Value, kind: &str) -> Value {
    let mut conditions = status["conditions"].as_array().unwrap().iter();
    let found = conditions.find(|condition| condition["type"] == kind).unwrap();
    json!([found["status"], found["reason"]])
}

#[test]
fn a_person_who_is_waited_for_finds_the_command_and_tidegate_continues_by_itself() {
    let mut bench = Bench::converged();
    let stages = vec!["POST_SCALE_UP".to_owned()];
    let hook = LifecycleHook { kind: "PAUSE".to_owned(), stages, rolls_back: false };
    bench.cloud.with(|world| {
        world.regions[0].services.get_mut("shop/web").unwrap().hooks.push(hook);
    });
    bench.spec.versions.insert("core".into(), "v1.5.0".into());
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Blocked));
    let kept = &run.waiting[0].message;

    let preview = bench.preview();
    let view = view(&bench, &preview);
    let (status, said) = (json(&view), text(&view));
    assert_eq!(condition(&status, "Stalled"), json!([true, "person"]));
    assert_eq!(condition(&status, "Waiting"), json!([true, "person"]));
    assert!(said.contains("waiting for a person"), "{said}");
    let command = said.lines().find(|line| line.contains("aws ecs continue-service-deployment"));
    let command = command.unwrap_or_else(|| panic!("{said}")).trim();
    assert!(command.starts_with("aws ") && command.ends_with(" --action CONTINUE"), "{said}");
    assert!(kept.ends_with(command), "{kept}");

    bench.cloud.with(|world| world.person("shop").continue_deployment("web"));
    bench.pass(60);
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
}
