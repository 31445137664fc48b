//! One pass of one environment: a run towards what is declared, as far as it goes by itself.
//!
//! Asynchronous, and without a word about when: environments go side by side, and while one of them waits for
//! its migration the others go on.

use tracing::Instrument as _;

use super::log::Narrator;
use super::polling::SharedInForce;
use crate::cloud::{LastLook, Pace, Remembering};
use crate::context::Backend;
use crate::model::EnvironmentName;
use crate::plan::{Plan, WaitingReason};
use crate::reconcile::{
    self, CurrentDeclaration, DeclaredEnvironment, ReconcileError, Reconciler, Run, ShutdownLevel,
};
use crate::spec::EnvironmentSpec;

/// What all passes share.
#[derive(Clone, Copy)]
pub(super) struct Passes<'a> {
    pub(super) backend: &'a Backend,
    pub(super) head: &'a SharedInForce,
    /// Who acts, for people.
    pub(super) holder: &'a str,
    /// Asked at each step, and while something is waited for.
    pub(super) haste: &'a (dyn Fn() -> ShutdownLevel + Send + Sync),
}

/// Everything is asked again after this long, however quiet it is: what a quick look does not ask (associations,
/// newest revisions, tasks, owner) is never older.
const THOROUGH: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

impl Passes<'_> {
    /// Whether a look finds an environment just as the last pass left it: then a run would do nothing. With
    /// nothing in the way and nothing to be done, the look is a quick one.
    pub(super) async fn is_quiet(
        &self,
        environment: &EnvironmentName,
        last_look: &LastLook,
        last: &Plan,
    ) -> Result<bool, ReconcileError> {
        let Some(first) = self.head.lock().environments.get(environment).cloned() else { return Ok(false) };
        let cloud = self.backend.cloud(&first.spec);
        let (clock, store) = (self.backend.clock(), self.backend.store());
        let now = clock.now();
        let is_fresh = last_look.since().is_some_and(|since| now - since < THOROUGH);
        let pace = if is_fresh && is_at_rest(last) { Pace::Quick } else { Pace::Thorough };
        if pace == Pace::Thorough {
            last_look.begin(now);
        }
        let wishes = Newest { passes: *self, first: &first.spec, refresh_images: false };
        let cloud = Remembering { cloud: &*cloud, last_look, pace };
        let span = tracing::info_span!("look", %environment);
        reconcile::is_unchanged(&cloud, &*clock, &*store, &wishes, last).instrument(span).await
    }

    /// One run. None: nothing is declared under this name any more.
    pub(super) async fn one(
        &self,
        environment: &EnvironmentName,
        refresh_images: bool,
        narrator: &Narrator,
    ) -> Option<Result<Run, ReconcileError>> {
        let first = self.head.lock().environments.get(environment).cloned()?;
        let cloud = self.backend.cloud(&first.spec);
        let (clock, store) = (self.backend.clock(), self.backend.store());
        let wishes = Newest { passes: *self, first: &first.spec, refresh_images };
        let reconciler = Reconciler {
            cloud: &*cloud,
            clock: &*clock,
            store: &*store,
            wishes: &wishes,
            progress: narrator,
            holder: self.holder,
            deadline: None,
            haste: self.haste,
        };
        let span = tracing::info_span!("reconcile", %environment);
        Some(reconciler.converge(environment).instrument(span).await)
    }
}

/// Nothing is to be done, stands in the way, or could come about by what a quick look does not ask.
fn is_at_rest(plan: &Plan) -> bool {
    let calendar = |reason| matches!(reason, WaitingReason::Asleep | WaitingReason::Window);
    plan.actions.is_empty()
        && plan.blocked.is_empty()
        && plan.waiting.iter().all(|waiting| calendar(waiting.reason))
}

/// What the newest commit says, asked again at each step.
struct Newest<'a> {
    passes: Passes<'a>,
    /// What the pass began with: its cloud is of that account and region.
    first: &'a EnvironmentSpec,
    refresh_images: bool,
}

impl CurrentDeclaration for Newest<'_> {
    fn current(&self) -> Option<DeclaredEnvironment> {
        let wanted = self.passes.head.lock().environments.get(&self.first.name).cloned()?;
        let place =
            |spec: &EnvironmentSpec| (spec.account.clone(), spec.region.clone(), spec.assume_role.clone());
        // An environment that moved elsewhere belongs to the next pass: this one's hands are in the old place.
        if place(&wanted.spec) != place(self.first) {
            return None;
        }
        self.passes.backend.learn(std::slice::from_ref(&wanted.spec));
        Some(wanted)
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
    fn commit(head: &SharedInForce, revision: &str, from: &str, to: &str) {
        let file = ("environments/shop.yaml".to_owned(), SHOP.replace(from, to).into_bytes());
        let tree = Tree { revision: Revision::commit(revision), files: [file].into(), links: Vec::new() };
        let mut declarations: InForce = head.lock().clone();
        declarations.take(Ok(Poll::Changed(tree)), "environments", "here", now());
        *head.lock() = declarations;
    }

    /// A pass during which `meanwhile` happens, as soon as that many steps were begun.
    fn pass(
        head: &SharedInForce,
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
        let haste = || {
            if asked.fetch_add(1, Ordering::Relaxed) == after {
                meanwhile();
            }
            ShutdownLevel::None
        };
        let passes = Passes { backend: &backend, head, holder: "test", haste: &haste };
        let narrator = Narrator::default();
        let ended = backend.block_on(passes.one(&"shop".into(), false, &narrator));
        (ended.unwrap().unwrap(), backend, store)
    }

    #[test]
    fn a_newer_commit_is_taken_up_at_the_next_step() {
        let head = SharedInForce::default();
        commit(&head, "a", "", "");
        let (run, backend, _store) = pass(&head, 4, || commit(&head, "b", "core: v1.4.0", "core: v1.5.0"));
        assert_eq!((run.outcome, run.revision.as_str()), (Some(RunOutcome::Converged), "b"));
        assert_eq!(run.release.unwrap().to.as_str(), "v1.5.0");
        let log = crate::store::journal::read_events(&*backend.store(), &"shop".into()).unwrap();
        let migrations = log
            .iter()
            .filter(|(_, event)| matches!(event, crate::store::journal::Event::MigrationIntent { .. }));
        assert_eq!(migrations.count(), 1, "the version that was overtaken never migrated");
    }

    #[test]
    fn what_is_declared_no_more_or_elsewhere_is_left_at_the_next_step() {
        for (from, to) in [("name: shop", "name: kiosk"), ("region: eu-central-1", "region: eu-west-1")] {
            let head = SharedInForce::default();
            commit(&head, "a", "", "");
            let (run, ..) = pass(&head, 4, || {
                head.lock().environments.remove("shop");
                commit(&head, "b", from, to);
            });
            assert_eq!(run.outcome, Some(RunOutcome::Unmanaged), "{to}");
            assert!(!run.steps.is_empty(), "it had begun");
        }
    }
}
