//! [`CloudWrite`] on the simulated world: every method is one effect.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::super::world::{Actor, refuse};
use super::SimRegion;
use crate::cloud::{
    CloudError, CloudWrite, Condition, Document, Kind, Marker, RunTask, ScalableTarget, Service, Task,
    TaskDefinition, UpdateService,
};
use crate::model::{ClusterName, RuleArn, ServiceName};
use crate::spec::DatabaseTarget;

const US: Actor = Actor::Tidegate;

/// RDS has operations of their own for clusters.
fn named(target: &DatabaseTarget, instance: &'static str, cluster: &'static str) -> &'static str {
    match target {
        DatabaseTarget::Instance(_) => instance,
        DatabaseTarget::Cluster(_) => cluster,
    }
}

#[async_trait]
impl CloudWrite for SimRegion {
    async fn tag_cluster(&self, cluster: &ClusterName, key: &str, value: &str) -> Result<(), CloudError> {
        self.write("ecs:TagResource", cluster.as_str(), |world, region| {
            world.tag_cluster(region, cluster, key, value)
        })
        .await
    }

    async fn register_definition(&self, document: &Document) -> Result<TaskDefinition, CloudError> {
        let family = document.expose().get("family").and_then(|family| family.as_str()).unwrap_or("?");
        self.write("ecs:RegisterTaskDefinition", family, |world, region| world.register(region, document))
            .await
    }

    async fn update_service(&self, update: &UpdateService) -> Result<Service, CloudError> {
        let resource = format!("{}/{}", update.cluster, update.service);
        self.write("ecs:UpdateService", resource, |world, region| world.update_service(region, update, US))
            .await
    }

    async fn set_scalable_target(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        target: &ScalableTarget,
    ) -> Result<(), CloudError> {
        let operation = "application-autoscaling:RegisterScalableTarget";
        self.write(operation, format!("{cluster}/{service}"), |world, region| {
            world.set_scalable_target(region, cluster, service, *target, US)
        })
        .await
    }

    async fn run_task(&self, request: &RunTask) -> Result<Task, CloudError> {
        let resource = format!("{}/{}", request.cluster, request.started_by);
        self.write("ecs:RunTask", resource, |world, region| world.run_task(region, request)).await
    }

    async fn start_database(&self, target: &DatabaseTarget) -> Result<(), CloudError> {
        self.write(
            named(target, "rds:StartDBInstance", "rds:StartDBCluster"),
            target.identifier(),
            |world, region| world.start_database(region, target, US),
        )
        .await
    }

    async fn stop_database(&self, target: &DatabaseTarget) -> Result<(), CloudError> {
        self.write(
            named(target, "rds:StopDBInstance", "rds:StopDBCluster"),
            target.identifier(),
            |world, region| world.stop_database(region, target, US),
        )
        .await
    }

    async fn tag_database(
        &self,
        target: &DatabaseTarget,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), CloudError> {
        let operation = if value.is_some() { "rds:AddTagsToResource" } else { "rds:RemoveTagsFromResource" };
        self.write(operation, format!("{} {key}", target.identifier()), |world, region| {
            world.tag_database(region, target, key, value)
        })
        .await
    }

    async fn create_snapshot(
        &self,
        target: &DatabaseTarget,
        identifier: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), CloudError> {
        self.write(
            named(target, "rds:CreateDBSnapshot", "rds:CreateDBClusterSnapshot"),
            identifier,
            |world, region| world.create_snapshot(region, target, identifier, tags, US),
        )
        .await
    }

    async fn delete_snapshot(&self, target: &DatabaseTarget, identifier: &str) -> Result<(), CloudError> {
        self.write(
            named(target, "rds:DeleteDBSnapshot", "rds:DeleteDBClusterSnapshot"),
            identifier,
            |world, region| world.delete_snapshot(region, target, identifier, US),
        )
        .await
    }

    async fn set_rule_conditions(&self, rule: &RuleArn, conditions: &[Condition]) -> Result<(), CloudError> {
        self.write("elasticloadbalancing:ModifyRule", rule.as_str(), |world, region| {
            world.set_rule_conditions(region, rule, conditions, US)
        })
        .await
    }

    async fn tag_rule(&self, rule: &RuleArn, key: &str, value: Option<&str>) -> Result<(), CloudError> {
        let operation =
            if value.is_some() { "elasticloadbalancing:AddTags" } else { "elasticloadbalancing:RemoveTags" };
        self.write(operation, rule.as_str(), |world, region| world.tag_rule(region, rule, key, value)).await
    }

    async fn put_function(&self, name: &str, etag: Option<&str>, code: &str) -> Result<String, CloudError> {
        let operation =
            if etag.is_some() { "cloudfront:UpdateFunction" } else { "cloudfront:CreateFunction" };
        self.write(operation, name, |world, region| world.put_function(region, name, etag, code)).await
    }

    async fn publish_function(&self, name: &str, etag: &str) -> Result<(), CloudError> {
        self.write("cloudfront:PublishFunction", name, |world, region| {
            world.publish_function(region, name, etag)
        })
        .await
    }

    async fn associate_function(&self, distribution: &str, function: &str) -> Result<(), CloudError> {
        self.write("cloudfront:UpdateDistribution", distribution, |world, region| {
            world.associate_function(region, distribution, function)
        })
        .await
    }

    async fn copy_object(&self, from: (&str, &str), to: (&str, &str)) -> Result<String, CloudError> {
        self.write("s3:CopyObject", format!("{}/{}", to.0, to.1), |world, _| world.copy_object(from, to))
            .await
    }

    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError> {
        self.write("s3:DeleteObjects", bucket, |world, _| world.delete_objects(bucket, keys)).await
    }

    async fn put_site_marker(
        &self,
        bucket: &str,
        prefix: &str,
        marker: &Marker,
        etag: Option<&str>,
    ) -> Result<(), CloudError> {
        self.write("s3:PutObject", bucket, |world, _| world.put_site_marker((bucket, prefix), marker, etag))
            .await
    }

    async fn invalidate(&self, distribution: &str, paths: &[String]) -> Result<(), CloudError> {
        self.write("cloudfront:CreateInvalidation", distribution, |world, region| {
            world.invalidate(region, distribution, paths)
        })
        .await
    }

    async fn stop_task(&self, cluster: &ClusterName, task_arn: &str, reason: &str) -> Result<(), CloudError> {
        self.write("ecs:StopTask", format!("{cluster} {task_arn}"), |world, region| {
            if !world.regions[region].clusters.contains_key(cluster.as_str()) {
                return refuse(Kind::NotFound, format!("ClusterNotFoundException: no cluster {cluster}"));
            }
            let Some(id) = world.task_id(region, task_arn) else {
                let message = "InvalidParameterException: The referenced task was not found.";
                return refuse(Kind::NotFound, message);
            };
            world.stop_task(region, id, "UserInitiated", reason);
            Ok(())
        })
        .await
    }
}
