//! Observing and planning without acting: for `plan`, `status`, and before each step.

use super::declared::CurrentDeclaration;
use super::error::ReconcileError;
use super::overrides::ActiveOverrides;
use super::run::Run;
use super::{expected, overrides, request};
use crate::clock::Clock;
use crate::cloud::CloudRead;
use crate::model::{EnvironmentName, Instant, Mode};
use crate::observe::{self, ObserveOptions, Snapshot};
use crate::plan::{self, Expected, Plan, PlanningInput, Topic};
use crate::reconcile::DeclaredEnvironment;
use crate::schedule::{self, Override, StateInputs};
use crate::spec::{DeclaredThen, EnvironmentSpec};
use crate::store::Store;
use crate::store::journal::{Converged, Event, JournalError, Ledger, read_ledger};

/// Runs that say how long things take.
const RUNS_MAX: usize = 30;

/// An observation, and the plan made from it.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The actions that are due.
    pub plan: Plan,
    /// The observation.
    pub snapshot: Snapshot,
    /// The folded journal: what was begun and what is recorded.
    pub ledger: Ledger,
    /// The plan for the end of the wait for a window or for the morning, if nothing changes before.
    pub later: Option<Later>,
    /// Overrides and suspensions in effect.
    pub standing: ActiveOverrides,
}

/// A plan for an instant to come.
#[derive(Clone, Debug)]
pub struct Later {
    /// The instant that was planned for.
    pub at: Instant,
    /// The actions due then.
    pub plan: Plan,
}

/// Observes one environment and plans, also for the instant at which a waiting release may begin. Writes
/// nothing anywhere.
///
/// # Errors
/// When the store cannot be read. Parts of AWS that are unreadable are named in the plan.
pub async fn preview(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    store: &dyn Store,
    declared: &dyn CurrentDeclaration,
) -> Result<Option<Preview>, ReconcileError> {
    let options = ObserveOptions { refresh_images: declared.refresh_images(), all_images: false };
    Ok(look(cloud, clock, store, declared, options).await?.map(|(input, standing)| shown(input, standing)))
}

/// The same, and everything that a release needs, whether or not one is due: every image is looked up.
///
/// # Errors
/// As [`preview`].
pub async fn preflight(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    store: &dyn Store,
    declared: &dyn CurrentDeclaration,
) -> Result<Option<(Preview, Vec<Topic>)>, ReconcileError> {
    let options = ObserveOptions { refresh_images: declared.refresh_images(), all_images: true };
    let seen = look(cloud, clock, store, declared, options).await?;
    Ok(seen.map(|(input, standing)| {
        let topics = plan::preflight(&input);
        (shown(input, standing), topics)
    }))
}

async fn look(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    store: &dyn Store,
    declared: &dyn CurrentDeclaration,
    options: ObserveOptions,
) -> Result<Option<(PlanningInput, ActiveOverrides)>, ReconcileError> {
    let Some(wanted) = declared.current() else { return Ok(None) };
    let mut ledger = read_ledger(store, &wanted.spec.name)?;
    // The plan shows what an operator request leads to before a run has journaled it.
    let asked = request::waiting(store, &wanted.spec.name)?;
    let standing = ActiveOverrides::at(clock.now(), store, &wanted.spec)?;
    if let Some(request) = &asked
        && standing.mode(wanted.spec.mode) == Mode::Enforce
    {
        let asked = Event::Requested(request.clone());
        ledger.apply(clock.now(), &asked).map_err(JournalError::from)?;
    }
    let expected = expect(store, &wanted.spec.name)?;
    let look = Look { cloud, clock, store, expected };
    let input = look.input(wanted, ledger, &standing, options, declared.gives_grace()).await;
    Ok(Some((input, standing)))
}

fn shown(input: PlanningInput, standing: ActiveOverrides) -> Preview {
    let over = standing.runtime_override();
    let plan = plan::plan(&input);
    let begins_at = plan.waiting.iter().filter(|waiting| waiting.reason.holds_a_release());
    let later = begins_at.filter_map(|waiting| waiting.until).min().map(|at| {
        let says = says(&input.spec, over.as_ref());
        let desired = schedule::state_at(at, &says);
        Later { at, plan: plan::plan(&PlanningInput { now: at, desired, ..input.clone() }) }
    });
    Preview { plan, later, snapshot: input.snapshot, ledger: input.ledger, standing }
}

