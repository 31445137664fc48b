use crate::bench::{Bench, failure};
use crate::cloud::{Kind, Rollback, Rollout, ScalableTarget, Suspended};
use crate::execute::ActionResult;
use crate::model::ImageRef;
use crate::plan::{ActionKind, NewDefinition, StartService};
use crate::sim::Broken;

const UPDATE: &str = "ecs:UpdateService";
const REGISTER: &str = "ecs:RegisterTaskDefinition";

fn settles(service: &str) -> StartService {
    StartService {
        service: service.into(),
        definition: None,
        desired: None,
        scaling: None,
        rollback_off: None,
        follows_migration: false,
    }
}

fn scales(service: &str, desired: u32) -> StartService {
    StartService { desired: Some(desired), ..settles(service) }
}

/// Another image in the service's only container of ours.
fn rolls(bench: &Bench, service: &str, container: &str, image: &str) -> StartService {
    let template = definition(bench, service);
    let images = [(container.into(), ImageRef::new(image))].into();
    StartService { definition: Some(NewDefinition { template, images }), ..settles(service) }
}

fn rolls_library(bench: &Bench) -> StartService {
    rolls(bench, "library", "library", "registry.shop.example/library:v1.1.0")
}

fn rolls_web(bench: &Bench) -> StartService {
    let start = rolls(bench, "web", "web", "registry.shop.example/shop:web-v1.4.0");
    StartService { rollback_off: Some(borrowed()), follows_migration: true, ..start }
}

fn borrowed() -> Rollback {
    Rollback { circuit_breaker: true, alarms: false }
}

fn definition(bench: &Bench, service: &str) -> String {
    of_service(bench, service, |service| service.primary().definition.clone())
}

fn of_service<T>(bench: &Bench, service: &str, ask: impl FnOnce(&crate::sim::SimService) -> T) -> T {
    bench.cloud.with(|world| ask(&world.regions[0].services[&format!("shop/{service}")]))
}

fn revisions(bench: &Bench, family: &str) -> usize {
    bench.cloud.with(|world| world.regions[0].definitions[family].len())
}

fn deployments_begun(bench: &Bench, service: &str) -> String {
    of_service(bench, service, |service| service.primary().id.clone())
}

fn act(bench: &Bench, start: StartService) -> ActionResult {
    bench.act(ActionKind::StartService(start))
}

#[test]
fn new_code_starts_with_automatic_rollbacks_off_in_the_same_call() {
    let bench = Bench::new();
    assert_eq!(act(&bench, rolls_web(&bench)), ActionResult::Done);
    assert_eq!(bench.writes(), [format!("{REGISTER} web"), format!("{UPDATE} shop/web")]);
    assert_eq!(of_service(&bench, "web", |service| service.rollback), Rollback::OFF);
    assert_eq!(bench.events(), ["code-started", "rollback-borrowed"]);
    assert_eq!(bench.ledger().rollback_borrowed["web"], borrowed());
}

#[test]
fn what_is_borrowed_is_journaled_before_the_call_and_given_back() {
    let bench = Bench::new();
    bench.fault(UPDATE, 1, Kind::AccessDenied);
    failure(act(&bench, rolls_web(&bench)));
    assert_eq!(bench.events(), ["code-started", "rollback-borrowed"]);
    let restore = ActionKind::RestoreRollback { service: "web".into(), rollback: borrowed() };
    assert_eq!(bench.act(restore), ActionResult::Done);
    assert_eq!(of_service(&bench, "web", |service| service.rollback), borrowed());
    assert!(bench.ledger().rollback_borrowed.is_empty());
}

#[test]
fn after_new_code_was_started_an_older_snapshot_counts_no_more() {
    let bench = Bench::new();
    let take = bench.planned("database/snapshot");
    bench.act(take);
    assert!(bench.ledger().snapshot.is_some_and(|snapshot| snapshot.taken));
    act(&bench, rolls_web(&bench));
    assert_eq!(bench.ledger().snapshot, None);
}

#[test]
fn an_image_that_crashes_is_reported_with_its_exit_code() {
    let bench = Bench::new();
    bench
        .cloud
        .with(|world| world.script.broken.insert("web-v1.4.0".to_owned(), Broken::Crashes { code: 7 }));
    let why = failure(act(&bench, rolls_web(&bench)));
    assert!(why.contains("`web` did not come up") && why.contains("web exited 7"), "{why}");
    let failed = &bench.ledger().failed_starts["web"];
    assert!(why.ends_with(&failed.words()), "{}", failed.words());
    assert!(failed.said.iter().any(|said| said.contains("deployment failed")), "{:?}", failed.said);
    assert!(failed.said.iter().all(|said| !said.contains("has started")), "{:?}", failed.said);
    assert!(failed.images.iter().any(|image| image.as_str().ends_with(":web-v1.4.0")), "{:?}", failed.images);
}

#[test]
fn an_image_that_is_never_healthy_does_not_come_up() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.script.broken.insert("web-v1.4.0".to_owned(), Broken::Unhealthy));
    let why = failure(act(&bench, rolls_web(&bench)));
    assert!(why.contains("failed health checks"), "{why}");
}

#[test]
fn a_rollback_by_aws_is_no_success() {
    let bench = Bench::new();
    bench
        .cloud
        .with(|world| world.script.broken.insert("library:v1.1.0".to_owned(), Broken::Crashes { code: 1 }));
    let why = failure(act(&bench, rolls_library(&bench)));
    assert!(why.contains("AWS rolled back"), "{why}");
    assert_eq!(bench.events(), ["start-failed"]);
}

