//! One pass of one environment: observe, and run towards the declaration if anything changed.
//!
//! Asynchronous: passes of several environments run side by side. While one waits for its migration, the others
//! continue. When a pass begins is decided elsewhere (`due`).

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;

use super::due::PassReason;
use super::log::{self, LogProgress};
use super::shared::SharedInForce;
use crate::cloud::{CachedCloud, Depth, LastObservation};
use crate::context::Backend;
use crate::model::{EnvironmentName, Instant};
use crate::plan::{Plan, WaitingReason};
use crate::reconcile::{
    self, CurrentDeclaration, DeclaredEnvironment, ReconcileError, Reconciler, Run, ShutdownLevel,
};
use crate::spec::EnvironmentSpec;

/// What all passes share.
#[derive(Clone, Copy)]
pub(super) struct PassContext<'a> {
    pub(super) backend: &'a Backend,
    pub(super) in_force: &'a SharedInForce,
    /// Who holds the lease, for people.
    pub(super) holder: &'a str,
    /// Read at each step, and while a step waits.
    pub(super) shutdown: &'a (dyn Fn() -> ShutdownLevel + Send + Sync),
}

/// A pass that is to begin.
pub(super) struct DuePass {
    pub(super) declared: DeclaredEnvironment,
    pub(super) reason: PassReason,
    /// The newest plan of the last run, and the answers of AWS that a quick observation may use again.
    pub(super) before: Option<(Plan, Arc<LastObservation>)>,
}

/// A pass that has ended.
pub(super) struct EndedPass {
    pub(super) declared: DeclaredEnvironment,
    /// The newest plan of its run, if it came as far as planning.
    pub(super) plan: Option<Plan>,
    pub(super) began_at: Instant,
    pub(super) outcome: PassOutcome,
}

/// How a pass ended.
pub(super) enum PassOutcome {
    Run(Box<Result<Run, ReconcileError>>),
    /// Everything is as the last run left it: there was no run.
    Unchanged,
    /// The repository no longer declares the environment: there was no run.
    Undeclared,
}

/// Every observation is a full one after this long, even if nothing changed: what a quick one does not ask
/// (associations, newest revisions, tasks, owner) is never older.
const FULL_OBSERVATION_EVERY: Duration = Duration::from_secs(10 * 60);

impl PassContext<'_> {
    /// Observes one environment, and runs if anything changed.
    pub(super) async fn pass(self, due: DuePass, began_at: Instant) -> EndedPass {
        let DuePass { declared, reason, before } = due;
        let name = &declared.spec.name;
        log::pass_begins(name, reason);
        if let (PassReason::Interval, Some((plan, last_observation))) = (reason, &before)
            && self.is_unchanged(name, last_observation, plan).await.is_ok_and(|is_unchanged| is_unchanged)
        {
            return EndedPass { declared, plan: None, began_at, outcome: PassOutcome::Unchanged };
        }
        // If the observation failed, the run meets the same error and reports it.
        let progress = LogProgress::default();
        let result = self.run(name, reason == PassReason::Poked, &progress).await;
        let outcome = result.map_or(PassOutcome::Undeclared, |result| PassOutcome::Run(Box::new(result)));
        EndedPass { declared, plan: progress.plan(), began_at, outcome }
    }

    /// Whether an environment is just as the last run left it: then another run would do nothing. If that run
    /// left nothing to do and nothing blocked, a quick observation is enough.
    async fn is_unchanged(
        &self,
        environment: &EnvironmentName,
        last_observation: &LastObservation,
        last: &Plan,
    ) -> Result<bool, ReconcileError> {
        let Some(first) = self.in_force.lock().environments.get(environment).cloned() else {
            return Ok(false);
        };
        let cloud = self.backend.cloud(&first.spec);
        let (clock, store) = (self.backend.clock(), self.backend.store());
        let now = clock.monotonic();
        let is_fresh =
            last_observation.since().is_some_and(|since| now.since(since) < FULL_OBSERVATION_EVERY);
        let depth = if is_fresh && is_at_rest(last) { Depth::Quick } else { Depth::Full };
        if depth == Depth::Full {
            last_observation.begin(now);
        }
        let newest = NewestDeclaration { context: *self, first: &first.spec, refresh_images: false };
        let cloud = CachedCloud { cloud: &*cloud, last_observation, depth };
        let span = tracing::info_span!("look", %environment);
        reconcile::is_unchanged(&cloud, &*clock, &*store, &newest, last).instrument(span).await
    }

    /// One run. None: the repository no longer declares the environment.
    async fn run(
        &self,
        environment: &EnvironmentName,
        refresh_images: bool,
        progress: &LogProgress,
    ) -> Option<Result<Run, ReconcileError>> {
        let first = self.in_force.lock().environments.get(environment).cloned()?;
        let cloud = self.backend.cloud(&first.spec);
        let (clock, store) = (self.backend.clock(), self.backend.store());
        let newest = NewestDeclaration { context: *self, first: &first.spec, refresh_images };
        let reconciler = Reconciler {
            cloud: &*cloud,
            clock: &*clock,
            store: &*store,
            declared: &newest,
            progress,
            holder: self.holder,
            deadline: None,
            shutdown: self.shutdown,
        };
        let span = tracing::info_span!("reconcile", %environment);
        Some(reconciler.converge(environment).instrument(span).await)
    }
}