/// Whether an observation leads to the plan that the last run ended with, and no operator request is new since.
///
/// # Errors
/// When the store cannot be read.
pub async fn is_unchanged(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    store: &dyn Store,
    declared: &dyn CurrentDeclaration,
    last: &Plan,
) -> Result<bool, ReconcileError> {
    let Some(wanted) = declared.current() else { return Ok(false) };
    if request::waiting(store, &wanted.spec.name)?.is_some() {
        return Ok(false);
    }
    let ledger = read_ledger(store, &wanted.spec.name)?;
    let is_noted = wanted.spec.mode == Mode::Enforce;
    if is_noted && overrides::has_news(clock.now(), store, &wanted.spec, &ledger)? {
        return Ok(false);
    }
    let seen = preview(cloud, clock, store, declared).await?;
    // A commit that does not concern the environment changes nothing but the revision.
    let is_same = |plan: Plan| Plan { revision: last.revision.clone(), ..plan } == *last;
    Ok(seen.is_some_and(|seen| is_same(seen.plan)))
}

/// Everything that has a say in the state of an environment.
fn says<'a>(spec: &'a EnvironmentSpec, runtime_override: Option<&'a Override>) -> StateInputs<'a> {
    StateInputs {
        state: spec.state,
        schedule: spec.schedule.as_ref(),
        git_override: spec.override_.as_ref(),
        runtime_override,
    }
}

/// How long things take here.
pub(super) fn expect(store: &dyn Store, environment: &EnvironmentName) -> Result<Expected, ReconcileError> {
    let runs = store.list_runs(environment, RUNS_MAX)?;
    // A run that another version of tidegate saved in another shape is ignored.
    let runs: Vec<Run> = runs.into_iter().filter_map(|run| serde_json::from_value(run.value).ok()).collect();
    Ok(expected::from(&runs))
}

/// Everything that an observation and its plan need.
pub(super) struct Look<'a> {
    pub(super) cloud: &'a dyn CloudRead,
    pub(super) clock: &'a dyn Clock,
    pub(super) store: &'a dyn Store,
    pub(super) expected: Expected,
}

impl Look<'_> {
    /// Observes and plans.
    pub(super) async fn once(
        &self,
        wanted: DeclaredEnvironment,
        ledger: Ledger,
        declared: &dyn CurrentDeclaration,
    ) -> Result<Preview, ReconcileError> {
        let standing = ActiveOverrides::at(self.clock.now(), self.store, &wanted.spec)?;
        let options = ObserveOptions { refresh_images: declared.refresh_images(), all_images: false };
        let input = self.input(wanted, ledger, &standing, options, declared.gives_grace()).await;
        let plan = plan::plan(&input);
        Ok(Preview { plan, later: None, snapshot: input.snapshot, ledger: input.ledger, standing })
    }

    /// Observes: everything that a plan is made from.
    async fn input(
        &self,
        wanted: DeclaredEnvironment,
        ledger: Ledger,
        standing: &ActiveOverrides,
        options: ObserveOptions,
        gives_grace: bool,
    ) -> PlanningInput {
        let DeclaredEnvironment { spec, revision, inputs } = wanted;
        let over = standing.runtime_override();
        let desired = schedule::state_at(self.clock.now(), &says(&spec, over.as_ref()));
        // Moving tags are resolved again on a commit that concerns the environment, a wake and a poke, until it has
        // converged.
        let is_edited = |reached: &Converged| {
            let then = DeclaredThen { versions: &reached.versions, fingerprints: &reached.declaration };
            !then.is_unchanged(&spec)
        };
        let refresh_images = options.refresh_images
            || ledger.converged.as_ref().is_none_or(|reached| {
                !reached.is_of(&revision, &inputs) || reached.state != desired.state || is_edited(reached)
            });
        let options = ObserveOptions { refresh_images, ..options };
        let snapshot = observe::observe(self.cloud, self.clock, &spec, &ledger, options).await;
        PlanningInput {
            now: self.clock.now(),
            revision,
            mode: standing.mode(spec.mode),
            grace: gives_grace.then_some(spec.grace),
            spec,
            desired,
            snapshot,
            ledger: ledger.in_present(self.clock),
            store: self.store.id(),
            refresh_images,
            expected: self.expected,
        }
    }
}
