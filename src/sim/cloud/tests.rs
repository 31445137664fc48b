use super::*;
use crate::cloud::{CloudRead, CloudWrite, UpdateService};
use crate::sim::samples::{PRODUCTION, cloud, database, graasp};
use crate::sim::{CrashPoint, FaultOptions, Interrupted, SimClock, WorldFolder};
use std::time::Duration;

fn port(cloud: &SimCloud) -> SimRegion {
    cloud.region("592217263685", "eu-central-2")
}

fn scale(desired: u32) -> UpdateService {
    let (cluster, service) = ("graasp-prod".into(), "graasp".into());
    UpdateService { cluster, service, definition: None, desired: Some(desired), rollback: None }
}

async fn desired(port: &SimRegion) -> Result<u32, CloudError> {
    Ok(port.services(&"graasp-prod".into(), &["graasp".into()]).await?["graasp"].desired)
}

#[test]
fn the_world_moves_while_the_program_waits() {
    let (clock, cloud) = cloud();
    let port = cloud.cloud(&graasp());
    clock.block_on(async {
        port.stop_database(&database()).await.unwrap();
        let mut polls = 0;
        while port.database(&database()).await.unwrap().unwrap().status.to_string() != "stopped" {
            clock.sleep(Duration::from_secs(15)).await;
            polls += 1;
        }
        assert!((4..=20).contains(&polls), "{polls}");
    });
    assert_eq!(cloud.effects(), 1);
    assert_eq!(cloud.log()[0].operation, "rds:StopDBInstance");
}

#[test]
fn a_lost_answer_is_an_effect_all_the_same() {
    let (clock, cloud) = cloud();
    let port = port(&cloud);
    for (kind, wanted) in [(Kind::AnswerLost, 5), (Kind::Throttled, 2), (Kind::AccessDenied, 2)] {
        cloud.with(|world| world.person(PRODUCTION).scale("graasp", 2));
        cloud.faults(|faults| faults.script("ecs:UpdateService", 1, kind));
        let error = clock.block_on(port.update_service(&scale(5))).unwrap_err();
        assert_eq!((error.kind, error.operation), (kind, "ecs:UpdateService"));
        assert_eq!(clock.block_on(desired(&port)), Ok(wanted), "{kind:?}");
    }
}

#[test]
fn stale_reads_end_after_their_time() {
    let (clock, cloud) = cloud();
    let port = port(&cloud);
    let options = FaultOptions { stale: 1.0, stale_seconds: 5, ..FaultOptions::default() };
    cloud.set_faults(FaultPlan::new(1, options));
    clock.block_on(async {
        assert_eq!(desired(&port).await, Ok(2));
        port.update_service(&scale(4)).await.unwrap();
        assert_eq!(desired(&port).await, Ok(2), "what it was a moment ago");
        clock.sleep(Duration::from_secs(6)).await;
        assert_eq!(desired(&port).await, Ok(4));
    });
}

#[test]
fn latency_takes_simulated_time() {
    let (clock, cloud) = cloud();
    let before = clock.now();
    let options = FaultOptions { latency_max: Duration::from_secs(3), ..FaultOptions::default() };
    cloud.set_faults(FaultPlan::new(1, options));
    let port = port(&cloud);
    clock.block_on(async {
        for _ in 0..10 {
            desired(&port).await.unwrap();
        }
    });
    assert!(clock.now() > before);
}

/// Two effects; the crash comes at the second. What is left of them.
fn crash(point: CrashPoint) -> (u32, usize) {
    let (clock, cloud) = cloud();
    let port = port(&cloud);
    cloud.crash().restart(Some(point));
    let replies = Mutex::new(0);
    let ended: Result<(), _> = clock.run(&cloud.crash(), async {
        for count in [3, 4, 5] {
            port.update_service(&scale(count)).await.unwrap();
            *replies.lock().unwrap() += 1;
        }
    });
    assert_eq!(ended, Err(Interrupted::Crashed));
    cloud.crash().restart(None);
    let replies = *replies.lock().unwrap();
    (clock.block_on(desired(&port)).unwrap(), replies)
}

#[test]
fn the_process_dies_before_after_or_behind_the_reply() {
    assert_eq!(crash(CrashPoint::Before(1)), (3, 1));
    assert_eq!(crash(CrashPoint::After(1)), (4, 1));
    assert_eq!(crash(CrashPoint::Replied(1)), (4, 2));
}

