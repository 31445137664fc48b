//! Deployments that shift traffic between two sets of tasks: BLUE_GREEN, LINEAR, CANARY.
//!
//! `rolloutState` is only promised for rolling updates, and both sets run while the new one bakes. How far such a
//! deployment is, its service deployment says: it succeeds after the last of its stages.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>

use aws_sdk_ecs::types::{CreatedAt, ServiceDeploymentBrief, ServiceDeploymentStatus as Status};
use chrono::TimeDelta;

use super::super::arn::last;
use super::super::moment::date_time;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use crate::cloud::{CloudError, Family, Rollout, Service, Strategy};
use crate::model::ClusterName;

/// A service deployment is created together with what it deploys, by another clock.
const BEFORE: TimeDelta = TimeDelta::minutes(5);

/// Puts right how far the deployments of this service are. No request when it is rolled, or at rest.
pub(super) async fn follow(
    session: &Session,
    cluster: &ClusterName,
    service: &mut Service,
) -> Result<(), CloudError> {
    let is_at_rest =
        service.deployments.len() < 2 && service.deployments.iter().all(|d| d.rollout == Rollout::Completed);
    let oldest = service.deployments.iter().map(|deployment| deployment.created_at).min();
    let (Some(oldest), false, Strategy::Shifting { .. }) = (oldest, is_at_rest, service.strategy) else {
        return Ok(());
    };
    let resource = format!("{cluster}/{}", service.name);
    let operation = Operation::new("ecs:ListServiceDeployments", Family::ServiceRead, &resource);
    let request = session.clients.ecs.read.list_service_deployments();
    let request = request.cluster(cluster.as_str()).service(service.name.as_str());
    let after = CreatedAt::builder().after(date_time(oldest - BEFORE)).build();
    let answer = session.calls.read(operation, traced!(request.created_at(after))).await?;
    put_right(service, answer.service_deployments());
    Ok(())
}

/// A deployment `ecs-svc/1` deploys the service revision `…/1`.
fn put_right(service: &mut Service, found: &[ServiceDeploymentBrief]) {
    for deployment in &mut service.deployments {
        let number = last(&deployment.id);
        let of = |brief: &&ServiceDeploymentBrief| {
            brief.target_service_revision_arn().is_some_and(|arn| last(arn) == number)
        };
        // The same revision may be deployed twice: the later one counts.
        let latest = found.iter().filter(of).max_by_key(|brief| brief.created_at().map(|at| at.secs()));
        let Some(brief) = latest else { continue };
        deployment.rollout = match brief.status() {
            Some(Status::Successful) => Rollout::Completed,
            Some(
                Status::Stopped
                | Status::StopRequested
                | Status::RollbackRequested
                | Status::RollbackInProgress
                | Status::RollbackSuccessful
                | Status::RollbackFailed,
            ) => Rollout::Failed,
            _ => Rollout::InProgress,
        };
        if let Some(reason) = brief.status_reason() {
            reason.clone_into(&mut deployment.rollout_reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::fixture::{Server, ok};
    use super::*;
    use crate::cloud::CloudRead;

    const REVISION: &str = "arn:aws:ecs:eu-central-2:592217263685:service-revision/graasp-prod/graasp";

    fn service(deployments: &[(&str, &str, u32)]) -> Value {
        let deployments: Vec<Value> = deployments
            .iter()
            .map(|(id, status, running)| {
                json!({"id": format!("ecs-svc/{id}"), "status": status, "taskDefinition": format!("graasp:{id}"),
                    "desiredCount": 2, "runningCount": running, "createdAt": 1_716_544_800})
            })
            .collect();
        json!({"serviceName": "graasp", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
            "taskDefinition": "graasp:2", "deployments": deployments,
            "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}})
    }

    /// The service, and how often its service deployments were asked for.
    async fn seen(service: Value, statuses: &'static [(&'static str, &'static str)]) -> (Service, usize) {
        let server = Server::start(move |request| match request.operation().as_str() {
            "DescribeServices" => ok(json!({"services": [service]})),
            "ListServiceDeployments" => {
                assert_eq!(request.json()["createdAt"]["after"], json!(1_716_544_500));
                let briefs: Vec<Value> = statuses
                    .iter()
                    .map(|(id, status)| {
                        json!({"targetServiceRevisionArn": format!("{REVISION}/{id}"), "status": status,
                            "statusReason": format!("{status}, said AWS"), "createdAt": 1_716_544_800})
                    })
                    .collect();
                ok(json!({"serviceDeployments": briefs}))
            }
            other => panic!("{other}"),
        })
        .await;
        let mut found = server.cloud().services(&"graasp-prod".into(), &["graasp".into()]).await.unwrap();
        let asked = server.operations().iter().filter(|name| *name == "ListServiceDeployments").count();
        (found.remove("graasp").unwrap(), asked)
    }

    #[tokio::test]
    async fn a_service_that_shifts_traffic_is_complete_when_its_service_deployment_is() {
        let both = service(&[("2", "PRIMARY", 2), ("1", "ACTIVE", 2)]);
        type Case = (&'static [(&'static str, &'static str)], Rollout);
        let cases: [Case; 5] = [
            (&[("2", "IN_PROGRESS")], Rollout::InProgress),
            (&[("2", "PENDING"), ("1", "SUCCESSFUL")], Rollout::InProgress),
            (&[], Rollout::InProgress),
            (&[("2", "ROLLBACK_IN_PROGRESS"), ("1", "SUCCESSFUL")], Rollout::Failed),
            (&[("2", "SUCCESSFUL")], Rollout::Completed),
        ];
        for (statuses, rollout) in cases {
            let (service, asked) = seen(both.clone(), statuses).await;
            assert_eq!(service.strategy, Strategy::Shifting { bake_minutes: 10 });
            assert_eq!((service.deployments[0].rollout, asked), (rollout, 1), "{statuses:?}");
        }
        let (service, _) = seen(both, &[("2", "ROLLBACK_IN_PROGRESS")]).await;
        assert_eq!(service.deployments[0].rollout_reason, "ROLLBACK_IN_PROGRESS, said AWS");
    }

    #[tokio::test]
    async fn at_rest_nothing_more_is_asked() {
        let (service, asked) = seen(service(&[("2", "PRIMARY", 2)]), &[]).await;
        assert_eq!((service.deployments[0].rollout, asked), (Rollout::Completed, 0));
    }

    #[tokio::test]
    async fn every_pause_on_the_way_is_time_that_it_takes() {
        for (configuration, strategy) in [
            (json!({}), Strategy::Rolling),
            (json!({"strategy": "ROLLING", "bakeTimeInMinutes": 3}), Strategy::Rolling),
            (
                json!({"strategy": "LINEAR", "bakeTimeInMinutes": 5,
                    "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 3}}),
                Strategy::Shifting { bake_minutes: 17 },
            ),
            (
                json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0,
                    "canaryBakeTimeInMinutes": 7}}),
                Strategy::Shifting { bake_minutes: 7 },
            ),
            (json!({"strategy": "OF_TOMORROW"}), Strategy::Shifting { bake_minutes: 0 }),
        ] {
            let mut found = service(&[("2", "PRIMARY", 2)]);
            found["deploymentConfiguration"] = configuration.clone();
            assert_eq!(seen(found, &[]).await.0.strategy, strategy, "{configuration}");
        }
    }
}
