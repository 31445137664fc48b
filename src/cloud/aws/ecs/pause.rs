//! Deployments that wait for a person. DescribeServices does not show that, only the service deployment does.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html>

use aws_sdk_ecs::types::{
    CreatedAt, DeploymentLifecycleHookAction, DeploymentLifecycleHookStatus, ServiceDeployment,
    ServiceDeploymentStatus,
};
use chrono::TimeDelta;

use super::super::moment::{date_time, optional};
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::only_missing;
use crate::cloud::{CloudError, Family, Pause, Rollout, Service};
use crate::model::ClusterName;

/// A service deployment is created together with its deployment, but by another clock.
const BEFORE: TimeDelta = TimeDelta::minutes(5);

/// Notes for whom the newest deployment waits. No request for a service without hooks, or one at rest; else two.
pub(super) async fn find(
    session: &Session,
    cluster: &ClusterName,
    service: &mut Service,
) -> Result<(), CloudError> {
    let has_hooks = !service.hooks.is_empty();
    let primary = service.deployments.iter_mut().find(|deployment| deployment.primary);
    let Some(primary) = primary.filter(|primary| has_hooks && primary.rollout == Rollout::InProgress) else {
        return Ok(());
    };
    let resource = format!("{cluster}/{}", service.name);
    let operation = Operation::new("ecs:ListServiceDeployments", Family::ServiceRead, &resource);
    let request = session.clients.ecs.read.list_service_deployments();
    let request = request.cluster(cluster.as_str()).service(service.name.as_str());
    let after = CreatedAt::builder().after(date_time(primary.created_at - BEFORE)).build();
    let request = request.status(ServiceDeploymentStatus::InProgress).created_at(after);
    let answer = session.calls.read(operation, traced!(request)).await?;
    // A service has one deployment in progress at most; a newer one stops it.
    let newest =
        answer.service_deployments().iter().max_by_key(|brief| brief.created_at().map(|at| at.secs()));
    let Some(arn) = newest.and_then(|brief| brief.service_deployment_arn()) else { return Ok(()) };
    let operation = Operation::new("ecs:DescribeServiceDeployments", Family::ServiceRead, &resource);
    let request = session.clients.ecs.read.describe_service_deployments().service_deployment_arns(arn);
    let answer = session.calls.read(operation, traced!(request)).await?;
    only_missing(operation, answer.failures())?;
    primary.paused = answer.service_deployments().first().and_then(pause);
    Ok(())
}

