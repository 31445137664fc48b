//! The simulated cloud with its own clock and a store beside it.
//!
//! The world is one file for all environments, so a process that changes it holds a lock beside it; a process that is
//! killed frees the lock. The world's clock never lags behind the real one, so schedules show the current time. Time
//! that a command lets pass (a migration of an hour) stays passed.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::ContextError;
use super::super::access::Access;
use super::super::world_saving::WorldSavingStore;
use crate::clock::{Clock, Monotonic, SystemClock};
use crate::model::{EnvironmentName, Instant};
use crate::sim::{Age, SimClock, SimCloud, WorldFolder};
use crate::spec::EnvironmentSpec;
use crate::store::{LocalStore, Store};

/// Seed of a new simulated world. Fixed, so the same declarations make the same world.
pub(in crate::context) const SEED: u64 = 1;

/// Pause between two tries to get a lock that another process holds.
const RETRY: Duration = Duration::from_millis(100);

/// Clock, cloud and store.
pub(super) struct Simulated {
    pub(super) clock: SimClock,
    pub(super) cloud: SimCloud,
    pub(super) store: Arc<dyn Store>,
    /// The declarations that the world knows.
    learned: Mutex<BTreeMap<EnvironmentName, EnvironmentSpec>>,
    /// The real time up to which the world's time has passed.
    flowed_to: Mutex<Monotonic>,
    /// Held while this exists.
    _lock: Option<File>,
}

impl Simulated {
    pub(super) fn open(
        root: &Path,
        specs: &[EnvironmentSpec],
        access: Access,
        at: Option<Instant>,
    ) -> Result<Self, ContextError> {
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
            folder.keep(&cloud).map_err(ContextError::World)?;
        }
        let store = Arc::new(WorldSavingStore::new(store, cloud.clone()));
        let learned = specs.iter().map(|spec| (spec.name.clone(), spec.clone())).collect();
        let flowed_to = Mutex::new(SystemClock.monotonic());
        Ok(Self { clock, cloud, store, learned: Mutex::new(learned), flowed_to, _lock: lock })
    }

    /// Adopts newer declarations: the world builds new environments.
    pub(super) fn learn(&self, specs: &[EnvironmentSpec]) {
        let mut learned = self.learned.lock().expect("nothing panics while it holds this lock");
        let news = specs.iter().filter(|spec| learned.get(&spec.name) != Some(spec));
        let news: Vec<EnvironmentSpec> = news.cloned().collect();
        if !news.is_empty() {
            self.cloud.with(|world| world.declare(&news, &Age::OneBehind));
            learned.extend(news.into_iter().map(|spec| (spec.name.clone(), spec)));
        }
    }

    /// Lets as much time pass in the world as has really passed since the last call, and more if the world would lag
    /// behind the real time.
    pub(super) fn flow(&self) {
        let (now, wall) = (SystemClock.monotonic(), SystemClock.now());
        let mut flowed_to = self.flowed_to.lock().expect("nothing panics while it holds this lock");
        let behind = (wall - self.clock.now()).to_std().unwrap_or_default();
        self.clock.advance(now.since(*flowed_to).max(behind));
        *flowed_to = now;
    }

    /// Saves the world, with everything that happened after the last effect.
    pub(super) fn finish(&self) -> Result<(), ContextError> {
        self.cloud.save().map_err(ContextError::World)
    }
}

/// The lock of the simulated world.
fn lock(folder: PathBuf, wait_max: Duration) -> Result<File, ContextError> {
    std::fs::create_dir_all(&folder).map_err(ContextError::World)?;
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(folder.join("lock"));
    let file = file.map_err(ContextError::World)?;
    let deadline = SystemClock.monotonic() + wait_max;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(ContextError::World(error)),
            Err(TryLockError::WouldBlock) if SystemClock.monotonic() >= deadline => {
                return Err(ContextError::WorldBusy { folder });
            }
            Err(TryLockError::WouldBlock) => SystemClock.pause(RETRY),
        }
    }
}
