//! What an environment must look like, read from the world itself: nothing here asks tidegate's own planner.

use tidegate::cloud::{DatabaseStatus, Rollback, Suspended, TaskStatus, tag};
use tidegate::model::{Gate, State};
use tidegate::sim::{Region, Schema, SimDistribution, SimTask, World};
use tidegate::spec::{EnvironmentSpec, ServiceSpec, SiteSpec};

/// Automatic rollbacks as every simulated service has them.
const ROLLBACK: Rollback = Rollback { circuit_breaker: true, alarms: false };

/// Where the world differs from `spec` in `state`, once everything has come to rest.
pub fn differences(world: &World, spec: &EnvironmentSpec, state: State) -> Vec<String> {
    let region = world.regions.iter().find(|r| r.account == spec.account && r.name == spec.region);
    let region = region.expect("the environment was built");
    let mut found = Vec::new();
    for (name, service) in &spec.services {
        for difference in service_differences(region, spec, name.as_str(), service, state) {
            found.push(format!("{name}: {difference}"));
        }
    }
    found.extend(gate(world, region, spec, state));
    found.extend(database(region, spec, state));
    if state != State::Stopped {
        // New versions wait for the morning.
        found.extend(sites(world, spec));
    }
    found
}

fn service_differences(
    region: &Region,
    spec: &EnvironmentSpec,
    name: &str,
    declared: &ServiceSpec,
    state: State,
) -> Vec<String> {
    let key = format!("{}/{name}", spec.cluster);
    let Some(service) = region.services.get(&key) else { return vec!["does not exist".to_owned()] };
    let mut found = Vec::new();
    let mine = || region.tasks.values().filter(|task| task.service.as_ref() == Some(&key));
    let target = region.targets.get(&key).map(|target| target.shown);
    if service.rollback != ROLLBACK {
        found.push(format!("rollbacks are {:?}", service.rollback));
    }
    if !spec.is_up_in(declared, state) {
        let live = mine().filter(|task| task.shown.status != TaskStatus::Stopped).count();
        if service.desired > 0 || live > 0 {
            found.push(format!("{} wanted, {live} live tasks, and it is not up in {state}", service.desired));
        }
        if target.is_some_and(|target| target.min > 0 || target.suspended != Suspended::ALL) {
            found.push(format!("scaling may start it: {target:?}"));
        }
        return found;
    }
    let counts = declared.autoscaling.map_or(declared.count..=declared.count, |range| range.min..=range.max);
    if !counts.contains(&service.desired) {
        found.push(format!("{} wanted instead of {counts:?}", service.desired));
    }
    if let (Some(range), Some(target)) = (declared.autoscaling, target)
        && (target.min, target.max) != (range.min, range.max)
    {
        found.push(format!("scales in {}..{} instead of {range:?}", target.min, target.max));
    }
    let runs = |task: &&SimTask| task.shown.status == TaskStatus::Running && task.shown.healthy;
    let healthy = mine().filter(runs).count();
    if healthy != service.desired as usize {
        found.push(format!("{healthy} of {} tasks are healthy", service.desired));
    }
    for (container, template) in &declared.images {
        let Some(image) = template.image(&spec.versions) else { continue };
        let other = mine()
            .filter(runs)
            .filter_map(|task| task.contents.get(container))
            .find(|content| (content.repository(), content.tag()) != (image.repository(), image.tag()));
        found.extend(other.map(|other| format!("{container} runs {other} instead of {image}")));
    }
    found
}

fn gate(world: &World, region: &Region, spec: &EnvironmentSpec, state: State) -> Vec<String> {
    let Some(maintenance) = &spec.maintenance else { return Vec::new() };
    let mut found = Vec::new();
    let redirects = maintenance.cloudfront.as_ref().map(|gate| region.functions[&gate.function].redirects());
    match state.gate() {
        Gate::Closed => {
            let open = world.open_route(spec.name.as_str()).map(|rule| rule.priority);
            found.extend(open.map(|priority| format!("gate: rule {priority} is open")));
            found.extend(
                (redirects == Some(false)).then(|| "gate: the function lets users through".to_owned()),
            );
        }
        Gate::Open => {
            for rule in region.listeners.iter().flat_map(|listener| &listener.rules) {
                let asks = rule.conditions.iter().any(|c| c.is_header(&maintenance.bypass.header));
                if asks || rule.tags.contains_key(tag::GATE) {
                    found.push(format!("gate: rule {} is closed, or marked so", rule.priority));
                }
            }
            found.extend((redirects == Some(true)).then(|| "gate: the function turns users away".to_owned()));
        }
    }
    found
}