fn pause(found: &ServiceDeployment) -> Option<Pause> {
    let hook = found
        .lifecycle_hook_details()
        .iter()
        .find(|hook| hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction))?;
    Some(Pause {
        service_deployment: found.service_deployment_arn().unwrap_or_default().to_owned(),
        hook: hook.hook_id().unwrap_or_default().to_owned(),
        stage: found.lifecycle_stage().map(|stage| stage.as_str().to_owned()),
        expires_at: optional(hook.expires_at()),
        then_rolls_back: hook.timeout_action() != Some(&DeploymentLifecycleHookAction::Continue),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::fixture::{Server, ok};
    use crate::cloud::{CloudRead, LifecycleHook, Pause};

    const ARN: &str =
        "arn:aws:ecs:eu-central-2:592217263685:service-deployment/graasp-prod/graasp/r9i43YFjvgF_xlg7m2eJ1r";

    /// A service with hooks, its answers of DescribeServiceDeployments, and how often that was asked.
    async fn seen(hooks: Value, rollout: &str, details: Value) -> (Vec<LifecycleHook>, Option<Pause>, usize) {
        let service = json!({"serviceName": "graasp", "status": "ACTIVE", "desiredCount": 1, "runningCount": 1,
            "taskDefinition": "graasp:2",
            "deployments": [{"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "graasp:2",
                "rolloutState": rollout, "desiredCount": 1, "runningCount": 1, "createdAt": 1_716_544_800}],
            "deploymentConfiguration": {"strategy": "ROLLING", "lifecycleHooks": hooks}});
        let server = Server::start(move |request| match request.operation().as_str() {
            "DescribeServices" => ok(json!({"services": [service]})),
            "ListServiceDeployments" => {
                assert_eq!(request.json()["status"], json!(["IN_PROGRESS"]));
                ok(json!({"serviceDeployments": [
                    {"serviceDeploymentArn": "older", "status": "IN_PROGRESS", "createdAt": 1_716_544_700},
                    {"serviceDeploymentArn": ARN, "status": "IN_PROGRESS", "createdAt": 1_716_544_800},
                ]}))
            }
            "DescribeServiceDeployments" => {
                assert_eq!(request.json()["serviceDeploymentArns"], json!([ARN]));
                ok(json!({"serviceDeployments": [{"serviceDeploymentArn": ARN, "status": "IN_PROGRESS",
                    "lifecycleStage": "POST_SCALE_UP", "lifecycleHookDetails": details}]}))
            }
            other => panic!("{other}"),
        })
        .await;
        let mut found = server.cloud().services(&"graasp-prod".into(), &["graasp".into()]).await.unwrap();
        let found = found.remove("graasp").unwrap();
        let asked = server.operations().iter().filter(|name| *name == "DescribeServiceDeployments").count();
        (found.hooks, found.deployments[0].paused.clone(), asked)
    }

    #[tokio::test]
    async fn a_pause_hook_is_read_with_all_that_its_command_needs() {
        let hooks = json!([{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
            "timeoutConfiguration": {"timeoutInMinutes": 10, "action": "CONTINUE"}}]);
        let details = json!([
            {"hookId": "ecs-lambda-1", "targetType": "AWS_LAMBDA", "status": "SUCCEEDED"},
            {"hookId": "ecs-pause-1", "targetType": "PAUSE", "status": "AWAITING_ACTION",
                "expiresAt": 1_716_545_400, "timeoutAction": "CONTINUE"},
        ]);
        let (hooks, paused, asked) = seen(hooks, "IN_PROGRESS", details).await;
        let hook = LifecycleHook {
            kind: "PAUSE".to_owned(),
            stages: vec!["POST_SCALE_UP".to_owned()],
            rolls_back: false,
        };
        assert_eq!((hooks, asked), (vec![hook], 1));
        let pause = Pause {
            service_deployment: ARN.to_owned(),
            hook: "ecs-pause-1".to_owned(),
            stage: Some("POST_SCALE_UP".to_owned()),
            expires_at: Some("2024-05-24T10:10:00Z".parse().unwrap()),
            then_rolls_back: false,
        };
        assert_eq!(paused, Some(pause));
    }

    #[tokio::test]
    async fn what_rolls_back_by_itself_is_known() {
        for (hook, rolls_back) in [
            (json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}), true),
            (
                json!({"targetType": "PAUSE", "lifecycleStages": [], "timeoutConfiguration": {"action": "ROLLBACK"}}),
                true,
            ),
            (
                json!({"targetType": "PAUSE", "lifecycleStages": [], "timeoutConfiguration": {"action": "CONTINUE"}}),
                false,
            ),
            (json!({"hookTargetArn": "arn", "lifecycleStages": ["PRE_SCALE_UP"]}), true),
            (
                json!({"targetType": "OF_TOMORROW", "lifecycleStages": [], "timeoutConfiguration": {"action": "CONTINUE"}}),
                true,
            ),
        ] {
            let (hooks, paused, _) = seen(json!([hook]), "IN_PROGRESS", json!([])).await;
            assert_eq!((hooks[0].rolls_back, paused), (rolls_back, None), "{hook}");
        }
    }

    #[tokio::test]
    async fn nothing_is_asked_without_hooks_or_at_rest() {
        let hook = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]);
        assert_eq!(seen(json!([]), "IN_PROGRESS", json!([])).await.2, 0);
        assert_eq!(seen(hook, "COMPLETED", json!([])).await.2, 0);
    }
}
