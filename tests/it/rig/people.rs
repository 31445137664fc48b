//! What people do besides looking: commits, wishes at the command line. They may act while a run is under way,
//! so what they act with is a handful of clones.

use std::sync::{Arc, Mutex};

use tidegate::model::{Instant, Revision, State};
use tidegate::reconcile::{CurrentDeclaration, DeclaredEnvironment, REQUEST};
use tidegate::sim::{Age, SimCloud};
use tidegate::spec::EnvironmentSpec;
use tidegate::store::journal::read_ledger;
use tidegate::store::journal::{AttemptStatus, OperatorCommand, OperatorRequest};
use tidegate::store::{MemoryStore, OVERRIDE, RuntimeOverride, Store as _};

/// What is wanted, changed by commits while a run may be under way.
#[derive(Clone, Default)]
pub struct Repository(Arc<Mutex<Head>>);

#[derive(Default)]
struct Head {
    /// Everything that was ever declared, newest last.
    commits: Vec<EnvironmentSpec>,
    removed: bool,
    poked: bool,
    patient: bool,
}

impl CurrentDeclaration for Repository {
    fn current(&self) -> Option<DeclaredEnvironment> {
        let head = self.0.lock().unwrap();
        let revision = Revision::commit(format!("{:07x}", head.commits.len()));
        let spec = head.commits.last().filter(|_| !head.removed);
        spec.map(|spec| DeclaredEnvironment::at(spec.clone(), revision))
    }

    fn refresh_images(&self) -> bool {
        self.0.lock().unwrap().poked
    }

    fn gives_grace(&self) -> bool {
        self.0.lock().unwrap().patient
    }
}

impl Repository {
    /// A new commit.
    pub fn commit(&self, spec: EnvironmentSpec) {
        let mut head = self.0.lock().unwrap();
        head.commits.push(spec);
        head.removed = false;
    }

    /// A commit that takes the environment out.
    pub fn remove(&self) {
        self.0.lock().unwrap().removed = true;
    }

    /// Whether whoever acts goes on acting, as a daemon does.
    pub fn set_patient(&self, patient: bool) {
        self.0.lock().unwrap().patient = patient;
    }

    /// Whether somebody asks for moving tags to be resolved again.
    pub fn set_poked(&self, poked: bool) {
        self.0.lock().unwrap().poked = poked;
    }

    /// What was declared last.
    pub fn spec(&self) -> EnvironmentSpec {
        self.0.lock().unwrap().commits.last().cloned().expect("declared")
    }

    /// What the commit before the newest one declared.
    fn earlier(&self) -> Option<EnvironmentSpec> {
        self.0.lock().unwrap().commits.iter().rev().nth(1).cloned()
    }
}

/// Everybody with access to the repository and the store.
#[derive(Clone)]
pub struct People {
    pub cloud: SimCloud,
    pub repository: Repository,
    pub store: Arc<MemoryStore>,
}

impl People {
    /// A new commit; registries and release buckets learn of its versions.
    pub fn commit(&self, spec: &EnvironmentSpec) {
        self.cloud.with(|world| world.declare(std::slice::from_ref(spec), &Age::UpToDate));
        self.repository.commit(spec.clone());
    }

    /// A new commit that changes the newest one.
    pub fn edit(&self, change: impl FnOnce(&mut EnvironmentSpec)) {
        let mut spec = self.repository.spec();
        change(&mut spec);
        self.commit(&spec);
    }

    /// Takes the newest commit back, by another one.
    pub fn revert(&self) {
        self.repository.earlier().iter().for_each(|spec| self.commit(spec));
    }

    /// Whether nobody knows how the newest migration ended.
    pub fn has_lost_migration(&self) -> bool {
        let ledger = read_ledger(&*self.store, &self.repository.spec().name).unwrap();
        let attempt = ledger.attempt.map(|attempt| attempt.status);
        match attempt {
            Some(AttemptStatus::Ended { outcome, .. }) => outcome.unknown,
            // It may be lost, and nobody has noticed yet.
            Some(AttemptStatus::Open) => true,
            Some(AttemptStatus::Closed) | None => false,
        }
    }

    /// Overrides the state until then, or ends that.
    pub fn set_override(&self, wanted: Option<(State, Instant)>) {
        let spec = self.repository.spec();
        let since = self.cloud.with(|world| world.now());
        let value = wanted.map(|(state, until)| {
            let set = RuntimeOverride {
                state,
                until,
                reason: "load test".to_owned(),
                who: "ann@laptop".to_owned(),
                since,
                declared: spec.state,
                is_met: false,
                taken_back: None,
            };
            serde_json::to_value(set).unwrap()
        });
        self.store.put_record(&spec.name, OVERRIDE, value.as_ref()).unwrap();
    }

    /// Leaves a request, as the verbs do.
    pub fn ask(&self, command: OperatorCommand) {
        let request = OperatorRequest { who: "ann@laptop".to_owned(), reason: "seen to".to_owned(), command };
        let value = serde_json::to_value(request).unwrap();
        let name = self.repository.spec().name;
        self.cloud.with(|world| world.is_asked(&name));
        self.store.put_record(&name, REQUEST, Some(&value)).unwrap();
    }
}
