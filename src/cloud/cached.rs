//! A cloud with a memory: a quick observation asks only what changes by itself, and takes the rest from the last
//! full one.
//!
//! [`CachedCloud`] stands between an observer and the cloud. In a full observation it asks everything and keeps the
//! answers. In a quick one it asks for services, scalable targets, the database, rules, the function and markers, and
//! takes the rest from memory. A quick observation never leads to an action: when it shows that something changed, the
//! daemon observes fully before it acts.
//!
//! Architecture Invariant: errors are never kept, and writes do not pass through here.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use super::{
    BlueGreen, Capacity, CloudError, CloudRead, ClusterTask, Database, DbSnapshot, Distribution, Function,
    ImageLookup, ListedDatabase, ListedListener, Listener, LogTail, Marker, Object, ObjectHead, Quota,
    ScalableTarget, Service, Task, TaskDefinition,
};
use crate::clock::Monotonic;
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, ImageRef, ServiceName};
use crate::spec::{DatabaseTarget, ListenerTarget, SecretSource};

/// The answers of the last full observation of one environment. Losing them costs requests, never correctness.
#[derive(Debug, Default)]
pub struct LastObservation(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// When the full observation began; `None` before the first one.
    since: Option<Monotonic>,
    answers: BTreeMap<String, Arc<dyn Any + Send + Sync>>,
    /// Services as they were last described. The tasks of a service are only kept while the service looks the same.
    services: BTreeMap<ServiceName, Service>,
}

impl LastObservation {
    /// Forgets everything: a full observation follows.
    pub fn begin(&self, now: Monotonic) {
        *self.kept() = Kept { since: Some(now), ..Kept::default() };
    }

    /// When the last full observation began.
    pub fn since(&self) -> Option<Monotonic> {
        self.kept().since
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

/// How much an observation asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Everything, and the answers are kept.
    Full,
    /// Only what changes by itself; the rest comes from memory where it is known.
    Quick,
}

/// A cloud behind the answers of its last full observation.
#[derive(Clone, Copy)]
pub struct CachedCloud<'a> {
    /// Answers what is not kept.
    pub cloud: &'a dyn CloudRead,
    /// The answers that are kept.
    pub last_observation: &'a LastObservation,
    /// Full observations do not use kept answers.
    pub depth: Depth,
}

type Answer<T> = Result<T, CloudError>;

impl CachedCloud<'_> {
    fn recall<T: Clone + 'static>(&self, question: &str) -> Option<T> {
        if self.depth == Depth::Full {
            return None;
        }
        self.last_observation.kept().answers.get(question)?.downcast_ref().cloned()
    }

    fn keep<T: Clone + Send + Sync + 'static>(&self, question: String, answer: &T) {
        self.last_observation.kept().answers.insert(question, Arc::new(answer.clone()));
    }

    /// Asks for something that changes rarely.
    async fn rarely<T: Clone + Send + Sync + 'static>(
        &self,
        question: String,
        ask: impl Future<Output = Answer<T>> + Send,
    ) -> Answer<T> {
        if let Some(known) = self.recall(&question) {
            return Ok(known);
        }
        let answer = ask.await?;
        self.keep(question, &answer);
        Ok(answer)
    }
}

