//! A bench for unit tests: one environment on a simulated cloud, a store, and a context to try an action with.
//!
//! The whole program is tried in `tests/it`; here one action, one observation or one run is tried alone, and the
//! cloud may be bent meanwhile. The bench stands in `src` because unit tests of `execute`, `observe`, `plan` and
//! `reconcile` share it: several of them call what only their room sees, and cargo lets unit tests import nothing from
//! `tests`.

mod plans;
mod store;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join;

use crate::clock::Clock;
use crate::cloud::{Cloud, Kind, RunTask};
use crate::execute::{self, ActionContext, ActionResult, Progress};
use crate::model::{Instant, Revision, RuleArn, StoreId};
use crate::observe::{ObserveOptions, Snapshot, observe};
use crate::plan::{Action, ActionKind, Expected, Plan, PlanningInput, Step, plan};
use crate::reconcile::{
    CurrentDeclaration, DeclaredEnvironment, Preview, ReconcileError, Reconciler, Run, RunOutcome,
    ShutdownLevel, preview,
};
use crate::schedule::{StateInputs, state_at};
use crate::sim::{Age, SimClock, SimCloud, World};
use crate::spec::{self, CloudFrontGate, EnvironmentSpec};
use crate::store::journal::{Event, GateParts, Journal, Ledger, read_ledger};
use crate::store::{MemoryStore, Store};

pub(crate) use plans::plan_that_ends_on;
pub(crate) use store::FlakyStore;

const SHOP: &str = include_str!("../tests/cases/plan/shop.yaml");

