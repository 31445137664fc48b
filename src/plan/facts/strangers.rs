//! Tasks of the cluster that belong to no declared service. tidegate never stops them: it waits for those that run old
//! code, and names the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::ClusterTask;
use crate::observe::Observed;
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};
use crate::spec::EnvironmentSpec;

/// Tasks that belong to no declared service.
#[derive(Debug)]
pub(in crate::plan) struct StrangerFacts<'a> {
    /// They run code that follows the migrated version.
    pub old_code: Vec<&'a ClusterTask>,
    /// What the others are, with their numbers.
    pub others: Vec<String>,
    /// The tasks could not be listed.
    pub unreadable: Option<Blocked>,
}

pub(super) fn strangers(input: &PlanningInput) -> StrangerFacts<'_> {
    let snapshot = &input.snapshot;
    let old_code = snapshot.old_code(&input.spec);
    let all = snapshot.strangers.present().into_iter().flatten();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for task in all.filter(|task| !old_code.contains(task)) {
        // Tasks of a service that is not declared are named with their service.
        if task.service().is_none() {
            *others.entry(format!("`{}`", task.family())).or_default() += 1;
        }
    }
    let cluster = &input.spec.cluster;
    let unread = match &snapshot.strangers {
        Observed::Present(_) => None,
        Observed::Unreadable { why } => Some(why.as_str()),
        Observed::Absent => Some("no answer"),
    };
    StrangerFacts {
        old_code,
        others: others.into_iter().map(|(what, count)| counted(what, count)).collect(),
        unreadable: unread.map(|why| unreadable(&format!("list of all tasks in cluster `{cluster}`"), why)),
    }
}

fn counted(what: String, count: usize) -> String {
    if count == 1 { what } else { format!("{what} ({count} tasks)") }
}

/// What stands in a release's way: an undeclared service that would keep old code running on the new schema, and tasks
/// that cannot be listed. A task that ends by itself is waited for instead.
pub(super) fn problems(input: &PlanningInput, strangers: &StrangerFacts<'_>) -> Vec<Blocked> {
    let Some(migration) = &input.spec.migration else { return Vec::new() };
    let foreign = strangers.services().into_iter().map(|service| {
        let message = format!(
            "service `{service}` is not declared and runs code that follows `{}`: a migration would change the schema under it",
            migration.follows
        );
        let hints = [
            format!("declare it: `services: {{{service}: {{images: …}}}}`"),
            format!("or stop it: {}", stop_service(&input.spec, service)),
        ];
        blocked(BlockedReason::ForeignCode, message, hints)
    });
    strangers.unreadable.iter().cloned().chain(foreign).collect()
}

impl StrangerFacts<'_> {
    /// The undeclared services that run old code.
    fn services(&self) -> BTreeSet<&str> {
        self.old_code.iter().filter_map(|task| task.service()).collect()
    }

    /// The commands that stop the old code. ECS replaces a stopped task of a service.
    pub(in crate::plan) fn stops(&self, spec: &EnvironmentSpec) -> Vec<String> {
        let (region, cluster) = (&spec.region, &spec.cluster);
        let services = self.services().into_iter().map(|service| stop_service(spec, service));
        let tasks = self.old_code.iter().filter(|task| task.service().is_none()).map(|task| {
            format!("aws ecs stop-task --region {region} --cluster {cluster} --task {}", task.id())
        });
        services.chain(tasks).collect()
    }

    /// The tasks with old code, for messages: `report (task 0123, started by console)`.
    pub(in crate::plan) fn named(&self) -> String {
        let names: Vec<String> = self.old_code.iter().map(|task| who(task)).collect();
        names.join(", ")
    }
}

fn stop_service(spec: &EnvironmentSpec, service: &str) -> String {
    format!(
        "aws ecs update-service --region {} --cluster {} --service {service} --desired-count 0",
        spec.region, spec.cluster
    )
}

/// One task, as the console shows it.
fn who(task: &ClusterTask) -> String {
    let by = match task.started_by.as_str() {
        "" => String::new(),
        by => format!(", started by `{by}`"),
    };
    match task.service() {
        Some(service) => format!("`{}` of service `{service}` (task {})", task.family(), task.id()),
        None => format!("`{}` (task {}{by})", task.family(), task.id()),
    }
}
