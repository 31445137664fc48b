//! Reads a cluster and its surroundings: the only file of this room that asks the cloud.
//!
//! Without its services there is nothing to declare, so a failure to read the cluster or its services ends the survey.
//! Databases, listeners and families are only needed for proposals: without the right to list them, the declaration is
//! written without them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{BoxFuture, join, join_all, try_join_all};

use super::error::ImportError;
use super::image::{self, Owner};
use super::mention::mentioned;
use super::survey::{FamilyFound, Newest, ServiceFound, Survey, SurveyTarget};
use crate::clock::Clock;
use crate::cloud::{
    CloudError, CloudRead, Controller, ListedDatabase, ListedListener, ScalableTarget, Service, Task,
    TaskDefinition, TaskStatus, tag,
};
use crate::model::{ContainerName, Digest, FamilyName, ImageRef, ServiceName};
use crate::observe::patiently;
use crate::spec::DatabaseTarget;

/// Families that might be migrations; an account may have hundreds of others.
const FAMILIES_MAX: usize = 20;

/// Reads a cluster and its surroundings. `own_images` as in [`super::ImportOptions`].
///
/// # Errors
/// When there is no such cluster, or its services cannot be read.
pub async fn survey(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    target: SurveyTarget,
    own_images: &[String],
) -> Result<Survey, ImportError> {
    let context = SurveyContext { cloud, clock, target: &target, own_images };
    let owner = context.owner().await?;
    let (databases, seen) = join(context.databases(), context.services()).await;
    let seen = seen?;
    let groups: BTreeSet<String> =
        seen.iter().flat_map(|seen| seen.found.service.target_groups.clone()).collect();
    let used: BTreeSet<FamilyName> = seen.iter().map(|seen| seen.definition.family.clone()).collect();
    let (listeners, families) =
        join(context.listeners(groups.into_iter().collect()), context.families(&used)).await;
    let mentions = mentions(databases.as_deref().unwrap_or_default(), &seen);
    let services = seen.into_iter().map(|seen| seen.found).collect();
    Ok(Survey { owner, services, databases, mentions, listeners, families, target })
}

/// A service with its whole task definition, which never leaves this file: it may hold secrets.
struct WithDefinition {
    found: ServiceFound,
    definition: TaskDefinition,
}

#[derive(Clone, Copy)]
struct SurveyContext<'a> {
    cloud: &'a dyn CloudRead,
    clock: &'a dyn Clock,
    target: &'a SurveyTarget,
    own_images: &'a [String],
}

impl<'a> SurveyContext<'a> {
    /// Reads, and retries while the failure is transient.
    async fn read<'f, T>(
        self,
        call: impl Fn(&'a dyn CloudRead) -> BoxFuture<'f, Result<T, CloudError>>,
    ) -> Result<T, CloudError> {
        patiently(self.clock, || call(self.cloud)).await
    }

    /// The cluster's own tag says whether a tidegate store manages it already.
    async fn owner(self) -> Result<Option<String>, ImportError> {
        let SurveyTarget { account, region, cluster, .. } = self.target;
        let tags = self.read(|cloud| cloud.cluster_tags(cluster)).await;
        match tags.map_err(unreadable(format!("cluster `{cluster}`")))? {
            Some(tags) => Ok(tags.get(tag::OWNER).cloned()),
            None => {
                let known = self.read(|cloud| cloud.cluster_names()).await.unwrap_or_default();
                let (account, region) = (account.clone(), region.clone());
                Err(ImportError::NoCluster { cluster: cluster.clone(), region, account, known })
            }
        }
    }

    async fn databases(self) -> Result<Vec<ListedDatabase>, String> {
        self.read(|cloud| cloud.databases()).await.map_err(|error| error.to_string())
    }

