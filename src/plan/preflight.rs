//! What must hold before a release touches anything. All problems at once, by topic.

use std::collections::BTreeMap;

use super::draft::{Draft, blocked, unreadable};
use super::{database, images, schema, traffic};
use crate::cloud::{Controller, DatabaseStatus, Service, Strategy, TaskDefinition, TaskStatus};
use crate::model::{ContainerName, ImageRef, State};
use crate::observe::Observed;
use crate::plan::{Blocked, BlockedReason, PlanningInput};

/// One topic of the preflight.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// A stable word: `account`, `services`, `images`, `migration`, `database`, `sites` or `gate`.
    pub name: &'static str,
    /// What is looked at, for people.
    pub about: &'static str,
    /// What stands in a release's way.
    pub problems: Vec<Blocked>,
    /// What could not be looked at, and is no reason to refuse.
    pub unverified: Vec<String>,
}

/// Looks at everything that a release needs, whether or not one is due. What is not declared is no topic.
pub fn preflight(input: &PlanningInput) -> Vec<Topic> {
    let mut draft = Draft::default();
    super::may_act(input, &mut draft);
    let account = topic("account", "the credentials, the cluster and who acts on it", draft.blocked);
    let mut topics = topics(input);
    // No reason to refuse a release, but whoever adopts an environment that sleeps wants to know.
    if let (true, Ok(seen)) = (sleeps(input), database::seen(input)) {
        let unstoppable = database::unstoppable(seen);
        let database = topics.iter_mut().filter(|topic| topic.name == "database");
        database.for_each(|topic| topic.problems.extend(unstoppable.clone()));
    }
    std::iter::once(account).chain(topics).collect()
}

pub(super) fn problems(input: &PlanningInput) -> Vec<Blocked> {
    topics(input).into_iter().flat_map(|topic| topic.problems).collect()
}

fn topics(input: &PlanningInput) -> Vec<Topic> {
    let spec = &input.spec;
    let mut topics = vec![
        topic("services", "they exist, with the containers and scalable targets declared", services(input)),
        Topic {
            unverified: unverified(input),
            ..topic("images", "their registries have them", missing(input))
        },
    ];
    let parts = [
        (
            spec.migration.is_some(),
            "migration",
            "its family and container exist, no other task of it runs",
            migration as Look,
        ),
        (spec.database.is_some(), "database", "it can do what is asked", its_database),
        (!spec.sites.is_empty(), "sites", "buckets and releases exist", sites),
        (
            spec.maintenance.is_some(),
            "gate",
            "listener, rules, function and bypass secret are as a gate needs them",
            gate,
        ),
    ];
    let declared = parts.into_iter().filter(|(is_declared, ..)| *is_declared);
    topics.extend(declared.map(|(_, name, about, look)| topic(name, about, look(input))));
    topics
}

fn sleeps(input: &PlanningInput) -> bool {
    input.spec.schedule.is_some() || input.desired.state == State::Stopped
}

type Look = fn(&PlanningInput) -> Vec<Blocked>;

