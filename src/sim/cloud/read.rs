//! [`CloudRead`] on the simulated world.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::build::secret_name;
use super::super::world::{SimDistribution, refuse};
use super::SimRegion;
use crate::cloud::{
    BlueGreen, Capacity, CloudError, CloudRead, ClusterTask, Database, DbSnapshot, Distribution, Function,
    ImageLookup, Kind, ListedDatabase, ListedListener, Listener, LogTail, Marker, Object, ObjectHead, Quota,
    ScalableTarget, Service, ServiceStatus, Task, TaskDefinition,
};
use crate::model::{ClusterName, ContainerName, Digest, FamilyName, ImageRef, ServiceName};
use crate::spec::{DatabaseTarget, ListenerTarget, SecretSource};

#[async_trait]
impl CloudRead for SimRegion {
    async fn account(&self) -> Result<String, CloudError> {
        self.read("sts:GetCallerIdentity", "caller", |world, region| {
            let region = &world.regions[region];
            Ok(region.caller.as_ref().unwrap_or(&region.account).clone())
        })
        .await
    }

    async fn cluster_names(&self) -> Result<Vec<ClusterName>, CloudError> {
        self.read("ecs:ListClusters", "clusters", |world, region| {
            Ok(world.regions[region].clusters.keys().map(ClusterName::new).collect())
        })
        .await
    }

    async fn cluster_tags(
        &self,
        cluster: &ClusterName,
    ) -> Result<Option<BTreeMap<String, String>>, CloudError> {
        self.read("ecs:DescribeClusters", cluster.as_str(), |world, region| {
            Ok(world.regions[region].clusters.get(cluster.as_str()).cloned())
        })
        .await
    }

    async fn capacity(&self, cluster: &ClusterName) -> Result<Option<Capacity>, CloudError> {
        let resource = format!("{cluster} capacity");
        self.read("ecs:DescribeClusters", resource, |world, region| Ok(world.capacity(region, cluster))).await
    }

    async fn other_tasks(
        &self,
        cluster: &ClusterName,
        known: &BTreeSet<String>,
    ) -> Result<Vec<ClusterTask>, CloudError> {
        self.read("ecs:ListTasks", format!("{cluster} every task"), |world, region| {
            if !world.regions[region].clusters.contains_key(cluster.as_str()) {
                return refuse(Kind::NotFound, "ClusterNotFoundException: Cluster not found.");
            }
            Ok(world.other_tasks(region, cluster, known))
        })
        .await
    }

    async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, Service>, CloudError> {
        self.read("ecs:DescribeServices", named(cluster, names), |world, region| {
            if !world.regions[region].clusters.contains_key(cluster.as_str()) {
                return refuse(Kind::NotFound, "ClusterNotFoundException: Cluster not found.");
            }
            let found = names.iter().filter_map(|name| world.service(region, cluster, name).ok());
            Ok(found.map(|service| (service.name.clone(), world.shown_service(region, service))).collect())
        })
        .await
    }

    async fn service_names(&self, cluster: &ClusterName) -> Result<Vec<ServiceName>, CloudError> {
        self.read("ecs:ListServices", cluster.as_str(), |world, region| {
            if !world.regions[region].clusters.contains_key(cluster.as_str()) {
                return refuse(Kind::NotFound, "ClusterNotFoundException: Cluster not found.");
            }
            let services = world.regions[region].services.values();
            let listed = services.filter(|s| s.cluster == *cluster && s.status == ServiceStatus::Active);
            Ok(listed.map(|service| service.name.clone()).collect())
        })
        .await
    }

