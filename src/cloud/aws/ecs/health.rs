//! Whether tasks are healthy: in their target groups, and by their containers' own checks.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{TargetHealth, TargetHealthStateEnum};
use futures_util::future::try_join_all;

use super::super::caches::TargetGroups;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use crate::cloud::{CloudError, Family};

/// The health of the targets in a service's target groups.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Health(Vec<Slot>);

/// One entry of the service's `loadBalancers`: its targets, and those of the group that takes its place during a
/// blue/green deployment. A task is registered in one of the two.
type Slot = Vec<Target>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    id: String,
    healthy: bool,
    /// Why it is not.
    reason: Option<String>,
}

impl Health {
    /// One request for each target group.
    pub(super) async fn read(session: &Session, groups: &BTreeSet<TargetGroups>) -> Result<Self, CloudError> {
        let slots = groups.iter().map(|(group, other)| async move {
            let groups = [Some(group.as_str()), other.as_deref()].into_iter().flatten();
            let targets = try_join_all(groups.map(|group| targets(session, group))).await?;
            Ok::<Slot, CloudError>(targets.into_iter().flatten().collect())
        });
        Ok(Self(try_join_all(slots).await?))
    }

    /// Whether a task with these addresses is healthy in every target group. A target that is an instance does not show
    /// which task is behind it: then as many targets must be healthy as tasks run.
    pub(super) fn serves(&self, addresses: &BTreeSet<String>, running: usize) -> bool {
        self.0.iter().all(|slot| {
            let by_instance = slot.iter().any(|target| target.id.starts_with("i-"));
            match by_instance {
                true => slot.iter().filter(|target| target.healthy).count() >= running,
                false => slot.iter().any(|target| target.healthy && addresses.contains(&target.id)),
            }
        })
    }

    /// Why the targets of a task with these addresses are not healthy, in AWS's words.
    pub(super) fn reasons(&self, addresses: &BTreeSet<String>) -> Vec<String> {
        let targets = self.0.iter().flatten();
        let is_of_task = |target: &&Target| target.id.starts_with("i-") || addresses.contains(&target.id);
        targets.filter(is_of_task).filter_map(|target| target.reason.clone()).collect()
    }
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html>
async fn targets(session: &Session, group: &str) -> Result<Vec<Target>, CloudError> {
    let operation = Operation::new("elasticloadbalancing:DescribeTargetHealth", Family::BalancerRead, group);
    let request = session.clients.balancers.read.describe_target_health().target_group_arn(group);
    let answer = session.calls.read(operation, traced!(request)).await?;
    let targets = answer.target_health_descriptions().iter().filter_map(|description| {
        let state = description.target_health().and_then(|health| health.state());
        // `unavailable`: health checks are switched off for this group.
        let healthy =
            matches!(state, Some(TargetHealthStateEnum::Healthy | TargetHealthStateEnum::Unavailable));
        let id = description.target()?.id()?;
        Some(Target { id: id.to_owned(), healthy, reason: reason(group, id, description.target_health()) })
    });
    Ok(targets.collect())
}

/// The target's state and its reason, unless it is healthy or on its way.
fn reason(group: &str, id: &str, health: Option<&TargetHealth>) -> Option<String> {
    let health = health?;
    let state = health.state()?;
    if matches!(
        state,
        TargetHealthStateEnum::Healthy
            | TargetHealthStateEnum::Unavailable
            | TargetHealthStateEnum::Initial
            | TargetHealthStateEnum::Draining
    ) {
        return None;
    }
    let group = group.rsplit("targetgroup/").next().and_then(|name| name.split('/').next()).unwrap_or(group);
    let code = health.reason().map(|reason| format!(" ({})", reason.as_str())).unwrap_or_default();
    let why = health.description().unwrap_or("AWS gives no reason");
    Some(format!("target {id} in `{group}` is {}: {why}{code}", state.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(slots: &[&[(&str, bool)]]) -> Health {
        let slot = |slot: &&[(&str, bool)]| {
            let target = |(id, healthy): &(&str, bool)| Target {
                id: (*id).to_owned(),
                healthy: *healthy,
                reason: None,
            };
            slot.iter().map(target).collect()
        };
        Health(slots.iter().map(slot).collect())
    }

    #[test]
    fn a_task_is_healthy_where_it_is_registered() {
        let task = BTreeSet::from(["10.0.0.1".to_owned()]);
        for (slots, serves, why) in [
            (health(&[]), true, "no target group"),
            (health(&[&[("10.0.0.1", true), ("10.0.0.2", false)]]), true, "its own target counts"),
            (health(&[&[("10.0.0.1", false), ("10.0.0.2", true)]]), false, "another's does not"),
            (health(&[&[]]), false, "not registered yet"),
            (health(&[&[("10.0.0.1", true)], &[("10.0.0.1", false)]]), false, "every group counts"),
            (health(&[&[("i-1", true), ("i-2", true)]]), true, "two instances, two tasks"),
            (health(&[&[("i-1", true), ("i-2", false)]]), false, "one instance, two tasks"),
        ] {
            assert_eq!(slots.serves(&task, 2), serves, "{why}");
        }
    }
    #[test]
    fn an_ill_target_says_why_and_one_on_its_way_does_not() {
        use aws_sdk_elasticloadbalancingv2::types::TargetHealthReasonEnum as Reason;

        let group = "arn:aws:elasticloadbalancing:eu-central-2:592217263685:targetgroup/graasp/0123";
        let said = |state, code, why: &str| {
            let health = TargetHealth::builder().state(state).reason(code).description(why).build();
            reason(group, "10.0.0.1", Some(&health))
        };
        let mismatch = "Health checks failed with these codes: [502]";
        assert_eq!(
            said(TargetHealthStateEnum::Unhealthy, Reason::ResponseCodeMismatch, mismatch).unwrap(),
            "target 10.0.0.1 in `graasp` is unhealthy: Health checks failed with these codes: [502] (Target.ResponseCodeMismatch)"
        );
        let unused = said(TargetHealthStateEnum::Unused, Reason::NotInUse, "not configured");
        assert!(unused.unwrap().contains("is unused: not configured"));
        for state in [
            TargetHealthStateEnum::Initial,
            TargetHealthStateEnum::Healthy,
            TargetHealthStateEnum::Draining,
            TargetHealthStateEnum::Unavailable,
        ] {
            assert_eq!(said(state, Reason::InitialHealthChecking, "checks in progress"), None);
        }
    }
}
