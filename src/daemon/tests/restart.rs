//! What a restart continues with. For each way in which a repository can be lost to the daemon, and for each moment in
//! which the daemon can end: the next one ends the release, watches the migration, and wakes what sleeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use git2::Oid;
use tempfile::TempDir;

use crate::config::{self, Flags, Settings};
use crate::context::{Access, Backend};
use crate::daemon::due::PassReason;
use crate::daemon::in_force::Notice;
use crate::daemon::pass::{DuePass, PassContext, PassOutcome};
use crate::daemon::polling::Poller;
use crate::model::{Instant, Revision};
use crate::reconcile::{Defect, Run, RunOutcome, ShutdownLevel};
use crate::sim::{Outcome, World, WorldFolder};
use crate::source::fixture::Repo;
use crate::store::journal::{read_events, read_ledger};
use crate::store::{LocalStore, Store as _};

const SHOP: &str = include_str!("../../../tests/cases/plan/shop.yaml");
const FILE: &str = "environments/shop.yaml";
const SCHEDULE: &str = "schedule: {timezone: UTC, start: \"0 7 * * *\", stop: \"0 19 * * *\"}\n";

/// Friday, eight in the morning.
fn morning() -> Instant {
    Instant::from_timestamp(1_800_000_000, 0).unwrap()
}

/// How the daemon is told where the declarations are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Url,
    Dir,
}

/// How the repository is lost.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It cannot be reached.
    Away,
    /// The same, and the clone is gone, too.
    CloneGone,
    /// Its newest commit declares the environment with an error.
    Broken,
    /// Its branch was force-pushed.
    Rewritten,
}

/// A host with a store and a repository.
struct Host {
    place: Place,
    repo: Repo,
    home: TempDir,
}

/// One daemon from its start to the end of its first pass.
struct Life {
    notices: Vec<Notice>,
    outcome: PassOutcome,
    /// How often the pass asked whether to end.
    asked: u32,
}

impl Life {
    fn run(&self) -> &Run {
        match &self.outcome {
            PassOutcome::Run(result) => result.as_ref().as_ref().unwrap(),
            PassOutcome::Unchanged | PassOutcome::Undeclared => panic!("no run"),
            PassOutcome::Defect(message) => panic!("{message}"),
        }
    }
}

