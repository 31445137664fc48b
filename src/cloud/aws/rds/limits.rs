//! What keeps RDS from doing what a release asks of it: the quota of snapshots, and a blue/green deployment.

use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use crate::cloud::{BlueGreen, CloudError, Family, Quota};
use crate::spec::DatabaseTarget;

const PAGES_MAX: usize = 20;

/// One request: RDS shows all quotas of the account in this region together.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_AccountQuota.html>
pub(in super::super) async fn snapshot_quota(
    session: &Session,
    target: &DatabaseTarget,
) -> Result<Option<Quota>, CloudError> {
    let name = match target {
        DatabaseTarget::Instance(_) => "ManualSnapshots",
        DatabaseTarget::Cluster(_) => "ManualClusterSnapshots",
    };
    let operation = Operation::new("rds:DescribeAccountAttributes", Family::Database, name);
    let request = session.clients.rds.read.describe_account_attributes();
    let answer = session.calls.read(operation, traced!(request)).await?;
    let found = answer.account_quotas().iter().find(|quota| quota.account_quota_name() == Some(name));
    let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Ok(found.and_then(|quota| Some(Quota { used: number(quota.used())?, max: number(quota.max())? })))
}

/// One request for a hundred deployments. They are compared here: the API's filter takes sources in several spellings.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeBlueGreenDeployments.html>
pub(in super::super) async fn blue_green(
    session: &Session,
    target: &DatabaseTarget,
) -> Result<Option<BlueGreen>, CloudError> {
    let operation = Operation::new("rds:DescribeBlueGreenDeployments", Family::Database, target.identifier());
    let mut marker = None;
    for _ in 0..PAGES_MAX {
        let request = session.clients.rds.read.describe_blue_green_deployments();
        let request = request.max_records(100).set_marker(marker.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        for found in answer.blue_green_deployments() {
            if !found.source().is_some_and(|arn| is_of(arn, target)) {
                continue;
            }
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let deployment = BlueGreen {
                identifier: text(found.blue_green_deployment_identifier()),
                status: text(found.status()),
            };
            if !deployment.is_over() {
                return Ok(Some(deployment));
            }
        }
        marker = answer.marker().map(str::to_owned);
        if marker.is_none() {
            return Ok(None);
        }
    }
    Err(operation.endless_list())
}

/// `arn:aws:rds:eu-central-2:592217263685:db:graasp-prod`
fn is_of(arn: &str, target: &DatabaseTarget) -> bool {
    let kind = match target {
        DatabaseTarget::Instance(_) => "db",
        DatabaseTarget::Cluster(_) => "cluster",
    };
    let mut parts = arn.rsplit(':');
    let (name, of) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    of == kind && name.eq_ignore_ascii_case(target.identifier())
}
