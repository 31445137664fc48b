//! The number of requests that still arrive while the gate closes.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use chrono::{DurationRound, TimeDelta};

use super::moment::date_time;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family};
use crate::model::Instant;

/// CloudWatch is late: one of the last three minutes has data.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(3);
const PERIOD_SECONDS: i32 = 60;
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const QUERIES_MAX: usize = 500;

/// One request once the load balancers in front of the groups are known, one more before. A load balancer only reports
/// while requests arrive, so no data at all is `None`: neither zero nor an error.
pub(super) async fn requests_last_minute(
    session: &Session,
    target_groups: &[String],
) -> Result<Option<f64>, CloudError> {
    let balancers = balancers(session, target_groups).await?;
    let resource = format!("{} target groups", target_groups.len());
    let operation = Operation::new("cloudwatch:GetMetricData", Family::Watching, &resource);
    let queries: Vec<MetricDataQuery> = balancers
        .iter()
        .take(QUERIES_MAX)
        .enumerate()
        .map(|(index, (group, balancer))| query(index, group, balancer))
        .collect();
    if queries.is_empty() {
        return Ok(None);
    }
    let now = last_full_minute(session.calls.clock.now());
    let request = session.clients.metrics.get_metric_data().set_metric_data_queries(Some(queries));
    let request = request.scan_by(ScanBy::TimestampDescending);
    let request = request.start_time(date_time(now - LOOK_BACK)).end_time(date_time(now));
    let answer = session.calls.read(operation, traced!(request)).await?;
    let newest: Vec<f64> =
        answer.metric_data_results().iter().filter_map(|result| result.values().first().copied()).collect();
    Ok((!newest.is_empty()).then(|| newest.iter().sum()))
}

/// The end of what is asked, which is exclusive: the minute that is still running has too few requests, and a drain that
/// ended on it would end on users.
fn last_full_minute(now: Instant) -> Instant {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now)
}

