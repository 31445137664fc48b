//! What there is: the one part of this room that asks the cloud. It reads, side by side where it can.
//!
//! Without its services a cluster says nothing, so what cannot be read there ends the survey. Databases, listeners
//! and families are asked for advice: whoever may not list them still gets a declaration without them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, try_join_all};

use super::error::ImportError;
use super::image::{self, Owner};
use super::mention::mentioned;
use crate::clock::Clock;
use crate::cloud::{
    CloudError, CloudRead, Controller, ListedDatabase, ListedListener, ScalableTarget, Service, Task,
    TaskDefinition, TaskStatus, tag,
};
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, ImageRef, ServiceName};
use crate::observe::patiently;
use crate::spec::DatabaseTarget;

/// Families that might be migrations; an account has hundreds of others.
const FAMILIES_MAX: usize = 20;
/// What a migration's family, or its image's tag, is called as a rule.
pub(super) const MIGRATION_WORD: &str = "migrat";

/// Where somebody looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// `eu-central-2`
    pub region: String,
    /// The role that was assumed to look.
    pub assume_role: Option<String>,
    /// The cluster.
    pub cluster: ClusterName,
}

/// What was found. No value of an environment variable, no command and no secret is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Where.
    pub place: Place,
    /// The store of tidegate that acts on the cluster already.
    pub owner: Option<String>,
    /// By name.
    pub services: Vec<ServiceFound>,
    /// Every database here, or why nobody can tell.
    pub databases: Result<Vec<ListedDatabase>, String>,
    /// Which services name which database in their environment.
    pub mentions: BTreeMap<DatabaseTarget, BTreeSet<ServiceName>>,
    /// Listeners in front of the services, or why nobody can tell.
    pub listeners: Result<Vec<ListedListener>, String>,
    /// Families that no service uses and that may be migrations, or why nobody can tell.
    pub families: Result<Vec<FamilyFound>, String>,
}

/// A service with what is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFound {
    /// As ECS describes it.
    pub service: Service,
    /// Images of the deployed revision.
    pub images: BTreeMap<ContainerName, ImageRef>,
    /// The range of its count, if something scales it.
    pub scaling: Option<ScalableTarget>,
    /// Tasks that have not stopped.
    pub live_tasks: usize,
    /// What its family offers.
    pub newest: Newest,
    /// Where a tag moves: the tags with a version that mean what is running now, newest first.
    pub known_as: BTreeMap<ContainerName, Vec<String>>,
}

/// The newest ACTIVE revision of a service's family, seen from the deployed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newest {
    /// The deployed one, or an older one.
    Deployed,
    /// A newer one.
    Newer {
        /// `web:8`
        name: String,
        /// Its images.
        images: BTreeMap<ContainerName, ImageRef>,
        /// It differs in more than images.
        differs_beyond: bool,
    },
    /// There is none any more.
    Gone,
}

/// A task-definition family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyFound {
    /// Its name.
    pub family: FamilyName,
    /// Images of its newest revision.
    pub images: BTreeMap<ContainerName, ImageRef>,
}

/// Looks at a cluster and at what surrounds it. `own_images` as in [`super::ImportOptions`].
///
/// # Errors
/// When there is no such cluster, or its services cannot be read.
pub async fn survey(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    place: Place,
    own_images: &[String],
) -> Result<Survey, ImportError> {
    let eyes = SurveyContext { cloud, clock, place: &place, own_images };
    let owner = eyes.owner().await?;
    let (databases, seen) = join(eyes.databases(), eyes.services()).await;
    let seen = seen?;
    let groups: BTreeSet<String> =
        seen.iter().flat_map(|seen| seen.found.service.target_groups.clone()).collect();
    let used: BTreeSet<FamilyName> = seen.iter().map(|seen| seen.definition.family.clone()).collect();
    let (listeners, families) =
        join(eyes.listeners(groups.into_iter().collect()), eyes.families(&used)).await;
    let mentions = mentions(databases.as_deref().unwrap_or_default(), &seen);
    let services = seen.into_iter().map(|seen| seen.found).collect();
    Ok(Survey { owner, services, databases, mentions, listeners, families, place })
}

/// A service with its whole definition, which goes no further.
struct Seen {
    found: ServiceFound,
    definition: TaskDefinition,
}

#[derive(Clone, Copy)]
struct SurveyContext<'a> {
    cloud: &'a dyn CloudRead,
    clock: &'a dyn Clock,
    place: &'a Place,
    own_images: &'a [String],
}

impl<'a> SurveyContext<'a> {
    /// The cluster's own tag says whether it is somebody's already.
    async fn owner(self) -> Result<Option<String>, ImportError> {
        let Place { account, region, cluster, .. } = self.place;
        let tags = patiently(self.clock, || self.cloud.cluster_tags(cluster)).await;
        match tags.map_err(unreadable(format!("cluster `{cluster}`")))? {
            Some(tags) => Ok(tags.get(tag::OWNER).cloned()),
            None => {
                let known = patiently(self.clock, || self.cloud.cluster_names()).await.unwrap_or_default();
                let (account, region) = (account.clone(), region.clone());
                Err(ImportError::NoCluster { cluster: cluster.clone(), region, account, known })
            }
        }
    }

