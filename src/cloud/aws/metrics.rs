//! Requests that still come in while the gate closes.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use chrono::TimeDelta;

use super::budget::Family;
use super::call::Ask;
use super::moment::date_time;
use super::session::Session;
use crate::cloud::CloudError;

/// The newest minute comes late: one of the last three is there.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(3);
const PERIOD_SECONDS: i32 = 60;
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const QUERIES_MAX: usize = 500;

/// One request once the balancers in front of the groups are known, one more before. A balancer reports only
/// while requests come: no data at all is `None`, neither zero nor an error.
pub(super) async fn requests_last_minute(
    session: &Session,
    target_groups: &[String],
) -> Result<Option<f64>, CloudError> {
    let balancers = balancers(session, target_groups).await?;
    let resource = format!("{} target groups", target_groups.len());
    let ask = Ask::new("cloudwatch:GetMetricData", Family::Watching, &resource);
    let queries: Vec<MetricDataQuery> = balancers
        .iter()
        .take(QUERIES_MAX)
        .enumerate()
        .map(|(index, (group, balancer))| query(index, group, balancer))
        .collect();
    if queries.is_empty() {
        return Ok(None);
    }
    let now = session.calls.clock.now();
    let request = session.clients.metrics.get_metric_data().set_metric_data_queries(Some(queries));
    let request = request.scan_by(ScanBy::TimestampDescending);
    let request = request.start_time(date_time(now - LOOK_BACK)).end_time(date_time(now));
    let answer = session.calls.read(ask, request.send()).await?;
    let newest: Vec<f64> =
        answer.metric_data_results().iter().filter_map(|result| result.values().first().copied()).collect();
    Ok((!newest.is_empty()).then(|| newest.iter().sum()))
}

/// Groups and the balancers in front of them, as CloudWatch names both.
async fn balancers(
    session: &Session,
    target_groups: &[String],
) -> Result<BTreeMap<String, String>, CloudError> {
    let unknown: Vec<String> = target_groups
        .iter()
        .filter(|group| session.known.balancers.get(group.as_str()).is_none())
        .cloned()
        .collect();
    if !unknown.is_empty() {
        let resource = format!("{} target groups", unknown.len());
        let ask = Ask::new("elasticloadbalancing:DescribeTargetGroups", Family::BalancerRead, &resource);
        let request = session.clients.balancers.read.describe_target_groups();
        let answer = session.calls.read(ask, request.set_target_group_arns(Some(unknown)).send()).await?;
        for group in answer.target_groups() {
            if let (Some(arn), Some(balancer)) =
                (group.target_group_arn(), group.load_balancer_arns().first())
            {
                session.known.balancers.put(arn.to_owned(), balancer.clone());
            }
        }
    }
    let pairs = target_groups.iter().filter_map(|group| {
        let balancer = session.known.balancers.get(group.as_str())?;
        Some((dimension(group)?.to_owned(), dimension(&balancer)?.to_owned()))
    });
    Ok(pairs.collect())
}

fn query(index: usize, group: &str, balancer: &str) -> MetricDataQuery {
    let pair = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("AWS/ApplicationELB")
        .metric_name("RequestCount")
        .dimensions(pair("TargetGroup", group))
        .dimensions(pair("LoadBalancer", balancer))
        .build();
    let sum = MetricStat::builder().metric(metric).period(PERIOD_SECONDS).stat("Sum").build();
    MetricDataQuery::builder().id(format!("requests{index}")).metric_stat(sum).build()
}

/// `arn:…:targetgroup/graasp/0123` → `targetgroup/graasp/0123`, `arn:…:loadbalancer/app/graasp/0123` →
/// `app/graasp/0123`
fn dimension(arn: &str) -> Option<&str> {
    let name = arn.rsplit(':').next()?;
    Some(name.strip_prefix("loadbalancer/").unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudwatch_names_things_by_the_end_of_their_arn() {
        let start = "arn:aws:elasticloadbalancing:eu-central-2:592217263685";
        assert_eq!(dimension(&format!("{start}:targetgroup/graasp/01")), Some("targetgroup/graasp/01"));
        assert_eq!(dimension(&format!("{start}:loadbalancer/app/graasp/02")), Some("app/graasp/02"));
    }
}
