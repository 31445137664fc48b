//! Launch types and capacity providers: of a service, of a cluster, and of a task that is to run.

use aws_sdk_ecs::types::{
    self, CapacityProviderStatus, CapacityProviderStrategyItem, Cluster, LaunchType, ManagedScalingStatus,
};

use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::{count, only_missing};
use crate::cloud::{
    Capacity, CapacityProvider, CloudError, Family, Kind, Placement, ProviderKind, ProviderShare,
};
use crate::model::ClusterName;

/// AWS's own providers, which are not described anywhere.
const FARGATE: &str = "FARGATE";
const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// One request, and one more where the cluster has capacity providers of its own.
pub(in super::super) async fn capacity(
    session: &Session,
    cluster: &ClusterName,
) -> Result<Option<Capacity>, CloudError> {
    let operation = Operation::new("ecs:DescribeClusters", Family::ClusterRead, cluster.as_str());
    let request = session.clients.ecs.read.describe_clusters().clusters(cluster.as_str());
    let answer = session.calls.read(operation, traced!(request)).await?;
    only_missing(operation, answer.failures())?;
    let found = answer.clusters().first().filter(|found| found.status() != Some("INACTIVE"));
    let Some(found) = found else { return Ok(None) };
    let (aws_own, own): (Vec<&String>, Vec<&String>) =
        found.capacity_providers().iter().partition(|name| [FARGATE, FARGATE_SPOT].contains(&name.as_str()));
    let mut providers: Vec<CapacityProvider> = aws_own.into_iter().map(|name| fargate(name)).collect();
    if !own.is_empty() {
        providers.extend(described(session, own).await?);
    }
    providers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Some(read(found, providers)))
}

fn fargate(name: &str) -> CapacityProvider {
    let kind = if name == FARGATE_SPOT { ProviderKind::FargateSpot } else { ProviderKind::Fargate };
    CapacityProvider { name: name.to_owned(), kind, active: true }
}

