//! What holds for every plan, on environments and lives that nobody wrote down: a run that has converged leaves
//! nothing to plan, no plan breaks a rule of its own, and the order in which the cloud lists things decides
//! nothing.

use std::sync::Mutex;
use std::time::Duration;

use proptest::prelude::*;
use tidegate::execute::Progress;
use tidegate::model::{Level, State, Version};
use tidegate::observe::{Observed, Snapshot};
use tidegate::plan::{BlockedReason, Expected, Plan, PlanningInput, plan};
use tidegate::reconcile::{CurrentDeclaration as _, Preview, RunOutcome};
use tidegate::schedule::{StateInputs, state_at};
use tidegate::sim::{Age, Dice};
use tidegate::spec::{EnvironmentSpec, NeededFor};
use tidegate::store::Store as _;

use crate::rig::{Rig, a_tuesday, environment};

const SHOP: &str = include_str!("../cases/plan/shop.yaml");

/// How an environment differs from the shop.
#[derive(Clone, Debug)]
struct Variation {
    atomic: bool,
    only_minor: bool,
    without_snapshot: bool,
    without_gate: bool,
    without_checks: bool,
    settle_minutes: u64,
    drain_seconds: u64,
    keeps_library_open: bool,
}

/// Something that happens to it.
#[derive(Clone, Debug)]
enum Happening {
    State(State),
    Core(u8),
    Library(u8),
    Client(u8),
    Workers(u32),
    /// Somebody sets a count in the console.
    Scale(&'static str, u32),
    /// Somebody opens the gate.
    OpenGate,
    /// A run, ended after some minutes.
    Run(i64),
    Wait(u64),
}

fn variation() -> impl Strategy<Value = Variation> {
    let bools = (any::<bool>(), any::<bool>(), any::<bool>(), proptest::bool::weighted(0.15), any::<bool>());
    let rest = (0u64..3, prop_oneof![Just(0u64), Just(60)], any::<bool>());
    (bools, rest).prop_map(|(bools, (settle_minutes, drain_seconds, keeps_library_open))| {
        let (atomic, only_minor, without_snapshot, without_gate, without_checks) = bools;
        Variation {
            atomic,
            only_minor,
            without_snapshot,
            without_gate,
            without_checks,
            settle_minutes,
            drain_seconds,
            keeps_library_open,
        }
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => proptest::sample::select(&State::ALL[..]).prop_map(Happening::State),
        2 => (1u8..9).prop_map(Happening::Core),
        1 => (1u8..9).prop_map(Happening::Library),
        1 => (1u8..9).prop_map(Happening::Client),
        1 => (1u32..4).prop_map(Happening::Workers),
        2 => (proptest::sample::select(vec!["web", "workers", "library", "cache"]), 0u32..5)
            .prop_map(|(service, count)| Happening::Scale(service, count)),
        1 => Just(Happening::OpenGate),
        3 => (1i64..20).prop_map(Happening::Run),
        1 => (1u64..90).prop_map(Happening::Wait),
    ]
}

impl Variation {
    fn of(&self, mut spec: EnvironmentSpec) -> EnvironmentSpec {
        let migration = spec.migration.as_mut().unwrap();
        migration.atomic = self.atomic;
        if self.only_minor {
            migration.needed_for = NeededFor::Levels([Level::Major, Level::Minor].into());
        }
        migration.snapshot.take = !self.without_snapshot;
        migration.settle = Duration::from_secs(60 * self.settle_minutes);
        let maintenance = spec.maintenance.as_mut().unwrap();
        maintenance.drain = Duration::from_secs(self.drain_seconds);
        if self.keeps_library_open {
            maintenance.keep_open.insert("library".into());
        }
        if self.without_checks || self.without_gate {
            spec.checks.clear();
        }
        if self.without_gate {
            spec.maintenance = None;
        }
        spec
    }
}

/// Remembers the first plan that breaks a rule of its own.
#[derive(Default)]
struct Auditor(Mutex<Option<Plan>>);

impl Progress for Auditor {
    fn plan_ready(&self, plan: &Plan) {
        if plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::UnsafePlan) {
            self.0.lock().unwrap().get_or_insert(plan.clone());
        }
    }
}

fn happens(rig: &Rig, happening: &Happening, auditor: &Auditor) {
    let version = |number: u8| Version::new(format!("v1.4.{number}"));
    let bump = |key: &str, version: Version| {
        rig.edit(|spec| drop(spec.versions.insert(key.into(), version)));
    };
    match happening {
        Happening::State(state) => rig.edit(|spec| spec.state = *state),
        // Never back: that is a person's to decide.
        Happening::Core(minor) => {
            let spec = rig.repository.spec();
            let next = Version::new(format!("v1.{}.0", 4 + minor));
            if Version::from("v1.4.0").relation_to(&spec.versions["core"]) != tidegate::model::Relation::Same
            {
                return;
            }
            bump("core", next);
        }
        Happening::Library(number) => bump("library", version(*number)),
        Happening::Client(number) => bump("client", version(*number)),
        Happening::Workers(count) => {
            rig.edit(|spec| spec.services.get_mut("workers").unwrap().count = *count);
        }
        Happening::Scale(service, count) => {
            rig.cloud.with(|world| world.person("shop").scale(service, *count))
        }
        Happening::OpenGate => rig.cloud.with(|world| world.person("shop").open_gate()),
        Happening::Run(minutes) => {
            let deadline = rig.now() + chrono::TimeDelta::minutes(*minutes);
            rig.try_apply(auditor, Some(deadline)).unwrap().unwrap();
        }
        Happening::Wait(minutes) => rig.clock.advance(Duration::from_secs(60 * minutes)),
    }
}

fn lived(variation: &Variation, life: &[Happening], auditor: &Auditor) -> Rig {
    let spec = variation.of(environment("shop", SHOP, a_tuesday()));
    let rig = Rig::new(&spec, &Age::UpToDate, 1, a_tuesday());
    life.iter().for_each(|happening| happens(&rig, happening, auditor));
    rig
}

/// The same things, listed in another order.
fn shuffled(snapshot: &Snapshot, seed: u64) -> Snapshot {
    fn shuffle<T>(items: &mut [T], dice: &mut Dice) {
        for index in (1..items.len()).rev() {
            let other = dice.below(index as u64 + 1) as usize;
            items.swap(index, other);
        }
    }
    let mut snapshot = snapshot.clone();
    let dice = &mut Dice::new(seed);
    for seen in snapshot.services.values_mut() {
        if let Observed::Present(seen) = seen {
            shuffle(&mut seen.tasks, dice);
            shuffle(&mut seen.service.deployments, dice);
            shuffle(&mut seen.service.target_groups, dice);
        }
    }
    if let Some(Observed::Present(seen)) = &mut snapshot.migration {
        shuffle(&mut seen.tasks, dice);
    }
    if let Some(Observed::Present(seen)) = &mut snapshot.database {
        shuffle(&mut seen.snapshots, dice);
    }
    if let Some(Some(Observed::Present(listener))) =
        snapshot.traffic.as_mut().map(|traffic| traffic.listener.as_mut())
    {
        shuffle(&mut listener.rules, dice);
    }
    snapshot
}

fn input(rig: &Rig, preview: &Preview, snapshot: Snapshot) -> PlanningInput {
    let wanted = rig.repository.current().unwrap();
    let says = StateInputs {
        state: wanted.spec.state,
        schedule: wanted.spec.schedule.as_ref(),
        git_override: None,
        runtime_override: None,
    };
    PlanningInput {
        now: rig.now(),
        revision: wanted.revision,
        desired: state_at(rig.now(), &says),
        mode: wanted.spec.mode,
        grace: None,
        spec: wanted.spec,
        snapshot,
        ledger: preview.ledger.clone(),
        store: rig.store.id(),
        refresh_images: true,
        expected: Expected::default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_has_converged_leaves_nothing_to_plan(
        variation in variation(),
        life in proptest::collection::vec(happening(), 0..6),
    ) {
        let auditor = Auditor::default();
        let rig = lived(&variation, &life, &auditor);
        let mut said = Vec::new();
        // A fight that was drawn by chance is over after an hour.
        let converged = (0..3).any(|_| {
            let run = rig.try_apply(&auditor, None).unwrap().unwrap();
            rig.clock.advance(Duration::from_secs(61 * 60));
            said.push(format!("{run:#?}"));
            run.outcome == Some(RunOutcome::Converged)
        });
        prop_assert!(converged, "{}", said.join("\n"));
        let unsafe_plan = auditor.0.into_inner().unwrap();
        prop_assert!(unsafe_plan.is_none(), "{unsafe_plan:#?}");
        let left = rig.plan();
        prop_assert!(left.actions.is_empty() && left.blocked.is_empty(), "{left:#?}");
        rig.assert_clean("a life");
    }

    #[test]
    fn the_order_of_what_is_listed_decides_nothing(
        variation in variation(),
        life in proptest::collection::vec(happening(), 1..6),
        seeds in proptest::collection::vec(any::<u64>(), 4),
    ) {
        let rig = lived(&variation, &life, &Auditor::default());
        let preview = rig.preview();
        let straight = plan(&input(&rig, &preview, preview.snapshot.clone()));
        for seed in seeds {
            let other = plan(&input(&rig, &preview, shuffled(&preview.snapshot, seed)));
            prop_assert_eq!(&straight, &other);
        }
    }
}
