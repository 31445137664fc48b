//! `services:`: counts, states, and the order in which they start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::findings::Findings;
use super::limits;
use super::names;
use super::versions::Versions;
use crate::model::{ServiceName, State, VersionKey};
use crate::spec::decode::{Leaf, OriginId, Table};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{RawAutoscaling, RawService};
use crate::spec::{Autoscaling, ServiceSpec};

pub(super) fn services(
    f: &mut Findings<'_>,
    root: OriginId,
    raw: &Option<Leaf<Table<RawService>>>,
    versions: &mut Versions,
    migrated: Option<&VersionKey>,
) -> BTreeMap<ServiceName, ServiceSpec> {
    let Some(Table(entries)) = f.required(root, "services", raw).and_then(Leaf::get) else {
        return BTreeMap::new();
    };
    let known: BTreeSet<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let mut services = BTreeMap::new();
    let mut waits: Waits<'_> = BTreeMap::new();
    if let Some(leaf) = raw {
        f.at_most(leaf.at, entries, &limits::SERVICES);
    }
    for (name, leaf) in entries {
        f.key_name(leaf.at, name, &names::ECS);
        let (spec, after) = service(f, leaf, &known, versions, migrated);
        waits.insert(name, after);
        services.insert(ServiceName::new(name), spec);
    }
    find_cycles(f, &waits);
    services
}

