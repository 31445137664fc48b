//! One pass of one environment: observe, and run towards the declaration if anything changed.
//!
//! Asynchronous: passes of several environments run side by side. While one waits for its migration, the others
//! continue. When a pass begins is decided elsewhere (`due`).

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use tracing::Instrument as _;

use super::due::PassReason;
use super::log::{self, LogProgress};
use super::shared::SharedInForce;
use crate::cloud::{CachedCloud, Depth, LastObservation};
use crate::context::Backend;
use crate::model::{EnvironmentName, InputsId, Instant};
use crate::plan::{Plan, WaitingReason};
use crate::reconcile::{
    self, ActiveOverrides, CurrentDeclaration, DeclaredEnvironment, Defect, ReconcileError, Reconciler, Run,
    ShutdownLevel,
};
use crate::spec::EnvironmentSpec;

/// What all passes share.
#[derive(Clone)]
pub(super) struct PassContext {
    pub(super) backend: Arc<Backend>,
    pub(super) in_force: SharedInForce,
    /// Who holds the lease, for people.
    pub(super) holder: Arc<str>,
    /// Read at each step, and while a step waits.
    pub(super) shutdown: Arc<dyn Fn() -> ShutdownLevel + Send + Sync>,
}

/// A pass that is to begin.
pub(super) struct DuePass {
    pub(super) declared: Arc<DeclaredEnvironment>,
    pub(super) reason: PassReason,
    /// The newest plan of the last run, and the answers of AWS that a quick observation may use again.
    pub(super) before: Option<(Plan, Arc<LastObservation>)>,
    /// The store may hold the record of a defect, which this pass disproves if it ends.
    pub(super) may_have_defect: bool,
}

/// A pass that has ended.
pub(super) struct EndedPass {
    pub(super) declared: Arc<DeclaredEnvironment>,
    /// What the newest declaration was made of that the pass has seen.
    pub(super) inputs: InputsId,
    /// The newest plan of its run, if it came as far as planning.
    pub(super) plan: Option<Plan>,
    pub(super) began_at: Instant,
    /// Overrides and suspensions at its end.
    pub(super) overrides: ActiveOverrides,
    pub(super) outcome: PassOutcome,
}

/// How a pass ended.
pub(super) enum PassOutcome {
    Run(Box<Result<Run, ReconcileError>>),
    /// Everything is as the last run left it: there was no run.
    Unchanged,
    /// The repository no longer declares the environment: there was no run.
    Undeclared,
    /// A panic ended it, with this message.
    Defect(String),
}

/// Every observation is a full one after this long, even if nothing changed: what a quick one does not ask
/// (associations, newest revisions, tasks, owner) is never older.
const FULL_OBSERVATION_EVERY: Duration = Duration::from_secs(10 * 60);

impl PassContext {
    /// Observes one environment, and runs if anything changed. A panic is the end of this pass and of nothing else: it
    /// happens again after a restart, and a daemon that dies of it would leave every other release behind its gate.
    pub(super) async fn pass(self, due: DuePass, began_at: Instant) -> EndedPass {
        let (declared, may_have_defect) = (due.declared.clone(), due.may_have_defect);
        let name = &declared.spec.name;
        let progress = LogProgress::default();
        let seen = Mutex::new(declared.inputs.clone());
        let attempt = {
            let attempt = pin!(guarded(self.attempt(due, &progress, &seen)));
            match select(attempt, pin!(self.backend.cut(&*self.shutdown))).await {
                Either::Left((ended, _)) => Some(ended.unwrap_or_else(PassOutcome::Defect)),
                Either::Right(_) => None,
            }
        };
        let (now, store) = (self.backend.now(), self.backend.store());
        // Dropped as if the process had died there: the next one resumes.
        let outcome = attempt.unwrap_or_else(|| {
            let run = reconcile::cut_off(&*store, &declared, &self.holder, now);
            PassOutcome::Run(Box::new(run))
        });
        let noted = match &outcome {
            PassOutcome::Defect(message) => {
                Defect { at: now, message: message.clone() }.keep(&*store, name, &self.holder)
            }
            _ if may_have_defect => Defect::forget(&*store, name),
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!(environment = %name, %error, "cannot note in the store whether a defect ended the pass");
        }
        // A record that cannot be read has already failed the pass, and its log line says so.
        let overrides = ActiveOverrides::at(now, &*store, &declared.spec).unwrap_or_default();
        let inputs = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        EndedPass { inputs, plan: progress.plan(), began_at, overrides, outcome, declared: declared.clone() }
    }

