//! The wire type of a status, and how it is gathered. The text is made from the same value.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::conditions::{Condition, conditions};
use super::gate::{self, GateStatus};
use crate::cloud::{Rollout, ServiceStatus, tag};
use crate::model::{Mode, Revision, State, Version, VersionKey};
use crate::observe::Observed;
use crate::report::StatusView;
use crate::report::json::{self, SCHEMA, WireBlocked, WireState, WireWaiting};
use crate::report::overrides::{self, WireAwake, WireOverride, WireSuspension};
use crate::schedule::{Because, Change};

/// `status --output json`, one for each environment.
#[derive(Serialize)]
pub(super) struct WireStatus<'a> {
    schema: &'static str,
    pub(super) environment: &'a str,
    pub(super) revision: &'a Revision,
    pub(super) mode: Mode,
    pub(super) state: WireState,
    #[serde(rename = "override")]
    override_: Option<WireOverride<'a>>,
    suspended: Option<WireSuspension<'a>>,
    /// The versions that run, read from the images; where no image tells, the version that was reached last.
    pub(super) versions: BTreeMap<&'a VersionKey, String>,
    pub(super) declared_versions: BTreeMap<&'a VersionKey, &'a str>,
    /// As recorded at the database.
    pub(super) schema_version: Option<&'a str>,
    /// False while a migration runs, and after one whose result is unknown or that may have changed the schema.
    pub(super) schema_known: bool,
    pub(super) gate: Option<GateStatus>,
    pub(super) services: Vec<WireService<'a>>,
    /// Tasks of the cluster that belong neither to a declared service nor to the migration's family.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) other_tasks: Vec<WireTask<'a>>,
    pub(super) database: Option<WireDatabase<'a>>,
    pub(super) conditions: Vec<Condition>,
    blocked: Vec<WireBlocked<'a>>,
    waiting: Vec<WireWaiting<'a>>,
    awake: Vec<WireAwake<'a>>,
    pending_actions: usize,
    pub(super) next_change: Option<WireChange>,
    pub(super) lease: Option<WireLease<'a>>,
}

#[derive(Serialize)]
pub(super) struct WireService<'a> {
    pub(super) name: &'a str,
    /// False when AWS did not answer for it; every other field is then empty.
    pub(super) readable: bool,
    /// AWS's word where someone has deleted the service: `DRAINING` or `INACTIVE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted: Option<&'static str>,
    pub(super) desired: Option<u32>,
    pub(super) running: Option<u32>,
    pub(super) pending: Option<u32>,
    pub(super) definition: Option<String>,
    pub(super) rollout: Option<&'static str>,
    pub(super) images: BTreeMap<String, String>,
    /// Why it is not up, in AWS's words; empty for a service that is up, or should not be.
    pub(super) reports: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct WireTask<'a> {
    pub(super) task: &'a str,
    pub(super) family: &'a str,
    pub(super) service: Option<&'a str>,
    pub(super) started_by: &'a str,
    /// Whether it runs code that follows the migrated version.
    pub(super) follows_migration: bool,
}

#[derive(Serialize)]
pub(super) struct WireDatabase<'a> {
    pub(super) identifier: &'a str,
    pub(super) status: String,
    pub(super) automatic_restart_at: Option<String>,
}

#[derive(Serialize)]
pub(super) struct WireChange {
    pub(super) at: String,
    pub(super) state: State,
    pub(super) because: Because,
}

#[derive(Serialize)]
pub(super) struct WireLease<'a> {
    pub(super) holder: &'a str,
    pub(super) since: String,
}

/// One environment as JSON.
pub fn json(view: &StatusView) -> Value {
    json::value(&gather(view))
}

pub(super) fn gather<'a>(view: &'a StatusView<'a>) -> WireStatus<'a> {
    let StatusView { spec, plan, zone, holder, next_change, .. } = *view;
    WireStatus {
        schema: SCHEMA,
        environment: spec.name.as_str(),
        revision: &plan.revision,
        mode: plan.mode,
        state: WireState::of(&plan.state, zone),
        override_: overrides::override_(view.overrides, spec.override_.as_ref(), view.now, zone),
        suspended: overrides::suspension(view.overrides, zone),
        awake: overrides::awake(plan, zone),
        versions: versions(view),
        declared_versions: spec.versions.iter().map(|(key, version)| (key, version.as_str())).collect(),
        schema_version: schema_version(view),
        schema_known: schema_known(view),
        gate: gate::status(view),
        services: services(view),
        other_tasks: other_tasks(view),
        database: database(view),
        conditions: conditions(view),
        blocked: json::blocked(&plan.blocked),
        waiting: json::waiting(&plan.waiting, zone),
        pending_actions: plan.actions.len(),
        next_change: next_change.map(|Change { at, state, because }| WireChange {
            at: json::instant(at, zone),
            state,
            because,
        }),
        lease: holder
            .map(|holder| WireLease { holder: &holder.holder, since: json::instant(holder.since, zone) }),
    }
}

