//! Services with their tasks, definitions and scalable targets.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all, try_join};

use super::context::{ObserveContext, unreadable};
use super::snapshot::{Observed, ServiceSeen};
use crate::cloud::{CloudError, ScalableTarget, Service, ServiceStatus};
use crate::model::ServiceName;

/// Target groups of the declared services that exist, or why they could not be read.
pub(super) type Groups = Result<BTreeMap<ServiceName, Vec<String>>, String>;

/// One entry for each declared service, and the target groups of all of them. A service whose tasks or definitions
/// cannot be read still has its target groups here: the gate must close for it, too.
pub(super) async fn services(
    context: ObserveContext<'_>,
) -> (BTreeMap<ServiceName, Observed<ServiceSeen>>, Groups) {
    let names: Vec<ServiceName> = context.spec.services.keys().cloned().collect();
    let cluster = &context.spec.cluster;
    let (found, targets) = join(
        context.read(|cloud| cloud.services(cluster, &names)),
        context.read(|cloud| cloud.scalable_targets(cluster, &names)),
    )
    .await;
    let (found, targets) = (&found, &targets);
    let seen = names.into_iter().map(|name| async move {
        let seen = one(context, found, targets, &name).await;
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
    context: ObserveContext<'_>,
    found: &Answer<Service>,
    targets: &Answer<ScalableTarget>,
    name: &ServiceName,
) -> Observed<ServiceSeen> {
    let (found, targets) = match (found, targets) {
        (Ok(found), Ok(targets)) => (found, targets),
        (Err(error), _) | (_, Err(error)) => return unreadable(error.clone()),
    };
    let Some(service) = found.get(name) else { return Observed::Absent };
    let cluster = &context.spec.cluster;
    let definitions = async {
        let definition = context.read(|cloud| cloud.task_definition(&service.definition)).await?;
        let newest = context.read(|cloud| cloud.newest_definition(&definition.family)).await?;
        Ok((definition, newest))
    };
    let tasks = async {
        // AWS no longer knows the tasks of a service that is gone: all of them have stopped.
        match service.status {
            ServiceStatus::Inactive => Ok(Vec::new()),
            _ => context.read(|cloud| cloud.service_tasks(cluster, name)).await,
        }
    };
    match try_join(definitions, tasks).await {
        Ok(((definition, Some(newest)), tasks)) => Observed::Present(ServiceSeen {
            service: service.clone(),
            tasks,
            definition,
            newest,
            scaling: targets.get(name).copied(),
        }),
        // Every revision was deregistered: the service runs on one that can no longer be started.
        Ok(((definition, None), _)) => Observed::Unreadable {
            why: format!("the task-definition family `{}` has no ACTIVE revision", definition.family),
        },
        Err(error) => unreadable(error),
    }
}
