use serde_json::{Value, json};

use super::super::fixture::{Reply, Server, ok, refuse};
use crate::cloud::{
    CloudRead, CloudWrite, Controller, Kind, Rollback, Rollout, RunTask, ServiceStatus, Suspended,
    TaskStatus, UpdateService,
};
use crate::model::ServiceName;

const ARN: &str = "arn:aws:ecs:eu-central-2:592217263685";

fn service(name: &str) -> Value {
    json!({
        "serviceArn": format!("{ARN}:service/graasp-prod/{name}"), "serviceName": name, "status": "ACTIVE",
        "desiredCount": 2, "runningCount": 1, "pendingCount": 1,
        "taskDefinition": format!("{ARN}:task-definition/{name}:7"),
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": true, "rollback": true, "ofTomorrow": 1},
            "maximumPercent": 200, "minimumHealthyPercent": 100, "bakeTimeInMinutes": 3},
        "loadBalancers": [{"targetGroupArn": "tg-main", "containerName": "core", "containerPort": 3000,
            "advancedConfiguration": {"alternateTargetGroupArn": "tg-other"}}],
        "networkConfiguration": {"awsvpcConfiguration": {
            "subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-2", "sg-1"], "assignPublicIp": "ENABLED"}},
        "platformVersion": "1.4.0",
        "deployments": [
            {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": format!("{ARN}:task-definition/{name}:7"),
             "desiredCount": 2, "runningCount": 1, "failedTasks": 1, "createdAt": 1716544800.5,
             "rolloutState": "IN_PROGRESS", "rolloutStateReason": "going on"},
            {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": format!("{ARN}:task-definition/{name}:6"),
             "rolloutState": "COMPLETED"}],
    })
}

fn names(request: &Value, field: &str) -> Vec<String> {
    request[field].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn services_come_in_batches_of_ten_and_what_is_missing_does_not_exist() {
    let server = Server::start(|request| {
        let asked = names(&request.json(), "services");
        assert!(asked.len() <= 10, "DescribeServices takes ten");
        let (gone, there): (Vec<_>, Vec<_>) = asked.into_iter().partition(|name| name == "s03");
        let mut services: Vec<Value> = there.iter().map(|name| service(name)).collect();
        if let Some(old) = services.iter_mut().find(|found| found["serviceName"] == "s04") {
            old["status"] = json!("INACTIVE");
        }
        let failures: Vec<Value> = gone
            .iter()
            .map(|name| json!({"arn": format!("{ARN}:service/{name}"), "reason": "MISSING"}))
            .collect();
        ok(json!({"services": services, "failures": failures}))
    })
    .await;
    let asked: Vec<ServiceName> = (0..23).map(|number| ServiceName::new(format!("s{number:02}"))).collect();
    let found = server.cloud().services(&"graasp-prod".into(), &asked).await.unwrap();
    assert_eq!(found.len(), 22);
    assert!(!found.contains_key("s03"));
    // Someone has deleted it: AWS still shows it, and so does tidegate.
    assert_eq!(found["s04"].status, ServiceStatus::Inactive);
    assert_eq!(server.counts.by_operation()["ecs:DescribeServices"], 3);

    let seen = &found["s00"];
    assert_eq!((seen.desired, seen.running, seen.pending), (2, 1, 1));
    assert_eq!(seen.controller, Controller::Ecs);
    assert_eq!(seen.rollback, Rollback { circuit_breaker: true, alarms: false });
    assert_eq!(seen.target_groups, ["tg-main", "tg-other"]);
    assert_eq!(seen.deployments[0].rollout, Rollout::InProgress);
    assert!(seen.deployments[0].primary && !seen.deployments[1].primary);
    assert_eq!(seen.deployments[0].created_at.timestamp_millis(), 1_716_544_800_500);
}

#[tokio::test]
async fn any_other_failure_is_no_absence() {
    let server = Server::start(|_| {
        ok(json!({"services": [], "failures": [{"arn": "x", "reason": "INTERNAL", "detail": "later"}]}))
    })
    .await;
    let error = server.cloud().services(&"c".into(), &["graasp".into()]).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Unavailable, "x: INTERNAL: later"));
}

