//! Clusters, definitions, services, tasks and scalable targets.

use std::collections::BTreeMap;

use tidegate::cloud::{
    ContainerStatus, Controller, Kind, LogTail, Rollback, Rollout, RuleAction, RunTask, ScalableTarget,
    Suspended, TaskStatus, UpdateService, Witness, tag,
};
use tidegate::model::ImageRef;

use super::super::seed::{CLUSTER, FAMILY, SERVICE};
use super::land::{Land, listener};

pub async fn the_account_is_the_credentials_own(land: &impl Land) {
    assert_eq!(land.cloud().account().await.unwrap(), land.account());
}

pub async fn a_cluster_keeps_its_tags(land: &impl Land) {
    let (cloud, cluster) = (land.cloud(), CLUSTER.into());
    cloud.tag_cluster(&cluster, tag::OWNER, "6f1c1f5e").await.unwrap();
    cloud.tag_cluster(&cluster, "team", "platform").await.unwrap();
    let tags = cloud.cluster_tags(&cluster).await.unwrap().unwrap();
    assert_eq!((tags[tag::OWNER].as_str(), tags["team"].as_str()), ("6f1c1f5e", "platform"));
    assert_eq!(cloud.cluster_tags(&"nowhere".into()).await.unwrap(), None);
    let nowhere = cloud.tag_cluster(&"nowhere".into(), "a", "b").await.unwrap_err();
    assert_eq!(nowhere.kind, Kind::NotFound);
}

pub async fn a_definition_is_registered_anew_with_only_its_image_changed(land: &impl Land) {
    let cloud = land.cloud();
    let newest = cloud.newest_definition(&SERVICE.into()).await.unwrap().unwrap();
    assert_eq!(newest.short(), format!("{SERVICE}:{}", newest.revision));
    let wanted = newest.document.with_images(&[(SERVICE.into(), image(land, "v1.1.0"))].into());
    let registered = cloud.register_definition(&wanted).await.unwrap();
    assert_eq!(registered.revision, newest.revision + 1);
    assert_eq!(registered.document.fingerprint(), wanted.fingerprint(), "tags and all");
    let found = cloud.newest_definition(&SERVICE.into()).await.unwrap().unwrap();
    assert_eq!((found.arn, found.document.fingerprint()), (registered.arn, wanted.fingerprint()));
    // An earlier revision stays as it was.
    assert_eq!(cloud.task_definition(&newest.arn).await.unwrap(), newest);
    assert_eq!(cloud.newest_definition(&"nobody".into()).await.unwrap(), None);
    let nobody = newest.arn.replace(&newest.short(), "nobody:1");
    assert_eq!(cloud.task_definition(&nobody).await.unwrap_err().kind, Kind::Invalid);
}

pub(super) fn image(land: &impl Land, version: &str) -> ImageRef {
    ImageRef::new(format!("{}:{SERVICE}-{version}", land.repository()))
}

fn update() -> UpdateService {
    UpdateService {
        cluster: CLUSTER.into(),
        service: SERVICE.into(),
        definition: None,
        desired: None,
        rollback: None,
    }
}

pub async fn a_service_is_shown_with_its_tasks(land: &impl Land) {
    let (cloud, cluster) = (land.cloud(), CLUSTER.into());
    assert_eq!(cloud.service_names(&cluster).await.unwrap(), [SERVICE.into()]);
    let found = cloud.services(&cluster, &[SERVICE.into(), "nobody".into()]).await.unwrap();
    assert_eq!(found.len(), 1);
    let service = &found[SERVICE];
    assert_eq!((service.desired, service.running, service.pending), (2, 2, 0));
    assert_eq!(service.controller, Controller::Ecs);
    assert_eq!(service.rollback, Rollback { circuit_breaker: true, alarms: false });
    let rule = cloud.listener(&listener()).await.unwrap().unwrap().rules.remove(0);
    assert_eq!(rule.action, RuleAction::Forward(service.target_groups.clone()));
    let [deployment] = service.deployments.as_slice() else { panic!("{service:?}") };
    assert!(deployment.primary && deployment.definition == service.definition, "{service:?}");
    land.until("the deployment is complete and both tasks are healthy", async || {
        let service = cloud.services(&cluster, &[SERVICE.into()]).await.unwrap().remove(SERVICE).unwrap();
        let tasks = cloud.service_tasks(&cluster, &SERVICE.into()).await.unwrap();
        let is_well = |task: &&tidegate::cloud::Task| {
            task.status == TaskStatus::Running && task.healthy && task.started_at.is_some()
        };
        service.deployments[0].rollout == Rollout::Completed && tasks.iter().filter(is_well).count() == 2
    })
    .await;
    for task in cloud.service_tasks(&cluster, &SERVICE.into()).await.unwrap() {
        assert_eq!((&task.started_by, &task.definition), (&deployment.id, &service.definition));
        assert_eq!((task.containers[0].name.as_str(), task.containers[0].exit_code), (SERVICE, None));
        assert_eq!((task.stopped_at, task.stop_code), (None, None));
    }
}

