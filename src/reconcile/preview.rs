//! Looking and planning without acting: for `plan`, `status`, and the look before each step.

use super::expected;
use super::run::Run;
use super::runner::ReconcileError;
use super::wanted::Wishes;
use crate::clock::Clock;
use crate::cloud::CloudRead;
use crate::execute::read_ledger;
use crate::model::EnvironmentName;
use crate::observe::{self, ObserveOptions, Snapshot};
use crate::plan::{self, Expected, Plan, PlanningInput};
use crate::reconcile::Wanted;
use crate::schedule::{self, Declared, Override};
use crate::store::Store;
use crate::store::journal::Ledger;

/// Runs that say how long things take.
const RUNS_MAX: usize = 30;

/// A look, and what would be done about it.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What would be done.
    pub plan: Plan,
    /// What is.
    pub snapshot: Snapshot,
    /// What was begun.
    pub ledger: Ledger,
}

/// Looks at one environment and plans. Writes nothing anywhere.
///
/// # Errors
/// When the store cannot be read. What cannot be read of the cloud stands in the plan.
pub async fn preview(
    cloud: &dyn CloudRead,
    clock: &dyn Clock,
    store: &dyn Store,
    wishes: &dyn Wishes,
) -> Result<Option<Preview>, ReconcileError> {
    let Some(wanted) = wishes.current() else { return Ok(None) };
    let ledger = read_ledger(store, &wanted.spec.name)?;
    let expected = expect(store, &wanted.spec.name)?;
    let look = Look { cloud, clock, store, expected };
    Ok(Some(look.once(wanted, ledger, wishes.runtime_override().as_ref(), wishes.refresh_images()).await))
}

/// How long things take here.
pub(super) fn expect(store: &dyn Store, environment: &EnvironmentName) -> Result<Expected, ReconcileError> {
    let runs = store.list_runs(environment, RUNS_MAX)?;
    // A run of another version of the program says nothing; it is no reason to stop.
    let runs: Vec<Run> = runs.into_iter().filter_map(|run| serde_json::from_value(run.value).ok()).collect();
    Ok(expected::from(&runs))
}

/// What a look is taken with.
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
        wanted: Wanted,
        ledger: Ledger,
        runtime_override: Option<&Override>,
        poked: bool,
    ) -> Preview {
        let Wanted { spec, revision } = wanted;
        let says = Declared {
            state: spec.state,
            schedule: spec.schedule.as_ref(),
            git_override: spec.override_.as_ref(),
            runtime_override,
        };
        let desired = schedule::state_at(self.clock.now(), &says);
        // Moving tags are resolved again on a commit, a wake and a poke, until what they bring is reached.
        let refresh_images = poked
            || ledger
                .converged
                .as_ref()
                .is_none_or(|reached| reached.revision != revision || reached.state != desired.state);
        let options = ObserveOptions { refresh_images };
        let snapshot = observe::observe(self.cloud, self.clock, &spec, &ledger, options).await;
        let input = PlanningInput {
            now: self.clock.now(),
            revision,
            spec,
            desired,
            snapshot,
            ledger,
            store: self.store.id(),
            refresh_images,
            expected: self.expected,
        };
        let plan = plan::plan(&input);
        Preview { plan, snapshot: input.snapshot, ledger: input.ledger }
    }
}
