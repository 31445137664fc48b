//! Lists: what there is, for whoever does not know its names yet.

use tidegate::cloud::{DatabaseStatus, RuleAction};

use super::super::seed::{CLUSTER, FAMILY, SERVICE};
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