#[test]
fn probes_go_through_the_gate_with_the_header_and_not_without() {
    let (clock, cloud) = cloud();
    let port = cloud.cloud(&graasp());
    let maintenance = graasp().maintenance.unwrap();
    let header = maintenance.bypass.header.clone();
    clock.block_on(async {
        let secret = port.secret(&maintenance.bypass.value_from).await.unwrap();
        let with = || Some((header.as_str(), &secret));
        let api: url::Url = "https://api.graasp.org/health".parse().unwrap();
        let assets: url::Url = "https://assets.graasp.org/logo.svg".parse().unwrap();
        assert_eq!(port.probe(&api, None).await, Ok(200));
        let value = secrecy::ExposeSecret::expose_secret(&secret).to_owned();
        let listener = maintenance.load_balancer.clone().unwrap();
        for rule in port.listener(&listener).await.unwrap().unwrap().rules {
            let mut conditions = rule.conditions;
            conditions.push(crate::cloud::Condition::header(&header, &value));
            port.set_rule_conditions(&rule.arn, &conditions).await.unwrap();
        }
        let function = port.function("maintenance-check").await.unwrap().unwrap();
        let code = format!("if (header != '{value}') return {{ statusCode: 302 }}");
        let etag = port.put_function("maintenance-check", Some(&function.etag), &code).await.unwrap();
        port.publish_function("maintenance-check", &etag).await.unwrap();
        port.associate_function("assets.graasp.org", "maintenance-check").await.unwrap();
        for url in [&api, &assets] {
            assert_eq!(port.probe(url, None).await, Ok(302), "{url}");
            assert_eq!(port.probe(url, with()).await, Ok(200), "{url}");
        }
        port.update_service(&scale(0)).await.unwrap();
        assert_eq!(port.probe(&api, with()).await, Ok(503));
    });
}

#[test]
fn traffic_dies_down_after_the_gate_closes() {
    let (clock, cloud) = cloud();
    let port = port(&cloud);
    let listener = crate::sim::samples::listener();
    clock.block_on(async {
        let rules = port.listener(&listener).await.unwrap().unwrap().rules;
        let rule = rules.iter().find(|rule| rule.priority == 30).unwrap();
        let crate::cloud::RuleAction::Forward(groups) = rule.action.clone() else { panic!("a forward") };
        let requests = || async { port.requests_last_minute(&groups).await.unwrap().unwrap() };
        let open = requests().await;
        let mut conditions = rule.conditions.clone();
        conditions.push(crate::cloud::Condition::header("x-maintenance-bypass", "secret"));
        port.set_rule_conditions(&rule.arn, &conditions).await.unwrap();
        let closing = requests().await;
        clock.sleep(Duration::from_secs(60)).await;
        assert!(open > closing && closing > requests().await);
        cloud.with(|world| world.script.without_metrics = true);
        assert_eq!(port.requests_last_minute(&groups).await, Ok(None));
    });
}

#[test]
fn every_effect_is_on_disk_before_its_answer() {
    let (clock, cloud) = cloud();
    let folder = tempfile::tempdir().unwrap();
    let home = WorldFolder::new(folder.path());
    home.keep(&cloud).unwrap();
    let port = port(&cloud);
    clock.block_on(async {
        port.update_service(&scale(7)).await.unwrap();
        let world = home.open(&[graasp()], 0, clock.now()).unwrap();
        let again = SimCloud::new(world, Arc::new(clock.clone()));
        let reloaded = again.cloud(&graasp());
        let services = reloaded.services(&"graasp-prod".into(), &["graasp".into()]).await.unwrap();
        assert_eq!(services["graasp"].desired, 7);
    });
}

#[test]
fn credentials_of_another_account_are_seen() {
    let (clock, cloud) = cloud();
    let port = port(&cloud);
    assert_eq!(clock.block_on(port.account()).as_deref(), Ok("592217263685"));
    cloud.with(|world| world.regions[0].caller = Some("000000000000".to_owned()));
    assert_eq!(clock.block_on(port.account()).as_deref(), Ok("000000000000"));
}

#[test]
fn calls_side_by_side_give_the_same_history_each_time() {
    let live = || {
        let (clock, cloud): (SimClock, SimCloud) = cloud();
        cloud.set_faults(FaultPlan::drawn(11));
        let port = port(&cloud);
        clock.block_on(futures_util::future::join_all((0..40).map(|count| {
            let port = &port;
            async move { port.update_service(&scale(count)).await.is_ok() }
        })));
        (cloud.log(), cloud.with(|world| world.portrait()))
    };
    assert_eq!(live(), live());
}