fn topic(name: &'static str, about: &'static str, problems: Vec<Blocked>) -> Topic {
    Topic { name, about, problems, unverified: Vec::new() }
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

fn services(input: &PlanningInput) -> Vec<Blocked> {
    let mut problems = unreadable_services(input);
    for (name, service) in &input.spec.services {
        let seen = match input.snapshot.services.get(name) {
            Some(Observed::Present(seen)) => seen,
            Some(Observed::Unreadable { .. }) => continue,
            Some(Observed::Absent) | None => {
                problems.push(missing_service(input, name.as_str()));
                continue;
            }
        };
        if seen.service.controller != Controller::Ecs {
            problems.push(unsupported(&seen.service));
        } else if seen.service.strategy != Strategy::Rolling && input.spec.follows_migration(service) {
            problems.push(goes_back(name.as_str()));
        } else if seen.scaling.is_some() && service.autoscaling.is_none() {
            problems.push(undeclared_autoscaling(name.as_str()));
        }
        problems.extend(missing_containers(service.images.keys(), &seen.newest));
    }
    problems
}

/// Containers that are named in git, and that a definition does not have: their images would go nowhere.
pub(super) fn missing_containers<'a>(
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

fn missing(input: &PlanningInput) -> Vec<Blocked> {
    let of_services = input.spec.services.iter().flat_map(|(name, service)| {
        let wanted = images::wanted(input, &service.images);
        let seen = input.snapshot.services.get(name).and_then(|seen| seen.present());
        let missing = seen.map(|seen| wanted.missing_beside(seen).1).unwrap_or_default();
        missing.into_iter().cloned().collect::<Vec<_>>()
    });
    let of_migration =
        input.spec.migration.iter().flat_map(|spec| images::wanted(input, &spec.images).missing);
    let missing = of_services.chain(of_migration);
    missing.map(|(image, newest)| missing_image(input, &image, &newest)).collect()
}

fn unverified(input: &PlanningInput) -> Vec<String> {
    let templates = input.spec.services.values().map(|service| &service.images);
    let templates = templates.chain(input.spec.migration.as_ref().map(|migration| &migration.images));
    let unverified = templates.flat_map(|templates| images::wanted(input, templates).unverified);
    unverified.map(|(image, why)| format!("`{image}`: {why}")).collect()
}

pub(super) fn unsupported(service: &Service) -> Blocked {
    let name = &service.name;
    let (message, hint) = match service.controller {
        Controller::Daemon => (
            format!(
                "service `{name}` is a DAEMON: ECS runs one task of it on each instance, no count can be set"
            ),
            "take it out of `services`: it goes up and down with its instances",
        ),
        Controller::Ecs | Controller::CodeDeploy | Controller::External => (
            format!(
                "service `{name}` is rolled by CodeDeploy or a third party; tidegate works with the ECS controller only"
            ),
            "recreate the service with the deployment controller `ECS`, or take it out of `services`",
        ),
    };
    blocked(BlockedReason::UnsupportedController, message, [hint.to_owned()])
}

/// A blue/green deployment that fails brings the old code back, on the new schema.
fn goes_back(service: &str) -> Blocked {
    blocked(
        BlockedReason::UnsupportedController,
        format!(
            "service `{service}` follows the migrated version and shifts traffic between two sets of tasks; when that fails, AWS starts the old code again, which nothing switches off"
        ),
        ["set its deployment strategy to `ROLLING`: behind a closed gate there is no traffic to shift"
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

fn migration(input: &PlanningInput) -> Vec<Blocked> {
    let Some(spec) = &input.spec.migration else { return Vec::new() };
    let seen = match schema::family(input, spec) {
        Ok(seen) => seen,
        Err(why) => return vec![why],
    };
    let mut problems = missing_containers(spec.images.keys(), &seen.newest);
    let mut live: Vec<_> = seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
    live.sort_by_key(|task| (task.created_at, &task.arn));
    for task in live {
        problems.push(blocked(
            BlockedReason::ForeignMigration,
            format!("another task of the family `{}` runs, started by `{}`", spec.task, task.started_by),
            ["wait until it has ended, or stop it; two migrations at once ruin a database".to_owned()],
        ));
    }
    problems
}

fn its_database(input: &PlanningInput) -> Vec<Blocked> {
    let seen = match database::seen(input) {
        Ok(seen) => seen,
        Err(why) => return vec![why],
    };
    match &seen.database.status {
        DatabaseStatus::Broken(word) => vec![broken_database(&seen.database.identifier, word)],
        _ => Vec::new(),
    }
}

pub(super) fn broken_database(identifier: &str, status: &str) -> Blocked {
    blocked(
        BlockedReason::Database,
        format!("database `{identifier}` is `{status}`"),
        ["look at its events in the RDS console; tidegate goes on by itself once it is available".to_owned()],
    )
}

fn sites(input: &PlanningInput) -> Vec<Blocked> {
    super::sites::changed(input).filter_map(|change| change.problem).collect()
}

fn gate(input: &PlanningInput) -> Vec<Blocked> {
    let mut problems = Vec::new();
    traffic::problems(input, &mut problems);
    problems
}

#[cfg(test)]
mod tests;
