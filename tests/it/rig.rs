//! A whole tidegate in one process: declarations, a simulated cloud, a store, and runs that may be killed.

mod crowd;
mod people;
mod program;
mod store;
mod truth;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tidegate::clock::Clock as _;
use tidegate::execute::{Progress, Silent};
use tidegate::model::{EnvironmentName, Instant, StoreId, Version};
use tidegate::plan::Plan;
use tidegate::reconcile::{self, Preview, ReconcileError, Reconciler, Run, RunOutcome, ShutdownLevel};
use tidegate::sim::{Age, CrashPlan, CrashPoint, Interrupted, SimClock, SimCloud, SkewedClock, World};
use tidegate::spec::{self, EnvironmentSpec};
use tidegate::store::MemoryStore;
use tidegate::store::journal::{Ledger, OperatorCommand};

pub use crowd::failures;
pub use people::{People, Repository};
#[cfg(feature = "aws")]
pub use program::bare;
pub use program::{TODAY, program, program_on_aws};
pub use store::CrashingStore;
pub use truth::differences;

/// Reads one environment's declaration; panics on errors in it.
pub fn environment(name: &str, text: &str, now: Instant) -> EnvironmentSpec {
    let file = format!("environments/{name}.yaml");
    let files = BTreeMap::from([(file, text.as_bytes().to_vec())]);
    from_files(name, &files, now)
}

/// Reads one environment of a repository on disk.
pub fn from_folder(folder: &str, name: &str, now: Instant) -> EnvironmentSpec {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = BTreeMap::new();
    for folder in ["environments", "environments/platforms"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.file_name().unwrap().to_str().unwrap();
                files.insert(format!("{folder}/{name}"), std::fs::read(&path).unwrap());
            }
        }
    }
    from_files(name, &files, now)
}

fn from_files(name: &str, files: &BTreeMap<String, Vec<u8>>, now: Instant) -> EnvironmentSpec {
    let declared = spec::read(files, "environments", now);
    let said = spec::render(&declared.diagnostics, files, 100);
    declared.environments.get(name).unwrap_or_else(|| panic!("{said}")).clone()
}

