//! Everything the demo plays with: a real git repository, a simulated cloud in memory, a store in memory.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::repository::DemoRepository;
use super::users::{Met, Users};
use crate::cli::error::CliError;
use crate::cli::interrupt::Interrupt;
use crate::cli::preview::Seen;
use crate::clock::Clock as _;
use crate::context;
use crate::daemon::in_force::{InForce, Notice};
use crate::execute::Progress;
use crate::model::{EnvironmentName, Instant, StoreId};
use crate::reconcile::{self, Closure, DeclaredEnvironment, Reconciler, Run, ShutdownLevel};
use crate::schedule::{self, WindowState};
use crate::sim::{Age, Outcome, Pace, SimClock, SimCloud, World};
use crate::source::{self, Credentials, Location, PATH_DEFAULT, Request, Source, TIMEOUT_DEFAULT};
use crate::spec::EnvironmentSpec;
use crate::store::journal::read_events;
use crate::store::{MemoryStore, Store as _};

/// The environment that is played with.
pub(super) const ENVIRONMENT: &str = "production";

/// From here on the first window is looked for. A fixed day: the same demo on every day of the year.
const FROM: i64 = 1_795_435_200; // Monday 2026-11-23, 12:00 UTC
/// Before the window opens the world is built and seen for the first time.
const BEFORE: TimeDelta = TimeDelta::minutes(30);
/// When somebody merges, after it has opened.
const MERGES_AFTER: TimeDelta = TimeDelta::minutes(5);
/// The seed of the simulated world: how long things take in it.
const SEED: u64 = 1;

/// What the demo plays with.
pub(super) struct Stage {
    pub(super) clock: SimClock,
    pub(super) cloud: SimCloud,
    pub(super) users: Arc<Users>,
    store: MemoryStore,
    repository: DemoRepository,
    source: Box<dyn Source>,
    place: String,
    declared: InForce,
    interrupt: Interrupt,
}

impl Stage {
    /// Sets everything up: the repository with its first commit, and production as it is declared there.
    pub(super) fn set(interrupt: Interrupt) -> Result<Self, CliError> {
        let from = Instant::from_timestamp(FROM, 0).expect("a day in 2026");
        let repository = DemoRepository::create(from).map_err(cannot)?;
        let mut source = source::open(Request {
            location: Location::LocalRepo(repository.path().to_owned()),
            rev: None,
            path: PATH_DEFAULT.to_owned(),
            clones: None,
            credentials: Credentials::default(),
            timeout: TIMEOUT_DEFAULT,
        })?;
        let place = context::place(source.describe(), PATH_DEFAULT);
        let mut declared = InForce::default();
        take(&mut declared, &mut *source, &place, from)?;
        let spec = &declared.environments[ENVIRONMENT].spec;
        let begin = spec.windows.as_ref().map_or(from, |windows| match schedule::window_at(from, windows) {
            WindowState::Closed { opens_at: Some(at) } => at - BEFORE,
            _ => from,
        });
        let clock = SimClock::new(begin);
        let world = World::from_spec(std::slice::from_ref(spec), &Age::UpToDate, SEED, begin);
        let cloud = SimCloud::new(world, Arc::new(clock.clone()));
        let users = Arc::new(Users::new(cloud.clone(), EnvironmentName::new(ENVIRONMENT), begin));
        let store = MemoryStore::new(StoreId::new("5d000000-0000-4000-8000-000000000001"));
        let stage = Self { clock, cloud, users, store, repository, source, place, declared, interrupt };
        stage.watch(|_, _| {});
        Ok(stage)
    }

    /// Calls `also` whenever time has moved, with what users have met until then. One watches at a time.
    pub(super) fn watch(&self, mut also: impl FnMut(Instant, Met) + Send + 'static) {
        let users = self.users.clone();
        self.clock.on_advance(Box::new(move |now| also(now, users.time_moved(now))));
    }

    /// The present in the simulated world.
    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// What the newest good commit wants of production.
    pub(super) fn wanted(&self) -> &DeclaredEnvironment {
        &self.declared.environments[ENVIRONMENT]
    }

    /// The declaration of production.
    pub(super) fn spec(&self) -> &EnvironmentSpec {
        &self.wanted().spec
    }

    /// How many environments the repository declares.
    pub(super) fn environments(&self) -> usize {
        self.declared.environments.len()
    }

