//! The two ports. Reading and writing are separate, so that a type shows which code may change AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::{
    BlueGreen, Capacity, CloudError, ClusterTask, Condition, Database, DbSnapshot, Distribution, Document,
    Function, ListedDatabase, ListedListener, Listener, LogTail, Marker, Object, ObjectHead, Quota, RunTask,
    ScalableTarget, Service, Task, TaskDefinition, UpdateService,
};
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, ImageRef, RuleArn, ServiceName};
use crate::spec::{DatabaseTarget, ListenerTarget, SecretSource};

/// A registry's answer about an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageLookup {
    /// The image exists; the tag points at this digest now.
    Found(Digest),
    /// The image does not exist; these are the newest tags that look like it.
    Missing(Vec<String>),
    /// tidegate has no access to the registry, for this reason. That is a warning only: ECS may have access.
    Unverified(String),
}

/// All reads. `Ok(None)` means "does not exist", and only comes from an answer that says so.
#[async_trait]
pub trait CloudRead: Send + Sync {
    /// The account that the credentials belong to: twelve digits.
    async fn account(&self) -> Result<String, CloudError>;
    /// The names of all clusters.
    async fn cluster_names(&self) -> Result<Vec<ClusterName>, CloudError>;
    /// The tags of a cluster.
    async fn cluster_tags(
        &self,
        cluster: &ClusterName,
    ) -> Result<Option<BTreeMap<String, String>>, CloudError>;
    /// What a cluster can run tasks on besides Fargate.
    async fn capacity(&self, cluster: &ClusterName) -> Result<Option<Capacity>, CloudError>;
    /// Services by name; a service that is missing in the answer does not exist. One that was deleted a short while ago
    /// is DRAINING or INACTIVE.
    async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, Service>, CloudError>;
    /// The names of all services of a cluster.
    async fn service_names(&self, cluster: &ClusterName) -> Result<Vec<ServiceName>, CloudError>;
    /// Tasks of a service: all that are not STOPPED, and those that stopped in the last hour.
    async fn service_tasks(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<Task>, CloudError>;
    /// Tasks of a family: all that are not STOPPED, and those that stopped in the last hour.
    async fn family_tasks(&self, cluster: &ClusterName, family: &FamilyName)
    -> Result<Vec<Task>, CloudError>;
    /// The tasks of a cluster that are not STOPPED, without those that `known` names by ARN.
    async fn other_tasks(
        &self,
        cluster: &ClusterName,
        known: &BTreeSet<String>,
    ) -> Result<Vec<ClusterTask>, CloudError>;
    /// One revision of a task definition, by ARN.
    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, CloudError>;
    /// The names of all families with an ACTIVE revision.
    async fn family_names(&self) -> Result<Vec<FamilyName>, CloudError>;
    /// The newest ACTIVE revision of a family.
    async fn newest_definition(&self, family: &FamilyName) -> Result<Option<TaskDefinition>, CloudError>;
    /// Scalable targets of the cluster's services.
    async fn scalable_targets(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScalableTarget>, CloudError>;
    /// Every database, by name.
    async fn databases(&self) -> Result<Vec<ListedDatabase>, CloudError>;
    /// An instance or a cluster.
    async fn database(&self, target: &DatabaseTarget) -> Result<Option<Database>, CloudError>;
    /// Manual snapshots of the database.
    async fn snapshots(&self, target: &DatabaseTarget) -> Result<Vec<DbSnapshot>, CloudError>;
    /// The quota of manual snapshots of the database's kind (instance or cluster) in this region. `None`: AWS does not
    /// show it.
    async fn snapshot_quota(&self, target: &DatabaseTarget) -> Result<Option<Quota>, CloudError>;
    /// The blue/green deployment that has the database as its blue environment, unless it is over.
    async fn blue_green(&self, target: &DatabaseTarget) -> Result<Option<BlueGreen>, CloudError>;
    /// Listeners of the application load balancers in front of these target groups, by name and port.
    async fn listeners_of(&self, target_groups: &[String]) -> Result<Vec<ListedListener>, CloudError>;
    /// A listener with its rules and their tags.
    async fn listener(&self, target: &ListenerTarget) -> Result<Option<Listener>, CloudError>;
    /// The listener again. The tags of rules whose conditions have not changed since `known` need not be read.
    async fn listener_again(
        &self,
        target: &ListenerTarget,
        known: &Listener,
    ) -> Result<Option<Listener>, CloudError> {
        let _ = known;
        self.listener(target).await
    }
    /// A CloudFront function with the code of both stages.
    async fn function(&self, name: &str) -> Result<Option<Function>, CloudError>;
    /// The comment that stands beside a CloudFront function; `None` = no such function.
    async fn function_comment(&self, name: &str) -> Result<Option<String>, CloudError>;
    /// As [`CloudRead::distributions`], and all distributions of the account that call `function` in some behaviour.
    async fn distributions_and_callers(
        &self,
        names: &[String],
        function: &str,
    ) -> Result<(BTreeMap<String, Distribution>, Vec<Distribution>), CloudError>;
    /// Distributions by alias or id; a distribution that is missing in the answer does not exist.
    async fn distributions(&self, names: &[String]) -> Result<BTreeMap<String, Distribution>, CloudError>;
    /// The marker of the site below `prefix` (empty = the whole bucket), with the ETag to quote when replacing it.
    /// `Ok(None)`: no marker yet.
    async fn site_marker(&self, bucket: &str, prefix: &str) -> Result<Option<(Marker, String)>, CloudError>;
    /// Objects below a prefix, keys relative to it. A bucket that does not exist is `NotFound`.
    async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, CloudError>;
    /// What an object says about itself besides its content.
    async fn object_head(&self, bucket: &str, key: &str) -> Result<Option<ObjectHead>, CloudError>;
    /// Whether an image exists, and its digest.
    async fn image(&self, image: &ImageRef) -> Result<ImageLookup, CloudError>;
    /// The newest version tags of `repository` that point at `digest`: they name the version behind a moving tag.
    async fn tags_of(&self, repository: &str, digest: &Digest) -> Result<Vec<String>, CloudError>;
    /// The value of the bypass header.
    async fn secret(&self, source: &SecretSource) -> Result<SecretString, CloudError>;
    /// The last log lines of one container of a task.
    async fn log_tail(
        &self,
        task: &Task,
        container: &ContainerName,
        lines: usize,
    ) -> Result<LogTail, CloudError>;
    /// Number of requests that reached the target groups in the last minute; `None` = CloudWatch has no data.
    async fn requests_last_minute(&self, target_groups: &[String]) -> Result<Option<f64>, CloudError>;
    /// The HTTP status of a URL. Redirects are not followed.
    async fn probe(&self, url: &url::Url, header: Option<(&str, &SecretString)>) -> Result<u16, CloudError>;
}

/// All writes. Only `execute` holds one.
#[async_trait]
pub trait CloudWrite: CloudRead {
    /// Sets a tag of a cluster, which must exist.
    async fn tag_cluster(&self, cluster: &ClusterName, key: &str, value: &str) -> Result<(), CloudError>;
    /// Registers a revision of a task definition.
    async fn register_definition(&self, document: &Document) -> Result<TaskDefinition, CloudError>;
    /// Changes a service; returns the service as it is afterwards.
    async fn update_service(&self, update: &UpdateService) -> Result<Service, CloudError>;
    /// Replaces a scalable target. AWS then moves the service's desired count into [min, max].
    async fn set_scalable_target(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        target: &ScalableTarget,
    ) -> Result<(), CloudError>;
    /// Starts one task. An answer with `failures[]` is an error.
    async fn run_task(&self, request: &RunTask) -> Result<Task, CloudError>;
    /// Starts a stopped database.
    async fn start_database(&self, target: &DatabaseTarget) -> Result<(), CloudError>;
    /// Stops an available database.
    async fn stop_database(&self, target: &DatabaseTarget) -> Result<(), CloudError>;
    /// Sets a tag of the database; `None` removes the tag.
    async fn tag_database(
        &self,
        target: &DatabaseTarget,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), CloudError>;
    /// Starts a manual snapshot.
    async fn create_snapshot(
        &self,
        target: &DatabaseTarget,
        identifier: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), CloudError>;
    /// Deletes a manual snapshot for good.
    async fn delete_snapshot(&self, target: &DatabaseTarget, identifier: &str) -> Result<(), CloudError>;
    /// Replaces a rule's conditions and changes nothing else of the rule.
    async fn set_rule_conditions(&self, rule: &RuleArn, conditions: &[Condition]) -> Result<(), CloudError>;
    /// Sets a tag of a rule; `None` removes the tag.
    async fn tag_rule(&self, rule: &RuleArn, key: &str, value: Option<&str>) -> Result<(), CloudError>;
    /// Replaces the code of the DEVELOPMENT stage, or creates the function when `etag` is `None`. Returns the new ETag.
    async fn put_function(&self, name: &str, etag: Option<&str>, code: &str) -> Result<String, CloudError>;
    /// Publishes the DEVELOPMENT stage as LIVE.
    async fn publish_function(&self, name: &str, etag: &str) -> Result<(), CloudError>;
    /// Associates a function with viewer-request of every behaviour of a distribution.
    async fn associate_function(&self, distribution: &str, function: &str) -> Result<(), CloudError>;
    /// Copies one object inside S3, with its content type, cache headers and metadata. Returns the copy's ETag.
    async fn copy_object(&self, from: (&str, &str), to: (&str, &str)) -> Result<String, CloudError>;
    /// Deletes objects; keys that do not exist are no error.
    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError>;
    /// Writes the marker of the site below `prefix` if its ETag is still `etag` (`None`: if there is no marker yet).
    async fn put_site_marker(
        &self,
        bucket: &str,
        prefix: &str,
        marker: &Marker,
        etag: Option<&str>,
    ) -> Result<(), CloudError>;
    /// Invalidates paths at the edge locations: URL-encoded, a `*` only at the end. tidegate does not wait for the end.
    /// Too many in progress is `Throttled`; a path that CloudFront does not take is `Invalid`.
    async fn invalidate(&self, distribution: &str, paths: &[String]) -> Result<(), CloudError>;
    /// Stops a task. tidegate only does that at an operator's request.
    async fn stop_task(&self, cluster: &ClusterName, task_arn: &str, reason: &str) -> Result<(), CloudError>;
}

/// The ports for one account and region, as an environment gets them.
pub type Cloud = Arc<dyn CloudWrite>;
