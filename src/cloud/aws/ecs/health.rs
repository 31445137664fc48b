//! Whether tasks are healthy: in their target groups, and by their containers' own checks.

use std::collections::BTreeSet;

use aws_sdk_ecs::types;
use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;
use futures_util::future::try_join_all;

use super::super::caches::TargetGroups;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use crate::cloud::{CloudError, Family};

/// What the target groups of a service say.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Health(Vec<Slot>);

/// One entry of the service's `loadBalancers`: its targets, and those of the group that takes its place while
/// a blue/green deployment goes on. A task is registered in one of the two.
type Slot = Vec<Target>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    id: String,
    healthy: bool,
}

impl Health {
    /// One request a target group.
    pub(super) async fn ask(session: &Session, groups: &BTreeSet<TargetGroups>) -> Result<Self, CloudError> {
        let slots = groups.iter().map(|(group, other)| async move {
            let groups = [Some(group.as_str()), other.as_deref()].into_iter().flatten();
            let targets = try_join_all(groups.map(|group| targets(session, group))).await?;
            Ok::<Slot, CloudError>(targets.into_iter().flatten().collect())
        });
        Ok(Self(try_join_all(slots).await?))
    }

    /// Whether a task with these addresses is healthy everywhere. Targets that are instances do not tell which
    /// task is behind them: then as many must be healthy as tasks run.
    pub(super) fn serves(&self, addresses: &BTreeSet<String>, running: usize) -> bool {
        self.0.iter().all(|slot| {
            let by_instance = slot.iter().any(|target| target.id.starts_with("i-"));
            match by_instance {
                true => slot.iter().filter(|target| target.healthy).count() >= running,
                false => slot.iter().any(|target| target.healthy && addresses.contains(&target.id)),
            }
        })
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
        Some(Target { id: description.target()?.id()?.to_owned(), healthy })
    });
    Ok(targets.collect())
}

/// Every private address of a task.
pub(super) fn addresses(task: &types::Task) -> BTreeSet<String> {
    let details = task.attachments().iter().flat_map(|attachment| attachment.details());
    let attached = details
        .filter(|detail| matches!(detail.name(), Some("privateIPv4Address" | "privateIPv6Address")))
        .filter_map(|detail| detail.value());
    let interfaces = task.containers().iter().flat_map(|container| container.network_interfaces());
    let of_containers =
        interfaces.flat_map(|interface| [interface.private_ipv4_address(), interface.ipv6_address()]);
    attached.chain(of_containers.flatten()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(slots: &[&[(&str, bool)]]) -> Health {
        let slot = |slot: &&[(&str, bool)]| {
            slot.iter().map(|(id, healthy)| Target { id: (*id).to_owned(), healthy: *healthy }).collect()
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
}
