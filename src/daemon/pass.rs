//! One pass of one environment: a run towards what is declared, as far as it goes by itself.
//!
//! Asynchronous, and without a word about when: environments go side by side, and while one of them waits for
//! its migration the others go on.

use tracing::Instrument as _;

use super::narrate::Narrator;
use super::polling::Head;
use crate::context::Backend;
use crate::model::EnvironmentName;
use crate::reconcile::{Haste, ReconcileError, Reconciler, Run, Wanted, Wishes};
use crate::spec::EnvironmentSpec;

/// What all passes share.
#[derive(Clone, Copy)]
pub(super) struct Passes<'a> {
    pub(super) backend: &'a Backend,
    pub(super) head: &'a Head,
    /// Who acts, for people.
    pub(super) holder: &'a str,
    /// Asked at each step, and while something is waited for.
    pub(super) haste: &'a (dyn Fn() -> Haste + Send + Sync),
}

impl Passes<'_> {
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

/// What the newest commit says, asked again at each step.
struct Newest<'a> {
    passes: Passes<'a>,
    /// What the pass began with: its cloud is of that account and region.
    first: &'a EnvironmentSpec,
    refresh_images: bool,
}

impl Wishes for Newest<'_> {
    fn current(&self) -> Option<Wanted> {
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
}