    /// Commits other versions, reads the repository again as the daemon does, and gives the diff.
    pub(super) fn commit(&mut self, title: &str, versions: &[(&str, String)]) -> Result<String, CliError> {
        let now = self.now();
        let versions: Vec<(&str, &str)> = versions.iter().map(|(key, to)| (*key, to.as_str())).collect();
        let diff = self.repository.release(title, &versions, now).map_err(cannot)?;
        take(&mut self.declared, &mut *self.source, &self.place, now)?;
        let spec = self.spec().clone();
        self.cloud.with(|world| world.declare(&[spec], &Age::UpToDate));
        Ok(diff)
    }

    /// The migration to this version will end like this.
    pub(super) fn script(&self, version: &str, outcome: Outcome) {
        self.cloud.with(|world| world.script.migration(version, [outcome]));
    }

    /// Looks and plans.
    pub(super) fn look(&self) -> Result<Seen, CliError> {
        let cloud = self.cloud.cloud(self.spec());
        let look = reconcile::preview(&*cloud, &self.clock, &self.store, self.wanted());
        let preview = self.clock.block_on(look)?.expect("production is declared");
        let last_run = self.runs()?.into_iter().next();
        Ok(Seen { preview, preflight: None, holder: None, last_run, now: self.now() })
    }

    /// One run towards what is declared, at this pace.
    pub(super) fn converge(&self, pace: Pace, progress: &dyn Progress) -> Result<Run, CliError> {
        let cloud = self.cloud.cloud(self.spec());
        let interrupt = &self.interrupt;
        // Whoever presses Ctrl-C has seen enough: waits end, too.
        let haste = || {
            if interrupt.haste() == ShutdownLevel::None { ShutdownLevel::None } else { ShutdownLevel::Now }
        };
        let reconciler = Reconciler {
            cloud: &*cloud,
            clock: &self.clock,
            store: &self.store,
            wishes: self.wanted(),
            progress,
            holder: "the demo",
            deadline: None,
            haste: &haste,
        };
        self.clock.set_pace(pace);
        let run = self.clock.block_on(reconciler.converge(&self.spec().name));
        self.clock.set_pace(Pace::Jump);
        Ok(run?)
    }

    /// Whether somebody wants the demo to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.haste() > ShutdownLevel::None
    }

    /// Lets time pass without anybody at work.
    pub(super) fn pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// Lets time pass until a release may begin, and a little more: somebody has to come and merge it.
    pub(super) fn wait_for_window(&self) {
        let now = self.now();
        let window = self.spec().windows.as_ref().map(|windows| schedule::window_at(now, windows));
        if let Some(WindowState::Closed { opens_at: Some(at) }) = window {
            self.clock.advance((at - now + MERGES_AFTER).to_std().unwrap_or_default());
        }
    }

    /// The runs so far, newest first.
    pub(super) fn runs(&self) -> Result<Vec<Run>, CliError> {
        let runs = self.store.list_runs(&self.spec().name, usize::MAX)?;
        Ok(runs
            .into_iter()
            .map(|run| serde_json::from_value(run.value).expect("this program wrote it"))
            .collect())
    }

    /// Every closing of the gate, as the journal knows it.
    pub(super) fn closures(&self) -> Result<Vec<Closure>, CliError> {
        let events = read_events(&self.store, &self.spec().name).map_err(reconcile::ReconcileError::from)?;
        Ok(reconcile::closures(&events))
    }

    /// How many migration tasks the cloud was asked for and gave.
    pub(super) fn migration_tasks(&self) -> usize {
        let log = self.cloud.log();
        log.iter().filter(|effect| effect.operation == "ecs:RunTask" && effect.applied).count()
    }

    /// Leaves the repository where it is, and says where that is.
    pub(super) fn keep(self) -> std::path::PathBuf {
        self.repository.keep()
    }
}

/// One look at the repository.
fn take(declared: &mut InForce, source: &mut dyn Source, place: &str, now: Instant) -> Result<(), CliError> {
    let notices = declared.take(source.poll(), PATH_DEFAULT, place, now);
    match &notices[..] {
        [Notice::Adopted { .. }] => Ok(()),
        other => {
            Err(CliError::internal("the demo's repository does not read well")
                .because_of(format!("{other:?}")))
        }
    }
}

fn cannot(error: anyhow::Error) -> CliError {
    CliError::failure("the demo cannot make its repository").because_of(format!("{error:#}"))
}