fn read(cluster: &Cluster, providers: Vec<CapacityProvider>) -> Capacity {
    Capacity {
        instances: count(cluster.registered_container_instances_count()),
        providers,
        default_strategy: shares(cluster.default_capacity_provider_strategy()),
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html>
async fn described(session: &Session, names: Vec<&String>) -> Result<Vec<CapacityProvider>, CloudError> {
    let resource = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",");
    let operation = Operation::new("ecs:DescribeCapacityProviders", Family::ClusterRead, &resource);
    let request = session.clients.ecs.read.describe_capacity_providers();
    let names = names.into_iter().cloned().collect();
    let answer = session.calls.read(operation, traced!(request.set_capacity_providers(Some(names)))).await?;
    only_missing(operation, answer.failures())?;
    let found = answer.capacity_providers().iter().map(|found| {
        let name =
            found.name().ok_or_else(|| operation.error(Kind::Unavailable, "a provider has no name"))?;
        let scaling = found.auto_scaling_group_provider().and_then(|group| group.managed_scaling());
        let scales = scaling.is_some_and(|scaling| scaling.status() == Some(&ManagedScalingStatus::Enabled));
        let kind = match found.managed_instances_provider() {
            Some(_) => ProviderKind::ManagedInstances,
            None => ProviderKind::AutoScalingGroup { scales },
        };
        let active = found.status() == Some(&CapacityProviderStatus::Active);
        Ok(CapacityProvider { name: name.to_owned(), kind, active })
    });
    found.collect()
}

/// A service without either runs on container instances.
pub(super) fn of_service(found: &types::Service) -> Placement {
    let shares = shares(found.capacity_provider_strategy());
    if !shares.is_empty() {
        return Placement::Providers(shares);
    }
    Placement::LaunchType(found.launch_type().map_or("EC2", LaunchType::as_str).to_owned())
}

/// ECS promises no order of these lists.
fn shares(items: &[CapacityProviderStrategyItem]) -> Vec<ProviderShare> {
    let items = items.iter().map(|item| ProviderShare {
        name: item.capacity_provider().to_owned(),
        weight: item.weight(),
        base: item.base(),
    });
    let mut shares: Vec<ProviderShare> = items.collect();
    shares.sort();
    shares
}

/// The same as the SDK has it.
pub(super) fn strategy(
    operation: Operation<'_>,
    shares: &[ProviderShare],
) -> Result<Vec<CapacityProviderStrategyItem>, CloudError> {
    let items = shares.iter().map(|share| {
        let item = CapacityProviderStrategyItem::builder().capacity_provider(&share.name);
        let item = item.weight(share.weight).base(share.base).build();
        item.map_err(|error| operation.error(Kind::Invalid, error.to_string()))
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::fixture::{Reply, Server, ok};
    use super::*;
    use crate::cloud::{CloudRead, CloudWrite, RunTask, ServiceStatus};

    fn share(name: &str, weight: i32, base: i32) -> ProviderShare {
        ProviderShare { name: name.to_owned(), weight, base }
    }

    #[tokio::test]
    async fn a_clusters_providers_are_described_by_what_they_run_on() {
        let server = Server::start(|request| match request.operation().as_str() {
            "DescribeClusters" => ok(json!({"clusters": [{"status": "ACTIVE", "registeredContainerInstancesCount": 2,
                "capacityProviders": ["spot", "FARGATE_SPOT", "managed", "fixed", "FARGATE", "gone"],
                "defaultCapacityProviderStrategy": [
                    {"capacityProvider": "spot", "weight": 1}, {"capacityProvider": "fixed", "weight": 2, "base": 1}]}]})),
            "DescribeCapacityProviders" => {
                assert_eq!(request.json()["capacityProviders"], json!(["spot", "managed", "fixed", "gone"]));
                let group = |name: &str, scaling: Value, status: &str| {
                    json!({"name": name, "status": status, "autoScalingGroupProvider": {
                        "autoScalingGroupArn": "arn", "managedScaling": scaling}})
                };
                ok(json!({"capacityProviders": [
                    group("spot", json!({"status": "ENABLED"}), "ACTIVE"),
                    group("fixed", json!({"status": "DISABLED"}), "ACTIVE"),
                    group("gone", json!({"status": "ENABLED"}), "INACTIVE"),
                    {"name": "managed", "status": "ACTIVE", "managedInstancesProvider": {
                        "infrastructureRoleArn": "arn", "instanceLaunchTemplate": {
                            "ec2InstanceProfileArn": "arn", "networkConfiguration": {}}}},
                ]}))
            }
            other => panic!("{other}"),
        })
        .await;
        let found = server.cloud().capacity(&"graasp-prod".into()).await.unwrap().unwrap();
        let provider = |name: &str, kind, active| CapacityProvider { name: name.to_owned(), kind, active };
        let group = |scales| ProviderKind::AutoScalingGroup { scales };
        let expected = Capacity {
            instances: 2,
            providers: vec![
                provider("FARGATE", ProviderKind::Fargate, true),
                provider("FARGATE_SPOT", ProviderKind::FargateSpot, true),
                provider("fixed", group(false), true),
                provider("gone", group(true), false),
                provider("managed", ProviderKind::ManagedInstances, true),
                provider("spot", group(true), true),
            ],
            default_strategy: vec![share("fixed", 2, 1), share("spot", 1, 0)],
        };
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn fargates_own_providers_are_asked_nowhere() {
        let server = Server::start(|request| match request.operation().as_str() {
            "DescribeClusters" => {
                ok(json!({"clusters": [{"status": "ACTIVE", "capacityProviders": ["FARGATE"]}]}))
            }
            other => panic!("{other}"),
        })
        .await;
        let found = server.cloud().capacity(&"graasp-prod".into()).await.unwrap().unwrap();
        assert_eq!(found.providers, [fargate("FARGATE")]);
    }

    /// The request that a placement becomes.
    async fn sent(placement: Placement) -> Value {
        let server = Server::start(|request| match request.operation().as_str() {
            "DescribeServices" => ok(json!({"services": [{"serviceName": "graasp", "status": "ACTIVE",
                "platformVersion": "1.4.0"}]})),
            "DescribeTaskDefinition" => ok(json!({"taskDefinition": {"taskDefinitionArn": "migrate:3",
                "family": "migrate", "revision": 3, "requiresCompatibilities": ["EC2"],
                "containerDefinitions": [{"name": "migrate"}]}})),
            "RunTask" => ok(json!({"tasks": [{"taskArn": "arn", "lastStatus": "PROVISIONING"}]})),
            other => panic!("{other}"),
        })
        .await;
        let request = RunTask {
            cluster: "graasp-prod".into(),
            definition: "migrate:3".to_owned(),
            network_of: "graasp".into(),
            placement,
            client_token: "token".to_owned(),
            started_by: "tidegate".to_owned(),
            tags: [].into(),
        };
        server.cloud().run_task(&request).await.unwrap();
        server.requests().pop().unwrap().json()
    }

    #[tokio::test]
    async fn a_launch_type_never_overrides_a_provider() {
        let providers = sent(Placement::Providers(vec![share("a", 1, 1), share("b", 1, 0)])).await;
        assert_eq!(
            providers["capacityProviderStrategy"],
            json!([{"capacityProvider": "a", "weight": 1, "base": 1}, {"capacityProvider": "b", "weight": 1, "base": 0}])
        );
        assert_eq!((&providers["launchType"], &providers["platformVersion"]), (&Value::Null, &Value::Null));
        let instances = sent(Placement::LaunchType("EC2".to_owned())).await;
        assert_eq!((&instances["launchType"], &instances["platformVersion"]), (&json!("EC2"), &Value::Null));
        let fargate = sent(Placement::default()).await;
        assert_eq!(
            (&fargate["launchType"], &fargate["platformVersion"]),
            (&json!("FARGATE"), &json!("1.4.0"))
        );
        for other in [instances, fargate] {
            assert_eq!(other["capacityProviderStrategy"], Value::Null);
        }
    }

    fn described(service: Value) -> impl Future<Output = Server> {
        Server::start(move |request| -> Reply {
            assert_eq!(request.operation(), "DescribeServices");
            ok(json!({"services": [service]}))
        })
    }

    #[tokio::test]
    async fn a_services_placement_and_status_are_read() {
        for (service, placement, status) in [
            (
                json!({"launchType": "FARGATE", "status": "ACTIVE"}),
                Placement::default(),
                ServiceStatus::Active,
            ),
            (
                json!({"launchType": "EC2", "status": "DRAINING"}),
                Placement::LaunchType("EC2".to_owned()),
                ServiceStatus::Draining,
            ),
            (json!({"status": "INACTIVE"}), Placement::LaunchType("EC2".to_owned()), ServiceStatus::Inactive),
            (
                json!({"status": "OF_TOMORROW"}),
                Placement::LaunchType("EC2".to_owned()),
                ServiceStatus::Draining,
            ),
            (
                json!({"status": "ACTIVE", "capacityProviderStrategy": [
                    {"capacityProvider": "b", "weight": 1}, {"capacityProvider": "a", "base": 2}]}),
                Placement::Providers(vec![share("a", 0, 2), share("b", 1, 0)]),
                ServiceStatus::Active,
            ),
        ] {
            let mut service = service;
            service["serviceName"] = json!("graasp");
            let server = described(service.clone()).await;
            let found = server.cloud().services(&"graasp-prod".into(), &["graasp".into()]).await.unwrap();
            let found = &found["graasp"];
            assert_eq!((&found.placement, found.status), (&placement, status), "{service}");
        }
    }

    #[tokio::test]
    async fn an_express_service_is_known_by_its_management() {
        for (management, express) in [(json!("ECS"), true), (json!("CUSTOMER"), false), (Value::Null, false)]
        {
            let service =
                json!({"serviceName": "graasp", "status": "ACTIVE", "resourceManagementType": management});
            let server = described(service).await;
            let found = server.cloud().services(&"graasp-prod".into(), &["graasp".into()]).await.unwrap();
            assert_eq!(found["graasp"].express, express, "{management}");
        }
    }
}
