//! A task definition with a bit of everything goes through a release and loses nothing.

use serde_json::{Value, json};
use tidegate::cloud::CloudRead as _;
use tidegate::cloud::CloudWrite as _;
use tidegate::cloud::UpdateService;
use tidegate::reconcile::RunOutcome;

use super::clock::until;
use super::http;
use super::seed::CLUSTER;
use super::seen::{expect, services};
use super::shop::Shop;
use super::stack::addresses;

/// Asks ECS as text: no SDK stands between, and none drops what it does not know.
fn ecs(shop: &Shop, operation: &str, body: &Value) -> Value {
    let credential = shop.credential("ecs");
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let headers = [("Authorization", credential.as_str()), ("X-Amz-Target", target.as_str())];
    let reply = http::request(&addresses().ministack, "POST", "/", &headers, &body.to_string());
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

fn rich(image: &Value) -> Value {
    json!({
        "family": "library", "networkMode": "awsvpc", "cpu": "1024", "memory": "2048",
        "requiresCompatibilities": ["FARGATE"],
        "taskRoleArn": "arn:aws:iam::592217263685:role/task",
        "executionRoleArn": "arn:aws:iam::592217263685:role/execution",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "ephemeralStorage": {"sizeInGiB": 40},
        "volumes": [{"name": "files", "efsVolumeConfiguration": {
            "fileSystemId": "fs-1", "rootDirectory": "/", "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"}}}],
        "tags": [{"key": "team", "value": "platform"}, {"key": "environment", "value": "shop"}],
        "containerDefinitions": [library(image), router(), setup()],
    })
}

fn library(image: &Value) -> Value {
    json!({
        "name": "library", "image": image, "cpu": 512, "memory": 1024, "memoryReservation": 512,
        "essential": true, "portMappings": [{"containerPort": 80, "protocol": "tcp", "name": "http",
            "appProtocol": "http"}],
        "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
        "secrets": [{"name": "S", "valueFrom": "/shop/password"}],
        "dependsOn": [{"containerName": "log-router", "condition": "START"},
            {"containerName": "setup", "condition": "SUCCESS"}],
        "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost/health"], "interval": 30,
            "timeout": 5, "retries": 3, "startPeriod": 60},
        "mountPoints": [{"sourceVolume": "files", "containerPath": "/files", "readOnly": false}],
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "linuxParameters": {"initProcessEnabled": true, "capabilities": {"drop": ["ALL"]}},
        "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "loki"},
            "secretOptions": [{"name": "key", "valueFrom": "/shop/password"}]},
        "restartPolicy": {"enabled": true, "ignoredExitCodes": [0], "restartAttemptPeriod": 60},
        "versionConsistency": "disabled", "stopTimeout": 90, "readonlyRootFilesystem": true,
        "dockerLabels": {"team": "platform"}, "user": "1000",
    })
}

fn router() -> Value {
    json!({
        "name": "log-router", "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
        "essential": true, "memoryReservation": 64,
        "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}},
    })
}

fn setup() -> Value {
    json!({"name": "setup", "image": "busybox:1", "essential": false, "memoryReservation": 16,
        "command": ["true"], "mountPoints": [{"sourceVolume": "files", "containerPath": "/files"}]})
}

/// A revision as it is shown, with its tags, without what only identifies it.
fn shown(shop: &Shop, arn: &str) -> Value {
    let mut shown = ecs(shop, "DescribeTaskDefinition", &json!({"taskDefinition": arn, "include": ["TAGS"]}));
    for name in ["taskDefinitionArn", "revision", "registeredAt", "registeredBy"] {
        shown["taskDefinition"].as_object_mut().unwrap().remove(name);
    }
    if let Some(tags) = shown["tags"].as_array_mut() {
        tags.sort_by_key(|tag| tag["key"].to_string());
    }
    let environment = shown.pointer_mut("/taskDefinition/containerDefinitions/0/environment").unwrap();
    environment.as_array_mut().unwrap().sort_by_key(|entry| entry["name"].to_string());
    shown
}

#[tokio::test]
async fn only_the_image_differs_after_a_roll() {
    let shop = Shop::open("200000000701").await;
    let cloud = &shop.platform.cloud;
    let definition = async || {
        cloud.services(&CLUSTER.into(), &["library".into()]).await.unwrap()["library"].definition.clone()
    };
    let image =
        shown(&shop, &definition().await)["taskDefinition"]["containerDefinitions"][0]["image"].clone();
    let made = ecs(&shop, "RegisterTaskDefinition", &rich(&image));
    let made = made["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned();
    shop.containers_end("library", "v1.1.0", json!({}));
    let update = UpdateService {
        cluster: CLUSTER.into(),
        service: "library".into(),
        definition: Some(made.clone()),
        desired: None,
        rollback: None,
    };
    cloud.update_service(&update).await.unwrap();
    until("people have deployed it", async || {
        let service =
            cloud.services(&CLUSTER.into(), &["library".into()]).await.unwrap().remove("library").unwrap();
        service.deployments.len() == 1 && service.running == 2
    })
    .await;
    let before = shown(&shop, &made);

    shop.bump(&[("library", "v1.1.0")]);
    expect(&shop, RunOutcome::Converged).await;
    assert_eq!(services(&shop).await["library"], (2, "library-v1.1.0".to_owned()));
    let rolled = definition().await;
    assert_ne!(rolled, made);
    let mut after = shown(&shop, &rolled);
    let found = after["taskDefinition"]["containerDefinitions"][0]["image"].take();
    assert!(found.as_str().unwrap().contains("library-v1.1.0"), "{found}");
    after["taskDefinition"]["containerDefinitions"][0]["image"] =
        before["taskDefinition"]["containerDefinitions"][0]["image"].clone();
    assert_eq!(after, before);
}