/// A Tuesday, ten in the morning in Europe.
pub(crate) fn a_tuesday() -> Instant {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

/// A shop with every kind of part: gate of rules and function, site behind a distribution, autoscaling.
pub(crate) fn shop() -> EnvironmentSpec {
    let files = BTreeMap::from([("environments/shop.yaml".to_owned(), SHOP.as_bytes().to_vec())]);
    let mut declared = spec::read(&files, "environments", a_tuesday());
    let mut spec = declared.environments.remove("shop").expect("the shop is declared without errors");
    let maintenance = spec.maintenance.as_mut().expect("the shop has a gate");
    let distributions = vec!["assets.shop.example".to_owned()];
    maintenance.cloudfront =
        Some(CloudFrontGate { function: "shop-gate".to_owned(), distributions, replace: None });
    spec.sites.get_mut("client").expect("the shop has a site").distribution = Some("E2SHOP".to_owned());
    spec
}

/// What an action told those who watch.
#[derive(Default)]
pub(crate) struct Said(Mutex<Vec<String>>);

impl Progress for Said {
    fn action_progress(&self, _id: &str, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

/// Everything a unit test drives.
pub(crate) struct Bench {
    pub(crate) clock: SimClock,
    pub(crate) cloud: SimCloud,
    pub(crate) store: MemoryStore,
    pub(crate) spec: EnvironmentSpec,
    pub(crate) said: Said,
    leaving: AtomicBool,
}

impl Bench {
    /// The shop, one release behind, never touched by tidegate.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same after the release has begun.
    pub(crate) fn begun(self) -> Self {
        let (from, to, revision) = ("v1.3.0".into(), "v1.4.0".into(), Revision::worktree());
        self.journaled([Event::ReleaseBegun { from, to, images: BTreeMap::new(), revision }]);
        self
    }

    /// The shop, declared a little differently.
    pub(crate) fn with(change: impl FnOnce(&mut EnvironmentSpec)) -> Self {
        let mut spec = shop();
        change(&mut spec);
        Self::of(spec, &Age::OneBehind)
    }

    /// A request for the migration of the shop, as tidegate would send it.
    pub(crate) fn migration_request(&self) -> RunTask {
        let definition = self.cloud.with(|world| world.regions[0].definitions["migrate"][0].arn.clone());
        RunTask {
            cluster: self.spec.cluster.clone(),
            definition,
            network_of: "web".into(),
            placement: Default::default(),
            client_token: "tidegate-test".to_owned(),
            started_by: "tidegate-test".to_owned(),
            tags: BTreeMap::new(),
        }
    }

    /// An environment of a given age.
    pub(crate) fn of(spec: EnvironmentSpec, age: &Age) -> Self {
        let world = World::from_spec(std::slice::from_ref(&spec), age, 1, a_tuesday());
        let clock = SimClock::new(a_tuesday());
        // Whatever waits longer than a month waits for ever.
        clock.set_limit(a_tuesday() + chrono::TimeDelta::days(31));
        let cloud = SimCloud::new(world, Arc::new(clock.clone()));
        let store = MemoryStore::new(StoreId::new("6f1c1f5e-0000-4000-8000-000000000001"));
        Bench { clock, cloud, store, spec, said: Said::default(), leaving: AtomicBool::new(false) }
    }

    pub(crate) fn port(&self) -> Cloud {
        self.cloud.cloud(&self.spec)
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Seconds since the test began.
    pub(crate) fn seconds(&self) -> i64 {
        (self.now() - a_tuesday()).num_seconds()
    }

    /// Asks whatever waits to leave, or takes that back.
    pub(crate) fn leave(&self, leaving: bool) {
        self.leaving.store(leaving, Ordering::Relaxed);
    }

    /// Carries one action out.
    pub(crate) fn act(&self, kind: ActionKind) -> ActionResult {
        self.act_while(kind, async {})
    }

    /// Carries one action out while something else happens.
    pub(crate) fn act_while(&self, kind: ActionKind, meanwhile: impl Future<Output = ()>) -> ActionResult {
        let port = self.port();
        let lease = self.store.acquire(&self.spec.name, "test", self.now()).unwrap().expect("nobody has it");
        let journal = Journal::open(&self.store, &self.clock, &lease).unwrap();
        let revision = Revision::worktree();
        let cancel = || self.leaving.load(Ordering::Relaxed);
        let context = ActionContext {
            cloud: &*port,
            clock: &self.clock,
            journal: &journal,
            spec: &self.spec,
            revision: &revision,
            progress: &self.said,
            cancel: &cancel,
        };
        let actions = [action(kind)];
        let (mut outcomes, ()) = self.clock.block_on(join(execute::carry_out(&context, &actions), meanwhile));
        outcomes.pop().expect("an outcome for each action").result
    }

    /// Rules of the shop's listener, by priority: 10 leads to `admin`, which is kept open.
    pub(crate) fn rules(&self, chosen: impl Fn(u32) -> bool) -> Vec<RuleArn> {
        self.cloud.with(|world| {
            let rules = &world.regions[0].listeners[0].rules;
            rules.iter().filter(|rule| chosen(rule.priority)).map(|rule| rule.arn.clone()).collect()
        })
    }

    /// Closes the whole gate.
    pub(crate) fn close(&self) -> ActionResult {
        self.act(closes(self.rules(|_| true), true))
    }

    /// Waits, for what happens meanwhile.
    pub(crate) async fn after(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// Lets time pass while nothing is done.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.cloud.with(|_| {});
    }

    /// The next `times` calls of an operation fail.
    pub(crate) fn fault(&self, operation: &'static str, times: u32, kind: Kind) {
        self.cloud.faults(|plan| plan.script(operation, times, kind));
    }

    /// Writes events down, as an earlier run would have.
    pub(crate) fn journaled(&self, events: impl IntoIterator<Item = Event>) {
        let lease = self.store.acquire(&self.spec.name, "test", self.now()).unwrap().expect("nobody has it");
        let journal = Journal::open(&self.store, &self.clock, &lease).unwrap();
        events.into_iter().for_each(|event| journal.record(event).unwrap());
    }

    pub(crate) fn ledger(&self) -> Ledger {
        read_ledger(&self.store, &self.spec.name).unwrap()
    }

    /// Every event of the journal, by its word.
    pub(crate) fn events(&self) -> Vec<String> {
        let lines = self.store.read_log(&self.spec.name).unwrap().lines;
        lines.into_iter().map(|line| line.event["event"].as_str().unwrap().to_owned()).collect()
    }

    /// Every write that the cloud carried out: operation and resource.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.cloud.log().into_iter().filter(|effect| effect.applied);
        log.map(|effect| format!("{} {}", effect.operation, effect.resource)).collect()
    }

    /// How often an operation reached the cloud as a write.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.cloud.log().iter().filter(|effect| effect.operation == operation).count()
    }

    /// What was told while actions went on.
    pub(crate) fn said(&self) -> String {
        self.said.0.lock().unwrap().join("\n")
    }

    /// What reality looks like.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let (port, ledger) = (self.port(), self.ledger());
        self.clock.block_on(observe(&*port, &self.clock, &self.spec, &ledger, ObserveOptions::default()))
    }

    /// What would be done.
    pub(crate) fn preview(&self) -> Preview {
        let (port, wanted) = (self.port(), self.wanted());
        self.clock.block_on(preview(&*port, &self.clock, &self.store, &wanted)).unwrap().expect("declared")
    }

    pub(crate) fn plan(&self) -> Plan {
        self.preview().plan
    }

    /// One run, with nobody watching and all the time there is.
    pub(crate) fn run(&self) -> Run {
        self.run_with(&self.wanted(), None, &|| ShutdownLevel::None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// One run towards what is wanted then.
    pub(crate) fn run_with(
        &self,
        declared: &dyn CurrentDeclaration,
        deadline: Option<Instant>,
        shutdown: &(dyn Fn() -> ShutdownLevel + Send + Sync),
    ) -> Result<Run, ReconcileError> {
        let port = self.port();
        let reconciler = Reconciler {
            cloud: &*port,
            clock: &self.clock,
            store: &self.store,
            declared,
            progress: &self.said,
            holder: "test",
            deadline: deadline.map(|at| self.clock.monotonic_at(at)),
            shutdown,
        };
        self.clock.block_on(reconciler.converge(&self.spec.name))
    }

    /// What this bench declares.
    pub(crate) fn wanted(&self) -> DeclaredEnvironment {
        DeclaredEnvironment::at(self.spec.clone(), Revision::worktree())
    }

    /// The shop after a run that brought it up to date.
    pub(crate) fn converged() -> Self {
        let bench = Bench::new();
        assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
        bench
    }

    /// What would be done if reality looked like this.
    pub(crate) fn plan_on(&self, snapshot: Snapshot) -> Plan {
        let spec = self.spec.clone();
        let says = StateInputs {
            state: spec.state,
            schedule: spec.schedule.as_ref(),
            git_override: spec.override_.as_ref(),
            runtime_override: None,
        };
        let desired = state_at(self.now(), &says);
        plan(&PlanningInput {
            now: self.now(),
            revision: Revision::worktree(),
            mode: spec.mode,
            grace: None,
            spec,
            desired,
            snapshot,
            ledger: self.ledger(),
            store: self.store.id(),
            refresh_images: false,
            expected: Expected::default(),
        })
    }

    /// The planned action with this id.
    pub(crate) fn planned(&self, id: &str) -> ActionKind {
        let plan = self.plan();
        let found = plan.actions.iter().find(|action| action.id == id);
        found.unwrap_or_else(|| panic!("no `{id}` in {plan:#?}")).kind.clone()
    }

    /// Nothing that tidegate did broke a promise.
    pub(crate) fn assert_clean(&self) {
        let said: Vec<String> =
            self.cloud.with(|world| world.violations_by_tidegate().iter().map(ToString::to_string).collect());
        assert!(said.is_empty(), "{said:#?}");
    }
}

/// An action around what it does.
pub(crate) fn action(kind: ActionKind) -> Action {
    Action {
        id: "test".to_owned(),
        kind,
        resource: "test".to_owned(),
        before: String::new(),
        after: String::new(),
        reason: String::new(),
        step: Step::Claim,
        corrects: None,
    }
}

/// Closing what was open.
pub(crate) fn closes(rules: Vec<RuleArn>, function: bool) -> ActionKind {
    ActionKind::CloseGate { rules, function, was_open: true, with: GateParts::default() }
}

/// Why an action failed; panics when it did not.
pub(crate) fn failure(result: ActionResult) -> String {
    match result {
        ActionResult::Failed { why } => why,
        other => panic!("it did not fail: {other:?}"),
    }
}
