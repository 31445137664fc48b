use serde_json::json;

use super::super::fixture::{Server, ok};
use super::*;
use crate::cloud::{CloudRead, CloudWrite};
use crate::model::ImageRef;

/// A definition with a bit of everything, and fields that no SDK knows yet.
fn rich() -> Value {
    let mut definition = json!({
        "taskDefinitionArn": "arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp:7",
        "family": "graasp", "revision": 7, "status": "ACTIVE",
        "networkMode": "awsvpc", "cpu": "1024", "memory": "2048",
        "taskRoleArn": "arn:aws:iam::592217263685:role/task",
        "executionRoleArn": "arn:aws:iam::592217263685:role/execution",
        "requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
        "registeredAt": 1716544800.123, "registeredBy": "arn:aws:iam::592217263685:user/ann",
        "containerDefinitions": [core(), router()],
    });
    let more = json!({
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "ephemeralStorage": {"sizeInGiB": 40},
        "placementConstraints": [],
        "pidMode": "task",
        "volumes": [{"name": "files", "efsVolumeConfiguration": {
            "fileSystemId": "fs-1", "rootDirectory": "/", "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"}}}],
        "proxyConfiguration": {"type": "APPMESH", "containerName": "envoy",
            "properties": [{"name": "AppPorts", "value": "3000"}]},
        "fieldOfTomorrow": {"nested": [1, 2.5, null, {"deep": true}]},
    });
    merge(&mut definition, more);
    definition
}

fn core() -> Value {
    let mut container = json!({
        "name": "core", "image": "graasp:core-v1", "cpu": 0, "essential": true,
        "environment": [{"name": "NODE_ENV", "value": "production"}, {"name": "DB_PASSWORD", "value": "hunter2-hunter2"}],
        "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-central-2:592217263685:parameter/token"}],
        "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost/health"], "interval": 30,
            "timeout": 5, "retries": 3, "startPeriod": 60},
        "dependsOn": [{"containerName": "log_router", "condition": "START"}],
        "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "loki"},
            "secretOptions": [{"name": "key", "valueFrom": "arn"}]},
    });
    let more = json!({
        "portMappings": [{"containerPort": 3000, "hostPort": 3000, "protocol": "tcp", "appProtocol": "http2"}],
        "mountPoints": [{"sourceVolume": "files", "containerPath": "/files", "readOnly": false}],
        "volumesFrom": [], "systemControls": [],
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "linuxParameters": {"initProcessEnabled": true, "capabilities": {"drop": ["ALL"]}},
        "versionConsistency": "disabled", "restartPolicy": {"enabled": true, "ignoredExitCodes": [0]},
        "containerFieldOfTomorrow": "x",
    });
    merge(&mut container, more);
    container
}

fn router() -> Value {
    json!({
        "name": "log_router", "image": "fluent-bit:2", "essential": true,
        "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}},
    })
}

fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { unreachable!("it is an object") };
    into.as_object_mut().unwrap().extend(more);
}

fn tags() -> Value {
    json!([{"key": "team", "value": "platform"}, {"key": "aws:cloudformation:stack", "value": "x"},
           {"key": "env", "value": "production"}])
}

/// ECS as far as definitions go: what is registered is what is described, with another number.
async fn server(drops: &'static [&'static str]) -> Server {
    Server::start(move |request| match request.operation().as_str() {
        "DescribeTaskDefinition" => {
            assert_eq!(request.json()["include"], json!(["TAGS"]));
            ok(json!({"taskDefinition": rich(), "tags": tags()}))
        }
        "ListTaskDefinitions" => {
            let asked = request.json();
            assert_eq!((&asked["status"], &asked["sort"]), (&json!("ACTIVE"), &json!("DESC")));
            match asked["familyPrefix"].as_str() {
                Some("graasp") => ok(json!({"taskDefinitionArns": [
                    "arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp-library:9",
                    "arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp:7",
                    "arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp:6"]})),
                _ => ok(json!({"taskDefinitionArns": []})),
            }
        }
        "RegisterTaskDefinition" => {
            let mut definition = request.json();
            let tags = definition.as_object_mut().unwrap().shift_remove("tags");
            for path in drops {
                let (parent, field) = path.rsplit_once('/').unwrap();
                let parent = definition.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                parent.shift_remove(field);
            }
            // ECS gives these lists in any order.
            let environment = definition.pointer_mut("/containerDefinitions/0/environment").unwrap();
            environment.as_array_mut().unwrap().reverse();
            definition["revision"] = json!(8);
            definition["taskDefinitionArn"] =
                json!("arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp:8");
            ok(json!({"taskDefinition": definition, "tags": tags}))
        }
        "DeregisterTaskDefinition" => ok(json!({})),
        other => panic!("{other}"),
    })
    .await
}

