//! Clusters: their names and their tags.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ClusterField, Tag};

use super::super::arn::last;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::{LISTED_AT_ONCE_MAX, PAGES_MAX, only_missing};
use crate::cloud::{CloudError, Family, Kind};
use crate::model::ClusterName;

/// One request for a hundred clusters.
pub(in super::super) async fn cluster_names(session: &Session) -> Result<Vec<ClusterName>, CloudError> {
    let operation = Operation::new("ecs:ListClusters", Family::ClusterRead, "clusters");
    let (mut names, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.ecs.read.list_clusters().set_next_token(token.take());
        let answer = session.calls.read(operation, traced!(request.max_results(LISTED_AT_ONCE_MAX))).await?;
        names.extend(answer.cluster_arns().iter().map(|arn| ClusterName::new(last(arn))));
        token = answer.next_token;
        if token.is_none() {
            names.sort();
            return Ok(names);
        }
    }
    Err(operation.endless_list())
}

/// One request.
pub(in super::super) async fn cluster_tags(
    session: &Session,
    cluster: &ClusterName,
) -> Result<Option<BTreeMap<String, String>>, CloudError> {
    let operation = Operation::new("ecs:DescribeClusters", Family::ClusterRead, cluster.as_str());
    let request = session.clients.ecs.read.describe_clusters();
    let request = request.clusters(cluster.as_str()).include(ClusterField::Tags);
    let answer = session.calls.read(operation, traced!(request)).await?;
    only_missing(operation, answer.failures())?;
    let found = answer.clusters().first().filter(|found| found.status() != Some("INACTIVE"));
    let Some(found) = found else { return Ok(None) };
    if let Some(arn) = found.cluster_arn() {
        session.caches.clusters.put(cluster.clone(), arn.to_owned());
    }
    Ok(Some(tags(found.tags())))
}

/// One request once the cluster's ARN is known.
pub(in super::super) async fn tag_cluster(
    session: &Session,
    cluster: &ClusterName,
    key: &str,
    value: &str,
) -> Result<(), CloudError> {
    let operation = Operation::new("ecs:TagResource", Family::EcsTagWrite, cluster.as_str());
    if session.caches.clusters.get(cluster).is_none() {
        cluster_tags(session, cluster).await?;
    }
    let arn = session.caches.clusters.get(cluster);
    let arn = arn.ok_or_else(|| operation.error(Kind::NotFound, "there is no such cluster"))?;
    let tag = Tag::builder().key(key).value(value).build();
    let request = session.clients.ecs.write.tag_resource().resource_arn(arn).tags(tag);
    session.calls.write(operation, traced!(request)).await?;
    Ok(())
}

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
