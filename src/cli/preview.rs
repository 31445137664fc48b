//! What verbs that look have in common: declarations, one preview an environment, and the views of it.

use std::collections::BTreeMap;

use super::declared;
use super::error::CliError;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context::{self, Access, Backend, DeclaredTree};
use crate::model::{Instant, ServiceName};
use crate::observe::Observed;
use crate::plan::{ActionKind, Topic};
use crate::reconcile::{DeclaredEnvironment, Preview, Run};
use crate::report::status::StatusView;
use crate::report::{PlanView, diff, time_format};
use crate::schedule;
use crate::spec::EnvironmentSpec;
use crate::store::LeaseHolder;

/// An environment that was looked at.
pub(super) struct Looked {
    /// What is declared.
    pub(super) spec: EnvironmentSpec,
    /// What was seen and planned.
    pub(super) seen: Seen,
}

/// What was seen and planned, with the moment of it.
pub(super) struct Seen {
    pub(super) preview: Preview,
    /// What a release needs, if that was asked.
    pub(super) preflight: Option<Vec<Topic>>,
    pub(super) holder: Option<LeaseHolder>,
    pub(super) last_run: Option<Run>,
    pub(super) now: Instant,
}

impl std::ops::Deref for Seen {
    type Target = Preview;

    fn deref(&self) -> &Preview {
        &self.preview
    }
}

/// How closely an environment is looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Closely {
    /// As if it were then.
    pub(super) at: Option<Instant>,
    /// Everything that a release needs, too.
    pub(super) preflight: bool,
}

/// Looks at one environment.
pub(super) fn one(
    settings: &Settings,
    name: &str,
    intent: &str,
    closely: Closely,
) -> Result<Looked, CliError> {
    let Closely { at, preflight } = closely;
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, name, intent)?.clone();
    let backend = open(settings, &declared, at)?;
    if let Some(at) = at.filter(|at| *at < backend.opened_at()) {
        let zone = time_format::zone_of(&spec);
        return Err(CliError::failure(format!("`--at {}` lies in the past", time_format::rfc3339(at, zone)))
            .because_of(format!("it is {} in this world", time_format::local(backend.opened_at(), zone)))
            .hint("plan for now, or for an instant to come: the world as it was is not kept"));
    }
    let how = if preflight { How::Preflight } else { How::Once };
    let seen = see(&backend, &declared, &spec, intent, how)?;
    Ok(Looked { spec, seen })
}

/// Looks at one environment or at all valid ones.
pub(super) fn several(
    settings: &Settings,
    name: Option<&str>,
    intent: &str,
) -> Result<Vec<Looked>, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let specs: Vec<EnvironmentSpec> =
        declared::environments(&declared, name, intent)?.into_values().cloned().collect();
    let backend = open(settings, &declared, None)?;
    let look = |spec: EnvironmentSpec| {
        let seen = see(&backend, &declared, &spec, intent, How::Patiently)?;
        Ok(Looked { spec, seen })
    };
    specs.into_iter().map(look).collect()
}

fn open(settings: &Settings, declared: &DeclaredTree, at: Option<Instant>) -> Result<Backend, CliError> {
    let specs: Vec<EnvironmentSpec> = declared.environments().values().cloned().collect();
    Ok(Backend::open(settings, &specs, Access::Look, at)?)
}

/// How an environment is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// As an `apply` would.
    Once,
    /// As an `apply` would, with everything that a release needs.
    Preflight,
    /// As whoever goes on acting would: a status tells how it stands.
    Patiently,
}

fn see(
    backend: &Backend,
    declared: &DeclaredTree,
    spec: &EnvironmentSpec,
    intent: &str,
    how: How,
) -> Result<Seen, CliError> {
    let wanted = DeclaredEnvironment { spec: spec.clone(), revision: declared.tree.revision.clone() };
    let looked = match how {
        How::Preflight => backend.preflight(&wanted).map(|(preview, topics)| (preview, Some(topics))),
        How::Once => backend.preview(&wanted).map(|preview| (preview, None)),
        How::Patiently => backend.preview_with_grace(&wanted).map(|preview| (preview, None)),
    };
    let (preview, preflight) =
        looked.map_err(|error| CliError::from(error).about(format!("cannot {intent} `{}`", spec.name)))?;
    let store = backend.store();
    let holder = store.lease_holder(&spec.name)?;
    let runs = store.list_runs(&spec.name, 2)?.into_iter();
    // A run of another version of the program says nothing; it is no reason to show nothing.
    let mut runs = runs.filter_map(|run| serde_json::from_value::<Run>(run.value).ok());
    let last_run = runs.find(|run| holder.as_ref().is_none_or(|lease| !run.is_under(lease.fencing)));
    Ok(Seen { preview, preflight, holder, last_run, now: backend.now() })
}

/// The plan, to be shown.
pub(super) fn plan_view<'a>(spec: &'a EnvironmentSpec, seen: &'a Seen) -> PlanView<'a> {
    PlanView {
        environment: &spec.name,
        plan: &seen.plan,
        before: seen.ledger.converged.as_ref().map(|converged| &converged.revision),
        now: seen.now,
        zone: time_format::zone_of(spec),
        diffs: diffs(&seen.preview),
        later: seen.later.as_ref(),
        git_override: spec.override_.as_ref(),
        standing: &seen.standing,
        preflight: seen.preflight.as_deref(),
    }
}

/// What changes inside the definitions of services that are rolled.
fn diffs(preview: &Preview) -> BTreeMap<ServiceName, Vec<String>> {
    let rolled = preview.plan.actions.iter().filter_map(|action| match &action.kind {
        ActionKind::StartService(start) => Some((&start.service, start.definition.as_ref()?)),
        _ => None,
    });
    rolled
        .filter_map(|(service, definition)| {
            let Some(Observed::Present(seen)) = preview.snapshot.services.get(service) else { return None };
            let known = [&seen.newest, &seen.definition];
            let template = known.into_iter().find(|known| known.arn == definition.template)?;
            let after = template.document.with_images(&definition.images);
            let lines = diff::definition_diff(&seen.definition.document, &after);
            (!lines.is_empty()).then(|| (service.clone(), lines))
        })
        .collect()
}

/// The status, to be shown.
pub(super) fn status_view<'a>(spec: &'a EnvironmentSpec, seen: &'a Seen) -> StatusView<'a> {
    StatusView {
        spec,
        plan: &seen.plan,
        snapshot: &seen.snapshot,
        ledger: &seen.ledger,
        last_run: seen.last_run.as_ref(),
        holder: seen.holder.as_ref(),
        next_change: schedule::next_change(
            seen.now,
            &context::says(spec, seen.standing.runtime_override().as_ref()),
        ),
        standing: &seen.standing,
        now: seen.now,
        zone: time_format::zone_of(spec),
    }
}
