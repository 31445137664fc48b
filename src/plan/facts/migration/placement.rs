//! Where the migration's task is placed: what is declared, what its family allows, and what the cluster has.

use crate::cloud::{
    Capacity, CapacityProvider, Document, EC2, EXTERNAL, FARGATE, MANAGED_INSTANCES, Placement,
    ProviderShare, allows, is_awsvpc,
};
use crate::observe::{MigrationSeen, Observed, ServiceSeen};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};
use crate::spec::{MigrationSpec, RunOn};

/// Where the task is placed, or why it cannot be, and what an operator should know of it.
#[derive(Debug)]
pub(in crate::plan) struct PlacementFacts {
    /// The placement that RunTask is sent with. Where something is in the way: the one that the declaration asks for.
    pub placement: Placement,
    /// What stands in the way.
    pub problem: Option<Blocked>,
    /// The placement depends on something that tidegate does not control.
    pub note: Option<String>,
}

/// All that decides about it.
struct Question<'a> {
    input: &'a PlanningInput,
    declared: &'a MigrationSpec,
    document: &'a Document,
    network: Option<&'a ServiceSeen>,
    capacity: Option<&'a Observed<Capacity>>,
}

pub(super) fn placement(
    input: &PlanningInput,
    declared: &MigrationSpec,
    seen: &MigrationSeen,
) -> PlacementFacts {
    let question = Question {
        input,
        declared,
        document: &seen.newest.document,
        network: input.snapshot.services.get(&declared.network).and_then(Observed::present),
        capacity: seen.capacity.as_ref(),
    };
    let (placement, problem) = match question.choose() {
        Ok(placement) => {
            let problem = question.problem(&placement);
            (placement, problem)
        }
        Err(problem) => (question.as_declared(), Some(problem)),
    };
    let note = if problem.is_none() { question.note(&placement) } else { None };
    PlacementFacts { placement, problem, note }
}

