//! Listeners, target groups, the gate's function and its distributions.
//!
//! A platform with the services of Graasp gets Graasp's own rules; any other gets a host for each service that
//! users could ask for.

use std::collections::{BTreeMap, BTreeSet};

use super::super::world::{Actor, RegionId, SimDistribution, SimFunction, SimListener, SimRule, World};
use super::secret_name;
use crate::cloud::{Association, Condition, RuleAction};
use crate::model::{RuleArn, ServiceName};
use crate::spec::{EnvironmentSpec, Maintenance};

/// The code of the gate's function before tidegate writes its own: it lets every request through.
const FOREIGN_CODE: &str = "function handler(event) { return event.request; }\n";
/// Old host names that are redirected, from priority 50.
const OLD_HOSTS: [&str; 7] = ["go", "account", "auth", "player", "builder", "analytics", "association"];
/// Parts of the names of services that are not reachable from outside.
const INTERNAL: [&str; 8] =
    ["redis", "meilisearch", "iframely", "worker", "cache", "postgres", "queue", "search"];

/// A rule before it has an ARN: priority, host, path, and the service or a redirect.
struct Draft {
    priority: u32,
    host: String,
    path: Option<&'static str>,
    service: Option<ServiceName>,
}

impl World {
    pub(super) fn build_traffic(&mut self, region: RegionId, spec: &EnvironmentSpec) {
        let Some(maintenance) = &spec.maintenance else { return };
        let name = secret_name(&maintenance.bypass.value_from).to_owned();
        let value = format!("sim-bypass-{}-{:016x}", spec.name, self.dice.below(u64::MAX));
        self.regions[region].secrets.insert(name, value);
        self.build_listener(region, spec, maintenance);
        let Some(gate) = &maintenance.cloudfront else { return };
        let etag = format!("ETVPDKIKX{:05}", self.ticket());
        let code = FOREIGN_CODE.to_owned();
        let comment = String::new();
        let function = SimFunction { etag, development: code.clone(), live: Some(code), comment };
        self.regions[region].functions.insert(gate.function.clone(), function);
        for name in &gate.distributions {
            self.build_distribution(region, name);
        }
    }

    /// By alias or id; an assets host has two behaviours, as real ones do.
    pub(super) fn build_distribution(&mut self, region: RegionId, name: &str) {
        if self.distribution(region, name).is_some() {
            return;
        }
        let is_alias = name.contains('.');
        let id = if is_alias { format!("E{:013X}", self.ticket()) } else { name.to_owned() };
        let paths: &[&str] = if is_alias { &["*", "/content/*"] } else { &["*"] };
        let behaviour = |path: &&str| Association { path: (*path).to_owned(), function: None, lambda: false };
        let distribution = SimDistribution {
            id: id.clone(),
            aliases: if is_alias { vec![name.to_owned()] } else { Vec::new() },
            behaviours: paths.iter().map(behaviour).collect(),
            origins: Vec::new(),
            error_pages: BTreeSet::new(),
            invalidations: Vec::new(),
            deployed: true,
            epoch: 0,
        };
        self.regions[region].distributions.insert(id, distribution);
    }

    fn build_listener(&mut self, region: RegionId, spec: &EnvironmentSpec, maintenance: &Maintenance) {
        let Some(target) = &maintenance.load_balancer else { return };
        let balancer = format!("app/{}/{:016x}", target.name, self.ticket());
        let listener = format!("listener/{balancer}/{:016x}", self.ticket());
        let rule_base = format!("listener-rule/{balancer}");
        let drafts = drafts(spec, maintenance);
        let mut rules = Vec::new();
        for draft in drafts {
            let number = self.ticket();
            let place = &self.regions[region];
            let arn = place.arn("elasticloadbalancing", &format!("{rule_base}/{number:016x}"));
            let mut conditions = vec![condition("host-header", &draft.host)];
            conditions.extend(draft.path.map(|path| condition("path-pattern", path)));
            let forward =
                |service: &ServiceName| RuleAction::Forward(vec![self.group(region, spec, service)]);
            rules.push(SimRule {
                arn: RuleArn::new(arn),
                priority: draft.priority,
                conditions,
                action: draft.service.as_ref().map_or(RuleAction::Redirect, forward),
                tags: BTreeMap::from([("managed-by".to_owned(), "terraform".to_owned())]),
                by: Actor::Aws,
                changed_at: self.now(),
            });
        }
        let listener = SimListener {
            arn: self.regions[region].arn("elasticloadbalancing", &listener),
            balancer: target.name.clone(),
            port: target.port,
            default_action: RuleAction::Redirect,
            page: Some(maintenance.page.to_string()),
            rules,
        };
        self.regions[region].listeners.push(listener);
    }

