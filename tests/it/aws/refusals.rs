//! What is not called done, and what is not begun.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as ecs;
use serde_json::json;
use tidegate::cloud::{CloudRead as _, Rollout, tag};
use tidegate::plan::BlockedReason;
use tidegate::reconcile::RunOutcome;

use super::seed::CLUSTER;
use super::seen::{CLOSED, OPEN, expect, gate, services, tags};
use super::shop::Shop;

#[tokio::test]
async fn a_deployment_that_aws_calls_complete_is_not_up_while_its_targets_are_ill() {
    let shop = Shop::open("200000000301").await;
    shop.containers_end("web", "v1.1.0", json!({"unhealthy": true}));
    shop.bump(&[("core", "v1.1.0")]);
    let run = expect(&shop, RunOutcome::Held).await;
    assert!(format!("{run:?}").contains("`web` did not come up"), "{run:#?}");
    let cloud = &shop.platform.cloud;
    let seen = cloud.services(&CLUSTER.into(), &["web".into()]).await.unwrap().remove("web").unwrap();
    assert_eq!(seen.deployments[0].rollout, Rollout::Completed, "AWS has nothing to complain of");
    assert_eq!((seen.running, gate(&shop)), (2, CLOSED));
    assert_eq!(tags(&shop).await[tag::SCHEMA], "v1.1.0", "recorded: the old code fits no more");
    let (run, writes) = shop.writes(shop.apply()).await;
    assert_eq!((run.outcome, writes), (Some(RunOutcome::Held), BTreeMap::new()), "a person is waited for");

    shop.bump(&[("core", "v1.2.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!((services(&shop).await["web"].clone(), gate(&shop)), ((2, "web-v1.2.0".to_owned()), OPEN));
}

/// A service of another controller stands in the cluster and in git.
async fn with_controller(account: &str, controller: ecs::DeploymentControllerType) -> Shop {
    let shop = Shop::open(account).await;
    let client = aws_sdk_ecs::Client::new(&shop.platform.config);
    let controller = ecs::DeploymentController::builder().r#type(controller).build().unwrap();
    let request = client.create_service().cluster(CLUSTER).service_name("legacy").task_definition("cache");
    let request = request.desired_count(1).deployment_controller(controller);
    let request = request.launch_type(ecs::LaunchType::Fargate);
    request.network_configuration(shop.platform.network()).send().await.unwrap();
    shop.edit(|spec| {
        let like = spec.services["cache"].clone();
        spec.services.insert("legacy".into(), like);
    });
    shop
}

#[tokio::test]
async fn a_service_that_others_roll_is_refused_and_nothing_else_is_touched() {
    for (account, controller) in [
        ("200000000302", ecs::DeploymentControllerType::CodeDeploy),
        ("200000000303", ecs::DeploymentControllerType::External),
    ] {
        let shop = with_controller(account, controller).await;
        shop.bump(&[("core", "v1.1.0"), ("library", "v1.1.0"), ("client", "v1.1.0")]);
        let plan = shop.plan().await;
        let refused =
            plan.blocked.iter().find(|blocked| blocked.reason == BlockedReason::UnsupportedController);
        let refused = refused.unwrap_or_else(|| panic!("{:#?}", plan.blocked));
        assert!(
            refused.message.contains("service `legacy` is deployed by CodeDeploy or an external controller")
        );
        assert!(refused.hints.iter().any(|hint| hint.contains("deployment controller `ECS`")), "{refused:?}");
        let (run, writes) = shop.writes(shop.apply()).await;
        assert_eq!((run.outcome, writes), (Some(RunOutcome::Blocked), BTreeMap::new()), "{run:#?}");
        assert_eq!((shop.migrations(), gate(&shop)), (Vec::new(), OPEN));
    }
}
