//! Services that are on their way out, that AWS manages, or whose deployments a hook holds up: in words, with the ways
//! out.

use crate::cloud::{Controller, LifecycleHook, Pause, Service, ServiceStatus};
use crate::model::ServiceName;
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::spec::EnvironmentSpec;

use super::problems::unsupported;

/// Why tidegate cannot work with a service that exists.
pub(super) fn unusable(input: &PlanningInput, service: &Service) -> Option<Blocked> {
    match (service.status, service.express, service.controller) {
        (ServiceStatus::Draining | ServiceStatus::Inactive, ..) => Some(deleted(&input.spec, service)),
        (ServiceStatus::Active, true, _) => Some(express(&input.spec, service)),
        (ServiceStatus::Active, false, Controller::Ecs) => None,
        (ServiceStatus::Active, false, _) => Some(unsupported(service)),
    }
}

/// DRAINING and INACTIVE both say that someone has deleted the service. Neither passes by itself.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>
fn deleted(spec: &EnvironmentSpec, service: &Service) -> Blocked {
    let (name, status) = (&service.name, service.status.as_str());
    let tasks = match service.status {
        ServiceStatus::Draining => "its last tasks are stopping",
        ServiceStatus::Active | ServiceStatus::Inactive => "its tasks have stopped",
    };
    let message = format!(
        "service `{name}` is {status}: it was deleted from cluster `{}`, {tasks}, and AWS accepts no change of it",
        spec.cluster
    );
    let hints = [
        format!(
            "create it again (Terraform, CDK or the console); AWS takes the same name once the status is INACTIVE: aws ecs describe-services --region {} --cluster {} --services {name} --query services[].status",
            spec.region, spec.cluster
        ),
        "or remove it from `services`".to_owned(),
    ];
    blocked(BlockedReason::ServiceDeleted, message, hints)
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-overview.html>
fn express(spec: &EnvironmentSpec, service: &Service) -> Blocked {
    let name = &service.name;
    let message = format!(
        "service `{name}` is an ECS Express Mode service: AWS itself scales and deploys it, and overrides what tidegate would set"
    );
    let hints = [format!(
        "create it as a standard ECS service, or remove it from `services` and update it with: aws ecs update-express-gateway-service --region {}",
        spec.region
    )];
    blocked(BlockedReason::UnsupportedController, message, hints)
}

/// A hook by which AWS brings the old code back by itself, on the new schema.
pub(super) fn rolls_back_by_a_hook(service: &ServiceName, hook: &LifecycleHook) -> Blocked {
    let way_out = match hook.kind.as_str() {
        "PAUSE" => {
            "remove the hook from the service, or set its `timeoutConfiguration.action` to `CONTINUE`: behind a closed gate, `checks` and the bypass header are there for tests"
        }
        _ => "remove the hook from the service: behind a closed gate, `checks` are there for tests",
    };
    blocked(
        BlockedReason::LifecycleHook,
        format!(
            "service `{service}` follows the migrated version and has a lifecycle hook, {}; when the hook fails or is not answered in time, AWS starts the old code again, and users stay locked out meanwhile",
            hook.in_words()
        ),
        [way_out.to_owned()],
    )
}

/// That every deployment of a service waits at its hooks.
pub(in crate::plan) fn held_up(service: &Service) -> Option<String> {
    let hooks: Vec<String> = service.hooks.iter().map(LifecycleHook::in_words).collect();
    let waits = match service.hooks.iter().any(|hook| hook.kind == "PAUSE") {
        true => "each deployment waits there for a person, and a closed gate stays closed meanwhile",
        false => "each deployment waits there, and a closed gate stays closed meanwhile",
    };
    (!hooks.is_empty())
        .then(|| format!("`{}` has lifecycle hooks ({}): {waits}", service.name, hooks.join("; ")))
}

/// The person that a deployment waits for, and the command that continues it.
pub(in crate::plan) fn paused(spec: &EnvironmentSpec, service: &ServiceName, pause: &Pause) -> String {
    let stage = pause.stage.as_ref().map(|stage| format!(" at `{stage}`")).unwrap_or_default();
    let then = match pause.then_rolls_back {
        true => "without an answer AWS rolls it back",
        false => "without an answer AWS continues it",
    };
    format!(
        "the deployment of `{service}` waits for a person{stage}, because of a PAUSE hook; {then}\nto continue it: aws ecs continue-service-deployment --region {} --service-deployment-arn {} --hook-id {} --action CONTINUE",
        spec.region, pause.service_deployment, pause.hook
    )
}
