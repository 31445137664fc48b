//! Clock, cloud and store for the settings: what a verb that looks at the world or acts on it is given.
//!
//! The simulated world is one file for all environments, so whoever changes it holds a lock beside it; a
//! process that is killed frees it. Its clock never lags behind the real one, so that schedules show the
//! present; what a command lets pass (a migration of an hour) stays passed.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::ContextError;
use super::witness::Witness;
use crate::clock::{Clock, SystemClock};
use crate::cloud::Cloud;
use crate::config::{self, Settings};
use crate::execute::Progress;
use crate::model::{EnvironmentName, Instant};
use crate::plan::Topic;
use crate::reconcile::{self, Haste, Patient, Preview, ReconcileError, Reconciler, Run, Wanted, Wishes};
use crate::sim::{Age, SimClock, SimCloud, WorldFolder};
use crate::spec::EnvironmentSpec;
use crate::store::{LocalStore, Store};

/// What chance decides in a new simulated world. Fixed: the same declarations make the same world.
const SEED: u64 = 1;

/// How often a lock that somebody else holds is tried again.
const RETRY: Duration = Duration::from_millis(100);

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
pub struct Backend {
    clock: SimClock,
    cloud: SimCloud,
    store: Arc<dyn Store>,
    /// What the world was last told of each environment.
    learned: Mutex<BTreeMap<EnvironmentName, EnvironmentSpec>>,
    /// The real instant up to which time has flowed.
    flowed_to: Mutex<Instant>,
    /// Held while this exists.
    _lock: Option<File>,
}

impl Backend {
    /// Builds all three. `at` is the present instead of the clock's, where it lies after the world's own.
    ///
    /// # Errors
    /// When the store or the world cannot be used, or the cloud has no adapter.
    pub fn open(
        settings: &Settings,
        specs: &[EnvironmentSpec],
        access: Access,
        at: Option<Instant>,
    ) -> Result<Self, ContextError> {
        if settings.cloud == config::Cloud::Aws {
            return Err(ContextError::NoAdapter);
        }
        let root = settings.store()?;
        let folder = WorldFolder::new(root.join("sim"));
        let now = at.unwrap_or_else(|| SystemClock.now());
        let (store, lock, world) = match access {
            Access::Look => {
                let store = LocalStore::open_existing(root)?;
                (store, None, folder.look(specs, SEED, now).map_err(ContextError::World)?)
            }
            Access::Change { wait_max } => {
                let store = LocalStore::open(root)?;
                let lock = lock(root.join("sim"), wait_max)?;
                (store, Some(lock), folder.open(specs, SEED, now).map_err(ContextError::World)?)
            }
        };
        let clock = SimClock::new(world.now().max(now));
        let cloud = SimCloud::new(world, Arc::new(clock.clone()));
        if lock.is_some() {
            folder.keep(&cloud);
        }
        let store = Arc::new(Witness::new(store, cloud.clone()));
        let learned = specs.iter().map(|spec| (spec.name.clone(), spec.clone())).collect();
        let flowed_to = Mutex::new(SystemClock.now());
        Ok(Self { clock, cloud, store, learned: Mutex::new(learned), flowed_to, _lock: lock })
    }

    /// The time that the cloud lives in.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    /// The present there.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The ports for an environment.
    pub fn cloud(&self, spec: &EnvironmentSpec) -> Cloud {
        self.cloud.cloud(spec)
    }

    /// The store.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// Takes note of newer declarations: the simulated world builds environments that are new.
    pub fn learn(&self, specs: &[EnvironmentSpec]) {
        let mut learned = self.learned.lock().expect("nothing panics while it holds this lock");
        let news = specs.iter().filter(|spec| learned.get(&spec.name) != Some(spec));
        let news: Vec<EnvironmentSpec> = news.cloned().collect();
        if !news.is_empty() {
            self.cloud.with(|world| world.declare(&news, &Age::OneBehind));
            learned.extend(news.into_iter().map(|spec| (spec.name.clone(), spec)));
        }
    }

    /// Lets the time pass here that has really passed since the last call, and more if the world would lag
    /// behind the present.
    pub fn flow(&self) {
        let real = SystemClock.now();
        let mut flowed_to = self.flowed_to.lock().expect("nothing panics while it holds this lock");
        let by = (real - *flowed_to).max(real - self.clock.now());
        // A clock that was set back makes no time pass.
        self.clock.advance(by.to_std().unwrap_or_default());
        *flowed_to = real;
    }

    /// Looks at an environment and plans. Writes nothing anywhere.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview(&self, wanted: &Wanted) -> Result<Preview, ReconcileError> {
        self.preview_as(&wanted.spec, wanted)
    }

    /// The same as whoever goes on acting would plan it: what a person has started in its sleep has grace.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview_patiently(&self, wanted: &Wanted) -> Result<Preview, ReconcileError> {
        self.preview_as(&wanted.spec, &Patient(wanted.clone()))
    }

    fn preview_as(&self, spec: &EnvironmentSpec, wishes: &dyn Wishes) -> Result<Preview, ReconcileError> {
        let cloud = self.cloud(spec);
        let look = reconcile::preview(&*cloud, &self.clock, &*self.store, wishes);
        Ok(self.block_on(look)?.expect("a wish that does not change always has an environment"))
    }

    /// The same, and everything that a release needs, whether or not one is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preflight(&self, wanted: &Wanted) -> Result<(Preview, Vec<Topic>), ReconcileError> {
        let cloud = self.cloud(&wanted.spec);
        let look = reconcile::preflight(&*cloud, &self.clock, &*self.store, wanted);
        Ok(self.block_on(look)?.expect("a wish that does not change always has an environment"))
    }

    /// Brings an environment to where it is wanted, as far as that goes by itself.
    ///
    /// # Errors
    /// When the lease is held or lost, or the store fails.
    pub fn converge(
        &self,
        wanted: &Wanted,
        holder: &str,
        deadline: Option<Instant>,
        progress: &dyn Progress,
        haste: &(dyn Fn() -> Haste + Send + Sync),
    ) -> Result<Run, ReconcileError> {
        let cloud = self.cloud(&wanted.spec);
        let (clock, store) = (&self.clock, &*self.store);
        let reconciler =
            Reconciler { cloud: &*cloud, clock, store, wishes: wanted, progress, holder, deadline, haste };
        self.block_on(reconciler.converge(&wanted.spec.name))
    }

    /// Runs a program against this cloud, to its end.
    pub fn block_on<F: Future>(&self, program: F) -> F::Output {
        self.clock.block_on(program)
    }

    /// Keeps what happened in the simulated world after the last effect.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), ContextError> {
        self.cloud.save().map_err(ContextError::World)
    }
}

/// The lock of the simulated world.
fn lock(folder: PathBuf, wait_max: Duration) -> Result<File, ContextError> {
    std::fs::create_dir_all(&folder).map_err(ContextError::World)?;
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(folder.join("lock"));
    let file = file.map_err(ContextError::World)?;
    let deadline = SystemClock.now() + wait_max;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(ContextError::World(error)),
            Err(TryLockError::WouldBlock) if SystemClock.now() >= deadline => {
                return Err(ContextError::WorldBusy { folder });
            }
            Err(TryLockError::WouldBlock) => SystemClock.pause(RETRY),
        }
    }
}
