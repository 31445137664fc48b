//! Lists: what there is, for whoever does not know its names yet.

use std::collections::BTreeSet;

use tidegate::cloud::{
    Capacity, CapacityProvider, ClusterTask, DatabaseStatus, Kind, ProviderKind, RuleAction,
};
use tidegate::model::ImageRef;

use super::super::seed::{CLUSTER, FAMILY, SERVICE};
use super::containers::{image, migration};
use super::land::{Land, database, listener};

pub async fn clusters_families_and_databases_are_listed(land: &impl Land) {
    let cloud = land.cloud();
    assert_eq!(cloud.cluster_names().await.unwrap(), [CLUSTER.into()]);
    assert_eq!(cloud.family_names().await.unwrap(), [FAMILY.into(), SERVICE.into()]);
    let [found] = cloud.databases().await.unwrap().try_into().unwrap();
    assert_eq!(
        (found.target, found.status, found.unstoppable),
        (database(), DatabaseStatus::Available, None)
    );
    assert!(!found.is_replica && !found.addresses.is_empty(), "{:?}", found.addresses);
}

pub async fn a_listener_is_found_by_the_target_groups_it_leads_to(land: &impl Land) {
    let cloud = land.cloud();
    let rules = cloud.listener(&listener()).await.unwrap().unwrap().rules;
    let groups = rules.iter().flat_map(|rule| match &rule.action {
        RuleAction::Forward(groups) => groups.clone(),
        _ => Vec::new(),
    });
    let [found] = cloud.listeners_of(&groups.collect::<Vec<_>>()).await.unwrap().try_into().unwrap();
    assert_eq!(found.target, listener());
    let page = found.redirects_to.expect("the default action redirects");
    assert_eq!(page.host_str(), Some("maintenance.shop.example"));
    assert_eq!(cloud.listeners_of(&[]).await.unwrap(), []);
}

pub async fn a_cluster_says_what_it_runs_tasks_on(land: &impl Land) {
    let provider = |name: &str, kind| CapacityProvider { name: name.to_owned(), kind, active: true };
    let fargate = provider("FARGATE", ProviderKind::Fargate);
    let spot = provider("FARGATE_SPOT", ProviderKind::FargateSpot);
    let capacity = Capacity { instances: 0, providers: vec![fargate, spot], default_strategy: Vec::new() };
    assert_eq!(land.cloud().capacity(&CLUSTER.into()).await.unwrap(), Some(capacity));
    assert_eq!(land.cloud().capacity(&"nowhere".into()).await.unwrap(), None);
}

pub async fn every_task_of_a_cluster_is_listed_by_what_it_runs(land: &impl Land) {
    let (cloud, cluster, nothing) = (land.cloud(), CLUSTER.into(), BTreeSet::new());
    let service = cloud.services(&cluster, &[SERVICE.into()]).await.unwrap().remove(SERVICE).unwrap();
    let of_service = cloud.other_tasks(&cluster, &nothing).await.unwrap();
    let found: Vec<_> =
        of_service.iter().map(|task| (task.service(), task.family(), &task.definition)).collect();
    let expected = (Some(SERVICE), SERVICE, &service.definition);
    assert_eq!(found, [expected, expected]);
    assert!(of_service.iter().all(|task| task.images.contains(&image(land, "v1.0.0"))), "{of_service:?}");
    let known: BTreeSet<String> = of_service.into_iter().map(|task| task.arn).collect();
    assert_eq!(cloud.other_tasks(&cluster, &known).await.unwrap(), []);

    let request = migration(land, 1).await;
    let started = cloud.run_task(&request).await.unwrap();
    let task = ClusterTask {
        arn: started.arn.clone(),
        definition: request.definition.clone(),
        group: format!("family:{FAMILY}"),
        started_by: request.started_by.clone(),
        images: [ImageRef::new(format!("{}:{FAMILY}-v1.0.0", land.repository()))].into(),
    };
    assert_eq!(cloud.other_tasks(&cluster, &known).await.unwrap(), [task]);
    cloud.stop_task(&cluster, &started.arn, "the test is over").await.unwrap();
    land.until("a task that has stopped is not listed", async || {
        cloud.other_tasks(&cluster, &known).await.unwrap().is_empty()
    })
    .await;
    let nowhere = cloud.other_tasks(&"nowhere".into(), &nothing).await.unwrap_err();
    assert_eq!(nowhere.kind, Kind::NotFound);
}
