//! Task definitions as people write them: sidecars, secrets, a password in the environment, logs. They have more fields
//! than tidegate reads, so that a lost field is noticed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::world::address;
use crate::cloud::Document;
use crate::model::{ServiceName, Version, VersionKey};
use crate::spec::{EnvironmentSpec, MigrationSpec, ServiceSpec, Template};

/// Stands in `environment` in plain text, as it should not; no output may ever contain it.
pub const PASSWORD: &str = "plain-text-password-that-must-not-be-printed";

pub(super) fn service(
    spec: &EnvironmentSpec,
    family: &str,
    name: &ServiceName,
    declared: &ServiceSpec,
    versions: &BTreeMap<VersionKey, Version>,
) -> Document {
    let mut containers: Vec<Value> = Vec::new();
    for (container, template) in &declared.images {
        let is_first = containers.is_empty();
        containers
            .push(connected(main(spec, container.as_str(), &image(template, versions), is_first), spec));
    }
    if containers.is_empty() {
        containers.push(main(spec, name.as_str(), &unmanaged_image(name.as_str()), true));
    } else if name.as_str() == "graasp" && !declared.images.contains_key("nudenet") {
        let registry = registry(&containers[0]);
        containers.push(sidecar(spec, "nudenet", &format!("{registry}:nudenet-latest")));
    } else {
        let image = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";
        containers.push(sidecar(spec, "log-router", image));
    }
    let (cpu, memory) = if declared.images.is_empty() { ("256", "512") } else { ("1024", "2048") };
    document(spec, family, cpu, memory, containers)
}

pub(super) fn migration(
    spec: &EnvironmentSpec,
    migration: &MigrationSpec,
    versions: &BTreeMap<VersionKey, Version>,
) -> Document {
    let mut containers: Vec<Value> = Vec::new();
    for (container, template) in &migration.images {
        let mut text = main(spec, container.as_str(), &image(template, versions), containers.is_empty());
        text["command"] = json!(["node", "dist/migrate.js"]);
        text["portMappings"] = json!([]);
        containers.push(text);
    }
    if containers.is_empty() {
        let image = format!("{}:latest", migration.task);
        containers.push(main(spec, migration.task.as_str(), &image, true));
    }
    document(spec, migration.task.as_str(), "512", "1024", containers)
}

fn document(
    spec: &EnvironmentSpec,
    family: &str,
    cpu: &str,
    memory: &str,
    containers: Vec<Value>,
) -> Document {
    let role = |name: &str| format!("arn:aws:iam::{}:role/{}-{name}", spec.account, spec.cluster);
    Document::new(json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu,
        "memory": memory,
        "executionRoleArn": role("ecs-execution"),
        "taskRoleArn": role(family),
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": containers,
        "volumes": [],
    }))
}

fn main(spec: &EnvironmentSpec, name: &str, image: &str, essential: bool) -> Value {
    let secret = format!(
        "arn:aws:secretsmanager:{}:{}:secret:{}/{name}-AbCdEf",
        spec.region, spec.account, spec.cluster
    );
    let mut container = json!({
        "name": name,
        "image": image,
        "essential": essential,
        "portMappings": [{"containerPort": 3000, "protocol": "tcp"}],
        "environment": [
            {"name": "NODE_ENV", "value": "production"},
            {"name": "DB_PASSWORD", "value": PASSWORD},
        ],
        "secrets": [{"name": "JWT_SECRET", "valueFrom": format!("{secret}:jwt::")}],
        "logConfiguration": logs(spec, name),
        "dockerLabels": {"team": "platform"},
    });
    if name.contains("worker") {
        // A running job is finished first.
        container["stopTimeout"] = json!(120);
    }
    container
}

/// The address of the database in the environment, as services have it.
fn connected(mut container: Value, spec: &EnvironmentSpec) -> Value {
    if let (Some(database), Some(pairs)) = (&spec.database, container["environment"].as_array_mut()) {
        let address = address(&database.target, &spec.region);
        pairs.push(json!({"name": "DB_CONNECTION", "value": format!("postgres://app@{address}:5432/app")}));
    }
    container
}

fn sidecar(spec: &EnvironmentSpec, name: &str, image: &str) -> Value {
    json!({
        "name": name,
        "image": image,
        "essential": false,
        "memoryReservation": 128,
        "logConfiguration": logs(spec, name),
    })
}

fn logs(spec: &EnvironmentSpec, name: &str) -> Value {
    let options = json!({
        "awslogs-group": format!("/ecs/{}/{name}", spec.cluster),
        "awslogs-region": spec.region,
        "awslogs-stream-prefix": "ecs",
    });
    json!({"logDriver": "awslogs", "options": options})
}

/// A service with an empty version is not deployed, but has a task definition of an old release.
fn image(template: &Template, versions: &BTreeMap<VersionKey, Version>) -> String {
    template.render(versions).unwrap_or_else(|| {
        let long_ago = template.keys().iter().map(|key| (key.clone(), Version::from("v0.0.0"))).collect();
        template.render(&long_ago).expect("every key has a version")
    })
}

fn registry(container: &Value) -> String {
    let image = container["image"].as_str().unwrap_or_default();
    crate::model::ImageRef::new(image).repository().to_owned()
}

/// Images that tidegate does not manage.
fn unmanaged_image(service: &str) -> String {
    let known = match service {
        "redis" => "redis:7-alpine",
        "meilisearch" => "getmeili/meilisearch:v1.8",
        "iframely" => "graasp/iframely:latest",
        "umami" => "ghcr.io/umami-software/umami:postgresql-latest",
        "etherpad" => "graasp/etherpad:latest",
        other => return format!("{other}:latest"),
    };
    known.to_owned()
}