    async fn listeners(self, groups: Vec<String>) -> Result<Vec<ListedListener>, String> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let listed = self.read(|cloud| cloud.listeners_of(&groups)).await;
        listed.map_err(|error| error.to_string())
    }

    /// Families with the name of a migration first, then families with a word of the cluster's name.
    async fn families(self, used: &BTreeSet<FamilyName>) -> Result<Vec<FamilyFound>, String> {
        let words = image::words(&self.target.cluster);
        let names = self.read(|cloud| cloud.family_names()).await;
        let names = names.map_err(|error| error.to_string())?;
        let (named_so, others): (Vec<FamilyName>, Vec<FamilyName>) = names
            .into_iter()
            .filter(|name| !used.contains(name))
            .partition(|name| name.as_str().to_ascii_lowercase().contains(image::MIGRATION_WORD));
        let is_alike = |name: &FamilyName| words.iter().any(|word| name.as_str().contains(word));
        let asked = named_so.into_iter().chain(others.into_iter().filter(is_alike)).take(FAMILIES_MAX);
        let newest = asked.map(|family| async move {
            let newest = self.read(|cloud| cloud.newest_definition(&family)).await?;
            Ok::<_, CloudError>(newest.map(|newest| FamilyFound { images: newest.document.images(), family }))
        });
        let found = try_join_all(newest).await.map_err(|error| error.to_string())?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn services(self) -> Result<Vec<WithDefinition>, ImportError> {
        let cluster = &self.target.cluster;
        let failed = || unreadable(format!("the services of cluster `{cluster}`"));
        let mut names = self.read(|cloud| cloud.service_names(cluster)).await.map_err(failed())?;
        names.sort();
        let described = self.read(|cloud| cloud.services(cluster, &names));
        let scaling = self.read(|cloud| cloud.scalable_targets(cluster, &names));
        let (described, scaling) = join(described, scaling).await;
        // A range that could not be read is not a range that does not exist.
        let scaling = scaling.map_err(unreadable("the scalable targets of its services".to_owned()))?;
        // A service that is deployed by task sets names no definition.
        let described =
            described.map_err(failed())?.into_values().filter(|found| !found.definition.is_empty());
        let looked = described.map(|service| self.service(scaling.get(&service.name).copied(), service));
        let mut seen: Vec<WithDefinition> = try_join_all(looked).await?;
        seen.sort_by(|one, other| one.found.service.name.cmp(&other.found.service.name));
        Ok(seen)
    }

    async fn service(
        self,
        scaling: Option<ScalableTarget>,
        service: Service,
    ) -> Result<WithDefinition, ImportError> {
        let name = service.name.clone();
        let failed = |part: &str| unreadable(format!("the {part} of service `{name}`"));
        let definition = self.read(|cloud| cloud.task_definition(&service.definition)).await;
        let definition = definition.map_err(failed("task definition"))?;
        let newest = self.read(|cloud| cloud.newest_definition(&definition.family)).await;
        let newest = newest.map_err(failed("newest task definition"))?;
        let tasks = self.read(|cloud| cloud.service_tasks(&self.target.cluster, &name)).await;
        let tasks = tasks.map_err(failed("tasks"))?;
        let live: Vec<&Task> = tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
        let images = definition.document.images();
        let known_as = match service.controller {
            Controller::Ecs => self.known_as(&images, &live).await,
            Controller::Daemon | Controller::CodeDeploy | Controller::External => BTreeMap::new(),
        };
        let (live_tasks, newest) = (live.len(), compared(&definition, newest.as_ref()));
        Ok(WithDefinition {
            found: ServiceFound { service, images, scaling, live_tasks, newest, known_as },
            definition,
        })
    }

    /// Version tags of the running images, for images that are released from here and have a moving tag. They are only
    /// shown, so a registry that does not answer is no error.
    async fn known_as(
        self,
        images: &BTreeMap<ContainerName, ImageRef>,
        live: &[&Task],
    ) -> BTreeMap<ContainerName, Vec<String>> {
        let SurveyTarget { account, cluster, .. } = self.target;
        let owner = Owner { account, cluster, prefixes: self.own_images };
        let moves = |image: &ImageRef| image.tag().is_some_and(|tag| image::tagged(tag).is_none());
        let asked = images.iter().filter(|(_, image)| owner.owns(image) && moves(image));
        let asked = asked.filter_map(|(name, image)| Some((name, image.repository(), pulled(live, name)?)));
        let answers = asked.map(|(name, repository, digest)| async move {
            let tags = self.read(|cloud| cloud.tags_of(repository, &digest)).await;
            let tags = tags.unwrap_or_default().into_iter().filter(|tag| image::tagged(tag).is_some());
            (name.clone(), tags.collect::<Vec<_>>())
        });
        let answers = join_all(answers).await.into_iter();
        answers.filter(|(_, tags)| !tags.is_empty()).collect()
    }
}

/// The digest that all running containers of this name have pulled.
fn pulled(live: &[&Task], name: &ContainerName) -> Option<Digest> {
    let found = live.iter().flat_map(|task| &task.containers).filter(|found| found.name == *name);
    let digests: BTreeSet<&Digest> = found.filter_map(|found| found.digest.as_ref()).collect();
    if digests.len() == 1 { digests.into_iter().next().cloned() } else { None }
}

fn compared(deployed: &TaskDefinition, newest: Option<&TaskDefinition>) -> Newest {
    let Some(newest) = newest else { return Newest::Gone };
    if newest.revision <= deployed.revision {
        return Newest::Deployed;
    }
    let alike = newest.document.with_images(&deployed.document.images());
    Newest::Newer {
        name: newest.short(),
        images: newest.document.images(),
        differs_beyond: alike.fingerprint() != deployed.document.fingerprint(),
    }
}

fn mentions(
    databases: &[ListedDatabase],
    seen: &[WithDefinition],
) -> BTreeMap<DatabaseTarget, BTreeSet<ServiceName>> {
    let mut mentions: BTreeMap<DatabaseTarget, BTreeSet<ServiceName>> = BTreeMap::new();
    for seen in seen {
        let hosts = databases.iter().flat_map(|database| &database.addresses).map(String::as_str);
        let named = mentioned(&seen.definition.document, hosts);
        let meant =
            databases.iter().filter(|it| it.addresses.iter().any(|host| named.contains(host.as_str())));
        for database in meant {
            mentions.entry(database.target.clone()).or_default().insert(seen.found.service.name.clone());
        }
    }
    mentions
}

fn unreadable(what: String) -> impl FnOnce(CloudError) -> ImportError {
    move |why| ImportError::Unreadable { what, why }
}