    async fn service_tasks(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<Task>, CloudError> {
        self.read("ecs:DescribeTasks", format!("{cluster}/{service}"), |world, region| {
            let key = world.service(region, cluster, service)?.key();
            Ok(world.shown_tasks(region, cluster, |task| task.service.as_ref() == Some(&key)))
        })
        .await
    }

    async fn family_tasks(
        &self,
        cluster: &ClusterName,
        family: &FamilyName,
    ) -> Result<Vec<Task>, CloudError> {
        self.read("ecs:DescribeTasks", format!("{cluster} family {family}"), |world, region| {
            if !world.regions[region].clusters.contains_key(cluster.as_str()) {
                return refuse(Kind::NotFound, "ClusterNotFoundException: Cluster not found.");
            }
            Ok(world.shown_tasks(region, cluster, |task| task.family == *family))
        })
        .await
    }

    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, CloudError> {
        self.read("ecs:DescribeTaskDefinition", arn, |world, region| {
            Ok(world.definition(region, arn)?.clone())
        })
        .await
    }

    async fn family_names(&self) -> Result<Vec<FamilyName>, CloudError> {
        self.read("ecs:ListTaskDefinitionFamilies", "families", |world, region| {
            let region = &world.regions[region];
            let is_active = |arn: &str| !region.deregistered.contains(arn);
            let families = region.definitions.iter();
            let active = families.filter(|(_, all)| all.iter().any(|revision| is_active(&revision.arn)));
            Ok(active.map(|(family, _)| FamilyName::new(family)).collect())
        })
        .await
    }

    async fn newest_definition(&self, family: &FamilyName) -> Result<Option<TaskDefinition>, CloudError> {
        self.read("ecs:DescribeTaskDefinition", family.as_str(), |world, region| {
            let region = &world.regions[region];
            let revisions = region.definitions.get(family.as_str()).into_iter().flatten().rev();
            let mut active = revisions.filter(|revision| !region.deregistered.contains(&revision.arn));
            Ok(active.next().cloned())
        })
        .await
    }

    async fn scalable_targets(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScalableTarget>, CloudError> {
        let operation = "application-autoscaling:DescribeScalableTargets";
        self.read(operation, named(cluster, services), |world, region| {
            let targets = &world.regions[region].targets;
            let found = services
                .iter()
                .filter_map(|name| Some((name.clone(), targets.get(&format!("{cluster}/{name}"))?.shown)));
            Ok(found.collect())
        })
        .await
    }

    async fn databases(&self) -> Result<Vec<ListedDatabase>, CloudError> {
        self.read("rds:DescribeDBInstances", "every database", |world, region| {
            Ok(world.listed_databases(region))
        })
        .await
    }

    async fn database(&self, target: &DatabaseTarget) -> Result<Option<Database>, CloudError> {
        self.read("rds:DescribeDBInstances", target.identifier(), |world, region| {
            Ok(world.find_database(region, target).map(|database| database.shown.clone()))
        })
        .await
    }

    async fn snapshots(&self, target: &DatabaseTarget) -> Result<Vec<DbSnapshot>, CloudError> {
        self.read("rds:DescribeDBSnapshots", target.identifier(), |world, region| {
            let found = world.find_database(region, target).into_iter().flat_map(|db| db.snapshots.values());
            Ok(found.map(|snapshot| snapshot.shown.clone()).collect())
        })
        .await
    }

    async fn snapshot_quota(&self, target: &DatabaseTarget) -> Result<Option<Quota>, CloudError> {
        self.read("rds:DescribeAccountAttributes", target.identifier(), |world, region| {
            Ok(Some(world.snapshot_quota(region, target)))
        })
        .await
    }

    async fn blue_green(&self, target: &DatabaseTarget) -> Result<Option<BlueGreen>, CloudError> {
        self.read("rds:DescribeBlueGreenDeployments", target.identifier(), |world, region| {
            let found = world.find_database(region, target).and_then(|database| database.blue_green.clone());
            Ok(found.filter(|deployment| !deployment.is_over()))
        })
        .await
    }

    async fn listeners_of(&self, target_groups: &[String]) -> Result<Vec<ListedListener>, CloudError> {
        let resource = format!("{} target groups", target_groups.len());
        self.read("elasticloadbalancing:DescribeListeners", resource, |world, region| {
            Ok(world.listeners_of(region, target_groups))
        })
        .await
    }

    async fn listener(&self, target: &ListenerTarget) -> Result<Option<Listener>, CloudError> {
        let resource = format!("{}:{}", target.name, target.port);
        self.read("elasticloadbalancing:DescribeRules", resource, |world, region| {
            Ok(world.find_listener(region, target).map(|listener| listener.shown()))
        })
        .await
    }

    async fn function(&self, name: &str) -> Result<Option<Function>, CloudError> {
        self.read("cloudfront:DescribeFunction", name, |world, region| {
            Ok(world.regions[region].functions.get(name).map(|function| function.shown(name)))
        })
        .await
    }

    async fn function_comment(&self, name: &str) -> Result<Option<String>, CloudError> {
        self.read("cloudfront:DescribeFunction", name, |world, region| {
            Ok(world.regions[region].functions.get(name).map(|function| function.comment.clone()))
        })
        .await
    }

    async fn distributions_and_callers(
        &self,
        names: &[String],
        function: &str,
    ) -> Result<(BTreeMap<String, Distribution>, Vec<Distribution>), CloudError> {
        self.read(
            "cloudfront:GetDistributionConfig",
            format!("{} {function}", names.join(" ")),
            |world, region| {
                let found = names
                    .iter()
                    .filter_map(|name| Some((name.clone(), world.distribution(region, name)?.shown())));
                let all = world.regions[region].distributions.values();
                let calls = |it: &&SimDistribution| {
                    it.behaviours.iter().any(|behaviour| behaviour.function.as_deref() == Some(function))
                };
                Ok((found.collect(), all.filter(calls).map(SimDistribution::shown).collect()))
            },
        )
        .await
    }

    async fn distributions(&self, names: &[String]) -> Result<BTreeMap<String, Distribution>, CloudError> {
        self.read("cloudfront:GetDistributionConfig", names.join(" "), |world, region| {
            let found = names
                .iter()
                .filter_map(|name| Some((name.clone(), world.distribution(region, name)?.shown())));
            Ok(found.collect())
        })
        .await
    }

    async fn site_marker(&self, bucket: &str, prefix: &str) -> Result<Option<(Marker, String)>, CloudError> {
        self.read("s3:GetObject", format!("{bucket}/{prefix}"), |world, _| world.site_marker(bucket, prefix))
            .await
    }

    async fn object_head(&self, bucket: &str, key: &str) -> Result<Option<ObjectHead>, CloudError> {
        self.read("s3:HeadObject", format!("{bucket}/{key}"), |world, _| world.object_head(bucket, key)).await
    }

    async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, CloudError> {
        self.read("s3:ListObjectsV2", format!("{bucket}/{prefix}"), |world, _| {
            world.list_objects(bucket, prefix)
        })
        .await
    }

    async fn image(&self, image: &ImageRef) -> Result<ImageLookup, CloudError> {
        self.read("ecr:BatchGetImage", image.as_str(), |world, _| Ok(world.look_up(image))).await
    }

    async fn tags_of(&self, repository: &str, digest: &Digest) -> Result<Vec<String>, CloudError> {
        self.read("ecr:DescribeImages", format!("{repository}@{digest}"), |world, _| {
            Ok(world.registry.tags_of(repository, digest))
        })
        .await
    }

    async fn secret(&self, source: &SecretSource) -> Result<SecretString, CloudError> {
        let name = secret_name(source);
        let found = self.read("ssm:GetParameter", name, |world, region| {
            let secret = world.regions[region].secrets.get(name);
            secret.cloned().map_or_else(|| refuse(Kind::NotFound, format!("ParameterNotFound: {name}")), Ok)
        });
        Ok(SecretString::from(found.await?))
    }

    async fn log_tail(
        &self,
        task: &Task,
        container: &ContainerName,
        lines: usize,
    ) -> Result<LogTail, CloudError> {
        let arn = task.arn.as_str();
        self.read("logs:GetLogEvents", arn, |world, region| Ok(world.log_tail(region, arn, container, lines)))
            .await
    }

    async fn requests_last_minute(&self, target_groups: &[String]) -> Result<Option<f64>, CloudError> {
        self.read("cloudwatch:GetMetricData", "RequestCountPerTarget", |world, region| {
            Ok(world.requests_last_minute(region, target_groups))
        })
        .await
    }

    async fn probe(&self, url: &Url, header: Option<(&str, &SecretString)>) -> Result<u16, CloudError> {
        let resource = format!("{url}{}", if header.is_some() { " with the header" } else { "" });
        self.read("http:GET", resource, |world, region| {
            let header = header.map(|(name, value)| (name, value.expose_secret()));
            let answer = world.probe(region, url, header);
            answer.map_or_else(|| refuse(Kind::Unavailable, "the URL names no host"), Ok)
        })
        .await
    }
}

/// The whole question: another list of names is another question with another stale answer.
fn named(cluster: &ClusterName, services: &[ServiceName]) -> String {
    let names: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
    format!("{cluster}/{}", names.join(","))
}
