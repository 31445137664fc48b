//! What the demo runs on: a real git repository, a simulated cloud in memory, a store in memory.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::repository::DemoRepository;
use super::users::{UserAccess, Users};
use crate::cli::error::CliError;
use crate::cli::preview::EnvironmentPreview;
use crate::clock::Clock as _;
use crate::context;
use crate::daemon::in_force::{InForce, Notice};
use crate::execute::Progress;
use crate::model::{EnvironmentName, Instant, StoreId};
use crate::reconcile::{self, Closure, DeclaredEnvironment, Reconciler, Run, ShutdownLevel};
use crate::schedule::{self, WindowState};
use crate::signals::Shutdown;
use crate::sim::{Age, Outcome, Pace, SimClock, SimCloud, World};
use crate::source::{self, Credentials, Location, OpenRequest, PATH_DEFAULT, Source, TIMEOUT_DEFAULT};
use crate::spec::EnvironmentSpec;
use crate::store::journal::read_events;
use crate::store::{MemoryStore, Store as _};

/// The environment that the demo releases to.
pub(super) const ENVIRONMENT: &str = "production";

/// The demo begins before the first window after this instant. A fixed day: the demo is the same on every day.
const FROM: i64 = 1_795_435_200; // Monday 2026-11-23, 12:00 UTC
/// How long before the window opens the simulated account is created and reconciled for the first time.
const BEFORE: TimeDelta = TimeDelta::minutes(30);
/// How long after the window opens the release is merged.
const MERGES_AFTER: TimeDelta = TimeDelta::minutes(5);
/// The seed of the simulated cloud: it decides how long everything takes there.
const SEED: u64 = 1;

/// Repository, cloud, users and store of the demo.
pub(super) struct Stage {
    pub(super) clock: SimClock,
    pub(super) cloud: SimCloud,
    pub(super) users: Arc<Users>,
    store: MemoryStore,
    repository: DemoRepository,
    source: Box<dyn Source>,
    place: String,
    in_force: InForce,
    interrupt: Shutdown,
}

impl Stage {
    /// Creates everything: the repository with its first commit, and production as it is declared there.
    pub(super) fn set(interrupt: Shutdown) -> Result<Self, CliError> {
        let from = Instant::from_timestamp(FROM, 0).expect("a day in 2026");
        let repository = DemoRepository::create(from).map_err(cannot)?;
        let mut source = source::open(OpenRequest {
            location: Location::LocalRepo(repository.path().to_owned()),
            rev: None,
            path: PATH_DEFAULT.to_owned(),
            clones: None,
            credentials: Credentials::default(),
            timeout: TIMEOUT_DEFAULT,
        })?;
        let place = context::place(source.describe(), PATH_DEFAULT);
        let mut in_force = InForce::default();
        poll(&mut in_force, &mut *source, &place, from)?;
        let spec = &in_force.environments[ENVIRONMENT].spec;
        let begin = spec.windows.as_ref().map_or(from, |windows| match schedule::window_at(from, windows) {
            WindowState::Closed { opens_at: Some(at) } => at - BEFORE,
            _ => from,
        });
        let clock = SimClock::new(begin);
        let world = World::from_spec(std::slice::from_ref(spec), &Age::UpToDate, SEED, begin);
        let cloud = SimCloud::new(world, Arc::new(clock.clone()));
        let users = Arc::new(Users::new(cloud.clone(), EnvironmentName::new(ENVIRONMENT), begin));
        let store = MemoryStore::new(StoreId::new("5d000000-0000-4000-8000-000000000001"));
        let stage = Self { clock, cloud, users, store, repository, source, place, in_force, interrupt };
        stage.watch(|_, _| {});
        Ok(stage)
    }

    /// Calls `also` whenever simulated time has moved, with the users' access until then. A second call replaces the
    /// first.
    pub(super) fn watch(&self, mut also: impl FnMut(Instant, UserAccess) + Send + 'static) {
        let users = self.users.clone();
        self.clock.on_advance(Box::new(move |now| also(now, users.time_moved(now))));
    }

    /// The present in the simulated cloud.
    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Production as the newest valid commit declares it.
    pub(super) fn declared(&self) -> &DeclaredEnvironment {
        &self.in_force.environments[ENVIRONMENT]
    }