pub async fn another_definition_is_rolled_out_by_a_deployment(land: &impl Land) {
    let (cloud, cluster) = (land.cloud(), CLUSTER.into());
    let service =
        async || cloud.services(&cluster, &[SERVICE.into()]).await.unwrap().remove(SERVICE).unwrap();
    let before = service().await;
    let document = cloud.task_definition(&before.definition).await.unwrap().document;
    let document = document.with_images(&[(SERVICE.into(), image(land, "v1.1.0"))].into());
    let next = cloud.register_definition(&document).await.unwrap().arn;
    let roll = UpdateService { definition: Some(next.clone()), rollback: Some(Rollback::OFF), ..update() };
    let answer = cloud.update_service(&roll).await.unwrap();
    assert_eq!((answer.desired, answer.rollback, &answer.definition), (2, Rollback::OFF, &next));
    let primary = answer.deployments.iter().find(|deployment| deployment.primary).unwrap();
    assert_eq!(primary.definition, next);
    assert_ne!(primary.id, before.deployments[0].id);
    land.until("the deployment is complete", async || {
        let now = service().await;
        now.deployments.len() == 1
            && now.deployments[0].rollout == Rollout::Completed
            && (now.running, now.desired) == (2, 2)
    })
    .await;
    assert_eq!(service().await.deployments[0].id, primary.id);
    land.until("the tasks before it are gone, and still shown", async || {
        let tasks = cloud.service_tasks(&cluster, &SERVICE.into()).await.unwrap();
        let (new, old): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| task.definition == next);
        let are_gone = old.iter().all(|task| task.status == TaskStatus::Stopped && task.stopped_at.is_some());
        new.iter().filter(|task| task.healthy).count() == 2 && old.len() == 2 && are_gone
    })
    .await;
    // The same definition once more is no deployment.
    let again = UpdateService { definition: Some(next), ..update() };
    cloud.update_service(&again).await.unwrap();
    assert_eq!(service().await.deployments[0].id, primary.id);
}

pub async fn a_count_alone_starts_no_deployment(land: &impl Land) {
    let (cloud, cluster) = (land.cloud(), CLUSTER.into());
    let service =
        async || cloud.services(&cluster, &[SERVICE.into()]).await.unwrap().remove(SERVICE).unwrap();
    let id = service().await.deployments[0].id.clone();
    for count in [1, 0, 3] {
        let answer = cloud.update_service(&UpdateService { desired: Some(count), ..update() }).await.unwrap();
        assert_eq!(answer.desired, count);
        land.until("as many tasks run, and no other is left", async || {
            let tasks = cloud.service_tasks(&cluster, &SERVICE.into()).await.unwrap();
            let alive: Vec<_> = tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
            let running = alive.iter().filter(|task| task.status == TaskStatus::Running).count();
            alive.len() == running && running == count as usize && service().await.running == count
        })
        .await;
        let now = service().await;
        assert_eq!((now.deployments.len(), &now.deployments[0].id), (1, &id));
    }
}

pub async fn what_does_not_exist_in_a_cluster_is_said_not_to(land: &impl Land) {
    let (cloud, cluster, nowhere) = (land.cloud(), CLUSTER.into(), "nowhere".into());
    let nobody = UpdateService { service: "nobody".into(), desired: Some(1), ..update() };
    assert_eq!(cloud.update_service(&nobody).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.service_tasks(&cluster, &"nobody".into()).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.services(&nowhere, &[SERVICE.into()]).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.service_names(&nowhere).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.service_tasks(&nowhere, &SERVICE.into()).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.family_tasks(&nowhere, &FAMILY.into()).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.family_tasks(&cluster, &"nobody".into()).await.unwrap(), []);
}