#[tokio::test]
async fn a_list_of_services_is_read_to_its_end() {
    let server = Server::start(|request| match request.json()["nextToken"].as_str() {
        None => ok(json!({"serviceArns": [format!("{ARN}:service/graasp-prod/a")], "nextToken": "2"})),
        Some("2") => ok(json!({"serviceArns": [format!("{ARN}:service/graasp-prod/b")]})),
        Some(other) => panic!("{other}"),
    })
    .await;
    let names = server.cloud().service_names(&"graasp-prod".into()).await.unwrap();
    assert_eq!(names, ["a".into(), "b".into()]);
}

fn task(id: usize, status: &str, health: &str) -> Value {
    json!({
        "taskArn": format!("{ARN}:task/graasp-prod/{id:04}"), "lastStatus": status, "healthStatus": health,
        "taskDefinitionArn": format!("{ARN}:task-definition/graasp:7"), "startedBy": "ecs-svc/2",
        "createdAt": 1716544800, "startedAt": 1716544810,
        "attachments": [{"type": "ElasticNetworkInterface",
            "details": [{"name": "privateIPv4Address", "value": format!("10.0.0.{id}")}]}],
        "containers": [{"name": "core", "exitCode": 0, "imageDigest": "sha256:ab"}],
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
    })
}

