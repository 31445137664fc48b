//! Services with their tasks, definitions and scalable targets.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};

use super::context::{ObserveContext, unreadable};
use super::snapshot::{Observed, ServiceSeen, StoppableService};
use crate::cloud::{CloudError, ScalableTarget, Service, ServiceStatus};
use crate::model::ServiceName;

/// Target groups of the declared services that exist, or why they could not be read.
pub(super) type Groups = Result<BTreeMap<ServiceName, Vec<String>>, String>;

type Services = BTreeMap<ServiceName, Observed<ServiceSeen>>;
type Stoppable = BTreeMap<ServiceName, StoppableService>;

/// One entry for each declared service, those that can be stopped although they are unreadable, and the target groups of all of them. A service whose tasks or definitions
/// cannot be read still has its target groups here: the gate must close for it, too.
pub(super) async fn services(context: ObserveContext<'_>) -> (Services, Stoppable, Groups) {
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
    let (mut services, mut stoppable) = (Services::new(), Stoppable::new());
    for (name, (seen, bare)) in join_all(seen).await {
        stoppable.extend(bare.map(|bare| (name.clone(), bare)));
        services.insert(name, seen);
    }
    let groups = match found {
        Ok(found) => {
            Ok(found.iter().map(|(name, found)| (name.clone(), found.target_groups.clone())).collect())
        }
        Err(error) => Err(error.to_string()),
    };
    (services, stoppable, groups)
}

type Answer<T> = Result<BTreeMap<ServiceName, T>, CloudError>;

/// A service; and, where only its definitions could not be read, what stopping it needs.
async fn one(
    context: ObserveContext<'_>,
    found: &Answer<Service>,
    targets: &Answer<ScalableTarget>,
    name: &ServiceName,
) -> (Observed<ServiceSeen>, Option<StoppableService>) {
    let (found, targets) = match (found, targets) {
        (Ok(found), Ok(targets)) => (found, targets),
        (Err(error), _) | (_, Err(error)) => return (unreadable(error.clone()), None),
    };
    let Some(service) = found.get(name) else { return (Observed::Absent, None) };
    let cluster = &context.spec.cluster;
    let definitions = async {
        let definition = context.read(|cloud| cloud.task_definition(&service.definition)).await?;
        let newest = context.read(|cloud| cloud.newest_definition(&definition.family)).await?;
        Ok::<_, CloudError>((definition, newest))
    };
    let tasks = async {
        // AWS no longer knows the tasks of a service that is gone: all of them have stopped.
        match service.status {
            ServiceStatus::Inactive => Ok(Vec::new()),
            _ => context.read(|cloud| cloud.service_tasks(cluster, name)).await,
        }
    };
    let (definitions, tasks) = join(definitions, tasks).await;
    let tasks = match tasks {
        Ok(tasks) => tasks,
        Err(error) => return (unreadable(error), None),
    };
    let (service, scaling) = (service.clone(), targets.get(name).copied());
    let why = match definitions {
        Ok((definition, Some(newest))) => {
            let seen = ServiceSeen { service, tasks, definition, newest, scaling };
            return (Observed::Present(seen), None);
        }
        // Every revision was deregistered: what runs continues to run, and nothing new can be made from it.
        Ok((definition, None)) => {
            format!("the task-definition family `{}` has no ACTIVE revision", definition.family)
        }
        Err(error) => error.to_string(),
    };
    (Observed::Unreadable { why }, Some(StoppableService { service, tasks, scaling }))
}
