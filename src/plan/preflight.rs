//! What must hold before a release touches anything. All problems at once.

use std::collections::BTreeMap;

use super::draft::{blocked, unreadable};
use super::{images, traffic};
use crate::cloud::{Controller, DatabaseStatus, TaskStatus};
use crate::model::ImageRef;
use crate::observe::Observed;
use crate::plan::{Blocked, BlockedReason, PlanningInput};

pub(super) fn problems(input: &PlanningInput) -> Vec<Blocked> {
    let mut problems = Vec::new();
    services(input, &mut problems);
    migration(input, &mut problems);
    database(input, &mut problems);
    sites(input, &mut problems);
    traffic::problems(input, &mut problems);
    problems
}

pub(super) fn missing_image(input: &PlanningInput, image: &ImageRef, newest: &[String]) -> Blocked {
    let hint = match newest.first() {
        Some(tag) => format!("push the image first, or correct `versions`; the newest tag there is `{tag}`"),
        None => "push the image first, or correct `versions`".to_owned(),
    };
    let message = format!("`{}` asks for image `{image}`, which the registry does not have", input.spec.name);
    blocked(BlockedReason::ImageMissing, message, [hint])
}

/// One line for all services that could not be read for the same reason.
pub(super) fn unreadable_services(input: &PlanningInput) -> Vec<Blocked> {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, seen) in &input.snapshot.services {
        if let Observed::Unreadable { why } = seen {
            by_reason.entry(why).or_default().push(format!("`{name}`"));
        }
    }
    let said = by_reason.into_iter().map(|(why, names)| {
        let noun = if names.len() == 1 { "service" } else { "services" };
        unreadable(&format!("{noun} {}", names.join(", ")), why)
    });
    said.collect()
}

fn services(input: &PlanningInput, problems: &mut Vec<Blocked>) {
    problems.extend(unreadable_services(input));
    for (name, service) in &input.spec.services {
        match input.snapshot.services.get(name) {
            Some(Observed::Present(seen)) if seen.service.controller != Controller::Ecs => {
                problems.push(unsupported(name.as_str()));
            }
            Some(Observed::Present(seen)) if seen.scaling.is_some() && service.autoscaling.is_none() => {
                problems.push(undeclared_autoscaling(name.as_str()));
            }
            Some(Observed::Present(_) | Observed::Unreadable { .. }) => {}
            Some(Observed::Absent) | None => problems.push(missing_service(input, name.as_str())),
        }
        let wanted = images::wanted(input, &service.images);
        let seen = input.snapshot.services.get(name).and_then(|seen| seen.present());
        let missing = seen.map(|seen| wanted.missing_beside(seen).1).unwrap_or_default();
        problems.extend(missing.into_iter().map(|(image, newest)| missing_image(input, image, newest)));
    }
}

pub(super) fn unsupported(service: &str) -> Blocked {
    blocked(
        BlockedReason::UnsupportedController,
        format!(
            "service `{service}` is rolled by CodeDeploy or a third party; tidegate works with the ECS controller only"
        ),
        ["recreate the service with the deployment controller `ECS`, or take it out of `services`"
            .to_owned()],
    )
}

pub(super) fn undeclared_autoscaling(service: &str) -> Blocked {
    blocked(
        BlockedReason::AutoscalingUndeclared,
        format!(
            "service `{service}` has a scalable target, which would start its tasks again behind our back"
        ),
        [format!("declare it: `services: {{{service}: {{autoscaling: {{min: …, max: …}}}}}}`")],
    )
}

pub(super) fn missing_service(input: &PlanningInput, service: &str) -> Blocked {
    let near = input
        .snapshot
        .unmanaged
        .iter()
        .filter(|other| strsim::jaro_winkler(other.as_str(), service) > 0.8)
        .map(|other| format!("did you mean `{other}`?"))
        .next();
    let hint = near.unwrap_or_else(|| {
        "create it (Terraform, CDK or the console), or take it out of `services`".to_owned()
    });
    let message = format!("service `{service}` does not exist in cluster `{}`", input.spec.cluster);
    blocked(BlockedReason::Missing, message, [hint])
}

fn migration(input: &PlanningInput, problems: &mut Vec<Blocked>) {
    let (Some(spec), Some(Observed::Present(seen))) = (&input.spec.migration, &input.snapshot.migration)
    else {
        return;
    };
    for (image, newest) in &images::wanted(input, &spec.images).missing {
        problems.push(missing_image(input, image, newest));
    }
    let containers = seen.newest.document.images();
    for container in spec.images.keys().filter(|container| !containers.contains_key(*container)) {
        problems.push(blocked(
            BlockedReason::Missing,
            format!("task definition `{}` has no container `{container}`", seen.newest.short()),
            [format!(
                "its containers: {}",
                containers.keys().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
            )],
        ));
    }
    let mut live: Vec<_> = seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
    live.sort_by_key(|task| (task.created_at, &task.arn));
    for task in live {
        problems.push(blocked(
            BlockedReason::ForeignMigration,
            format!("another task of the family `{}` runs, started by `{}`", spec.task, task.started_by),
            ["wait until it has ended, or stop it; two migrations at once ruin a database".to_owned()],
        ));
    }
}

fn database(input: &PlanningInput, problems: &mut Vec<Blocked>) {
    let Some(Observed::Present(seen)) = &input.snapshot.database else { return };
    if let DatabaseStatus::Broken(word) = &seen.database.status {
        problems.push(broken_database(&seen.database.identifier, word));
    }
}

pub(super) fn broken_database(identifier: &str, status: &str) -> Blocked {
    blocked(
        BlockedReason::Database,
        format!("database `{identifier}` is `{status}`"),
        ["look at its events in the RDS console; tidegate goes on by itself once it is available".to_owned()],
    )
}

fn sites(input: &PlanningInput, problems: &mut Vec<Blocked>) {
    for change in super::sites::changed(input) {
        problems.extend(change.problem);
    }
}