/// 150 tasks that are to run and 3 that are to stop, of which one still runs and one goes while we look.
fn cluster(request: &super::super::fixture::Request) -> Reply {
    let asked = || request.json();
    match request.operation().as_str() {
        "DescribeServices" => ok(json!({"services": [service("graasp")]})),
        "ListTasks" => {
            let range = match (asked()["desiredStatus"].as_str(), asked()["nextToken"].as_str()) {
                (Some("RUNNING"), None) => 0..100,
                (Some("RUNNING"), Some("more")) => 100..150,
                (Some("STOPPED"), None) => 149..153,
                other => panic!("{other:?}"),
            };
            let arns: Vec<String> =
                range.clone().map(|id| format!("{ARN}:task/graasp-prod/{id:04}")).collect();
            let more = (range.end == 100).then_some("more");
            ok(json!({"taskArns": arns, "nextToken": more}))
        }
        "DescribeTasks" => {
            let arns = names(&asked(), "tasks");
            assert!(arns.len() <= 100, "DescribeTasks takes a hundred");
            let ids = arns.iter().map(|arn| arn.rsplit('/').next().unwrap().parse::<usize>().unwrap());
            let (gone, there): (Vec<_>, Vec<_>) = ids.partition(|id| *id == 152);
            let tasks: Vec<Value> = there
                .iter()
                .map(|id| match id {
                    151 => task(*id, "STOPPED", "UNKNOWN"),
                    150 => task(*id, "DEPROVISIONING", "UNKNOWN"),
                    3 => task(*id, "RUNNING", "UNKNOWN"),
                    id => task(*id, "RUNNING", "HEALTHY"),
                })
                .collect();
            let failures: Vec<Value> =
                gone.iter().map(|_| json!({"arn": "x", "reason": "MISSING"})).collect();
            ok(json!({"tasks": tasks, "failures": failures}))
        }
        "DescribeTaskDefinition" => ok(json!({"taskDefinition": {
            "taskDefinitionArn": format!("{ARN}:task-definition/graasp:7"), "family": "graasp", "revision": 7,
            "containerDefinitions": [{"name": "core", "healthCheck": {"command": ["CMD", "true"]}}]}})),
        "DescribeTargetHealth" => {
            let group = request.parameter("TargetGroupArn").unwrap();
            // The first two tasks are still behind the other group; the third is ill.
            let ids = if group == "tg-other" { 0..2 } else { 2..200 };
            let members: String = ids
                .map(|id| {
                    let state = if id == 2 { "unhealthy" } else { "healthy" };
                    format!(
                        "<member><Target><Id>10.0.0.{id}</Id></Target><TargetHealth><State>{state}</State></TargetHealth></member>"
                    )
                })
                .collect();
            ok(format!(
                "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
                 <DescribeTargetHealthResult><TargetHealthDescriptions>{members}</TargetHealthDescriptions>\
                 </DescribeTargetHealthResult></DescribeTargetHealthResponse>"
            ))
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn tasks_are_listed_to_the_end_whether_they_are_to_run_or_to_stop() {
    let server = Server::start(cluster).await;
    let tasks = server.cloud().service_tasks(&"graasp-prod".into(), &"graasp".into()).await.unwrap();
    assert_eq!(tasks.len(), 152, "each once, the one that is gone left out");
    let by = |id: usize| tasks.iter().find(|task| task.arn.ends_with(&format!("/{id:04}"))).unwrap();
    assert_eq!(by(150).status, TaskStatus::Deprovisioning);
    assert_eq!(by(151).status, TaskStatus::Stopped);
    assert_eq!(by(151).stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(by(151).containers[0].exit_code, Some(0));
    assert!(by(0).healthy, "behind the group that takes the other's place");
    assert!(!by(2).healthy, "ill in its target group");
    assert!(!by(3).healthy, "its own check has not passed yet");
    assert!(by(4).healthy);
    let counts = server.counts.by_operation();
    assert_eq!(counts["ecs:ListTasks"], 3);
    assert_eq!(counts["ecs:DescribeTasks"], 2);
    assert_eq!(counts["ecs:DescribeTaskDefinition"], 1);
    assert_eq!(counts["elasticloadbalancing:DescribeTargetHealth"], 2);
}

#[tokio::test]
async fn a_count_is_all_that_an_update_changes() {
    let server = Server::start(|_| ok(json!({"service": service("graasp")}))).await;
    let mut update = UpdateService {
        cluster: "graasp-prod".into(),
        service: "graasp".into(),
        definition: None,
        desired: Some(0),
        rollback: None,
    };
    let answer = server.cloud().update_service(&update).await.unwrap();
    assert_eq!(answer.deployments[0].id, "ecs-svc/2");
    let sent = server.requests().pop().unwrap().json();
    assert_eq!(sent, json!({"cluster": "graasp-prod", "service": "graasp", "desiredCount": 0}));
    update.desired = Some(u32::MAX);
    assert_eq!(server.cloud().update_service(&update).await.unwrap_err().kind, Kind::Invalid);
}

#[tokio::test]
async fn rollbacks_are_switched_and_the_rest_of_the_configuration_goes_back_as_it_came() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeServices" => ok(json!({"services": [service("graasp")]})),
        "UpdateService" => ok(json!({"service": service("graasp")})),
        other => panic!("{other}"),
    })
    .await;
    let update = UpdateService {
        cluster: "graasp-prod".into(),
        service: "graasp".into(),
        definition: Some("graasp:8".to_owned()),
        desired: None,
        rollback: Some(Rollback::OFF),
    };
    server.cloud().update_service(&update).await.unwrap();
    let sent = server.requests().pop().unwrap().json();
    let mut configuration = service("graasp")["deploymentConfiguration"].clone();
    configuration["deploymentCircuitBreaker"]["rollback"] = json!(false);
    let expected = json!({"cluster": "graasp-prod", "service": "graasp", "taskDefinition": "graasp:8",
        "deploymentConfiguration": configuration});
    assert_eq!(sent, expected);
}

fn migration() -> RunTask {
    RunTask {
        cluster: "graasp-prod".into(),
        definition: format!("{ARN}:task-definition/migrate:3"),
        network_of: "graasp".into(),
        placement: Default::default(),
        client_token: "token-1".to_owned(),
        started_by: "tidegate-1".to_owned(),
        tags: [("tidegate:migrating".to_owned(), "v1/v2/1".to_owned())].into(),
    }
}

fn runs(answer: impl Fn() -> Reply + Send + Sync + 'static) -> impl std::future::Future<Output = Server> {
    Server::start(move |request| match request.operation().as_str() {
        "DescribeServices" => ok(json!({"services": [service("graasp")]})),
        "DescribeTaskDefinition" => ok(json!({"taskDefinition": {
            "taskDefinitionArn": format!("{ARN}:task-definition/migrate:3"), "family": "migrate", "revision": 3,
            "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{"name": "migrate"}]}})),
        "RunTask" => answer(),
        other => panic!("{other}"),
    })
}

#[tokio::test]
async fn a_task_runs_in_the_services_network_under_its_token() {
    let server = runs(|| ok(json!({"tasks": [task(1, "PROVISIONING", "UNKNOWN")], "failures": []}))).await;
    let started = server.cloud().run_task(&migration()).await.unwrap();
    assert_eq!(started.status, TaskStatus::Provisioning);
    let sent = server.requests().pop().unwrap().json();
    let expected = json!({
        "cluster": "graasp-prod", "taskDefinition": format!("{ARN}:task-definition/migrate:3"), "count": 1,
        "clientToken": "token-1", "startedBy": "tidegate-1", "launchType": "FARGATE", "platformVersion": "1.4.0",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"],
            "securityGroups": ["sg-1", "sg-2"], "assignPublicIp": "ENABLED"}},
        "tags": [{"key": "tidegate:migrating", "value": "v1/v2/1"}],
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn run_task_is_sent_once_whatever_comes_back() {
    type Case = (fn() -> Reply, Kind);
    let cases: [Case; 7] = [
        (|| Reply::HangUp, Kind::AnswerLost),
        (|| ok(json!({"tasks": [], "failures": []})), Kind::AnswerLost),
        (
            || super::super::fixture::say(500, r#"{"__type":"ServerException","message":"m"}"#),
            Kind::AnswerLost,
        ),
        (|| super::super::fixture::say(503, "not even json"), Kind::AnswerLost),
        (|| refuse("ThrottlingException", "Rate exceeded"), Kind::Throttled),
        (|| refuse("ConflictException", "another request"), Kind::Conflict),
        (
            || ok(json!({"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY", "detail": "no room"}]})),
            Kind::Capacity,
        ),
    ];
    for (answer, kind) in cases {
        let server = runs(answer).await;
        let error = server.cloud().run_task(&migration()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        let sent = server.operations().iter().filter(|operation| *operation == "RunTask").count();
        assert_eq!(sent, 1, "{error}");
        assert_eq!(server.counts.by_operation()["ecs:RunTask"], 1);
    }
}

#[tokio::test]
async fn the_clusters_tags_are_read_and_set_by_its_arn() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeClusters" if request.json()["clusters"] == json!(["none"]) => {
            ok(json!({"clusters": [], "failures": [{"arn": "x", "reason": "MISSING"}]}))
        }
        "DescribeClusters" => ok(json!({"clusters": [{"clusterArn": format!("{ARN}:cluster/graasp-prod"),
            "status": "ACTIVE", "tags": [{"key": "tidegate:owner", "value": "me"}]}]})),
        "TagResource" => ok(json!({})),
        other => panic!("{other}"),
    })
    .await;
    let cloud = server.cloud();
    assert_eq!(cloud.cluster_tags(&"none".into()).await.unwrap(), None);
    cloud.tag_cluster(&"graasp-prod".into(), "tidegate:owner", "you").await.unwrap();
    let sent = server.requests().pop().unwrap().json();
    assert_eq!(sent["resourceArn"], json!(format!("{ARN}:cluster/graasp-prod")));
    assert_eq!(sent["tags"], json!([{"key": "tidegate:owner", "value": "you"}]));
    let tags = cloud.cluster_tags(&"graasp-prod".into()).await.unwrap().unwrap();
    assert_eq!(tags["tidegate:owner"], "me");
    assert_eq!(cloud.tag_cluster(&"none".into(), "a", "b").await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn a_target_is_suspended_and_narrowed_in_one_call() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeScalableTargets" => ok(json!({"ScalableTargets": [{
            "ServiceNamespace": "ecs", "ResourceId": "service/graasp-prod/graasp",
            "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 8,
            "RoleARN": "r", "CreationTime": 1, "SuspendedState": {"DynamicScalingInSuspended": true}}]})),
        "RegisterScalableTarget" => ok(json!({})),
        other => panic!("{other}"),
    })
    .await;
    let (cloud, cluster) = (server.cloud(), "graasp-prod".into());
    let services = ["graasp".into(), "workers".into()];
    let found = cloud.scalable_targets(&cluster, &services).await.unwrap();
    assert_eq!(found.len(), 1);
    let mut target = found["graasp"];
    assert_eq!((target.min, target.max), (2, 8));
    assert_eq!(target.suspended, Suspended { dynamic_in: true, ..Suspended::NONE });
    (target.min, target.suspended) = (0, Suspended::ALL);
    cloud.set_scalable_target(&cluster, &services[0], &target).await.unwrap();
    let sent = server.requests().pop().unwrap().json();
    let expected = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/graasp-prod/graasp",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0, "MaxCapacity": 8,
        "SuspendedState": {"DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true,
            "ScheduledScalingSuspended": true}});
    assert_eq!(sent, expected);
}