#[tokio::test]
async fn what_is_described_is_what_is_registered_field_by_field() {
    let server = server(&[]).await;
    let cloud = server.cloud();
    let found = cloud.task_definition("graasp:7").await.unwrap();
    assert_eq!((found.short().as_str(), found.revision), ("graasp:7", 7));

    let images = [("core".into(), ImageRef::new("graasp:core-v2"))].into();
    let registered = cloud.register_definition(&found.document.with_images(&images)).await.unwrap();
    assert_eq!(registered.short(), "graasp:8");

    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.operation(), "RegisterTaskDefinition");
    let mut expected = rich();
    let fields = expected.as_object_mut().unwrap();
    for name in IDENTIFYING {
        fields.shift_remove(name);
    }
    fields.insert(
        "tags".to_owned(),
        json!([{"key": "env", "value": "production"}, {"key": "team", "value": "platform"}]),
    );
    expected["containerDefinitions"][0]["image"] = json!("graasp:core-v2");
    expected["containerDefinitions"][0]["environment"].as_array_mut().unwrap().reverse();
    assert_eq!(sent.json(), expected);
    // The signature covers the body that was sent, and its length is right.
    assert_eq!(sent.header("content-length").unwrap(), sent.body.len().to_string());
    assert!(sent.header("authorization").unwrap().contains("Signature="));
    assert_eq!(registered.document.fingerprint(), found.document.with_images(&images).fingerprint());
}

#[tokio::test]
async fn a_revision_is_read_once_and_the_newest_is_one_listing() {
    let server = server(&[]).await;
    let cloud = server.cloud();
    for _ in 0..3 {
        let newest = cloud.newest_definition(&"graasp".into()).await.unwrap().unwrap();
        assert_eq!(newest.short(), "graasp:7");
    }
    assert_eq!(cloud.newest_definition(&"no-such-family".into()).await.unwrap(), None);
    let counts = server.counts.by_operation();
    assert_eq!(counts["ecs:DescribeTaskDefinition"], 1);
    assert_eq!(counts["ecs:ListTaskDefinitions"], 4);
}

#[tokio::test]
async fn a_field_that_did_not_arrive_is_named_and_its_value_is_not() {
    let server = server(&["/fieldOfTomorrow/nested", "/containerDefinitions/0/versionConsistency"]).await;
    let cloud = server.cloud();
    let found = cloud.task_definition("graasp:7").await.unwrap();
    let error = cloud.register_definition(&found.document).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert_eq!(
        error.message,
        "ECS dropped containerDefinitions[0].versionConsistency, fieldOfTomorrow.nested when it registered graasp:8; \
         tidegate does not use such a revision"
    );
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.operation(), "DeregisterTaskDefinition", "or it would be the template of the next try");
    assert!(sent.json()["taskDefinition"].as_str().unwrap().ends_with(":task-definition/graasp:8"));
}

#[tokio::test]
async fn a_refusal_quotes_no_value_of_the_definition() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeTaskDefinition" => ok(json!({"taskDefinition": rich(), "tags": []})),
        _ => super::super::fixture::refuse("ClientException", "DB_PASSWORD=hunter2-hunter2 is not valid"),
    })
    .await;
    let found = server.cloud().task_definition("graasp:7").await.unwrap();
    assert_eq!(found.document.expose().get("tags"), None, "no tags are no field");
    let error = server.cloud().register_definition(&found.document).await.unwrap_err();
    assert_eq!(error.message, "ClientException: DB_PASSWORD=(redacted) is not valid");
}

#[test]
fn what_says_nothing_cannot_be_lost() {
    let wanted = json!({"a": [], "b": {}, "c": null, "d": 0, "e": [1, {"f": "x"}], "g": "y"});
    let found = json!({"d": 0, "e": [1, {"f": "x", "more": 1}], "g": "z", "h": 1});
    let mut lost = Vec::new();
    compare(&wanted, &found, "", &mut lost);
    assert_eq!(lost, ["g"]);
}