/// Target groups and the load balancers in front of them, as CloudWatch names both.
async fn balancers(
    session: &Session,
    target_groups: &[String],
) -> Result<BTreeMap<String, String>, CloudError> {
    let unknown: Vec<String> = target_groups
        .iter()
        .filter(|group| session.caches.balancers.get(group.as_str()).is_none())
        .cloned()
        .collect();
    if !unknown.is_empty() {
        let resource = format!("{} target groups", unknown.len());
        let operation =
            Operation::new("elasticloadbalancing:DescribeTargetGroups", Family::BalancerRead, &resource);
        let request = session.clients.balancers.read.describe_target_groups();
        let answer =
            session.calls.read(operation, traced!(request.set_target_group_arns(Some(unknown)))).await?;
        for group in answer.target_groups() {
            if let (Some(arn), Some(balancer)) =
                (group.target_group_arn(), group.load_balancer_arns().first())
            {
                session.caches.balancers.put(arn.to_owned(), balancer.clone());
            }
        }
    }
    let pairs = target_groups.iter().filter_map(|group| {
        let balancer = session.caches.balancers.get(group.as_str())?;
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
    use super::super::fixture::{Server, cbor, ok};
    use super::*;
    use crate::cloud::CloudRead;

    #[test]
    fn the_minute_that_still_runs_is_not_asked() {
        for (now, end) in [("04:05:00", "04:05:00"), ("04:05:59", "04:05:00"), ("04:06:01", "04:06:00")] {
            let at = |time: &str| format!("2026-11-24T{time}Z").parse::<Instant>().unwrap();
            assert_eq!(last_full_minute(at(now)), at(end));
        }
    }

    const START: &str = "arn:aws:elasticloadbalancing:eu-central-2:592217263685";

    /// <https://www.rfc-editor.org/rfc/rfc8949.html#section-3>: a text of less than 256 bytes.
    fn text(text: &str) -> Vec<u8> {
        [&[0x78, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    }

    /// An array of less than 24 items.
    fn array(items: &[Vec<u8>]) -> Vec<u8> {
        [vec![0x80 + u8::try_from(items.len()).unwrap()], items.concat()].concat()
    }

    /// `{"MetricDataResults": [{"Id": …, "Values": […], "StatusCode": "Complete"}, …]}`
    fn results(values: &[&[f64]]) -> Vec<u8> {
        let number = |value: &f64| [&[0xfb][..], &value.to_be_bytes()].concat();
        let result = |(index, values): (usize, &&[f64])| {
            let values: Vec<Vec<u8>> = values.iter().map(number).collect();
            let id = text(&format!("requests{index}"));
            let pairs =
                [text("Id"), id, text("Values"), array(&values), text("StatusCode"), text("Complete")];
            [vec![0xa3], pairs.concat()].concat()
        };
        let results: Vec<Vec<u8>> = values.iter().enumerate().map(result).collect();
        [vec![0xa1], text("MetricDataResults"), array(&results)].concat()
    }

    /// Two groups behind one balancer and one behind none; `values` of the metrics, the newest first.
    async fn counted(values: &'static [&'static [f64]]) -> (Server, Result<Option<f64>, CloudError>) {
        let server = Server::start(move |request| match request.operation().as_str() {
            "DescribeTargetGroups" => {
                let member = |group: &str, balancers: &str| {
                    let arn = format!("<TargetGroupArn>{START}:targetgroup/{group}</TargetGroupArn>");
                    format!("<member>{arn}<LoadBalancerArns>{balancers}</LoadBalancerArns></member>")
                };
                let balancer = format!("<member>{START}:loadbalancer/app/graasp/9</member>");
                let members = [member("a/1", &balancer), member("b/2", &balancer), member("c/3", "")].concat();
                ok(format!(
                    "<DescribeTargetGroupsResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
                     <DescribeTargetGroupsResult><TargetGroups>{members}</TargetGroups>\
                     </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
                ))
            }
            path if path.ends_with("/operation/GetMetricData") => cbor(results(values)),
            other => panic!("{other}"),
        })
        .await;
        let groups = ["a/1", "b/2", "c/3"].map(|group| format!("{START}:targetgroup/{group}"));
        let counted = server.cloud().requests_last_minute(&groups).await;
        (server, counted)
    }

    #[tokio::test]
    async fn the_newest_minute_of_each_group_counts() {
        let (server, requests) = counted(&[&[12.0, 900.0], &[0.5]]).await;
        assert_eq!(requests, Ok(Some(12.5)));
        let sent = server.requests().pop().unwrap();
        assert_eq!(sent.header("smithy-protocol"), Some("rpc-v2-cbor"));
        for named in ["AWS/ApplicationELB", "RequestCount", "targetgroup/a/1", "app/graasp/9"] {
            assert!(sent.body.contains(named), "{named}");
        }
        assert!(!sent.body.contains("targetgroup/c/3"), "nothing stands before it");
        // The balancers are known from now on.
        let group = [format!("{START}:targetgroup/a/1")];
        server.cloud().requests_last_minute(&group).await.unwrap();
        assert_eq!(server.counts.by_operation()["elasticloadbalancing:DescribeTargetGroups"], 1);
        assert_eq!(server.counts.by_operation()["cloudwatch:GetMetricData"], 2);
    }

    #[tokio::test]
    async fn no_data_is_neither_zero_nor_an_error() {
        assert_eq!(counted(&[&[], &[]]).await.1, Ok(None));
        assert_eq!(counted(&[]).await.1, Ok(None));
        assert_eq!(counted(&[&[], &[3.0]]).await.1, Ok(Some(3.0)));
    }

    #[test]
    fn cloudwatch_names_things_by_the_end_of_their_arn() {
        let start = "arn:aws:elasticloadbalancing:eu-central-2:592217263685";
        assert_eq!(dimension(&format!("{start}:targetgroup/graasp/01")), Some("targetgroup/graasp/01"));
        assert_eq!(dimension(&format!("{start}:loadbalancer/app/graasp/02")), Some("app/graasp/02"));
    }
}
