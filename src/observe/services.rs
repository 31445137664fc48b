//! Services with their tasks, definitions and scalable targets.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all, try_join};

use super::{ObserveContext, Observed, ServiceSeen, patiently, unreadable};
use crate::cloud::{CloudError, ScalableTarget, Service};
use crate::model::ServiceName;

/// Target groups of the declared services that exist, or why they could not be read.
pub(super) type Groups = Result<BTreeMap<ServiceName, Vec<String>>, String>;

/// One entry a declared service; and their target groups, which one service whose tasks or definitions cannot
/// be read does not hide: the gate has to close around it, too.
pub(super) async fn services(
    eyes: ObserveContext<'_>,
) -> (BTreeMap<ServiceName, Observed<ServiceSeen>>, Groups) {
    let names: Vec<ServiceName> = eyes.spec.services.keys().cloned().collect();
    let cluster = &eyes.spec.cluster;
    let (found, targets) = join(
        patiently(eyes.clock, || eyes.cloud.services(cluster, &names)),
        patiently(eyes.clock, || eyes.cloud.scalable_targets(cluster, &names)),
    )
    .await;
    let (found, targets) = (&found, &targets);
    let seen = names.into_iter().map(|name| async move {
        let seen = one(eyes, found, targets, &name).await;
        (name, seen)
    });
    let seen = join_all(seen).await.into_iter().collect();
    let groups = match found {
        Ok(found) => {
            Ok(found.iter().map(|(name, found)| (name.clone(), found.target_groups.clone())).collect())
        }
        Err(error) => Err(error.to_string()),
    };
    (seen, groups)
}

type Answer<T> = Result<BTreeMap<ServiceName, T>, CloudError>;

async fn one(
    eyes: ObserveContext<'_>,
    found: &Answer<Service>,
    targets: &Answer<ScalableTarget>,
    name: &ServiceName,
) -> Observed<ServiceSeen> {
    let (found, targets) = match (found, targets) {
        (Ok(found), Ok(targets)) => (found, targets),
        (Err(error), _) | (_, Err(error)) => return unreadable(error.clone()),
    };
    let Some(service) = found.get(name) else { return Observed::Absent };
    let cluster = &eyes.spec.cluster;
    let definitions = async {
        let definition = patiently(eyes.clock, || eyes.cloud.task_definition(&service.definition)).await?;
        let newest = patiently(eyes.clock, || eyes.cloud.newest_definition(&definition.family)).await?;
        Ok((definition, newest))
    };
    let tasks = patiently(eyes.clock, || eyes.cloud.service_tasks(cluster, name));
    match try_join(definitions, tasks).await {
        Ok(((definition, Some(newest)), tasks)) => Observed::Present(ServiceSeen {
            service: service.clone(),
            tasks,
            definition,
            newest,
            scaling: targets.get(name).copied(),
        }),
        // Somebody deregistered every revision: the service runs on one that cannot be started any more.
        Ok(((definition, None), _)) => {
            Observed::Unreadable { why: format!("the family `{}` has no ACTIVE revision", definition.family) }
        }
        Err(error) => unreadable(error),
    }
}