/// For each service, those it waits for, with the place where that is written.
type Waits<'r> = BTreeMap<&'r str, Vec<(OriginId, &'r str)>>;

fn service<'r>(
    f: &mut Findings<'_>,
    leaf: &'r Leaf<RawService>,
    known: &BTreeSet<&str>,
    versions: &mut Versions,
    migrated: Option<&VersionKey>,
) -> (ServiceSpec, Vec<(OriginId, &'r str)>) {
    let default_up_in = || BTreeSet::from([State::Running, State::Restricted]);
    let Some(RawService { images, count, autoscaling, after, up_in, start_within }) = leaf.get() else {
        let (images, after) = (BTreeMap::new(), BTreeSet::new());
        return (
            ServiceSpec {
                images,
                count: 1,
                autoscaling: None,
                after,
                up_in: default_up_in(),
                start_within: None,
            },
            Vec::new(),
        );
    };
    let images = f.images(images, versions);
    let autoscaling = autoscaling.as_ref().and_then(|leaf| range(f, leaf));
    let count = task_count(f, leaf.at, count, autoscaling);
    let after = references(f, after, known);
    let spec_after = after.iter().map(|(_, name)| ServiceName::new(*name)).collect();
    let follows = migrated.is_some_and(|key| images.values().any(|image| image.keys().contains(key)));
    let up_in = match up_in {
        None => default_up_in(),
        Some(list) => states(f, list, follows.then_some(migrated).flatten()),
    };
    let start_within = start_within.is_some().then(|| {
        // The default stands in for a value that is wrong; then that was reported.
        f.duration_within(start_within, Duration::from_secs(15 * 60), &limits::START_WITHIN)
    });
    (ServiceSpec { images, count, autoscaling, after: spec_after, up_in, start_within }, after)
}

fn range(f: &mut Findings<'_>, leaf: &Leaf<RawAutoscaling>) -> Option<Autoscaling> {
    let RawAutoscaling { min: autoscaled_min, max: autoscaled_max } = leaf.get()?;
    let min_leaf = f.required(leaf.at, "min", autoscaled_min);
    let max_leaf = f.required(leaf.at, "max", autoscaled_max);
    let (min_leaf, min, max) = (min_leaf?, *min_leaf?.get()?, *max_leaf?.get()?);
    let is_possible = [f.limited(autoscaled_min, &limits::TASKS), f.limited(autoscaled_max, &limits::TASKS)];
    if is_possible != [true, true] {
        return None;
    }
    if min > max {
        let message = format!("`min` is {min}, which is more than `max`, {max}");
        f.error(min_leaf.at, Code::AutoscalingRange, message).hint = Some("swap the two numbers".to_owned());
        return None;
    }
    Some(Autoscaling { min, max })
}

/// The number of tasks while the service is up: at least one, because a start ends when a task runs.
fn task_count(
    f: &mut Findings<'_>,
    service: OriginId,
    raw: &Option<Leaf<u32>>,
    range: Option<Autoscaling>,
) -> u32 {
    if !f.limited(raw, &limits::TASKS) {
        return 1;
    }
    let written = raw.as_ref().and_then(|leaf| Some((leaf.at, *leaf.get()?)));
    let (at, count) = written.unwrap_or((service, range.map_or(1, |range| range.min)));
    if count == 0 {
        let message = "a service that is up needs at least one task";
        let hint = if written.is_some() {
            "to switch the service off, set its version to an empty text: `\"\"`"
        } else {
            "`autoscaling.min` is 0, so set how many tasks the service starts with: `count: 1`"
        };
        let problem = if written.is_some() {
            f.error(at, Code::BadNumber, message)
        } else {
            f.error_at_key(at, Code::BadNumber, message)
        };
        problem.hint = Some(hint.to_owned());
        return 1;
    }
    if let Some(Autoscaling { min, max }) = range
        && !(min..=max).contains(&count)
    {
        let message = format!("`count` is {count}, outside the range of `autoscaling` ({min} to {max})");
        let hint = "autoscaling would change the count at once: choose one within the range".to_owned();
        f.error(at, Code::CountOutsideAutoscaling, message).hint = Some(hint);
    }
    count
}

/// A list of services that exist, each once.
pub(super) fn references<'r>(
    f: &mut Findings<'_>,
    raw: &'r Option<Leaf<Vec<Leaf<String>>>>,
    known: &BTreeSet<&str>,
) -> Vec<(OriginId, &'r str)> {
    let leaves = || raw.iter().filter_map(Leaf::get).flatten();
    let named: Vec<(OriginId, &'r String)> =
        leaves().filter_map(|leaf| Some((leaf.at, leaf.get()?))).collect();
    f.distinct(named.iter().copied());
    named
        .into_iter()
        .filter(|(at, name)| {
            f.reference(*at, name, "there is no service", Code::UnknownService, known.iter().copied())
        })
        .map(|(at, name)| (at, name.as_str()))
        .collect()
}

fn states(
    f: &mut Findings<'_>,
    list: &Leaf<Vec<Leaf<State>>>,
    migrated: Option<&VersionKey>,
) -> BTreeSet<State> {
    let Some(leaves) = list.get() else { return BTreeSet::from([State::Running, State::Restricted]) };
    let named: Vec<(OriginId, &State)> =
        leaves.iter().filter_map(|leaf| Some((leaf.at, leaf.get()?))).collect();
    let states: BTreeSet<State> = f.distinct(named.iter().copied()).into_iter().copied().collect();
    // A word that could not be read may have been meant as `running`: one problem at a time.
    if !states.contains(&State::Running) && named.len() == leaves.len() {
        let message = format!("`{}` does not include `running`", f.path(list.at));
        let hint =
            "add `running`: the list replaces the default `[running, restricted]` as a whole".to_owned();
        f.error_at_key(list.at, Code::UpInRunning, message).hint = Some(hint);
    }
    for (at, state) in named {
        match (state, migrated) {
            (State::Stopped, _) => {
                let message = "no service can be up in `stopped`, because the database is stopped";
                f.error(at, Code::UpInStopped, message).hint =
                    Some("remove `stopped` from the list".to_owned());
            }
            (State::DbOnly, Some(key)) => {
                let message = format!(
                    "this service cannot be up in `db-only`: its images follow `{{{key}}}`, and migrations of that \
                     version run in `db-only`"
                );
                let hint = "remove `db-only`: old code must not run on a new schema".to_owned();
                f.error(at, Code::UpInMigration, message).hint = Some(hint);
            }
            _ => {}
        }
    }
    states
}

/// Reports each dependency cycle once, at the entry of `after` that closes it.
fn find_cycles(f: &mut Findings<'_>, waits: &Waits<'_>) {
    let mut done = BTreeSet::new();
    for service in waits.keys() {
        let mut trail = Vec::new();
        walk(f, waits, service, &mut trail, &mut done);
    }
}

fn walk<'r>(
    f: &mut Findings<'_>,
    waits: &Waits<'r>,
    service: &'r str,
    trail: &mut Vec<&'r str>,
    done: &mut BTreeSet<&'r str>,
) {
    if done.contains(service) {
        return;
    }
    trail.push(service);
    for (at, next) in &waits[service] {
        if let Some(start) = trail.iter().position(|seen| seen == next) {
            let circle = [&trail[start..], &[*next]].concat().join(" → ");
            let message = format!("services wait for each other: {circle}");
            let hint = "decide which one starts first, and remove the other from its `after`".to_owned();
            f.error(*at, Code::DependencyCycle, message).hint = Some(hint);
        } else {
            walk(f, waits, next, trail, done);
        }
    }
    trail.pop();
    done.insert(service);
}