fn database(region: &Region, spec: &EnvironmentSpec, state: State) -> Vec<String> {
    let Some(declared) = &spec.database else { return Vec::new() };
    let database = &region.databases[declared.target.identifier()];
    let mut found = Vec::new();
    let wanted = if state.database_up() { DatabaseStatus::Available } else { DatabaseStatus::Stopped };
    if database.shown.status != wanted {
        found.push(format!("database: {} instead of {wanted}", database.shown.status));
    }
    // In a sleeping environment a migration may be waiting, or have failed.
    if spec.migration.is_some() && state != State::Stopped {
        let tagged = database.shown.tags.get(tag::SCHEMA).map(|text| Schema::At(text.as_str().into()));
        if tagged.as_ref() != Some(&database.schema) {
            found.push(format!("database: tagged {tagged:?}, and its schema is {:?}", database.schema));
        }
        if let Some(mark) = database.shown.tags.get(tag::MIGRATING) {
            found.push(format!("database: still marked as migrating: {mark}"));
        }
    }
    found
}

/// Every file of the declared release is served as the release has it, and no edge keeps one from before.
fn sites(world: &World, spec: &EnvironmentSpec) -> Vec<String> {
    let mut found = Vec::new();
    for (name, site) in &spec.sites {
        let Some(source) = site.source.render(&spec.versions) else { continue };
        let bucket = &world.buckets[&site.bucket];
        let marker = bucket.marker_of(&site.prefix).map(|(marker, _)| marker);
        let live = marker.and_then(|marker| marker.live.as_ref()).map(|release| release.source.as_str());
        if live != Some(&source) {
            found.push(format!("site {name}: {live:?} is live instead of {source}"));
        }
        if marker.is_some_and(|marker| marker.switching.is_some() || marker.invalidation.is_some()) {
            found.push(format!("site {name}: something is left to do"));
        }
        let (releases, prefix) = source.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).unwrap();
        let files = world.buckets.get(releases).into_iter().flat_map(|bucket| &bucket.objects);
        for (key, wanted) in files.filter_map(|(key, stored)| Some((key.strip_prefix(prefix)?, stored))) {
            let served = bucket.objects.get(&format!("{}{key}", site.prefix));
            if served.map(|it| (&it.etag, &it.head)) != Some((&wanted.etag, &wanted.head)) {
                found.push(format!("site {name}: another {key} is served than that of {source}"));
            }
        }
        found
            .extend(edges(world, spec, site).into_iter().map(|key| format!("site {name}: edges keep {key}")));
    }
    found
}

/// Keys that were replaced and that no later invalidation covers, as a browser asks for them.
fn edges(world: &World, spec: &EnvironmentSpec, site: &SiteSpec) -> Vec<String> {
    let Some(distribution) = &site.distribution else { return Vec::new() };
    let region = world.regions.iter().find(|r| r.account == spec.account && r.name == spec.region).unwrap();
    let is = |one: &&SimDistribution| one.id == *distribution || one.aliases.contains(distribution);
    let asked = &region.distributions.values().find(is).expect("it was built").invalidations;
    let base = url::Url::parse("https://site.example/").unwrap();
    let covers = |path: &String, requested: &str| {
        path == requested || path.strip_suffix('*').is_some_and(|begins| requested.starts_with(begins))
    };
    let replaced = &world.buckets[&site.bucket].replaced;
    let mine = replaced.iter().filter(|(key, _)| key.starts_with(&site.prefix));
    let kept = mine.filter(|(key, at)| {
        let requested = base.join(key).unwrap().path().to_owned();
        let later = asked.iter().filter(|(asked_at, _)| asked_at >= at);
        !later.flat_map(|(_, paths)| paths).any(|path| covers(path, &requested))
    });
    kept.map(|(key, _)| key.clone()).collect()
}