    /// The ARN of a service's target group, always the same.
    fn group(&self, region: RegionId, spec: &EnvironmentSpec, service: &ServiceName) -> String {
        let name: String = format!("{}-{service}", spec.cluster).chars().take(32).collect();
        let group = format!("targetgroup/{name}/{:016x}", 0x00c0_ffee_u64);
        self.regions[region].arn("elasticloadbalancing", &group)
    }

    pub(super) fn target_groups_of(
        &self,
        region: RegionId,
        spec: &EnvironmentSpec,
        service: &ServiceName,
    ) -> Vec<String> {
        let group = self.group(region, spec, service);
        let rules = self.regions[region].listeners.iter().flat_map(|listener| &listener.rules);
        let is_used = rules.flat_map(SimRule::target_groups).any(|used| *used == group);
        if is_used { vec![group] } else { Vec::new() }
    }
}

fn condition(field: &str, value: &str) -> Condition {
    Condition { field: field.to_owned(), header: None, values: vec![value.to_owned()] }
}

fn drafts(spec: &EnvironmentSpec, maintenance: &Maintenance) -> Vec<Draft> {
    let host = maintenance.page.host_str().unwrap_or("maintenance.example.org");
    // maintenance.graasp.org stands beside api.graasp.org.
    let domain = host.split_once('.').map_or(host, |(_, domain)| domain);
    let is_graasp =
        ["graasp", "graasp-library", "admin"].iter().all(|name| spec.services.contains_key(*name));
    let mut drafts = if is_graasp { graasp(spec, domain) } else { generic(spec, domain) };
    // Every URL that is checked can be reached.
    let core = spec.services.iter().find(|(_, service)| spec.follows_migration(service));
    let first = core.or_else(|| spec.services.iter().find(|(name, _)| !is_internal(name)));
    for check in &spec.checks {
        let (Some(host), Some((name, _))) = (check.url.host_str(), first) else { continue };
        let behind_cloudfront =
            maintenance.cloudfront.as_ref().is_some_and(|gate| gate.distributions.iter().any(|d| d == host));
        if !behind_cloudfront && drafts.iter().all(|draft| draft.host != host) {
            let priority = 40 + u32::try_from(drafts.len()).unwrap_or_default();
            drafts.push(forward(priority, host.to_owned(), None, name.as_str()));
        }
    }
    drafts.sort_by_key(|draft| draft.priority);
    drafts
}

fn forward(priority: u32, host: String, path: Option<&'static str>, service: &str) -> Draft {
    Draft { priority, host, path, service: Some(ServiceName::new(service)) }
}

fn graasp(spec: &EnvironmentSpec, domain: &str) -> Vec<Draft> {
    let mut drafts = vec![
        forward(1, format!("api.{domain}"), Some("/api/*"), "graasp"),
        forward(2, format!("api.{domain}"), None, "graasp"),
        forward(4, format!("etherpad.{domain}"), None, "etherpad"),
        forward(5, format!("umami.{domain}"), None, "umami"),
        forward(7, domain.to_owned(), Some("/api/*"), "graasp"),
        forward(8, domain.to_owned(), None, "admin"),
        forward(30, format!("library.{domain}"), None, "graasp-library"),
    ];
    drafts.retain(|draft| draft.service.as_ref().is_some_and(|name| spec.services.contains_key(name)));
    drafts.extend((50..).zip(OLD_HOSTS).map(|(priority, old)| Draft {
        priority,
        host: format!("{old}.{domain}"),
        path: None,
        service: None,
    }));
    drafts
}

fn generic(spec: &EnvironmentSpec, domain: &str) -> Vec<Draft> {
    let asked = spec.services.keys().filter(|name| !is_internal(name));
    (1..)
        .zip(asked)
        .map(|(number, name)| forward(number * 10, format!("{name}.{domain}"), None, name.as_str()))
        .collect()
}

fn is_internal(name: &ServiceName) -> bool {
    INTERNAL.iter().any(|part| name.as_str().contains(part))
}
