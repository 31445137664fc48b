//! Clock, cloud and store for the settings: what a verb that looks at the world or acts on it is given.
//!
//! The real ones and the simulated ones differ in how time passes and where the world is kept; whoever holds a
//! [`Backend`] does not know which it is.

mod real;
mod simulated;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::ContextError;
use crate::clock::{Clock, SystemClock};
use crate::cloud::Cloud;
use crate::config::{self, Settings};
use crate::execute::Progress;
use crate::model::Instant;
use crate::plan::Topic;
use crate::reconcile::{
    self, CurrentDeclaration, DeclaredEnvironment, Preview, ReconcileError, Reconciler, Run, ShutdownLevel,
    WithGrace,
};
use crate::spec::EnvironmentSpec;
use crate::store::Store;
use real::Real;
pub(super) use real::runtime;
pub(super) use simulated::SEED;
use simulated::Simulated;

/// What a verb wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read. Makes no store and writes nothing.
    Look,
    /// To write. Waits so long for another process that changes the same simulated world.
    Change {
        /// The longest wait.
        wait_max: Duration,
    },
}

/// Clock, cloud and store.
pub struct Backend(Kind);

enum Kind {
    Real(Box<Real>),
    Simulated(Box<Simulated>),
}

impl Backend {
    /// Builds all three. `at` is the present instead of the clock's, where it lies after the world's own.
    ///
    /// # Errors
    /// When the store or the world cannot be used.
    pub fn open(
        settings: &Settings,
        specs: &[EnvironmentSpec],
        access: Access,
        at: Option<Instant>,
    ) -> Result<Self, ContextError> {
        let root = settings.store()?;
        Ok(Self(match settings.cloud {
            config::Cloud::Aws => Kind::Real(Box::new(Real::open(settings, root, access, at)?)),
            config::Cloud::Sim => Kind::Simulated(Box::new(Simulated::open(root, specs, access, at)?)),
        }))
    }

    /// The time that the cloud lives in.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match &self.0 {
            Kind::Real(real) => Arc::new(real.clock),
            Kind::Simulated(simulated) => Arc::new(simulated.clock.clone()),
        }
    }

    /// The present there.
    pub fn now(&self) -> Instant {
        self.clock().now()
    }

    /// The present there when this was opened: `at`, unless that lay in the past.
    pub fn opened_at(&self) -> Instant {
        match &self.0 {
            Kind::Real(real) => real.clock.began_at,
            Kind::Simulated(simulated) => simulated.clock.now(),
        }
    }

    /// The ports for an environment.
    pub fn cloud(&self, spec: &EnvironmentSpec) -> Cloud {
        match &self.0 {
            Kind::Real(real) => (real.cloud_of)(spec),
            Kind::Simulated(simulated) => simulated.cloud.cloud(spec),
        }
    }

    /// The store.
    pub fn store(&self) -> Arc<dyn Store> {
        match &self.0 {
            Kind::Real(real) => real.store.clone(),
            Kind::Simulated(simulated) => simulated.store.clone(),
        }
    }

    /// Takes note of newer declarations: the simulated world builds environments that are new.
    pub fn learn(&self, specs: &[EnvironmentSpec]) {
        match &self.0 {
            Kind::Real(_) => {}
            Kind::Simulated(simulated) => simulated.learn(specs),
        }
    }

    /// Lets the time pass in a simulated world that has really passed since the last call.
    pub fn flow(&self) {
        match &self.0 {
            Kind::Real(_) => {}
            Kind::Simulated(simulated) => simulated.flow(),
        }
    }

    /// Looks at an environment and plans. Writes nothing anywhere.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview(&self, wanted: &DeclaredEnvironment) -> Result<Preview, ReconcileError> {
        self.preview_as(&wanted.spec, wanted)
    }

    /// The same as whoever goes on acting would plan it: what a person has started in its sleep has grace.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview_patiently(&self, wanted: &DeclaredEnvironment) -> Result<Preview, ReconcileError> {
        self.preview_as(&wanted.spec, &WithGrace(wanted.clone()))
    }

    fn preview_as(
        &self,
        spec: &EnvironmentSpec,
        declared: &dyn CurrentDeclaration,
    ) -> Result<Preview, ReconcileError> {
        let (cloud, clock, store) = (self.cloud(spec), self.clock(), self.store());
        let look = reconcile::preview(&*cloud, &*clock, &*store, declared);
        Ok(self.block_on(look)?.expect("a wish that does not change always has an environment"))
    }

    /// The same, and everything that a release needs, whether or not one is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preflight(&self, wanted: &DeclaredEnvironment) -> Result<(Preview, Vec<Topic>), ReconcileError> {
        let (cloud, clock, store) = (self.cloud(&wanted.spec), self.clock(), self.store());
        let look = reconcile::preflight(&*cloud, &*clock, &*store, wanted);
        Ok(self.block_on(look)?.expect("a wish that does not change always has an environment"))
    }

    /// Brings an environment to where it is wanted, as far as that goes by itself.
    ///
    /// # Errors
    /// When the lease is held or lost, or the store fails.
    pub fn converge(
        &self,
        wanted: &DeclaredEnvironment,
        holder: &str,
        deadline: Option<Instant>,
        progress: &dyn Progress,
        shutdown: &(dyn Fn() -> ShutdownLevel + Send + Sync),
    ) -> Result<Run, ReconcileError> {
        let (cloud, clock, store) = (self.cloud(&wanted.spec), self.clock(), self.store());
        let (cloud, clock, store) = (&*cloud, &*clock, &*store);
        let reconciler =
            Reconciler { cloud, clock, store, declared: wanted, progress, holder, deadline, shutdown };
        self.block_on(reconciler.converge(&wanted.spec.name))
    }

    /// Runs a program against this cloud, to its end.
    pub fn block_on<F: Future>(&self, program: F) -> F::Output {
        match &self.0 {
            Kind::Real(real) => real.runtime.block_on(program),
            Kind::Simulated(simulated) => simulated.clock.block_on(program),
        }
    }

    /// Runs a program for at most so long. Given up, it is only not asked any more: whoever has what it borrows
    /// goes on later. A simulated cloud's time costs none of ours, so that nothing is given up there.
    pub fn block_on_for<F: Future>(&self, program: F, at_most: Duration) -> Option<F::Output> {
        match &self.0 {
            Kind::Real(real) => real.runtime.block_on(async {
                match select(pin!(program), SystemClock.sleep(at_most)).await {
                    Either::Left((output, _)) => Some(output),
                    Either::Right(_) => None,
                }
            }),
            Kind::Simulated(simulated) => Some(simulated.clock.block_on(program)),
        }
    }

    /// Keeps what happened in a simulated world after the last effect.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), ContextError> {
        match self.0 {
            Kind::Real(_) => Ok(()),
            Kind::Simulated(simulated) => simulated.finish(),
        }
    }
}
