//! Services and their scalable targets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::fixture::{Server, ok};
use super::{Recording, last, number, recording, recordings};
use crate::cloud::{CloudRead, CloudWrite, Controller, Rollout, Service, Suspended, UpdateService};
use crate::model::{ClusterName, ServiceName};

async fn read(recorded: &Recording) -> BTreeMap<ServiceName, Service> {
    let body = recorded.body.clone();
    let server = Server::start(move |request| match request.operation().as_str() {
        "DescribeServices" => ok(&body),
        // Deployments that shift traffic are followed; nothing of that was recorded.
        _ => ok(json!({})),
    })
    .await;
    let names: Vec<ServiceName> = recorded
        .items("services")
        .iter()
        .map(|found| ServiceName::new(found["serviceName"].as_str().unwrap()))
        .collect();
    let found = server.cloud().services(&ClusterName::new("recorded"), &names).await;
    found.unwrap_or_else(|error| panic!("{}: {error}", recorded.name))
}

fn deployments(found: &Value) -> Vec<&Value> {
    found["deployments"].as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

#[tokio::test]
async fn every_service_is_read_as_it_was_recorded() {
    for recorded in recordings("ecs/DescribeServices").unwrap_or_default() {
        let read = read(&recorded).await;
        for found in recorded.items("services") {
            let name = ServiceName::new(found["serviceName"].as_str().unwrap());
            let service = read.get(&name).unwrap_or_else(|| panic!("{}: {name} is missing", recorded.name));
            let context = format!("{}: {service:?}", recorded.name);
            let counts = (service.desired, service.running, service.pending);
            let recorded_counts =
                ["desiredCount", "runningCount", "pendingCount"].map(|key| number(&found[key]));
            assert_eq!([counts.0, counts.1, counts.2], recorded_counts, "{context}");
            assert_eq!(service.definition, found["taskDefinition"].as_str().unwrap_or_default(), "{context}");
            let controller = match found["deploymentController"]["type"].as_str() {
                None | Some("ECS") => Controller::Ecs,
                Some("CODE_DEPLOY") => Controller::CodeDeploy,
                Some(_) => Controller::External,
            };
            assert_eq!(service.controller, controller, "{context}");
            assert_eq!(service.deployments.len(), deployments(found).len(), "{context}");
            for (deployment, recorded) in service.deployments.iter().zip(deployments(found)) {
                assert_eq!(deployment.id, recorded["id"].as_str().unwrap(), "{context}");
                assert_eq!(deployment.primary, recorded["status"] == "PRIMARY", "{context}");
                assert_eq!(deployment.failed, number(&recorded["failedTasks"]), "{context}");
                match recorded["rolloutState"].as_str() {
                    Some("COMPLETED") => assert_eq!(deployment.rollout, Rollout::Completed, "{context}"),
                    Some("IN_PROGRESS") => assert_eq!(deployment.rollout, Rollout::InProgress, "{context}"),
                    // Services of before 2020, and those behind a Classic Load Balancer, have none.
                    None => {
                        let has_its_tasks = recorded["runningCount"] == recorded["desiredCount"];
                        let is_alone = service.deployments.len() == 1;
                        let is_complete = deployment.rollout == Rollout::Completed;
                        assert_eq!(is_complete, has_its_tasks && is_alone, "{context}");
                    }
                    other => panic!("{context}: {other:?}"),
                }
            }
        }
    }
}

/// A changed count alone starts no deployment: the verdict of such a start cannot wait for one.
#[tokio::test]
async fn a_changed_count_keeps_the_deployment_and_its_state() {
    for hours in ["offhours", "onhours"] {
        let at = |number: u32| {
            recording("ecs/DescribeServices", &format!("ecs_service_autoscaling_{hours}-{number}"))
        };
        let (Some(before), Some(after)) = (at(1), at(2)) else { return };
        let (before, after) = (read(&before).await, read(&after).await);
        for (name, before) in before {
            let after = &after[&name];
            assert_ne!(before.desired, after.desired, "{name}");
            let of = |service: &Service| {
                service.deployments.iter().map(|one| (one.id.clone(), one.rollout)).collect::<Vec<_>>()
            };
            assert_eq!(of(&before), of(after), "{name}");
            assert!(of(after).iter().all(|(_, rollout)| *rollout == Rollout::Completed), "{name}");
        }
    }
}

/// COMPLETED says nothing about tasks that run: here it stands beside one desired task and none that runs.
#[tokio::test]
async fn a_completed_deployment_may_have_no_task() {
    let Some(recorded) = recording("ecs/DescribeServices", "ecs_service_autoscaling_onhours-2") else {
        return;
    };
    let read = read(&recorded).await;
    let service = read.values().next().unwrap();
    assert_eq!((service.desired, service.running), (1, 0));
    assert_eq!(service.deployments[0].rollout, Rollout::Completed);
}

/// A deployment that never comes up stays IN_PROGRESS and counts its failed tasks.
#[tokio::test]
async fn a_deployment_that_never_comes_up_counts_its_failures() {
    let Some(recorded) = recording("ecs/DescribeServices", "ecs_service_subnet-1") else { return };
    let read = read(&recorded).await;
    let service = &read[&ServiceName::new("c7n-test")];
    let deployment = &service.deployments[0];
    assert_eq!((deployment.rollout, deployment.failed, deployment.running), (Rollout::InProgress, 10, 0));
}

/// A new deployment begins with a desired count of 0: 0 of 0 tasks is not "stable".
#[tokio::test]
async fn a_new_deployment_begins_with_no_tasks_wanted() {
    let Some(recorded) = recording("ecs/DescribeServices", "ecs_service_update_definition-2") else { return };
    let read = read(&recorded).await;
    let service = read.values().next().unwrap();
    let primary = service.deployments.iter().find(|one| one.primary).unwrap();
    assert_eq!((primary.rollout, primary.desired, primary.running), (Rollout::InProgress, 0, 0));
    assert_eq!((service.desired, service.running), (1, 1), "the tasks of the deployment before");
}

/// CodeDeploy's services have task sets, and no deployments at all.
#[tokio::test]
async fn a_service_of_codedeploy_has_no_deployments() {
    let Some(recorded) = recording("ecs/DescribeServices", "ecs_service_taskset_delete-1") else { return };
    let read = read(&recorded).await;
    let service = &read[&ServiceName::new("test-task-set-delete")];
    assert_eq!(service.controller, Controller::CodeDeploy);
    assert!(service.deployments.is_empty());
    assert!(recorded.items("services")[0].get("deployments").is_none(), "the member is missing altogether");
}

#[tokio::test]
async fn every_answer_to_an_update_is_read() {
    for recorded in recordings("ecs/UpdateService").unwrap_or_default() {
        let body = recorded.body.clone();
        let server = Server::start(move |_| ok(&body)).await;
        let found = &recorded.body["service"];
        let name = ServiceName::new(found["serviceName"].as_str().unwrap());
        let desired = number(&found["desiredCount"]);
        let update = UpdateService {
            cluster: ClusterName::new("recorded"),
            service: name.clone(),
            definition: None,
            desired: Some(desired),
            rollback: None,
        };
        let updated = server.cloud().update_service(&update).await;
        let updated = updated.unwrap_or_else(|error| panic!("{}: {error}", recorded.name));
        assert_eq!((updated.name, updated.desired), (name, desired), "{}", recorded.name);
    }
}

#[tokio::test]
async fn every_scalable_target_of_a_service_is_read() {
    let mut seen = 0;
    for recorded in recordings("application-autoscaling/DescribeScalableTargets").unwrap_or_default() {
        for found in
            recorded.items("ScalableTargets").into_iter().filter(|it| it["ServiceNamespace"] == "ecs")
        {
            let id: Vec<&str> = found["ResourceId"].as_str().unwrap().split('/').collect();
            let (cluster, service) = (ClusterName::new(id[1]), ServiceName::new(id[2]));
            let body = recorded.body.clone();
            let server = Server::start(move |_| ok(&body)).await;
            let targets =
                server.cloud().scalable_targets(&cluster, std::slice::from_ref(&service)).await.unwrap();
            let target = &targets[&service];
            assert_eq!(target.min, number(&found["MinCapacity"]), "{}", recorded.name);
            assert_eq!(target.max, number(&found["MaxCapacity"]), "{}", recorded.name);
            let is = |key: &str| found["SuspendedState"][key] == true;
            let suspended = Suspended {
                dynamic_in: is("DynamicScalingInSuspended"),
                dynamic_out: is("DynamicScalingOutSuspended"),
                scheduled: is("ScheduledScalingSuspended"),
            };
            assert_eq!(target.suspended, suspended, "{}", recorded.name);
            seen += 1;
        }
        assert!(seen > 0 || !recorded.name.contains("ecs_service"), "{}", recorded.name);
    }
}

#[tokio::test]
async fn every_cluster_is_read_with_its_tags() {
    for recorded in recordings("ecs/DescribeClusters").unwrap_or_default() {
        for found in recorded.items("clusters") {
            let body = json!({ "clusters": [found], "failures": [] });
            let server = Server::start(move |_| ok(&body)).await;
            let name = ClusterName::new(last(&found["clusterArn"]));
            let tags = server.cloud().cluster_tags(&name).await.unwrap();
            let recorded_tags = found["tags"].as_array().map_or(0, Vec::len);
            let expected = (found["status"] != "INACTIVE").then_some(recorded_tags);
            assert_eq!(tags.map(|tags| tags.len()), expected, "{}", recorded.name);
        }
    }
}