/// Whether a plan has no action, nothing blocked, and waits for nothing that a quick observation would miss.
fn is_at_rest(plan: &Plan) -> bool {
    let calendar = |reason| matches!(reason, WaitingReason::Asleep | WaitingReason::Window);
    plan.actions.is_empty()
        && plan.blocked.is_empty()
        && plan.waiting.iter().all(|waiting| calendar(waiting.reason))
}

/// The declaration of one environment in the newest commit, read again at each step.
struct NewestDeclaration<'a> {
    context: PassContext<'a>,
    /// The declaration that the pass began with: its cloud is of that account and region.
    first: &'a EnvironmentSpec,
    refresh_images: bool,
}

impl CurrentDeclaration for NewestDeclaration<'_> {
    fn current(&self) -> Option<DeclaredEnvironment> {
        let declared = self.context.in_force.lock().environments.get(&self.first.name).cloned()?;
        let place =
            |spec: &EnvironmentSpec| (spec.account.clone(), spec.region.clone(), spec.assume_role.clone());
        // An environment that moved elsewhere belongs to the next pass: this one acts in the old place.
        if place(&declared.spec) != place(self.first) {
            return None;
        }
        self.context.backend.learn(std::slice::from_ref(&declared.spec));
        Some(declared)
    }

    fn refresh_images(&self) -> bool {
        self.refresh_images
    }

    fn gives_grace(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::config::{self, Flags};
    use crate::context::Access;
    use crate::daemon::in_force::InForce;
    use crate::model::{Instant, Revision};
    use crate::reconcile::RunOutcome;
    use crate::source::{Poll, Tree};

    const SHOP: &str = include_str!("../../tests/cases/plan/shop.yaml");

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    /// A commit comes in, with this text instead of that one.
    fn commit(in_force: &SharedInForce, revision: &str, from: &str, to: &str) {
        let file = ("environments/shop.yaml".to_owned(), SHOP.replace(from, to).into_bytes());
        let tree = Tree { revision: Revision::commit(revision), files: [file].into(), links: Vec::new() };
        let mut declarations: InForce = in_force.lock().clone();
        declarations.take(Ok(Poll::Changed(tree)), "environments", "here", now());
        *in_force.lock() = declarations;
    }

    /// A pass during which `meanwhile` happens, as soon as that many steps were begun.
    fn pass(
        in_force: &SharedInForce,
        after: u32,
        meanwhile: impl Fn() + Send + Sync,
    ) -> (Run, Backend, tempfile::TempDir) {
        let store = tempfile::tempdir().unwrap();
        let text = |text: &str| Some(text.to_owned());
        let flags =
            Flags { store: text(store.path().to_str().unwrap()), cloud: text("sim"), ..Flags::default() };
        let settings = config::resolve(&flags, |_| None, None).unwrap();
        let access = Access::Change { wait_max: std::time::Duration::ZERO };
        let backend = Backend::open(&settings, &[], access, Some(now())).unwrap();
        let asked = AtomicU32::new(0);
        let shutdown = || {
            if asked.fetch_add(1, Ordering::Relaxed) == after {
                meanwhile();
            }
            ShutdownLevel::None
        };
        let context = PassContext { backend: &backend, in_force, holder: "test", shutdown: &shutdown };
        let progress = LogProgress::default();
        let ended = backend.block_on(context.run(&"shop".into(), false, &progress));
        (ended.unwrap().unwrap(), backend, store)
    }

    #[test]
    fn a_newer_commit_replaces_the_plan_at_the_next_step() {
        let in_force = SharedInForce::default();
        commit(&in_force, "a", "", "");
        let (run, backend, _store) =
            pass(&in_force, 4, || commit(&in_force, "b", "core: v1.4.0", "core: v1.5.0"));
        assert_eq!((run.outcome, run.revision.as_str()), (Some(RunOutcome::Converged), "b"));
        assert_eq!(run.release.unwrap().to.as_str(), "v1.5.0");
        let log = crate::store::journal::read_events(&*backend.store(), &"shop".into()).unwrap();
        let migrations = log
            .iter()
            .filter(|(_, event)| matches!(event, crate::store::journal::Event::MigrationIntent { .. }));
        assert_eq!(migrations.count(), 1, "the version that was overtaken never migrated");
    }

    #[test]
    fn an_environment_that_was_removed_or_moved_ends_the_run_at_the_next_step() {
        for (from, to) in [("name: shop", "name: kiosk"), ("region: eu-central-1", "region: eu-west-1")] {
            let in_force = SharedInForce::default();
            commit(&in_force, "a", "", "");
            let (run, ..) = pass(&in_force, 4, || {
                in_force.lock().environments.remove("shop");
                commit(&in_force, "b", from, to);
            });
            assert_eq!(run.outcome, Some(RunOutcome::Unmanaged), "{to}");
            assert!(!run.steps.is_empty(), "it had begun");
        }
    }
}