/// A Tuesday, ten in the morning in Europe.
pub fn a_tuesday() -> Instant {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

/// Everything a test drives.
pub struct Rig {
    /// The time of the world.
    pub clock: SimClock,
    /// The clock of tidegate's machine.
    pub machine: SkewedClock,
    pub cloud: SimCloud,
    pub store: Arc<MemoryStore>,
    pub repository: Repository,
    /// The process of the next runs.
    pub crash: CrashPlan,
}

impl Rig {
    /// A world as `spec` describes it at `age`, never touched by tidegate.
    pub fn new(spec: &EnvironmentSpec, age: &Age, seed: u64, now: Instant) -> Self {
        let mut world = World::from_spec(std::slice::from_ref(spec), age, seed, now);
        // From here on a migration that runs again was asked for, or a promise is broken.
        world.requests = Some(BTreeMap::new());
        let clock = SimClock::new(now);
        let cloud = SimCloud::new(world, Arc::new(clock.clone()));
        let crash = cloud.crash();
        let store = Arc::new(MemoryStore::new(StoreId::new("6f1c1f5e-0000-4000-8000-000000000001")));
        let repository = Repository::default();
        repository.commit(spec.clone());
        Rig { machine: SkewedClock::new(clock.clone()), clock, cloud, store, repository, crash }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Those who commit, ask and meddle; they may do so while a run is under way.
    pub fn people(&self) -> People {
        let (cloud, repository) = (self.cloud.clone(), self.repository.clone());
        People { cloud, repository, store: self.store.clone() }
    }

    /// A new commit; registries and release buckets learn of its versions.
    pub fn commit(&self, spec: &EnvironmentSpec) {
        self.people().commit(spec);
    }

    /// A new commit that changes the newest one.
    pub fn edit(&self, change: impl FnOnce(&mut EnvironmentSpec)) {
        self.people().edit(change);
    }

    /// A new commit with other versions.
    pub fn bump(&self, versions: &[(&str, &str)]) {
        self.edit(|spec| {
            for (key, version) in versions {
                spec.versions.insert((*key).into(), Version::from(*version));
            }
        });
    }

    /// What a run would do now.
    pub fn preview(&self) -> Preview {
        self.try_preview().expect("declared")
    }

    /// What a run would do now; `None` = nothing is declared any more, or the process dies while it looks.
    pub fn try_preview(&self) -> Option<Preview> {
        let cloud = self.cloud.cloud(&self.repository.spec());
        let look = reconcile::preview(&*cloud, &self.machine, &*self.store, &self.repository);
        match self.clock.run(&self.crash, look) {
            Ok(seen) => seen.unwrap(),
            Err(Interrupted::Crashed) => None,
            Err(interrupted) => panic!("{interrupted}"),
        }
    }

    pub fn plan(&self) -> Plan {
        self.preview().plan
    }

    pub fn ledger(&self) -> Ledger {
        self.preview().ledger
    }

    /// One run to its end.
    pub fn apply(&self) -> Run {
        self.apply_watched(&Silent)
    }

    pub fn apply_watched(&self, progress: &dyn Progress) -> Run {
        self.try_apply(progress, None).unwrap().unwrap_or_else(|error| panic!("{error}"))
    }

    /// One run that may be killed.
    pub fn try_apply(
        &self,
        progress: &dyn Progress,
        deadline: Option<Instant>,
    ) -> Result<Result<Run, ReconcileError>, Interrupted> {
        self.try_apply_until(progress, deadline, &|| ShutdownLevel::None)
    }

    /// One run that may be killed, or asked to go.
    pub fn try_apply_until(
        &self,
        progress: &dyn Progress,
        deadline: Option<Instant>,
        shutdown: &(dyn Fn() -> ShutdownLevel + Send + Sync),
    ) -> Result<Result<Run, ReconcileError>, Interrupted> {
        self.with_reconciler(progress, |reconciler, name| {
            let deadline = deadline.map(|at| self.clock.monotonic_at(at));
            let reconciler = Reconciler { deadline, shutdown, ..reconciler };
            self.clock.run(&self.crash, reconciler.converge(name))
        })
    }

    /// Two processes at the same environment, the second a while after the first; it waits for the lease. They die
    /// together.
    pub fn try_apply_beside(
        &self,
        progress: &dyn Progress,
        later: Duration,
    ) -> Result<[Result<Run, ReconcileError>; 2], Interrupted> {
        self.with_reconciler(progress, |reconciler, name| {
            let second = async {
                self.clock.sleep(later).await;
                let second = Reconciler { holder: "second", ..reconciler };
                loop {
                    match second.converge(name).await {
                        Err(ReconcileError::Busy { .. }) => self.clock.sleep(Duration::from_secs(10)).await,
                        ended => break ended,
                    }
                }
            };
            let (first, second) = self.clock.run(&self.crash, join(reconciler.converge(name), second))?;
            Ok([first, second])
        })
    }

    fn with_reconciler<T>(
        &self,
        progress: &dyn Progress,
        act: impl FnOnce(Reconciler<'_>, &EnvironmentName) -> Result<T, Interrupted>,
    ) -> Result<T, Interrupted> {
        let spec = self.repository.spec();
        let cloud = self.cloud.cloud(&spec);
        let store = CrashingStore { store: self.store.clone(), crash: self.crash.clone() };
        let reconciler = Reconciler {
            cloud: &*cloud,
            clock: &self.machine,
            store: &store,
            declared: &self.repository,
            progress,
            holder: "test",
            deadline: None,
            shutdown: &|| ShutdownLevel::None,
        };
        let ended = act(reconciler, &spec.name);
        if ended.is_err() {
            // The process is gone, and with it its lock.
            self.store.break_lease(&spec.name);
        }
        ended
    }

    /// Runs again and again, as the polls of a daemon do, until one ends in `wanted`.
    pub fn converge(&self, wanted: RunOutcome) -> Result<(), String> {
        /// A run that failed leaves something to the next one, not to the one after the next.
        const RUNS_MAX: u32 = 4;
        let mut said = Vec::new();
        for _ in 0..RUNS_MAX {
            let run = self.apply();
            if run.outcome == Some(wanted) {
                return Ok(());
            }
            said.push(format!("{:?} {:?} {:?}", run.outcome, run.message, run.blocked));
            self.clock.advance(Duration::from_secs(60));
        }
        Err(format!("not {wanted:?} after {RUNS_MAX} runs: {said:#?}"))
    }

    /// The process that comes next dies at `point`, or not.
    pub fn restart(&self, point: Option<CrashPoint>) {
        self.crash.restart(point);
    }

    /// A person asks for something, as the verbs do.
    pub fn ask(&self, command: OperatorCommand) {
        self.people().ask(command);
    }

    /// Nothing that tidegate did broke a promise.
    pub fn assert_clean(&self, about: &str) {
        let said: Vec<String> =
            self.cloud.with(|world| world.violations_by_tidegate().iter().map(ToString::to_string).collect());
        assert!(said.is_empty(), "{about}: {said:#?}");
    }
}