    /// The declaration of production.
    pub(super) fn spec(&self) -> &EnvironmentSpec {
        &self.declared().spec
    }

    /// How many environments the repository declares.
    pub(super) fn environments(&self) -> usize {
        self.in_force.environments.len()
    }

    /// Commits other versions, reads the repository again as the daemon does, and returns the diff.
    pub(super) fn commit(&mut self, title: &str, versions: &[(&str, String)]) -> Result<String, CliError> {
        let now = self.now();
        let versions: Vec<(&str, &str)> = versions.iter().map(|(key, to)| (*key, to.as_str())).collect();
        let diff = self.repository.release(title, &versions, now).map_err(cannot)?;
        poll(&mut self.in_force, &mut *self.source, &self.place, now)?;
        let spec = self.spec().clone();
        self.cloud.with(|world| world.declare(&[spec], &Age::UpToDate));
        Ok(diff)
    }

    /// Decides how the migration to this version will end.
    pub(super) fn script(&self, version: &str, outcome: Outcome) {
        self.cloud.with(|world| world.script.migration(version, [outcome]));
    }

    /// Observes production and plans.
    pub(super) fn preview(&self) -> Result<EnvironmentPreview, CliError> {
        let cloud = self.cloud.cloud(self.spec());
        let preview = reconcile::preview(&*cloud, &self.clock, &self.store, self.declared());
        let preview = self.clock.block_on(preview)?.expect("production is declared");
        let last_run = self.runs()?.into_iter().next();
        let spec = self.spec().clone();
        let (holder, defect) = (None, None);
        Ok(EnvironmentPreview { spec, preview, preflight: None, holder, defect, last_run, now: self.now() })
    }

    /// One run until production is as declared, at this pace.
    pub(super) fn converge(&self, pace: Pace, progress: &dyn Progress) -> Result<Run, CliError> {
        let cloud = self.cloud.cloud(self.spec());
        let interrupt = &self.interrupt;
        // A person who presses Ctrl-C has seen enough of the demo: waits end at once, too.
        let shutdown = || {
            if interrupt.level() == ShutdownLevel::None { ShutdownLevel::None } else { ShutdownLevel::Now }
        };
        let reconciler = Reconciler {
            cloud: &*cloud,
            clock: &self.clock,
            store: &self.store,
            declared: self.declared(),
            progress,
            holder: "the demo",
            deadline: None,
            shutdown: &shutdown,
        };
        self.clock.set_pace(pace);
        let run = self.clock.block_on(reconciler.converge(&self.spec().name));
        self.clock.set_pace(Pace::Jump);
        Ok(run?)
    }

    /// Whether a signal asks the demo to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.level() > ShutdownLevel::None
    }

    /// Lets simulated time pass between two runs.
    pub(super) fn pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// Lets simulated time pass until a release may begin, and a little more.
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

    /// Every closing of the gate that the journal knows.
    pub(super) fn closures(&self) -> Result<Vec<Closure>, CliError> {
        let events = read_events(&self.store, &self.spec().name).map_err(reconcile::ReconcileError::from)?;
        Ok(reconcile::closures(&events))
    }

    /// How many migration tasks the simulated cloud has started.
    pub(super) fn migration_tasks(&self) -> usize {
        let log = self.cloud.log();
        log.iter().filter(|effect| effect.operation == "ecs:RunTask" && effect.applied).count()
    }

    /// Keeps the repository after the end of the program, and returns its folder.
    pub(super) fn keep(self) -> std::path::PathBuf {
        self.repository.keep()
    }
}

/// Reads the repository once.
fn poll(in_force: &mut InForce, source: &mut dyn Source, place: &str, now: Instant) -> Result<(), CliError> {
    let notices = in_force.take(source.poll(), PATH_DEFAULT, place, now);
    match &notices[..] {
        [Notice::Adopted { .. }] => Ok(()),
        other => {
            Err(CliError::internal("the demo cannot read its own repository")
                .because_of(format!("{other:?}")))
        }
    }
}

fn cannot(error: anyhow::Error) -> CliError {
    CliError::failure("the demo cannot create its repository").because_of(format!("{error:#}"))
}
