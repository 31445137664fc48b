//! [`CloudRead`] on AWS: each method calls the part for its service.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use super::{
    AwsRegion, account, cloudfront, definitions, ecs, elbv2, logs, metrics, probe, rds, registry, s3,
    scaling, secrets,
};
use crate::cloud::{
    BlueGreen, Capacity, CloudError, CloudRead, ClusterTask, Database, DbSnapshot, Distribution, Function,
    ImageLookup, ListedDatabase, ListedListener, Listener, LogTail, Marker, Object, ObjectHead, Quota,
    ScalableTarget, Service, Task, TaskDefinition,
};
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, ImageRef, ServiceName};
use crate::spec::{DatabaseTarget, ListenerTarget, SecretSource};

#[async_trait]
impl CloudRead for AwsRegion {
    async fn account(&self) -> Result<String, CloudError> {
        account::account(self.session().await?).await
    }

    async fn cluster_names(&self) -> Result<Vec<ClusterName>, CloudError> {
        ecs::cluster_names(self.session().await?).await
    }

    async fn cluster_tags(
        &self,
        cluster: &ClusterName,
    ) -> Result<Option<BTreeMap<String, String>>, CloudError> {
        ecs::cluster_tags(self.session().await?, cluster).await
    }

    async fn capacity(&self, cluster: &ClusterName) -> Result<Option<Capacity>, CloudError> {
        ecs::capacity(self.session().await?, cluster).await
    }

    async fn other_tasks(
        &self,
        cluster: &ClusterName,
        known: &BTreeSet<String>,
    ) -> Result<Vec<ClusterTask>, CloudError> {
        ecs::other_tasks(self.session().await?, cluster, known).await
    }

    async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, Service>, CloudError> {
        ecs::services(self.session().await?, cluster, names).await
    }

    async fn service_names(&self, cluster: &ClusterName) -> Result<Vec<ServiceName>, CloudError> {
        ecs::service_names(self.session().await?, cluster).await
    }

    async fn service_tasks(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<Task>, CloudError> {
        ecs::service_tasks(self.session().await?, cluster, service).await
    }

    async fn family_tasks(
        &self,
        cluster: &ClusterName,
        family: &FamilyName,
    ) -> Result<Vec<Task>, CloudError> {
        ecs::family_tasks(self.session().await?, cluster, family).await
    }

    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, CloudError> {
        definitions::by_arn(self.session().await?, arn).await
    }

    async fn family_names(&self) -> Result<Vec<FamilyName>, CloudError> {
        definitions::families(self.session().await?).await
    }

    async fn newest_definition(&self, family: &FamilyName) -> Result<Option<TaskDefinition>, CloudError> {
        definitions::newest(self.session().await?, family).await
    }

    async fn scalable_targets(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScalableTarget>, CloudError> {
        scaling::targets(self.session().await?, cluster, services).await
    }

    async fn databases(&self) -> Result<Vec<ListedDatabase>, CloudError> {
        rds::databases(self.session().await?).await
    }

    async fn database(&self, target: &DatabaseTarget) -> Result<Option<Database>, CloudError> {
        rds::database(self.session().await?, target).await
    }

    async fn snapshots(&self, target: &DatabaseTarget) -> Result<Vec<DbSnapshot>, CloudError> {
        rds::list(self.session().await?, target).await
    }

    async fn snapshot_quota(&self, target: &DatabaseTarget) -> Result<Option<Quota>, CloudError> {
        rds::snapshot_quota(self.session().await?, target).await
    }

    async fn blue_green(&self, target: &DatabaseTarget) -> Result<Option<BlueGreen>, CloudError> {
        rds::blue_green(self.session().await?, target).await
    }

    async fn listeners_of(&self, target_groups: &[String]) -> Result<Vec<ListedListener>, CloudError> {
        elbv2::listeners_of(self.session().await?, target_groups).await
    }

    async fn listener(&self, target: &ListenerTarget) -> Result<Option<Listener>, CloudError> {
        elbv2::listener(self.session().await?, target).await
    }

    async fn listener_again(
        &self,
        target: &ListenerTarget,
        known: &Listener,
    ) -> Result<Option<Listener>, CloudError> {
        elbv2::again(self.session().await?, target, Some(known)).await
    }

    async fn function(&self, name: &str) -> Result<Option<Function>, CloudError> {
        cloudfront::function(self.session().await?, name).await
    }

    async fn function_comment(&self, name: &str) -> Result<Option<String>, CloudError> {
        cloudfront::function_comment(self.session().await?, name).await
    }

    async fn distributions_and_callers(
        &self,
        names: &[String],
        function: &str,
    ) -> Result<(BTreeMap<String, Distribution>, Vec<Distribution>), CloudError> {
        cloudfront::distributions_and_callers(self.session().await?, names, function).await
    }

    async fn distributions(&self, names: &[String]) -> Result<BTreeMap<String, Distribution>, CloudError> {
        cloudfront::distributions(self.session().await?, names).await
    }

    async fn site_marker(&self, bucket: &str, prefix: &str) -> Result<Option<(Marker, String)>, CloudError> {
        s3::site_marker(self.session().await?, bucket, prefix).await
    }

    async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, CloudError> {
        s3::objects(self.session().await?, bucket, prefix).await
    }

    async fn object_head(&self, bucket: &str, key: &str) -> Result<Option<ObjectHead>, CloudError> {
        s3::head(self.session().await?, bucket, key).await
    }

    async fn image(&self, image: &ImageRef) -> Result<ImageLookup, CloudError> {
        registry::image(self.session().await?, image).await
    }

    async fn tags_of(&self, repository: &str, digest: &Digest) -> Result<Vec<String>, CloudError> {
        registry::tags_of(self.session().await?, repository, digest).await
    }

    async fn secret(&self, source: &SecretSource) -> Result<SecretString, CloudError> {
        secrets::secret(self.session().await?, source).await
    }

    async fn log_tail(
        &self,
        task: &Task,
        container: &ContainerName,
        lines: usize,
    ) -> Result<LogTail, CloudError> {
        logs::tail(self.session().await?, task, container, lines).await
    }

    async fn requests_last_minute(&self, target_groups: &[String]) -> Result<Option<f64>, CloudError> {
        metrics::requests_last_minute(self.session().await?, target_groups).await
    }

    async fn probe(&self, url: &Url, header: Option<(&str, &SecretString)>) -> Result<u16, CloudError> {
        probe::probe(self.session().await?, url, header).await
    }
}
