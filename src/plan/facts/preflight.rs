//! The preflight: what must hold before a release changes anything. It reports all problems at once, by topic.

use super::{Facts, database, gate, migration, missing_image, services, strangers};
use crate::model::State;
use crate::plan::report::Blocked;

/// One topic of the preflight.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// A stable word: `account`, `services`, `images`, `migration`, `database`, `sites` or `gate`.
    pub name: &'static str,
    /// What is checked, for people.
    pub about: &'static str,
    /// Problems that stand in a release's way.
    pub problems: Vec<Blocked>,
    /// What could not be checked; no reason to refuse a release.
    pub unverified: Vec<String>,
}

/// One topic: whether it is declared, and its check.
struct Check {
    name: &'static str,
    about: &'static str,
    is_declared: fn(&Facts<'_>) -> bool,
    problems: fn(&Facts<'_>) -> Vec<Blocked>,
}

/// The checks of a release, in the order in which they are reported.
const CHECKS: [Check; 6] = [
    Check {
        name: "services",
        about: "they exist, with the containers and scalable targets that are declared, and AWS lets tidegate deploy them",
        is_declared: |_| true,
        problems: |facts| {
            let mut problems = services::problems(facts.spec, &facts.services);
            problems.extend(strangers::problems(facts.input, &facts.strangers));
            problems
        },
    },
    Check { name: "images", about: "their registries have them", is_declared: |_| true, problems: images },
    Check {
        name: "migration",
        about: "the task family and its containers exist, its task can be placed, and no other task of the family runs",
        is_declared: |facts| facts.spec.migration.is_some(),
        problems: |facts| migration::problems(facts.spec.migration.as_ref(), &facts.migration),
    },
    Check {
        name: "database",
        about: "RDS can start and copy the database, and stop it if the environment sleeps",
        is_declared: |facts| facts.spec.database.is_some(),
        problems: |facts| database::problems(&facts.database),
    },
    Check {
        name: "sites",
        about: "buckets and releases exist",
        is_declared: |facts| !facts.spec.sites.is_empty(),
        problems: |facts| facts.sites.iter().filter_map(|change| change.problem.clone()).collect(),
    },
    Check {
        name: "gate",
        about: "listener, rules, function and bypass secret are as a gate needs them",
        is_declared: |facts| facts.spec.maintenance.is_some(),
        problems: |facts| gate::problems(&facts.gate),
    },
];

/// What stands in the way of a release.
pub(in crate::plan) fn problems(facts: &Facts<'_>) -> Vec<Blocked> {
    let declared = CHECKS.iter().filter(|check| (check.is_declared)(facts));
    declared.flat_map(|check| (check.problems)(facts)).collect()
}

/// Every topic that is declared, whether or not a release is due.
pub(in crate::plan) fn topics(facts: &Facts<'_>) -> Vec<Topic> {
    let account = Topic {
        name: "account",
        about: "the credentials, the cluster and the store that owns it",
        problems: facts.obstacles(),
        unverified: Vec::new(),
    };
    let declared = CHECKS.iter().filter(|check| (check.is_declared)(facts));
    let topics = declared.map(|check| {
        let Check { name, about, .. } = *check;
        let mut problems = (check.problems)(facts);
        // No reason to refuse a release, but a reason why the environment cannot sleep.
        if name == "database" && sleeps(facts) {
            problems.extend(facts.database.unstoppable.clone());
        }
        let unverified = match name {
            "images" => facts.unverified_images(),
            "database" => facts.database.limits.unverified.clone(),
            _ => Vec::new(),
        };
        Topic { name, about, problems, unverified }
    });
    std::iter::once(account).chain(topics).collect()
}

fn sleeps(facts: &Facts<'_>) -> bool {
    facts.spec.schedule.is_some() || facts.input.desired.state == State::Stopped
}

fn images(facts: &Facts<'_>) -> Vec<Blocked> {
    let of_services = facts.services.values().flat_map(|service| &service.missing);
    let missing = of_services.chain(&facts.migration.wanted.missing);
    missing.map(|missing| missing_image(facts.spec, missing)).collect()
}

#[cfg(test)]
mod tests;