    async fn attempt(&self, due: DuePass, progress: &LogProgress, seen: &Mutex<InputsId>) -> PassOutcome {
        let DuePass { declared, reason, before, may_have_defect: _ } = due;
        let name = &declared.spec.name;
        log::pass_begins(name, reason);
        if let (PassReason::Interval, Some((plan, last_observation))) = (reason, &before)
            && self.is_unchanged(name, last_observation, plan).await.is_ok_and(|is_unchanged| is_unchanged)
        {
            return PassOutcome::Unchanged;
        }
        // If the observation failed, the run meets the same error and reports it.
        let refresh_images = matches!(reason, PassReason::Poked | PassReason::Commit);
        let result = self.run(name, refresh_images, progress, seen).await;
        result.map_or(PassOutcome::Undeclared, |result| PassOutcome::Run(Box::new(result)))
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
        let seen = Mutex::new(first.inputs.clone());
        let newest =
            NewestDeclaration { context: self, first: &first.spec, refresh_images: false, seen: &seen };
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
        seen: &Mutex<InputsId>,
    ) -> Option<Result<Run, ReconcileError>> {
        let first = self.in_force.lock().environments.get(environment).cloned()?;
        let cloud = self.backend.cloud(&first.spec);
        let (clock, store) = (self.backend.clock(), self.backend.store());
        let newest = NewestDeclaration { context: self, first: &first.spec, refresh_images, seen };
        let reconciler = Reconciler {
            cloud: &*cloud,
            clock: &*clock,
            store: &*store,
            declared: &newest,
            progress,
            holder: &self.holder,
            deadline: None,
            shutdown: &*self.shutdown,
        };
        let span = tracing::info_span!("reconcile", %environment);
        Some(reconciler.converge(environment).instrument(span).await)
    }
}

/// Runs a pass to its end. `Err`: a panic ended it, with this message in one line.
pub(super) async fn guarded<T>(pass: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(pass).catch_unwind().await.map_err(|panic| message(&*panic))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned()).lines().collect::<Vec<_>>().join(" ")
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
    context: &'a PassContext,
    /// The declaration that the pass began with: its cloud is of that account and region.
    first: &'a EnvironmentSpec,
    refresh_images: bool,
    /// What the newest declaration was made of that was asked for.
    seen: &'a Mutex<InputsId>,
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
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&declared.inputs);
        Some(DeclaredEnvironment::clone(&declared))
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
        let tree = Tree {
            revision: Revision::commit(revision),
            files: [file].into(),
            faults: [].into(),
            links: Vec::new(),
        };
        let mut declarations: InForce = in_force.lock().clone();
        declarations.take(Ok(Poll::Changed(tree)), "environments", "here", now());
        *in_force.lock() = declarations;
    }

    /// A pass during which `meanwhile` happens, as soon as that many steps were begun.
    fn pass(
        in_force: &SharedInForce,
        after: u32,
        meanwhile: impl Fn(&SharedInForce) + Send + Sync + 'static,
    ) -> (Run, Arc<Backend>, tempfile::TempDir) {
        let store = tempfile::tempdir().unwrap();
        let text = |text: &str| Some(text.to_owned());
        let flags =
            Flags { store: text(store.path().to_str().unwrap()), cloud: text("sim"), ..Flags::default() };
        let settings = config::resolve(&flags, |_| None, None).unwrap();
        let access = Access::Change { wait_max: std::time::Duration::ZERO };
        let backend = Arc::new(Backend::open(&settings, &[], access, Some(now())).unwrap());
        let asked = AtomicU32::new(0);
        let shared = in_force.clone();
        let shutdown = move || {
            if asked.fetch_add(1, Ordering::Relaxed) == after {
                meanwhile(&shared);
            }
            ShutdownLevel::None
        };
        let shutdown = Arc::new(shutdown);
        let in_force = in_force.clone();
        let context = PassContext { backend: backend.clone(), in_force, holder: "test".into(), shutdown };
        let (progress, seen) = (LogProgress::default(), Mutex::new(InputsId::new("")));
        let ended = backend.block_on(context.run(&"shop".into(), false, &progress, &seen));
        (ended.unwrap().unwrap(), backend, store)
    }

    #[test]
    fn a_newer_commit_replaces_the_plan_at_the_next_step() {
        let in_force = SharedInForce::default();
        commit(&in_force, "a", "", "");
        let (run, backend, _store) =
            pass(&in_force, 4, |in_force| commit(in_force, "b", "core: v1.4.0", "core: v1.5.0"));
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
            let (run, ..) = pass(&in_force, 4, move |in_force| {
                in_force.lock().environments.remove("shop");
                commit(in_force, "b", from, to);
            });
            assert_eq!(run.outcome, Some(RunOutcome::Unmanaged), "{to}");
            assert!(!run.steps.is_empty(), "it had begun");
        }
    }
}