    async fn databases(self) -> Result<Vec<ListedDatabase>, String> {
        patiently(self.clock, || self.cloud.databases()).await.map_err(|error| error.to_string())
    }

    async fn listeners(self, groups: Vec<String>) -> Result<Vec<ListedListener>, String> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let listed = patiently(self.clock, || self.cloud.listeners_of(&groups)).await;
        listed.map_err(|error| error.to_string())
    }

    /// Those that are called like a migration first, then those that are called like the cluster.
    async fn families(self, used: &BTreeSet<FamilyName>) -> Result<Vec<FamilyFound>, String> {
        let words = image::words(&self.place.cluster);
        let names = patiently(self.clock, || self.cloud.family_names()).await;
        let names = names.map_err(|error| error.to_string())?;
        let (called_so, others): (Vec<FamilyName>, Vec<FamilyName>) = names
            .into_iter()
            .filter(|name| !used.contains(name))
            .partition(|name| name.as_str().to_ascii_lowercase().contains(MIGRATION_WORD));
        let is_alike = |name: &FamilyName| words.iter().any(|word| name.as_str().contains(word));
        let asked = called_so.into_iter().chain(others.into_iter().filter(is_alike)).take(FAMILIES_MAX);
        let newest = asked.map(|family| async move {
            let newest = patiently(self.clock, || self.cloud.newest_definition(&family)).await?;
            Ok::<_, CloudError>(newest.map(|newest| FamilyFound { images: newest.document.images(), family }))
        });
        let found = try_join_all(newest).await.map_err(|error| error.to_string())?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn services(self) -> Result<Vec<Seen>, ImportError> {
        let cluster = &self.place.cluster;
        let failed = || unreadable(format!("the services of cluster `{cluster}`"));
        let mut names = patiently(self.clock, || self.cloud.service_names(cluster)).await.map_err(failed())?;
        names.sort();
        let described = patiently(self.clock, || self.cloud.services(cluster, &names));
        let scaling = patiently(self.clock, || self.cloud.scalable_targets(cluster, &names));
        let (described, scaling) = join(described, scaling).await;
        // A range that nobody may read is no range that is not there.
        let scaling = scaling.map_err(unreadable("the scalable targets of its services".to_owned()))?;
        // What is rolled by a set of tasks names no definition.
        let described =
            described.map_err(failed())?.into_values().filter(|found| !found.definition.is_empty());
        let looked = described.map(|service| self.service(scaling.get(&service.name).copied(), service));
        let mut seen: Vec<Seen> = try_join_all(looked).await?;
        seen.sort_by(|one, other| one.found.service.name.cmp(&other.found.service.name));
        Ok(seen)
    }

    async fn service(self, scaling: Option<ScalableTarget>, service: Service) -> Result<Seen, ImportError> {
        let name = service.name.clone();
        let failed = |part: &str| unreadable(format!("the {part} of service `{name}`"));
        let definition = patiently(self.clock, || self.cloud.task_definition(&service.definition)).await;
        let definition = definition.map_err(failed("task definition"))?;
        let newest = patiently(self.clock, || self.cloud.newest_definition(&definition.family)).await;
        let newest = newest.map_err(failed("newest task definition"))?;
        let tasks = patiently(self.clock, || self.cloud.service_tasks(&self.place.cluster, &name)).await;
        let tasks = tasks.map_err(failed("tasks"))?;
        let live: Vec<&Task> = tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
        let images = definition.document.images();
        let known_as = match service.controller {
            Controller::Ecs => self.known_as(&images, &live).await,
            Controller::Daemon | Controller::CodeDeploy | Controller::External => BTreeMap::new(),
        };
        let (live_tasks, newest) = (live.len(), compared(&definition, newest.as_ref()));
        Ok(Seen {
            found: ServiceFound { service, images, scaling, live_tasks, newest, known_as },
            definition,
        })
    }

    /// Asked of our own registries only, and only where a tag moves. Nobody needs it: no answer is no answer.
    async fn known_as(
        self,
        images: &BTreeMap<ContainerName, ImageRef>,
        live: &[&Task],
    ) -> BTreeMap<ContainerName, Vec<String>> {
        let Place { account, cluster, .. } = self.place;
        let owner = Owner { account, cluster, prefixes: self.own_images };
        let moves = |image: &ImageRef| image.tag().is_some_and(|tag| image::tagged(tag).is_none());
        let asked = images.iter().filter(|(_, image)| owner.owns(image) && moves(image));
        let asked = asked.filter_map(|(name, image)| Some((name, image.repository(), pulled(live, name)?)));
        let answers = asked.map(|(name, repository, digest)| async move {
            let tags = patiently(self.clock, || self.cloud.tags_of(repository, &digest)).await;
            let tags = tags.unwrap_or_default().into_iter().filter(|tag| image::tagged(tag).is_some());
            (name.clone(), tags.collect::<Vec<_>>())
        });
        let answers = join_all(answers).await.into_iter();
        answers.filter(|(_, tags)| !tags.is_empty()).collect()
    }
}

/// What all running containers of this name have pulled.
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

fn mentions(databases: &[ListedDatabase], seen: &[Seen]) -> BTreeMap<DatabaseTarget, BTreeSet<ServiceName>> {
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
