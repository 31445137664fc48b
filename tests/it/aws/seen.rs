//! What there is to see of a shop in the emulators, and what is expected of its runs.

use std::collections::BTreeMap;

use tidegate::cloud::CloudRead as _;
use tidegate::reconcile::{Run, RunOutcome};
use tidegate::spec::DatabaseTarget;

use super::seed::{CLUSTER, DATABASE};
use super::shop::Shop;

/// What users and testers get while the gate is open: the balancer lets them through, to targets that nobody runs.
pub const OPEN: (bool, bool) = (true, true);
/// …and while it is closed: users are sent to the maintenance page.
pub const CLOSED: (bool, bool) = (false, true);

/// Who gets through.
pub fn gate(shop: &Shop) -> (bool, bool) {
    let (users, testers) = shop.seen();
    (users != 302, testers != 302)
}

pub async fn tags(shop: &Shop) -> BTreeMap<String, String> {
    let target = DatabaseTarget::Instance(DATABASE.to_owned());
    shop.platform.cloud.database(&target).await.unwrap().unwrap().tags
}

/// Counts and images of the services.
pub async fn services(shop: &Shop) -> BTreeMap<String, (u32, String)> {
    let cloud = &shop.platform.cloud;
    let names = cloud.service_names(&CLUSTER.into()).await.unwrap();
    let mut found = BTreeMap::new();
    for (name, service) in cloud.services(&CLUSTER.into(), &names).await.unwrap() {
        let definition = cloud.task_definition(&service.definition).await.unwrap();
        let image = definition.document.images().into_values().next().unwrap();
        found.insert(name.to_string(), (service.running, image.tag().unwrap().to_owned()));
    }
    found
}

pub async fn expect(shop: &Shop, outcome: RunOutcome) -> Run {
    let run = shop.apply().await;
    assert_eq!(run.outcome, Some(outcome), "{run:#?} {:#?}", shop.plan().await);
    run
}

pub fn steps(run: &Run) -> Vec<&str> {
    run.steps.iter().map(|step| step.step.as_str()).collect()
}