#[async_trait]
impl CloudRead for CachedCloud<'_> {
    async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Answer<BTreeMap<ServiceName, Service>> {
        let found = self.cloud.services(cluster, names).await?;
        // Another event changes nothing about the tasks.
        let looks = found
            .iter()
            .map(|(name, service)| (name.clone(), Service { events: Vec::new(), ..service.clone() }));
        self.last_observation.kept().services.extend(looks);
        Ok(found)
    }

    /// Asked again as soon as anything about the service has changed.
    async fn service_tasks(&self, cluster: &ClusterName, service: &ServiceName) -> Answer<Vec<Task>> {
        let condition = self.last_observation.kept().services.get(service).cloned();
        let question = format!("tasks of {cluster}/{service}: {condition:?}");
        self.rarely(question, self.cloud.service_tasks(cluster, service)).await
    }

    /// Rules are always read; the tags of unchanged rules come from memory.
    async fn listener(&self, target: &ListenerTarget) -> Answer<Option<Listener>> {
        let question = format!("listener {target:?}");
        let answer = match self.recall::<Option<Listener>>(&question).flatten() {
            Some(known) => self.cloud.listener_again(target, &known).await?,
            None => self.cloud.listener(target).await?,
        };
        self.keep(question, &answer);
        Ok(answer)
    }

    async fn scalable_targets(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Answer<BTreeMap<ServiceName, ScalableTarget>> {
        self.cloud.scalable_targets(cluster, services).await
    }

    async fn database(&self, target: &DatabaseTarget) -> Answer<Option<Database>> {
        self.cloud.database(target).await
    }

    async fn function(&self, name: &str) -> Answer<Option<Function>> {
        self.cloud.function(name).await
    }

    async fn site_marker(&self, bucket: &str, prefix: &str) -> Answer<Option<(Marker, String)>> {
        if prefix.is_empty() {
            return self.cloud.site_marker(bucket, prefix).await;
        }
        // Thirty sites may share a bucket, and a quick look must not cost thirty requests.
        self.rarely(format!("marker {bucket}/{prefix}"), self.cloud.site_marker(bucket, prefix)).await
    }

    async fn object_head(&self, bucket: &str, key: &str) -> Answer<Option<ObjectHead>> {
        self.cloud.object_head(bucket, key).await
    }

    async fn account(&self) -> Answer<String> {
        self.rarely("account".to_owned(), self.cloud.account()).await
    }

    async fn cluster_names(&self) -> Answer<Vec<ClusterName>> {
        self.cloud.cluster_names().await
    }

    async fn family_names(&self) -> Answer<Vec<FamilyName>> {
        self.cloud.family_names().await
    }

    async fn databases(&self) -> Answer<Vec<ListedDatabase>> {
        self.cloud.databases().await
    }

    async fn listeners_of(&self, target_groups: &[String]) -> Answer<Vec<ListedListener>> {
        self.cloud.listeners_of(target_groups).await
    }

    async fn cluster_tags(&self, cluster: &ClusterName) -> Answer<Option<BTreeMap<String, String>>> {
        self.rarely(format!("tags of {cluster}"), self.cloud.cluster_tags(cluster)).await
    }

    async fn capacity(&self, cluster: &ClusterName) -> Answer<Option<Capacity>> {
        self.rarely(format!("capacity of {cluster}"), self.cloud.capacity(cluster)).await
    }

    async fn other_tasks(&self, cluster: &ClusterName, known: &BTreeSet<String>) -> Answer<Vec<ClusterTask>> {
        self.rarely(format!("other tasks of {cluster}"), self.cloud.other_tasks(cluster, known)).await
    }

    async fn service_names(&self, cluster: &ClusterName) -> Answer<Vec<ServiceName>> {
        self.rarely(format!("services of {cluster}"), self.cloud.service_names(cluster)).await
    }

    async fn family_tasks(&self, cluster: &ClusterName, family: &FamilyName) -> Answer<Vec<Task>> {
        let question = format!("tasks of {cluster}, family {family}");
        self.rarely(question, self.cloud.family_tasks(cluster, family)).await
    }

    async fn task_definition(&self, arn: &str) -> Answer<TaskDefinition> {
        self.rarely(format!("definition {arn}"), self.cloud.task_definition(arn)).await
    }

    async fn newest_definition(&self, family: &FamilyName) -> Answer<Option<TaskDefinition>> {
        self.rarely(format!("newest of {family}"), self.cloud.newest_definition(family)).await
    }

    async fn snapshots(&self, target: &DatabaseTarget) -> Answer<Vec<DbSnapshot>> {
        self.rarely(format!("snapshots of {target:?}"), self.cloud.snapshots(target)).await
    }

    async fn snapshot_quota(&self, target: &DatabaseTarget) -> Answer<Option<Quota>> {
        self.rarely(format!("quota of snapshots {target:?}"), self.cloud.snapshot_quota(target)).await
    }

    async fn blue_green(&self, target: &DatabaseTarget) -> Answer<Option<BlueGreen>> {
        self.rarely(format!("blue/green of {target:?}"), self.cloud.blue_green(target)).await
    }

    async fn distributions(&self, names: &[String]) -> Answer<BTreeMap<String, Distribution>> {
        self.rarely(format!("distributions {names:?}"), self.cloud.distributions(names)).await
    }

    async fn function_comment(&self, name: &str) -> Answer<Option<String>> {
        self.rarely(format!("comment of {name}"), self.cloud.function_comment(name)).await
    }

    async fn distributions_and_callers(
        &self,
        names: &[String],
        function: &str,
    ) -> Answer<(BTreeMap<String, Distribution>, Vec<Distribution>)> {
        let question = format!("distributions {names:?} and callers of {function}");
        self.rarely(question, self.cloud.distributions_and_callers(names, function)).await
    }

    async fn objects(&self, bucket: &str, prefix: &str) -> Answer<Vec<Object>> {
        self.rarely(format!("objects {bucket}/{prefix}"), self.cloud.objects(bucket, prefix)).await
    }

    async fn image(&self, image: &ImageRef) -> Answer<ImageLookup> {
        self.rarely(format!("image {image}"), self.cloud.image(image)).await
    }

    async fn tags_of(&self, repository: &str, digest: &Digest) -> Answer<Vec<String>> {
        self.rarely(format!("tags of {repository} {digest}"), self.cloud.tags_of(repository, digest)).await
    }

    async fn secret(&self, source: &SecretSource) -> Answer<SecretString> {
        self.rarely(format!("secret {source:?}"), self.cloud.secret(source)).await
    }

    async fn log_tail(&self, task: &Task, container: &ContainerName, lines: usize) -> Answer<LogTail> {
        self.cloud.log_tail(task, container, lines).await
    }

    async fn requests_last_minute(&self, target_groups: &[String]) -> Answer<Option<f64>> {
        self.cloud.requests_last_minute(target_groups).await
    }

    async fn probe(&self, url: &Url, header: Option<(&str, &SecretString)>) -> Answer<u16> {
        self.cloud.probe(url, header).await
    }
}
