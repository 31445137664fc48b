//! Services that tidegate cannot work with, in words, with the ways out.

use std::collections::BTreeMap;

use crate::cloud::{Controller, Service, TaskDefinition};
use crate::model::{ContainerName, ServiceName};
use crate::plan::facts::images::MissingImage;
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};
use crate::spec::EnvironmentSpec;
use crate::store::journal::FailedStart;

/// One line for all services that could not be read for the same reason.
pub(super) fn unreadable_services<'a>(
    unread: impl Iterator<Item = (&'a ServiceName, &'a str)>,
) -> Vec<Blocked> {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, why) in unread {
        by_reason.entry(why).or_default().push(format!("`{name}`"));
    }
    let lines = by_reason.into_iter().map(|(why, names)| {
        let noun = if names.len() == 1 { "service" } else { "services" };
        unreadable(&format!("{noun} {}", names.join(", ")), why)
    });
    lines.collect()
}

pub(super) fn missing_service(input: &PlanningInput, service: &ServiceName) -> Blocked {
    let near = input
        .snapshot
        .unmanaged
        .iter()
        .filter(|other| strsim::jaro_winkler(other.as_str(), service.as_str()) > 0.8)
        .map(|other| format!("did you mean `{other}`?"))
        .next();
    let hint = near.unwrap_or_else(|| {
        "create it (Terraform, CDK or the console), or remove it from `services`".to_owned()
    });
    let message = format!("service `{service}` does not exist in cluster `{}`", input.spec.cluster);
    blocked(BlockedReason::Missing, message, [hint])
}

pub(super) fn unsupported(service: &Service) -> Blocked {
    let name = &service.name;
    let (message, hint) = match service.controller {
        Controller::Daemon => (
            format!(
                "service `{name}` is a DAEMON service: ECS runs one task of it on each instance, and its count cannot be set"
            ),
            "remove it from `services`: it starts and stops with its instances",
        ),
        Controller::Ecs | Controller::CodeDeploy | Controller::External => (
            format!(
                "service `{name}` is deployed by CodeDeploy or an external controller; tidegate supports only the ECS controller"
            ),
            "recreate the service with the deployment controller `ECS`, or remove it from `services`",
        ),
    };
    blocked(BlockedReason::UnsupportedController, message, [hint.to_owned()])
}

/// A blue/green deployment that fails brings the old code back, on the new schema.
pub(super) fn rolls_back_by_itself(service: &ServiceName) -> Blocked {
    blocked(
        BlockedReason::UnsupportedController,
        format!(
            "service `{service}` follows the migrated version and is deployed blue/green; when such a deployment fails, AWS starts the old code again, and no setting prevents that"
        ),
        ["set its deployment strategy to `ROLLING`: behind a closed gate there is no traffic to shift"
            .to_owned()],
    )
}

pub(super) fn undeclared_autoscaling(service: &ServiceName) -> Blocked {
    blocked(
        BlockedReason::AutoscalingUndeclared,
        format!(
            "service `{service}` has autoscaling that is not declared; it would restart tasks that tidegate stops"
        ),
        [format!("declare it: `services: {{{service}: {{autoscaling: {{min: …, max: …}}}}}}`")],
    )
}

/// Containers that are named in git and that a definition does not have: their images would go nowhere.
pub(in crate::plan::facts) fn missing_containers<'a>(
    named: impl Iterator<Item = &'a ContainerName>,
    definition: &TaskDefinition,
) -> Vec<Blocked> {
    let known = definition.document.images();
    let missing = named.filter(|container| !known.contains_key(*container));
    let block = |container: &ContainerName| {
        let names: Vec<&str> = known.keys().map(|name| name.as_str()).collect();
        let near = names.iter().find(|name| strsim::jaro_winkler(name, container.as_str()) > 0.8);
        let hint = match near {
            Some(near) => format!("did you mean `{near}`? its containers: {}", names.join(", ")),
            None => format!("its containers: {}", names.join(", ")),
        };
        let message = format!("task definition `{}` has no container `{container}`", definition.short());
        blocked(BlockedReason::Missing, message, [hint])
    };
    missing.map(block).collect()
}

/// An image that its registry does not have.
pub(in crate::plan) fn missing_image(spec: &EnvironmentSpec, missing: &MissingImage) -> Blocked {
    let hint = match missing.newest_tags.first() {
        Some(tag) => format!("push the image first, or correct `versions`; the newest tag there is `{tag}`"),
        None => "push the image first, or correct `versions`".to_owned(),
    };
    // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html>
    let may_be_cached = missing.newest_tags.is_empty() && missing.image.repository().contains(".dkr.ecr.");
    let cached = may_be_cached.then(|| {
        format!(
            "if the repository belongs to a pull through cache of ECR, its first pull creates it: docker pull {}",
            missing.image
        )
    });
    let message =
        format!("`{}` asks for image `{}`, which the registry does not have", spec.name, missing.image);
    blocked(BlockedReason::ImageMissing, message, std::iter::once(hint).chain(cached))
}

/// How a start is tried again: as it is, or after what stands in its way is changed.
pub(in crate::plan) fn try_again(failed: &FailedStart) -> String {
    match failed.remedy() {
        Some(remedy) => format!("{remedy}; then try the same version again"),
        None => "try the same version again".to_owned(),
    }
}
