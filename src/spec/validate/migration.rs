//! `migration:`: the version it follows, its task, and the promises that the declaration makes about it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::findings::Findings;
use super::limits;
use super::names;
use super::versions::Versions;
use crate::model::{FamilyName, Level, ServiceName, Version, VersionKey};
use crate::spec::decode::{Leaf, OriginId, ShortFor};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{RawCapacityProviders, RawMigration, RawNeededFor, RawNetwork, RawRunOn, RawSnapshot};
use crate::spec::{MigrationSpec, NeededFor, OnFailure, RunOn, ServiceSpec, SnapshotPolicy};

/// Most migrations take minutes; after an hour a person should look.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Enough to go back a week, without paying for a year of storage.
const SNAPSHOTS_KEPT: u32 = 5;

/// The version that migrations follow, if it can be read: other blocks have rules about it.
pub(super) fn followed(raw: &Option<Leaf<RawMigration>>) -> Option<VersionKey> {
    raw.as_ref().and_then(Leaf::get)?.follows.as_ref().and_then(Leaf::get).map(VersionKey::new)
}

pub(super) fn migration(
    f: &mut Findings<'_>,
    leaf: &Leaf<RawMigration>,
    services: &BTreeMap<ServiceName, ServiceSpec>,
    versions: &mut Versions,
) -> Option<MigrationSpec> {
    let RawMigration {
        follows,
        together,
        task,
        images,
        network,
        run_on,
        needed_for,
        atomic,
        on_failure,
        timeout,
        snapshot,
        settle,
        allow_schema,
    } = leaf.get()?;
    let follows =
        f.required(leaf.at, "follows", follows).and_then(|leaf| followed_version(f, leaf, versions));
    let together = live_together(f, together, follows.as_ref(), versions);
    let task = f.required(leaf.at, "task", task).map(|leaf| f.name(leaf, &names::ECS));
    let images = f.images(images, versions);
    let network = f.required(leaf.at, "network", network).and_then(|leaf| network_of(f, leaf, services));
    let run_on = run_on.as_ref().map(|leaf| placed_on(f, leaf)).unwrap_or_default();
    // Templates that could not be read may have contained it.
    if let Some(key) = follows.as_ref().filter(|_| versions.are_resolved()) {
        if !images.values().any(|image| image.keys().contains(key)) {
            let message = format!(
                "no image of the migration contains `{{{key}}}`, so every version would run the same migration"
            );
            let hint = format!("add an image with `{{{key}}}` to `migration.images`");
            f.warning_at_key(leaf.at, Code::MigrationImageFixed, message).hint = Some(hint);
        }
        let followers = services.values().flat_map(|service| service.images.values());
        if !followers.flat_map(|image| image.keys()).any(|used| used == key) {
            let message = format!("no service uses `{{{key}}}`, the version that migrations follow");
            let hint =
                "use the version in the images of those services that must not run while the schema changes"
                    .to_owned();
            f.warning_at_key(leaf.at, Code::FollowedByNoService, message).hint = Some(hint);
        }
    }
    let needed_for = match needed_for.as_ref().and_then(|leaf| Some((leaf.at, leaf.get()?))) {
        None | Some((_, RawNeededFor::Always)) => NeededFor::Always,
        Some((_, RawNeededFor::Never)) => NeededFor::Never,
        Some((at, RawNeededFor::Levels(leaves))) => levels(f, at, leaves),
    };
    let allow_schema = allow_schema.as_ref().and_then(|leaf| acknowledged(f, leaf));
    Some(MigrationSpec {
        timeout: f.duration_within(timeout, TIMEOUT, &limits::TIMEOUT),
        snapshot: snapshot_policy(f, snapshot),
        settle: f.duration_within(settle, Duration::ZERO, &limits::SETTLE),
        atomic: f.value_or(atomic, false),
        on_failure: failure_policy(f, on_failure, atomic),
        together,
        follows: follows?,
        task: FamilyName::new(task?),
        network: network?,
        run_on,
        images,
        needed_for,
        allow_schema,
    })
}

fn followed_version(
    f: &mut Findings<'_>,
    leaf: &Leaf<String>,
    versions: &mut Versions,
) -> Option<VersionKey> {
    let name = leaf.get()?;
    let key = VersionKey::new(name);
    let keys: Vec<&str> = versions.keys().collect();
    if !f.reference(leaf.at, name, "`versions` has no entry", Code::UnknownVersion, keys.iter().copied()) {
        return None;
    }
    if versions.get(&key).is_some_and(Version::is_empty) {
        let message = format!(
            "version `{key}`, which migrations follow, is empty, so there is no version to migrate to"
        );
        let hint = format!("set `versions.{key}`, or delete `migration`");
        f.error(leaf.at, Code::FollowedVersionEmpty, message).hint = Some(hint);
    }
    versions.mark_used(&key);
    Some(key)
}