impl Host {
    fn new(place: Place) -> Self {
        Self { place, repo: Repo::new(), home: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> PathBuf {
        self.home.path().join("store")
    }

    fn declare(&self, text: &str) {
        self.repo.commit("main", &[(FILE, text)]);
        if self.place == Place::Dir {
            fs::create_dir_all(self.repo.path().join("environments")).unwrap();
            fs::write(self.repo.path().join(FILE), text).unwrap();
        }
    }

    fn settings(&self) -> Settings {
        let text = |path: &Path| Some(path.to_str().unwrap().to_owned());
        let mut flags =
            Flags { store: text(&self.store()), cloud: Some("sim".to_owned()), ..Flags::default() };
        match self.place {
            Place::Path => flags.repo = text(self.repo.path()),
            Place::Url => flags.repo = Some(self.repo.url()),
            Place::Dir => flags.dir = text(self.repo.path()),
        }
        config::resolve(&flags, |_| None, None).unwrap()
    }

    /// A daemon starts at `at`, polls, and makes one pass; `shutdown` is asked with a growing number.
    fn live(&self, at: Instant, shutdown: impl Fn(u32) -> ShutdownLevel + Send + Sync + 'static) -> Life {
        let settings = self.settings();
        LocalStore::open(self.store()).unwrap();
        let access = Access::Change { wait_max: Duration::ZERO };
        let backend = Arc::new(Backend::open(&settings, &[], access, Some(at)).unwrap());
        let mut poller = Poller::open(&settings, &self.store(), backend.store()).unwrap();
        let mut notices = poller.restore().unwrap();
        notices.extend(poller.first_poll().unwrap());
        let in_force = poller.in_force();
        let declared = in_force.lock().environments.get("shop").cloned();
        let declared = declared.unwrap_or_else(|| panic!("nothing is in force: {notices:?}"));
        let asked = Arc::new(AtomicU32::new(0));
        let counted = asked.clone();
        let shutdown = Arc::new(move || shutdown(counted.fetch_add(1, Ordering::Relaxed)));
        let context = PassContext { backend: backend.clone(), in_force, holder: "daemon".into(), shutdown };
        let due = DuePass { declared, reason: PassReason::First, before: None, may_have_defect: true };
        let ended = backend.block_on(context.pass(due, backend.now()));
        backend.finish().unwrap();
        Life { notices, outcome: ended.outcome, asked: asked.load(Ordering::Relaxed) }
    }

    /// A daemon that is not disturbed.
    fn live_on(&self, at: Instant) -> Life {
        self.live(at, |_| ShutdownLevel::None)
    }

    fn away(&self) -> PathBuf {
        self.repo.path().with_extension("away")
    }

    fn lose(&self, fault: Fault) {
        match fault {
            Fault::Away => fs::rename(self.repo.path(), self.away()).unwrap(),
            Fault::CloneGone => {
                fs::rename(self.repo.path(), self.away()).unwrap();
                let _ = fs::remove_dir_all(self.store().join("repos"));
            }
            Fault::Broken if self.place == Place::Dir => {
                fs::write(self.repo.path().join(FILE), "name: [").unwrap();
            }
            Fault::Broken => {
                self.repo.commit("main", &[(FILE, "name: [")]);
            }
            Fault::Rewritten => {
                self.repo.rewrite("main", &[(FILE, &SHOP.replace("count: 2", "count: 3"))]);
            }
        }
    }

    /// Undoes [`Self::lose`]: the branch is at `tip` again.
    fn find(&self, tip: Oid) {
        if self.away().exists() {
            fs::rename(self.away(), self.repo.path()).unwrap();
        }
        self.repo.git.reference("refs/heads/main", tip, true, "as before").unwrap();
    }

    fn tip(&self) -> Oid {
        self.repo.git.find_reference("refs/heads/main").unwrap().target().unwrap()
    }

    fn world(&self) -> World {
        WorldFolder::new(self.store().join("sim")).look(&[], 1, morning()).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => fs::copy(entry.path(), target).map(drop).unwrap(),
        }
    }
}

fn applies(place: Place, fault: Fault) -> bool {
    match fault {
        Fault::Away | Fault::Broken => true,
        Fault::CloneGone => place == Place::Url,
        Fault::Rewritten => place != Place::Dir,
    }
}

/// Every place with every fault that it can have.
fn matrix() -> impl Iterator<Item = (Place, Fault)> {
    let faults = [Fault::Away, Fault::CloneGone, Fault::Broken, Fault::Rewritten];
    [Place::Path, Place::Url, Place::Dir]
        .into_iter()
        .flat_map(move |place| faults.map(|fault| (place, fault)))
        .filter(|(place, fault)| applies(*place, *fault))
}

#[test]
fn an_idle_environment_stays_in_force() {
    for (place, fault) in matrix() {
        let host = Host::new(place);
        host.declare(SHOP);
        assert_eq!(host.live_on(morning()).run().outcome, Some(RunOutcome::Converged));
        host.lose(fault);
        let life = host.live_on(morning() + TimeDelta::hours(1));
        assert_eq!(life.run().outcome, Some(RunOutcome::Converged), "{place:?} {fault:?}");
        assert!(matches!(life.notices[0], Notice::Restored { .. }), "{:?}", life.notices);
        let is_said = life.notices.iter().any(|notice| match notice {
            Notice::Unreachable { accepted, since, .. } => accepted.is_some() && since.is_some(),
            Notice::Broken { kept, .. } => kept.is_some(),
            Notice::Rewritten { accepted, .. } => accepted.is_some(),
            _ => false,
        });
        assert!(is_said, "{place:?} {fault:?}: {:?}", life.notices);
    }
}

#[test]
fn what_sleeps_wakes_at_its_hour() {
    for (place, fault) in matrix() {
        let host = Host::new(place);
        host.declare(&format!("{SHOP}{SCHEDULE}"));
        host.live_on(morning());
        host.live_on(morning() + TimeDelta::hours(12));
        host.lose(fault);
        let night = host.live_on(morning() + TimeDelta::hours(22));
        assert!(night.run().steps.is_empty(), "asleep: {place:?} {fault:?}");
        let wake = host.live_on(morning() + TimeDelta::hours(23) + TimeDelta::minutes(5));
        assert_eq!(wake.run().outcome, Some(RunOutcome::Converged), "{place:?} {fault:?}");
        assert!(wake.run().steps.iter().any(|step| step.step == "start-services"), "{place:?} {fault:?}");
    }
}

/// A release of v1.5.0 is cut off at so many moments.
fn a_release_ends(place: Place, moments: u32) {
    let host = Host::new(place);
    host.declare(SHOP);
    host.live_on(morning());
    host.declare(&SHOP.replace("core: v1.4.0", "core: v1.5.0"));
    let (saved, tip, at) = (host.home.path().join("saved"), host.tip(), morning() + TimeDelta::hours(1));
    let text = SHOP.replace("core: v1.4.0", "core: v1.5.0");
    copy(&host.store(), &saved);
    let asked = host.live_on(at).asked;
    assert!(asked > moments, "{asked}");
    for (_, fault) in matrix().filter(|(other, _)| *other == place) {
        for moment in (0..asked).step_by((asked / moments) as usize) {
            host.find(tip);
            if place == Place::Dir {
                fs::write(host.repo.path().join(FILE), &text).unwrap();
            }
            fs::remove_dir_all(host.store()).unwrap();
            copy(&saved, &host.store());
            let end = move |asked| if asked >= moment { ShutdownLevel::Now } else { ShutdownLevel::None };
            assert_eq!(host.live(at, end).run().outcome, Some(RunOutcome::Stopped));
            host.lose(fault);
            let life = host.live_on(at);
            let about = format!("{place:?} {fault:?}, cut off at {moment} of {asked}");
            assert_eq!(life.run().outcome, Some(RunOutcome::Converged), "{about}");
            let (store, world) = (LocalStore::open(host.store()).unwrap(), host.world());
            assert_eq!(read_ledger(&store, &"shop".into()).unwrap().release, None, "{about}");
            let to: Vec<&str> = world.effects.iter().map(|effect| effect.to.as_str()).collect();
            assert_eq!(to, ["v1.4.0", "v1.5.0"], "{about}: each migration once");
            assert!(world.violations_by_tidegate().is_empty(), "{about}");
        }
    }
}

#[test]
fn a_release_from_a_repository_on_this_machine_ends() {
    // Enough for each of its steps.
    a_release_ends(Place::Path, 12);
}

#[test]
fn a_release_from_a_remote_ends() {
    a_release_ends(Place::Url, 5);
}

#[test]
fn a_release_from_plain_files_ends() {
    a_release_ends(Place::Dir, 5);
}

#[test]
fn a_migration_that_hangs_is_watched() {
    for (place, fault) in matrix() {
        let host = Host::new(place);
        host.declare(SHOP);
        host.live_on(morning());
        let folder = WorldFolder::new(host.store().join("sim"));
        let mut world = host.world();
        world.script.migration("v1.5.0", [Outcome::Hangs]);
        folder.save(&world).unwrap();
        host.declare(&SHOP.replace("core: v1.4.0", "core: v1.5.0"));
        let until_now = |asked: u32| if asked > 150 { ShutdownLevel::Now } else { ShutdownLevel::None };
        let at = morning() + TimeDelta::hours(1);
        host.live(at, until_now);
        host.lose(fault);
        let about = format!("{place:?} {fault:?}");
        let run = host.live(at, until_now);
        let watched = run.run().steps.iter().map(|step| step.step.as_str()).collect::<Vec<_>>();
        assert_eq!(watched, ["migrate"], "{about}");
        let store = LocalStore::open(host.store()).unwrap();
        assert!(read_ledger(&store, &"shop".into()).unwrap().migration_in_flight(), "{about}");
    }
}

#[test]
fn a_removed_environment_is_not_brought_back_by_what_the_store_kept() {
    let host = Host::new(Place::Path);
    host.declare(SHOP);
    host.live_on(morning());
    host.repo.rewrite("elsewhere", &[("environments/kiosk.yaml", &SHOP.replace("shop", "kiosk"))]);
    let settings = host.settings();
    let store = Arc::new(LocalStore::open(host.store()).unwrap());
    let mut poller = Poller::open(&settings, &host.store(), store.clone()).unwrap();
    assert!(matches!(poller.restore().unwrap()[..], [Notice::Restored { .. }]));
    let gone = host.repo.git.find_commit(host.tip()).unwrap();
    let empty = host.repo.git.find_reference("refs/heads/elsewhere").unwrap().peel_to_tree().unwrap();
    let author = gone.author();
    host.repo.git.commit(Some("refs/heads/main"), &author, &author, "gone", &empty, &[&gone]).unwrap();
    let notices = poller.first_poll().unwrap();
    assert!(notices.contains(&Notice::Unmanaged { environment: "shop".into() }), "{notices:?}");
    let mut next = Poller::open(&settings, &host.store(), store).unwrap();
    let notices = next.restore().unwrap();
    let restored = |name: &str| {
        notices.iter().any(
            |notice| matches!(notice, Notice::Restored { environment, .. } if environment.as_str() == name),
        )
    };
    assert!(!restored("shop") && restored("kiosk"), "{notices:?}");
    assert_eq!(next.in_force().lock().accepted, Some(Revision::commit(host.tip().to_string())));
}

#[test]
fn a_commit_that_does_not_concern_an_environment_leaves_no_trace_in_it() {
    let host = Host::new(Place::Path);
    host.declare(SHOP);
    host.live_on(morning());
    let store = LocalStore::open(host.store()).unwrap();
    let events = || read_events(&store, &"shop".into()).unwrap();
    let before = events();
    host.repo.commit("main", &[("README.md", "hello"), ("environments/unused.ics", "hello")]);
    let life = host.live_on(morning() + TimeDelta::hours(1));
    assert_eq!(life.run().outcome, Some(RunOutcome::Converged));
    assert_eq!(life.run().revision.as_str(), host.tip().to_string(), "for people");
    assert_eq!(events(), before);
    host.declare(&SHOP.replace("core: v1.4.0", "core: v1.5.0"));
    host.live_on(morning() + TimeDelta::hours(2));
    assert!(events().len() > before.len());
}

#[test]
fn a_panic_is_kept_as_a_defect_until_a_pass_ends_without_one() {
    let host = Host::new(Place::Path);
    host.declare(SHOP);
    let life = host.live(morning(), |asked| {
        assert!(asked < 5, "index out of bounds");
        ShutdownLevel::None
    });
    assert!(matches!(&life.outcome, PassOutcome::Defect(message) if message == "index out of bounds"));
    let store = LocalStore::open(host.store()).unwrap();
    let defect = || Defect::last_seen(&store, &"shop".into()).unwrap();
    assert_eq!(defect().unwrap().message, "index out of bounds");
    assert_eq!(store.lease_holder(&"shop".into()).unwrap(), None, "the lock is released");
    let runs = store.list_runs(&"shop".into(), 1).unwrap();
    assert_eq!(runs[0].value["outcome"], "failed", "{}", runs[0].value);
    assert_eq!(host.live_on(morning()).run().outcome, Some(RunOutcome::Converged));
    assert_eq!(defect(), None);
}
