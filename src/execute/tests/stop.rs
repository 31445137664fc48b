use crate::bench::{Bench, failure};
use crate::cloud::{Kind, ScalableTarget, Suspended};
use crate::execute::ActionResult;
use crate::plan::ActionKind;

const TARGET: &str = "application-autoscaling:RegisterScalableTarget";
const UPDATE: &str = "ecs:UpdateService";

fn stops(service: &str, scaling: Option<ScalableTarget>) -> ActionKind {
    ActionKind::StopService { service: service.into(), scaling }
}

/// The scaling of `web` as the world has it.
fn scaling(bench: &Bench) -> ScalableTarget {
    bench.cloud.with(|world| world.regions[0].targets["shop/web"].shown)
}

fn desired(bench: &Bench, service: &str) -> u32 {
    bench.cloud.with(|world| world.regions[0].services[&format!("shop/{service}")].desired)
}

fn live_tasks(bench: &Bench, service: &str) -> usize {
    let tasks = bench.clock.block_on(bench.port().service_tasks(&"shop".into(), &service.into())).unwrap();
    tasks.iter().filter(|task| task.stopped_at.is_none()).count()
}

#[test]
fn scaling_is_suspended_before_the_count_goes_to_zero() {
    let bench = Bench::new();
    let was = scaling(&bench);
    assert_eq!(bench.act(stops("web", Some(was))), ActionResult::Done);
    assert_eq!(bench.writes(), [format!("{TARGET} shop/web"), format!("{UPDATE} shop/web")]);
    assert_eq!(scaling(&bench), ScalableTarget { min: 0, max: was.max, suspended: Suspended::ALL });
    assert_eq!(bench.ledger().scaling_borrowed["web"], was);
    bench.pass(3600);
    assert_eq!(desired(&bench, "web"), 0, "no clamp and no alarm raises it again");
}

#[test]
fn a_service_without_a_scalable_target_gets_none() {
    let bench = Bench::new();
    assert_eq!(bench.act(stops("workers", None)), ActionResult::Done);
    assert_eq!(bench.writes(), [format!("{UPDATE} shop/workers")]);
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn what_is_borrowed_is_journaled_before_it_is_taken() {
    let bench = Bench::new();
    bench.fault(TARGET, 1, Kind::AccessDenied);
    failure(bench.act(stops("web", Some(scaling(&bench)))));
    assert_eq!(bench.events(), ["scaling-borrowed"]);
    assert_eq!(bench.count(UPDATE), 0, "a count without its minimum suspended would not stay");
}

#[test]
fn the_first_borrowing_is_what_is_given_back() {
    let bench = Bench::new();
    let was = scaling(&bench);
    bench.act(stops("web", Some(was)));
    bench.act(stops("web", Some(ScalableTarget { min: 1, ..scaling(&bench) })));
    assert_eq!(bench.ledger().scaling_borrowed["web"], was);
}

#[test]
fn desired_zero_is_not_stopped_until_the_last_task_is_gone() {
    let bench = Bench::new();
    assert_eq!(bench.act(stops("web", Some(scaling(&bench)))), ActionResult::Done);
    assert_eq!(live_tasks(&bench, "web"), 0);
    assert!(bench.seconds() > 30, "a deregistration takes its time: {}", bench.seconds());
    assert!(bench.said().contains("2 tasks left"), "{}", bench.said());
}

#[test]
fn a_count_that_somebody_raises_is_put_back() {
    let bench = Bench::new();
    let somebody = async {
        bench.after(10).await;
        bench.cloud.with(|world| world.person("shop").scale("workers", 2));
    };
    assert_eq!(bench.act_while(stops("workers", None), somebody), ActionResult::Done);
    assert_eq!((bench.count(UPDATE), live_tasks(&bench, "workers")), (2, 0));
}

#[test]
fn a_fight_over_the_count_is_given_up() {
    let bench = Bench::new();
    let somebody = async {
        for _ in 0..60 {
            bench.after(10).await;
            bench.cloud.with(|world| world.person("shop").scale("workers", 2));
        }
    };
    let why = failure(bench.act_while(stops("workers", None), somebody));
    assert_eq!(why, "someone outside tidegate keeps setting the count of `workers` to 2");
    assert_eq!(bench.count(UPDATE), 4);
}

#[test]
fn old_answers_are_nobodys_corrections() {
    let bench = Bench::new();
    let stale = crate::sim::FaultOptions { stale: 1.0, stale_seconds: 60, ..Default::default() };
    bench.cloud.set_faults(crate::sim::FaultPlan::new(1, stale));
    bench.clock.block_on(bench.port().services(&"shop".into(), &["workers".into()])).unwrap();
    assert_eq!(bench.act(stops("workers", None)), ActionResult::Done);
    bench.assert_clean();
}

#[test]
fn a_service_that_is_gone_has_stopped() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.regions[0].services.remove("shop/workers"));
    failure(bench.act(stops("workers", None)));
    let bench = Bench::new();
    let deleted = async {
        bench.after(5).await;
        bench.cloud.with(|world| {
            world.regions[0].services.remove("shop/workers");
            world.regions[0].tasks.retain(|_, task| task.service.as_deref() != Some("shop/workers"));
        });
    };
    assert_eq!(bench.act_while(stops("workers", None), deleted), ActionResult::Done);
}