#[test]
fn what_cannot_be_read_afterwards_does_not_hide_a_failed_start() {
    let bench = Bench::new();
    bench
        .cloud
        .with(|world| world.script.broken.insert("web-v1.4.0".to_owned(), Broken::Crashes { code: 7 }));
    let denied = async {
        bench.after(10).await;
        bench.fault("ecs:DescribeTaskDefinition", u32::MAX, Kind::AccessDenied);
    };
    failure(bench.act_while(ActionKind::StartService(rolls_web(&bench)), denied));
    assert_eq!(bench.events().last().map(String::as_str), Some("start-failed"));
}

#[test]
fn a_deployment_that_failed_is_begun_again_on_a_fresh_revision() {
    let bench = Bench::new();
    bench
        .cloud
        .with(|world| world.script.broken.insert("web-v1.4.0".to_owned(), Broken::Crashes { code: 7 }));
    failure(act(&bench, rolls_web(&bench)));
    let failed = definition(&bench, "web");
    assert_eq!(of_service(&bench, "web", |service| service.primary().rollout), Rollout::Failed);
    bench.cloud.with(|world| world.script.broken.clear());
    let again = StartService {
        definition: Some(NewDefinition { template: failed.clone(), images: Default::default() }),
        ..rolls_web(&bench)
    };
    assert_eq!(act(&bench, again), ActionResult::Done);
    assert_ne!(definition(&bench, "web"), failed, "ECS compares and would do nothing");
}

#[test]
fn nothing_is_registered_twice_when_an_answer_is_lost() {
    let bench = Bench::new();
    let before = revisions(&bench, "library");
    bench.fault(REGISTER, 1, Kind::AnswerLost);
    assert_eq!(act(&bench, rolls_library(&bench)), ActionResult::Done);
    assert_eq!(revisions(&bench, "library"), before + 1);
    let first = deployments_begun(&bench, "library");
    assert_eq!(act(&bench, rolls_library(&bench)), ActionResult::Done);
    assert_eq!((revisions(&bench, "library"), deployments_begun(&bench, "library")), (before + 1, first));
}

#[test]
fn a_lost_answer_of_the_start_begins_one_deployment() {
    let bench = Bench::new();
    let deployments = |bench: &Bench| of_service(bench, "library", |service| service.deployments.len());
    bench.fault(UPDATE, 2, Kind::AnswerLost);
    let counted = async {
        bench.after(8).await;
        assert_eq!(deployments(&bench), 2, "the old one and ours");
    };
    assert_eq!(bench.act_while(ActionKind::StartService(rolls_library(&bench)), counted), ActionResult::Done);
}

#[test]
fn the_count_comes_before_the_minimum_and_flags_suspended_before_us_stay_so() {
    let bench = Bench::new();
    let scheduled = Suspended { scheduled: true, ..Suspended::NONE };
    let own = ScalableTarget { min: 2, max: 6, suspended: scheduled };
    bench.cloud.with(|world| world.person("shop").set_target("web", own));
    bench.pass(120);
    let stop = ActionKind::StopService { service: "web".into(), scaling: Some(own) };
    assert_eq!(bench.act(stop), ActionResult::Done);
    let plan = bench.plan();
    let start = plan.actions.into_iter().find_map(|action| match action.kind {
        ActionKind::StartService(start) if start.service == "web".into() => Some(start),
        _ => None,
    });
    let start = start.expect("web is to be started again");
    assert_eq!((start.desired, start.scaling), (Some(2), Some(own)));
    let from = bench.writes().len();
    let start = StartService { definition: None, ..start };
    assert_eq!(act(&bench, start), ActionResult::Done);
    let target = "application-autoscaling:RegisterScalableTarget shop/web".to_owned();
    assert_eq!(bench.writes()[from..], [format!("{UPDATE} shop/web"), target]);
    assert_eq!(bench.cloud.with(|world| world.regions[0].targets["shop/web"].shown), own);
    assert!(bench.ledger().scaling_borrowed.is_empty());
}

#[test]
fn a_count_is_up_after_half_a_minute_of_health() {
    let bench = Bench::new();
    assert_eq!(act(&bench, scales("library", 2)), ActionResult::Done);
    assert_eq!(bench.cloud.with(|world| world.person("shop").healthy("library")), 2);
    assert!(bench.seconds() >= 30);
    assert_eq!(bench.count(REGISTER), 0);
}

#[test]
fn a_wish_to_go_leaves_a_start_to_itself() {
    let bench = Bench::new();
    let leaves = async {
        bench.after(10).await;
        bench.leave(true);
    };
    let left = bench.act_while(ActionKind::StartService(rolls_web(&bench)), leaves);
    assert!(matches!(left, ActionResult::Unfinished { .. }), "{left:?}");
    assert!(!bench.events().contains(&"start-failed".to_owned()));
    bench.leave(false);
    assert_eq!(act(&bench, settles("web")), ActionResult::Done);
}

#[test]
fn a_start_that_takes_for_ever_has_failed() {
    let bench = Bench::new();
    // Nobody starts its tasks: the cluster has no room.
    bench.cloud.with(|world| {
        let library = world.regions[0].services.get_mut("shop/library").unwrap();
        library.not_before = Some(crate::model::Instant::MAX_UTC);
    });
    let why = failure(act(&bench, scales("library", 3)));
    assert!(
        why.ends_with("waited 15m for `library` to come up; last seen: running 1/3, healthy 1/3"),
        "{why}"
    );
    assert_eq!(bench.events(), ["start-failed"]);
}