/// Each version key as the images that run show it, read backwards through the templates. Several versions
/// side by side are joined by `, `.
fn versions<'a>(view: &'a StatusView) -> BTreeMap<&'a VersionKey, String> {
    let spec = view.spec;
    let mut found: BTreeMap<&VersionKey, Vec<String>> = BTreeMap::new();
    for (name, service) in &spec.services {
        let Some(Observed::Present(seen)) = view.snapshot.services.get(name) else { continue };
        let images = seen.definition.document.images();
        for (container, template) in &service.images {
            let Some(image) = images.get(container) else { continue };
            let written = image.as_str().split('@').next().unwrap_or_default();
            for key in template.keys() {
                if let Some(version) = template.extract(key, &spec.versions, written) {
                    found.entry(key).or_default().push(version.as_str().to_owned());
                }
            }
        }
    }
    for (site, declared) in &spec.sites {
        let Some(Observed::Present(seen)) = view.snapshot.sites.get(site) else { continue };
        if let (Some(live), [key]) = (&seen.marker.live, declared.source.keys()) {
            found.entry(key).or_default().push(live.version.as_str().to_owned());
        }
    }
    let reached = view.ledger.converged.as_ref();
    spec.versions
        .keys()
        .filter_map(|key| {
            let mut seen = found.remove(key).unwrap_or_default();
            seen.sort();
            seen.dedup();
            let last =
                || reached.and_then(|reached| reached.versions.get(key)).map(|last| last.as_str().to_owned());
            let version = if seen.is_empty() { last() } else { Some(seen.join(", ")) };
            version.map(|version| (key, version))
        })
        .collect()
}

/// Every version that the schema of this environment is known to have, to have had or to be about to have: recorded,
/// declared, running, and those of the last release and of the last migration.
pub fn known_versions(view: &StatusView) -> BTreeSet<Version> {
    let Some(migration) = &view.spec.migration else { return BTreeSet::new() };
    let ledger = view.ledger;
    let running = versions(view).remove(&migration.follows).unwrap_or_default();
    let mut known: BTreeSet<Version> = running.split(", ").map(Version::from).collect();
    known.extend(schema_version(view).map(Version::from));
    known.extend(view.spec.versions.get(&migration.follows).cloned());
    known.extend(ledger.attempt.iter().flat_map(|attempt| [attempt.from.clone(), attempt.to.clone()]));
    known.extend(ledger.release.iter().flat_map(|release| [release.from.clone(), release.to.clone()]));
    known.extend(ledger.converged.iter().flat_map(|reached| reached.schema.values().cloned()));
    known.retain(|version| !version.is_empty());
    known
}

fn schema_version<'a>(view: &'a StatusView) -> Option<&'a str> {
    let seen = view.snapshot.database.as_ref()?.present()?;
    seen.database.tags.get(tag::SCHEMA).map(String::as_str)
}

fn schema_known(view: &StatusView) -> bool {
    let atomic = view.spec.migration.as_ref().is_some_and(|migration| migration.atomic);
    let attempt = view.ledger.attempt.as_ref();
    attempt.is_none_or(|attempt| attempt.leaves_the_schema_known(atomic))
}

fn services<'a>(view: &'a StatusView) -> Vec<WireService<'a>> {
    view.snapshot
        .services
        .iter()
        .map(|(name, observed)| {
            let seen = observed.present();
            let primary = seen.and_then(|seen| seen.service.deployments.iter().find(|one| one.primary));
            WireService {
                name: name.as_str(),
                readable: !matches!(observed, Observed::Unreadable { .. }),
                deleted: seen
                    .map(|seen| seen.service.status)
                    .filter(|status| *status != ServiceStatus::Active)
                    .map(ServiceStatus::as_str),
                desired: seen.map(|seen| seen.service.desired),
                running: seen.map(|seen| seen.service.running),
                pending: seen.map(|seen| seen.service.pending),
                definition: seen.map(|seen| seen.definition.short()),
                rollout: primary.map(|primary| match primary.rollout {
                    Rollout::InProgress => "in-progress",
                    Rollout::Completed => "completed",
                    Rollout::Failed => "failed",
                }),
                images: seen
                    .map(|seen| seen.definition.document.images())
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(container, image)| (container.to_string(), image.to_string()))
                    .collect(),
                reports: seen.map(|seen| seen.reports(view.now)).unwrap_or_default(),
            }
        })
        .collect()
}

fn other_tasks<'a>(view: &'a StatusView) -> Vec<WireTask<'a>> {
    let old_code = view.snapshot.old_code(view.spec);
    let all = view.snapshot.strangers.present().into_iter().flatten();
    let tasks = all.map(|task| WireTask {
        task: &task.arn,
        family: task.family(),
        service: task.service(),
        started_by: &task.started_by,
        follows_migration: old_code.contains(&task),
    });
    tasks.collect()
}

fn database<'a>(view: &'a StatusView) -> Option<WireDatabase<'a>> {
    let declared = view.spec.database.as_ref()?;
    let seen = view.snapshot.database.as_ref()?;
    let status = match seen {
        Observed::Present(seen) => seen.database.status.to_string(),
        Observed::Absent => "missing".to_owned(),
        Observed::Unreadable { .. } => "unreadable".to_owned(),
    };
    let restart = seen.present().and_then(|seen| seen.database.automatic_restart_at);
    Some(WireDatabase {
        identifier: declared.target.identifier(),
        status,
        automatic_restart_at: restart.map(|at| json::instant(at, view.zone)),
    })
}