impl Question<'_> {
    fn choose(&self) -> Result<Placement, Blocked> {
        match &self.declared.run_on {
            RunOn::Fargate | RunOn::CapacityProviders(_) => Ok(self.as_declared()),
            RunOn::Auto if allows(self.document, FARGATE) => Ok(Placement::default()),
            RunOn::Auto => self.without_fargate(),
        }
    }

    /// The placement without regard to what is possible.
    fn as_declared(&self) -> Placement {
        match &self.declared.run_on {
            RunOn::Fargate => Placement::default(),
            RunOn::Auto => Placement::unjournaled(self.document),
            RunOn::CapacityProviders(names) => {
                // The base makes the first one the preferred one: it takes the first task.
                let share = |(index, name): (usize, &String)| ProviderShare {
                    name: name.clone(),
                    weight: 1,
                    base: i32::from(index == 0),
                };
                providers(names.iter().enumerate().map(share))
            }
        }
    }

    /// The family does not allow Fargate. A provider that starts an instance for a task comes before a launch type, for
    /// which one must be there: the last instance may go when the services stop.
    fn without_fargate(&self) -> Result<Placement, Blocked> {
        let capacity = self.known_capacity()?;
        let mut candidates: Vec<Placement> = Vec::new();
        for requirement in [EC2, MANAGED_INSTANCES] {
            if !allows(self.document, requirement) {
                continue;
            }
            let fits =
                |provider: &&CapacityProvider| provider.active && provider.kind.requirement() == requirement;
            let fitting: Vec<&CapacityProvider> = capacity.providers.iter().filter(fits).collect();
            let named = |shares: &[ProviderShare]| {
                let all =
                    shares.iter().all(|share| fitting.iter().any(|provider| provider.name == share.name));
                (!shares.is_empty() && all).then(|| providers(shares.iter().cloned()))
            };
            if let Some(Placement::Providers(shares)) = self.network.map(|seen| &seen.service.placement) {
                candidates.extend(named(shares));
            }
            let scaling = fitting.iter().filter(|provider| provider.kind.scales());
            let scaling: Vec<ProviderShare> = scaling
                .map(|provider| ProviderShare { name: provider.name.clone(), weight: 1, base: 0 })
                .collect();
            candidates.extend(named(&capacity.default_strategy).into_iter().chain(named(&scaling)));
            if requirement == EC2 {
                candidates.push(Placement::LaunchType(EC2.to_owned()));
            }
        }
        if allows(self.document, EXTERNAL) {
            candidates.push(Placement::LaunchType(EXTERNAL.to_owned()));
        }
        // The first one that AWS accepts; where it accepts none, the first one says why.
        let accepted = candidates.iter().find(|candidate| self.problem(candidate).is_none());
        if let Some(found) = accepted.or(candidates.first()) {
            return Ok(found.clone());
        }
        let message = format!(
            "the migration's task cannot be placed: family `{}` requires {}, and cluster `{}` has no capacity provider for that",
            self.declared.task,
            self.required(),
            self.input.spec.cluster
        );
        Err(blocked(BlockedReason::Placement, message, self.ways_out()))
    }

    /// What AWS would refuse.
    fn problem(&self, placement: &Placement) -> Option<Blocked> {
        if is_awsvpc(self.document) && self.network.is_some_and(|seen| !is_awsvpc(&seen.definition.document))
        {
            let (task, network) = (&self.declared.task, &self.declared.network);
            let message = format!(
                "family `{task}` needs an awsvpc configuration, and service `{network}` of `migration.network` has none"
            );
            let hint =
                "name a service in `migration.network` whose task definition has the network mode `awsvpc`";
            return Some(blocked(BlockedReason::Placement, message, [hint.to_owned()]));
        }
        match placement {
            Placement::LaunchType(name) if !allows(self.document, name) => {
                Some(self.does_not_allow(&placement.in_words()))
            }
            Placement::LaunchType(name) if name == FARGATE => None,
            Placement::LaunchType(_) => match self.known_capacity() {
                Ok(capacity) => (capacity.instances == 0).then(|| self.no_instance(placement)),
                Err(unread) => Some(unread),
            },
            Placement::Providers(shares) => match self.known_capacity() {
                Ok(capacity) => self.provider_problem(placement, shares, capacity),
                Err(unread) => Some(unread),
            },
        }
    }

    fn provider_problem(
        &self,
        placement: &Placement,
        shares: &[ProviderShare],
        capacity: &Capacity,
    ) -> Option<Blocked> {
        let cluster = &self.input.spec.cluster;
        let mut found: Vec<&CapacityProvider> = Vec::new();
        for share in shares {
            let provider = capacity.providers.iter().find(|provider| provider.name == share.name);
            let Some(provider) = provider.filter(|provider| provider.active) else {
                let what = if provider.is_some() { "is not ACTIVE" } else { "is not associated with it" };
                let message =
                    format!("cluster `{cluster}` cannot use capacity provider `{}`: it {what}", share.name);
                let names: Vec<&str> =
                    capacity.providers.iter().map(|provider| provider.name.as_str()).collect();
                let has = match names.is_empty() {
                    true => "the cluster has no capacity provider".to_owned(),
                    false => format!("the cluster has {}", names.join(", ")),
                };
                let hint = format!("correct `migration.run_on`, or associate the provider; {has}");
                return Some(blocked(BlockedReason::Placement, message, [hint]));
            };
            found.push(provider);
        }
        let first = found.first()?;
        if let Some(other) = found.iter().find(|one| one.kind.requirement() != first.kind.requirement()) {
            let message = format!(
                "`migration.run_on` mixes capacity providers `{}` and `{}`; AWS takes either Fargate or instances",
                first.name, other.name
            );
            let hint = "name providers of one kind in `migration.run_on.capacity_providers`".to_owned();
            return Some(blocked(BlockedReason::Placement, message, [hint]));
        }
        if !allows(self.document, first.kind.requirement()) {
            return Some(self.does_not_allow(&placement.in_words()));
        }
        let waits = found.iter().any(|provider| provider.kind.scales());
        (!waits && capacity.instances == 0).then(|| self.no_instance(placement))
    }

    fn does_not_allow(&self, wanted: &str) -> Blocked {
        let message = format!(
            "family `{}` requires {}, which does not allow {wanted}: AWS would refuse to run the migration",
            self.declared.task,
            self.required()
        );
        blocked(BlockedReason::Placement, message, self.ways_out())
    }

    fn no_instance(&self, placement: &Placement) -> Blocked {
        let message = format!(
            "the migration would run with {}, and cluster `{}` has no registered container instance",
            placement.in_words(),
            self.input.spec.cluster
        );
        blocked(BlockedReason::Placement, message, self.ways_out())
    }

    fn ways_out(&self) -> [String; 2] {
        [
            format!(
                "register a revision of `{}` with `requiresCompatibilities: [FARGATE]` and declare `migration: {{run_on: auto}}`",
                self.declared.task
            ),
            "or declare a capacity provider with managed scaling, which starts an instance for the task: `migration: {run_on: {capacity_providers: [NAME]}}`".to_owned(),
        ]
    }

    fn required(&self) -> String {
        let required = self.document.expose().get("requiresCompatibilities");
        let names = required.and_then(serde_json::Value::as_array).into_iter().flatten();
        let names: Vec<String> = names.filter_map(|name| Some(format!("`{}`", name.as_str()?))).collect();
        if names.is_empty() { "`EC2`".to_owned() } else { names.join(", ") }
    }

    fn known_capacity(&self) -> Result<&Capacity, Blocked> {
        let what = format!("capacity of cluster `{}`", self.input.spec.cluster);
        match self.capacity {
            Some(Observed::Present(capacity)) => Ok(capacity),
            Some(Observed::Unreadable { why }) => Err(unreadable(&what, why)),
            Some(Observed::Absent) | None => Err(unreadable(&what, "no answer")),
        }
    }

    /// Instances that must still be there after the services have stopped.
    fn note(&self, placement: &Placement) -> Option<String> {
        let capacity = self.known_capacity().ok()?;
        let scales = |share: &ProviderShare| {
            let mut providers = capacity.providers.iter();
            providers.any(|provider| provider.name == share.name && provider.kind.scales())
        };
        let needs_instance = match placement {
            Placement::LaunchType(name) => name != FARGATE,
            Placement::Providers(shares) => !shares.iter().any(scales),
        };
        let count = capacity.instances;
        let instances =
            if count == 1 { "the instance".to_owned() } else { format!("one of the {count} instances") };
        needs_instance.then(|| {
            format!(
                "the migration runs with {}: nothing starts an instance for it, so {instances} of the cluster must stay while the services are stopped; a capacity provider with managed scaling in `migration.run_on` starts one",
                placement.in_words()
            )
        })
    }
}

fn providers(shares: impl Iterator<Item = ProviderShare>) -> Placement {
    let mut shares: Vec<ProviderShare> = shares.collect();
    shares.sort();
    Placement::Providers(shares)
}

#[cfg(test)]
mod tests;
