//! What `plan`, `status` and the operator requests share: they read the declarations and AWS, plan, and make the
//! value that is shown. Nothing here changes anything.

use std::collections::BTreeMap;

use super::declared;
use super::error::CliError;
use super::ui;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context::{self, Access, Backend, DeclaredTree};
use crate::model::{Instant, ServiceName};
use crate::observe::Observed;
use crate::plan::{ActionKind, Topic};
use crate::reconcile::{Defect, Preview, Run};
use crate::report::{PlanView, StatusView, diff, time_format};
use crate::schedule;
use crate::spec::EnvironmentSpec;
use crate::store::LeaseHolder;

/// One environment: its declaration, the observation, the plan, and what the store knows.
pub(super) struct EnvironmentPreview {
    pub(super) spec: EnvironmentSpec,
    pub(super) preview: Preview,
    /// The preflight checks, where they were asked for.
    pub(super) preflight: Option<Vec<Topic>>,
    /// The process that holds the lease now.
    pub(super) holder: Option<LeaseHolder>,
    /// The panic that ended the daemon's last pass.
    pub(super) defect: Option<Defect>,
    /// The newest run that is not running now.
    pub(super) last_run: Option<Run>,
    /// When AWS was read, or the instant that was planned for.
    pub(super) now: Instant,
}

/// How to preview one environment.
#[derive(Clone, Copy, Default)]
pub(super) struct PreviewOptions {
    /// Plan for this instant instead of now.
    pub(super) at: Option<Instant>,
    /// Run the preflight checks, whether or not a release is due.
    pub(super) preflight: bool,
}

/// Previews one environment as an `apply` would act on it.
pub(super) fn one(
    settings: &Settings,
    name: &str,
    intent: &str,
    options: PreviewOptions,
) -> Result<EnvironmentPreview, CliError> {
    let PreviewOptions { at, preflight } = options;
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, name, intent)?.clone();
    let backend = open(settings, &declared, at)?;
    if let Some(at) = at.filter(|at| *at < backend.opened_at()) {
        let zone = time_format::zone_of(&spec);
        return Err(CliError::failure(format!("`--at {}` is in the past", time_format::rfc3339(at, zone)))
            .because_of(format!("it is now {}", time_format::local(backend.opened_at(), zone)))
            .hint("give an instant in the future, or leave `--at` out to plan for now: AWS keeps no past state to plan from"));
    }
    let purpose = if preflight { Purpose::Preflight } else { Purpose::Apply };
    preview(&backend, &declared, spec, intent, purpose)
}

/// Previews one environment, or all valid ones, as the daemon would act on them.
pub(super) fn several(
    settings: &Settings,
    name: Option<&str>,
    intent: &str,
) -> Result<Vec<EnvironmentPreview>, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let specs: Vec<EnvironmentSpec> =
        declared::environments(&declared, name, intent)?.into_values().cloned().collect();
    let backend = open(settings, &declared, None)?;
    specs.into_iter().map(|spec| preview(&backend, &declared, spec, intent, Purpose::Status)).collect()
}

fn open(settings: &Settings, declared: &DeclaredTree, at: Option<Instant>) -> Result<Backend, CliError> {
    let specs: Vec<EnvironmentSpec> = declared.environments().values().cloned().collect();
    Ok(Backend::open(settings, &specs, Access::Look, at)?)
}

/// Which plan is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// The plan of a one-shot `apply`.
    Apply,
    /// The same, and every preflight check.
    Preflight,
    /// The plan of the daemon, which waits `grace` before it stops what a person has started.
    Status,
}

fn preview(
    backend: &Backend,
    declared: &DeclaredTree,
    spec: EnvironmentSpec,
    intent: &str,
    purpose: Purpose,
) -> Result<EnvironmentPreview, CliError> {
    let wanted = declared.wanted(&spec);
    let result = match purpose {
        Purpose::Preflight => backend.preflight(&wanted).map(|(preview, topics)| (preview, Some(topics))),
        Purpose::Apply => backend.preview(&wanted).map(|preview| (preview, None)),
        Purpose::Status => backend.preview_with_grace(&wanted).map(|preview| (preview, None)),
    };
    let (preview, preflight) =
        result.map_err(|error| CliError::from(error).about(format!("cannot {intent} `{}`", spec.name)))?;
    let store = backend.store();
    let holder = store.lease_holder(&spec.name)?;
    let runs = store.list_runs(&spec.name, 2)?.into_iter();
    // A run that another version of the program wrote may be unreadable; that is no reason to show nothing.
    let mut runs = runs.filter_map(|run| serde_json::from_value::<Run>(run.value).ok());
    let last_run = runs.find(|run| holder.as_ref().is_none_or(|lease| !run.is_under(lease.fencing)));
    let defect = Defect::last_seen(&*store, &spec.name)?;
    Ok(EnvironmentPreview { spec, preview, preflight, holder, defect, last_run, now: backend.now() })
}

/// The plan, to be shown.
pub(super) fn plan_view(of: &EnvironmentPreview) -> PlanView<'_> {
    let EnvironmentPreview { spec, preview, preflight, now, .. } = of;
    PlanView {
        environment: &spec.name,
        plan: &preview.plan,
        before: preview.ledger.converged.as_ref().map(|converged| &converged.revision),
        now: *now,
        zone: time_format::zone_of(spec),
        page: ui::page(),
        diffs: diffs(preview),
        later: preview.later.as_ref(),
        git_override: spec.override_.as_ref(),
        overrides: &preview.standing,
        preflight: preflight.as_deref(),
    }
}

/// The status, to be shown.
pub(super) fn status_view(of: &EnvironmentPreview) -> StatusView<'_> {
    let EnvironmentPreview { spec, preview, preflight: _, holder, defect, last_run, now } = of;
    StatusView {
        spec,
        plan: &preview.plan,
        snapshot: &preview.snapshot,
        ledger: &preview.ledger,
        last_run: last_run.as_ref(),
        defect: defect.as_ref(),
        holder: holder.as_ref(),
        next_change: schedule::next_change(
            *now,
            &context::says(spec, preview.standing.runtime_override().as_ref()),
        ),
        overrides: &preview.standing,
        now: *now,
        zone: time_format::zone_of(spec),
        page: ui::page(),
    }
}

/// The lines that change inside the task definitions of services that are rolled.
fn diffs(preview: &Preview) -> BTreeMap<ServiceName, Vec<String>> {
    let rolled = preview.plan.actions.iter().filter_map(|action| match &action.kind {
        ActionKind::StartService(start) => Some((&start.service, start.definition.as_ref()?)),
        _ => None,
    });
    rolled
        .filter_map(|(service, definition)| {
            let Some(Observed::Present(seen)) = preview.snapshot.services.get(service) else { return None };
            let candidates = [&seen.newest, &seen.definition];
            let template = candidates.into_iter().find(|candidate| candidate.arn == definition.template)?;
            let after = template.document.with_images(&definition.images);
            let lines = diff::definition_diff(&seen.definition.document, &after);
            (!lines.is_empty()).then(|| (service.clone(), lines))
        })
        .collect()
}
