//! [`CloudWrite`] on AWS: each method calls the part for its service, and sends one request that changes something.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{AwsRegion, cloudfront, definitions, ecs, elbv2, rds, s3, scaling};
use crate::cloud::{
    CloudError, CloudWrite, Condition, Document, Marker, RunTask, ScalableTarget, Service, Task,
    TaskDefinition, UpdateService,
};
use crate::model::{ClusterName, RuleArn, ServiceName};
use crate::spec::DatabaseTarget;

#[async_trait]
impl CloudWrite for AwsRegion {
    async fn tag_cluster(&self, cluster: &ClusterName, key: &str, value: &str) -> Result<(), CloudError> {
        ecs::tag_cluster(self.session().await?, cluster, key, value).await
    }

    async fn register_definition(&self, document: &Document) -> Result<TaskDefinition, CloudError> {
        definitions::register(self.session().await?, document).await
    }

    async fn update_service(&self, update: &UpdateService) -> Result<Service, CloudError> {
        ecs::update_service(self.session().await?, update).await
    }

    async fn set_scalable_target(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        target: &ScalableTarget,
    ) -> Result<(), CloudError> {
        scaling::set_target(self.session().await?, cluster, service, target).await
    }

    async fn run_task(&self, request: &RunTask) -> Result<Task, CloudError> {
        ecs::run_task(self.session().await?, request).await
    }

    async fn start_database(&self, target: &DatabaseTarget) -> Result<(), CloudError> {
        rds::start(self.session().await?, target).await
    }

    async fn stop_database(&self, target: &DatabaseTarget) -> Result<(), CloudError> {
        rds::stop(self.session().await?, target).await
    }

    async fn tag_database(
        &self,
        target: &DatabaseTarget,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), CloudError> {
        rds::tag(self.session().await?, target, key, value).await
    }

    async fn create_snapshot(
        &self,
        target: &DatabaseTarget,
        identifier: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), CloudError> {
        rds::create(self.session().await?, target, identifier, tags).await
    }

    async fn delete_snapshot(&self, target: &DatabaseTarget, identifier: &str) -> Result<(), CloudError> {
        rds::delete(self.session().await?, target, identifier).await
    }

    async fn set_rule_conditions(&self, rule: &RuleArn, conditions: &[Condition]) -> Result<(), CloudError> {
        elbv2::set_conditions(self.session().await?, rule, conditions).await
    }

    async fn tag_rule(&self, rule: &RuleArn, key: &str, value: Option<&str>) -> Result<(), CloudError> {
        elbv2::tag_rule(self.session().await?, rule, key, value).await
    }

    async fn put_function(&self, name: &str, etag: Option<&str>, code: &str) -> Result<String, CloudError> {
        cloudfront::put_function(self.session().await?, name, etag, code).await
    }

    async fn publish_function(&self, name: &str, etag: &str) -> Result<(), CloudError> {
        cloudfront::publish_function(self.session().await?, name, etag).await
    }

    async fn associate_function(&self, distribution: &str, function: &str) -> Result<(), CloudError> {
        cloudfront::associate(self.session().await?, distribution, function).await
    }

    async fn copy_object(&self, from: (&str, &str), to: (&str, &str)) -> Result<String, CloudError> {
        s3::copy(self.session().await?, from, to).await
    }

    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError> {
        s3::delete(self.session().await?, bucket, keys).await
    }

    async fn put_site_marker(
        &self,
        bucket: &str,
        prefix: &str,
        marker: &Marker,
        etag: Option<&str>,
    ) -> Result<(), CloudError> {
        s3::put_site_marker(self.session().await?, (bucket, prefix), marker, etag).await
    }

    async fn invalidate(&self, distribution: &str, paths: &[String]) -> Result<(), CloudError> {
        cloudfront::invalidate(self.session().await?, distribution, paths).await
    }

    async fn stop_task(&self, cluster: &ClusterName, task_arn: &str, reason: &str) -> Result<(), CloudError> {
        ecs::stop_task(self.session().await?, cluster, task_arn, reason).await
    }
}