/// The entries of `versions` that go live with the release.
fn live_together(
    f: &mut Findings<'_>,
    raw: &Option<Leaf<Vec<Leaf<String>>>>,
    follows: Option<&VersionKey>,
    versions: &Versions,
) -> BTreeSet<VersionKey> {
    let leaves = raw.as_ref().and_then(Leaf::get).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<(OriginId, &String)> =
        leaves.iter().filter_map(|leaf| Some((leaf.at, leaf.get()?))).collect();
    let keys: Vec<&str> = versions.keys().collect();
    for (at, name) in &names {
        if follows.is_some_and(|follows| follows.as_str() == name.as_str()) {
            let message = format!(
                "`{name}` is the version that migrations follow; it always goes live with its release"
            );
            let hint = "name the versions that wait for it, or delete the entry".to_owned();
            f.error(*at, Code::TogetherFollows, message).hint = Some(hint);
            continue;
        }
        f.reference(*at, name, "`versions` has no entry", Code::UnknownVersion, keys.iter().copied());
    }
    f.distinct(names).into_iter().map(VersionKey::new).collect()
}

/// Going back by itself needs the promise that a failed migration has changed nothing.
fn failure_policy(
    f: &mut Findings<'_>,
    raw: &Option<Leaf<OnFailure>>,
    atomic: &Option<Leaf<bool>>,
) -> OnFailure {
    let Some((at, OnFailure::Revert)) = raw.as_ref().and_then(|leaf| Some((leaf.at, *leaf.get()?))) else {
        return OnFailure::Hold;
    };
    let is_readable = atomic.as_ref().is_none_or(|leaf| leaf.get().is_some());
    if is_readable && !f.value_or(atomic, false) {
        let message = "`on_failure: revert` needs `atomic: true`: after a migration that may have changed the schema, the old version must not start";
        let hint = "write `atomic: true` if the migration runs in one transaction, or `on_failure: hold`";
        f.error(at, Code::RevertNotAtomic, message).hint = Some(hint.to_owned());
    }
    OnFailure::Revert
}

fn network_of(
    f: &mut Findings<'_>,
    leaf: &Leaf<ShortFor<RawNetwork>>,
    services: &BTreeMap<ServiceName, ServiceSpec>,
) -> Option<ServiceName> {
    let ShortFor(RawNetwork { service }) = leaf.get()?;
    let service = f.required(leaf.at, "service", service)?;
    let name = service.get()?;
    let known = services.keys().map(ServiceName::as_str);
    f.reference(service.at, name, "there is no service", Code::UnknownService, known)
        .then(|| ServiceName::new(name))
}

/// `auto` where the value is wrong; then that was reported.
fn placed_on(f: &mut Findings<'_>, leaf: &Leaf<RawRunOn>) -> RunOn {
    let RawCapacityProviders { capacity_providers } = match leaf.get() {
        None | Some(RawRunOn::Auto) => return RunOn::Auto,
        Some(RawRunOn::Fargate) => return RunOn::Fargate,
        Some(RawRunOn::Providers(named)) => named,
    };
    let list = f.required(leaf.at, "capacity_providers", capacity_providers);
    let Some((at, leaves)) = list.and_then(|list| Some((list.at, list.get()?))) else { return RunOn::Auto };
    f.not_empty(at, leaves, "name capacity providers of the cluster, or write `run_on: auto`");
    f.at_most(at, leaves, &limits::CAPACITY_PROVIDERS);
    let named: Vec<(OriginId, &String)> =
        leaves.iter().filter_map(|leaf| Some((leaf.at, leaf.get()?))).collect();
    f.distinct(named);
    let mut providers: Vec<String> = Vec::new();
    for leaf in leaves {
        let name = f.name(leaf, &names::ECS);
        if !providers.contains(&name) {
            providers.push(name);
        }
    }
    RunOn::CapacityProviders(providers)
}

fn levels(f: &mut Findings<'_>, at: OriginId, leaves: &[Leaf<Level>]) -> NeededFor {
    f.not_empty(at, leaves, "write `needed_for: never` if no change needs a migration");
    let levels: BTreeSet<Level> = leaves.iter().filter_map(Leaf::get).copied().collect();
    NeededFor::Levels(levels)
}

fn snapshot_policy(f: &mut Findings<'_>, raw: &Option<Leaf<RawSnapshot>>) -> SnapshotPolicy {
    let default = SnapshotPolicy { take: true, keep: SNAPSHOTS_KEPT };
    let Some(RawSnapshot { take, keep }) = raw.as_ref().and_then(Leaf::get) else { return default };
    if let Some((at, 0)) = keep.as_ref().and_then(|leaf| Some((leaf.at, *leaf.get()?))) {
        let hint = "to take no snapshots, write `snapshot: {take: false}`".to_owned();
        f.error(at, Code::BadNumber, "`keep` must be at least 1").hint = Some(hint);
    }
    f.limited(keep, &limits::SNAPSHOTS);
    SnapshotPolicy { take: f.value_or(take, default.take), keep: f.value_or(keep, default.keep) }
}

/// A schema version is never empty: a missing tag means "no version".
fn acknowledged(f: &mut Findings<'_>, leaf: &Leaf<crate::spec::raw::VersionText>) -> Option<Version> {
    let version = f.version(leaf)?;
    if version.is_empty() {
        let hint = "give the schema version, or delete the line".to_owned();
        f.error(leaf.at, Code::BadVersion, "`migration.allow_schema` is empty").hint = Some(hint);
        return None;
    }
    Some(version)
}
