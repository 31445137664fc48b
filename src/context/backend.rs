//! Clock, cloud and store from the settings, for verbs that read an environment or change it.
//!
//! Real and simulated backends differ in how time passes and where the world is kept. The holder of a [`Backend`] does
//! not know which one it has.

mod real;
mod simulated;

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture, select};

use super::ContextError;
use super::access::Access;
use crate::clock::{Clock, Monotonic, SystemClock};
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

/// Clock, cloud and store, real or simulated.
pub struct Backend(Kind);

enum Kind {
    Real(Box<Real>),
    Simulated(Box<Simulated>),
}

impl Backend {
    /// Builds all three. `at` replaces the current time, unless it is earlier than the world's own.
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

    /// The clock of the cloud.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match &self.0 {
            Kind::Real(real) => Arc::new(real.clock),
            Kind::Simulated(simulated) => Arc::new(simulated.clock.clone()),
        }
    }

    /// The current time of the cloud.
    pub fn now(&self) -> Instant {
        self.clock().now()
    }

    /// The cloud's clock that never jumps.
    pub fn monotonic(&self) -> Monotonic {
        self.clock().monotonic()
    }

    /// The time of the cloud when the backend was opened: `at`, unless that was in the past.
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

    /// Adopts newer declarations: the simulated world builds new environments.
    pub fn learn(&self, specs: &[EnvironmentSpec]) {
        match &self.0 {
            Kind::Real(_) => {}
            Kind::Simulated(simulated) => simulated.learn(specs),
        }
    }

    /// Lets as much time pass in a simulated world as has really passed since the last call.
    pub fn flow(&self) {
        match &self.0 {
            Kind::Real(_) => {}
            Kind::Simulated(simulated) => simulated.flow(),
        }
    }

    /// Observes an environment and plans. Writes nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview(&self, wanted: &DeclaredEnvironment) -> Result<Preview, ReconcileError> {
        self.preview_as(&wanted.spec, wanted)
    }

    /// The plan as the daemon would make it: a service that an operator started outside its schedule has grace.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview_with_grace(&self, wanted: &DeclaredEnvironment) -> Result<Preview, ReconcileError> {
        self.preview_as(&wanted.spec, &WithGrace(wanted.clone()))
    }

    fn preview_as(
        &self,
        spec: &EnvironmentSpec,
        declared: &dyn CurrentDeclaration,
    ) -> Result<Preview, ReconcileError> {
        let (cloud, clock, store) = (self.cloud(spec), self.clock(), self.store());
        let look = reconcile::preview(&*cloud, &*clock, &*store, declared);
        Ok(self.block_on(look)?.expect("a declaration that does not change always has an environment"))
    }

    /// The plan, and a check of everything that a release needs, whether or not one is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preflight(&self, wanted: &DeclaredEnvironment) -> Result<(Preview, Vec<Topic>), ReconcileError> {
        let (cloud, clock, store) = (self.cloud(&wanted.spec), self.clock(), self.store());
        let look = reconcile::preflight(&*cloud, &*clock, &*store, wanted);
        Ok(self.block_on(look)?.expect("a declaration that does not change always has an environment"))
    }

    /// Carries out a run: passes, until only an operator, a schedule or a window can make further progress. At
    /// [`ShutdownLevel::Now`] it is cut off, whatever AWS is being asked.
    ///
    /// # Errors
    /// When the lease is held or lost, or the store fails.
    pub fn converge(
        &self,
        wanted: &DeclaredEnvironment,
        holder: &str,
        deadline: Option<Monotonic>,
        progress: &dyn Progress,
        shutdown: &(dyn Fn() -> ShutdownLevel + Send + Sync),
    ) -> Result<Run, ReconcileError> {
        let (cloud, clock, store) = (self.cloud(&wanted.spec), self.clock(), self.store());
        let (cloud, clock, store) = (&*cloud, &*clock, &*store);
        let reconciler =
            Reconciler { cloud, clock, store, declared: wanted, progress, holder, deadline, shutdown };
        let name = &wanted.spec.name;
        let ended = self.block_on(async {
            let converging = pin!(reconciler.converge(name));
            match select(converging, pin!(self.cut(shutdown))).await {
                Either::Left((ended, _)) => Some(ended),
                Either::Right(_) => None,
            }
        });
        // Dropped as if the process had died there: the next one resumes.
        ended.unwrap_or_else(|| reconcile::cut_off(store, wanted, holder, clock.now()))
    }

    /// Waits until what is running has to be dropped where it stands, after `shutdown` has said so. Never ends in a
    /// simulated cloud, where no answer is slow.
    pub async fn cut(&self, shutdown: &(dyn Fn() -> ShutdownLevel + Send + Sync)) {
        match &self.0 {
            Kind::Real(real) => real.cut(shutdown).await,
            Kind::Simulated(_) => std::future::pending().await,
        }
    }

    /// Runs a future to its end, in this cloud's time.
    pub fn block_on<F: Future>(&self, program: F) -> F::Output {
        match &self.0 {
            Kind::Real(real) => real.runtime.block_on(program),
            Kind::Simulated(simulated) => simulated.clock.block_on(program),
        }
    }

    /// Runs a future for at most so long. After that it is no longer polled; a caller that passed `&mut future` can
    /// continue it later. In a simulated cloud waiting takes no real time, so the future runs to its end there.
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

    /// Runs a future on a thread of its own, where waiting for the disk delays no other pass; a simulated cloud has one
    /// thread. The future that is returned only waits for it: dropping that ends nothing.
    pub fn task<T: Send + 'static>(
        &self,
        program: impl FnOnce() -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> LocalBoxFuture<'static, T> {
        match &self.0 {
            Kind::Real(real) => {
                let handle = real.runtime.handle().clone();
                let task = real.runtime.spawn_blocking(move || handle.block_on(program()));
                Box::pin(async {
                    match task.await {
                        Ok(output) => output,
                        // A thread is never aborted, so this is a panic.
                        Err(error) => resume_unwind(error.into_panic()),
                    }
                })
            }
            Kind::Simulated(_) => program(),
        }
    }

    /// Saves a simulated world, with everything that happened after the last effect.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self) -> Result<(), ContextError> {
        match &self.0 {
            Kind::Real(_) => Ok(()),
            Kind::Simulated(simulated) => simulated.finish(),
        }
    }
}