pub(super) async fn migration(land: &impl Land, number: u32) -> RunTask {
    RunTask {
        placement: Default::default(),
        cluster: CLUSTER.into(),
        definition: land.cloud().newest_definition(&FAMILY.into()).await.unwrap().unwrap().arn,
        network_of: SERVICE.into(),
        client_token: format!("token-{number}"),
        started_by: format!("tidegate-{number}"),
        tags: BTreeMap::from([(tag::MIGRATING.to_owned(), "v1/v2/1".to_owned())]),
    }
}

pub async fn a_one_off_task_is_found_by_who_started_it_and_tells_how_it_ended(land: &impl Land) {
    let (cloud, cluster, family) = (land.cloud(), CLUSTER.into(), FAMILY.into());
    land.migrations_exit(3);
    let request = migration(land, 1).await;
    let started = cloud.run_task(&request).await.unwrap();
    assert_eq!((started.started_by.as_str(), &started.definition), ("tidegate-1", &request.definition));
    let ours = async || {
        let found = cloud.family_tasks(&cluster, &family).await.unwrap();
        let mut ours = found.into_iter().filter(|task| task.started_by == "tidegate-1");
        let task = ours.next().expect("it is listed, whether it runs or has stopped");
        assert_eq!((ours.next(), &task.arn), (None, &started.arn));
        task
    };
    land.until("it has ended", async || ours().await.status == TaskStatus::Stopped).await;
    let ended = ours().await;
    assert_eq!(ended.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(ended.containers[0].exit_code, Some(3));
    assert!(ended.started_at.is_some() && ended.stopped_at.is_some() && ended.stopped_reason.is_some());
    assert!(ended.containers[0].runtime_id.is_some());
    assert_eq!(ended.containers[0].status, ContainerStatus::Stopped);
    let name = &ended.containers[0].name;
    assert_eq!(ended.has_run(&[name.clone()].into()), Witness::HasRun);
    let LogTail::Lines(lines) = cloud.log_tail(&ended, name, 50).await.unwrap() else {
        panic!("it has a log")
    };
    let last = lines.last().cloned().expect("it wrote something");
    assert_eq!(cloud.log_tail(&ended, name, 1).await.unwrap(), LogTail::Lines(vec![last]), "the last one");
}

pub async fn the_same_token_starts_nothing_twice(land: &impl Land) {
    let cloud = land.cloud();
    let request = migration(land, 1).await;
    let first = cloud.run_task(&request).await.unwrap();
    assert_eq!(cloud.run_task(&request).await.unwrap().arn, first.arn);
    let other = RunTask { client_token: request.client_token.clone(), ..migration(land, 2).await };
    assert_eq!(cloud.run_task(&other).await.unwrap_err().kind, Kind::Conflict, "its token was used");
    assert_eq!(cloud.family_tasks(&CLUSTER.into(), &FAMILY.into()).await.unwrap().len(), 1);
}

pub async fn a_task_is_stopped_at_a_persons_request(land: &impl Land) {
    let (cloud, cluster) = (land.cloud(), CLUSTER.into());
    let started = cloud.run_task(&migration(land, 1).await).await.unwrap();
    cloud.stop_task(&cluster, &started.arn, "the test is over").await.unwrap();
    land.until("it has stopped", async || {
        let found = cloud.family_tasks(&cluster, &FAMILY.into()).await.unwrap();
        let task = found.iter().find(|task| task.arn == started.arn).expect("stopped tasks are listed, too");
        task.status == TaskStatus::Stopped && task.stop_code.as_deref() == Some("UserInitiated")
    })
    .await;
}

pub async fn a_target_is_suspended_and_resumed(land: &impl Land) {
    let (cloud, cluster, services) = (land.cloud(), CLUSTER.into(), [SERVICE.into(), "nobody".into()]);
    assert_eq!(cloud.scalable_targets(&cluster, &services).await.unwrap(), BTreeMap::new());
    let some = Suspended { dynamic_in: true, ..Suspended::NONE };
    for suspended in [Suspended::ALL, some, Suspended::NONE] {
        let target = ScalableTarget { min: 0, max: 8, suspended };
        cloud.set_scalable_target(&cluster, &services[0], &target).await.unwrap();
        let found = cloud.scalable_targets(&cluster, &services).await.unwrap();
        assert_eq!(found, [(SERVICE.into(), target)].into());
    }
}
