//! A store whose writes count as effects, so that a process may die before, in or after each of them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tidegate::model::{EnvironmentName, Instant, RunId, StoreId};
use tidegate::sim::CrashPlan;
use tidegate::store::{
    Checkpoint, Lease, LeaseHolder, LedgerCache, Log, Mark, MemoryStore, RawLine, Store, StoreError,
    StoredRun,
};

pub struct CrashingStore {
    pub store: Arc<MemoryStore>,
    pub crash: CrashPlan,
}

impl CrashingStore {
    fn write<T>(&self, write: impl FnOnce(&MemoryStore) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let effect = self.crash.before().map_err(|_| dead())?;
        let answer = write(&self.store)?;
        self.crash.after(effect).map_err(|_| dead())?;
        Ok(answer)
    }
}

/// What nobody hears any more.
fn dead() -> StoreError {
    let source = io::Error::other("the process is dead");
    StoreError::Disk { operation: "write", path: PathBuf::from("memory"), source }
}

impl Store for CrashingStore {
    fn id(&self) -> StoreId {
        self.store.id()
    }

    fn acquire(
        &self,
        name: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError> {
        // Each run is a process of its own, and remembers nothing of the one before it.
        self.store.ledgers().clear();
        self.store.acquire(name, holder, at)
    }

    fn lease_holder(&self, name: &EnvironmentName) -> Result<Option<LeaseHolder>, StoreError> {
        self.store.lease_holder(name)
    }

    fn read_log(&self, name: &EnvironmentName) -> Result<Log, StoreError> {
        self.store.read_log(name)
    }

    fn follow(
        &self,
        name: &EnvironmentName,
        after: &Mark,
        each: &mut dyn FnMut(RawLine<'_>),
    ) -> Result<bool, StoreError> {
        self.store.follow(name, after, each)
    }

    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError> {
        self.write(|store| store.append(lease, at, event))
    }

    fn checkpoint_every(&self) -> u64 {
        self.store.checkpoint_every()
    }

    fn checkpoints(&self, name: &EnvironmentName) -> Result<Vec<Checkpoint>, StoreError> {
        self.store.checkpoints(name)
    }

    fn keep_checkpoint(&self, lease: &Lease, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.write(|store| store.keep_checkpoint(lease, checkpoint))
    }

    fn ledgers(&self) -> &LedgerCache {
        self.store.ledgers()
    }

    fn put_record(
        &self,
        name: &EnvironmentName,
        kind: &str,
        value: Option<&Value>,
    ) -> Result<(), StoreError> {
        self.write(|store| store.put_record(name, kind, value))
    }

    fn swap_record(
        &self,
        name: &EnvironmentName,
        kind: &str,
        expected: Option<&Value>,
        value: Option<&Value>,
    ) -> Result<bool, StoreError> {
        self.write(|store| store.swap_record(name, kind, expected, value))
    }

    fn get_record(&self, name: &EnvironmentName, kind: &str) -> Result<Option<Value>, StoreError> {
        self.store.get_record(name, kind)
    }

    fn list_records(&self, name: &EnvironmentName) -> Result<BTreeMap<String, Value>, StoreError> {
        self.store.list_records(name)
    }

    fn save_run(&self, name: &EnvironmentName, run: &RunId, value: &Value) -> Result<(), StoreError> {
        self.write(|store| store.save_run(name, run, value))
    }

    fn list_runs(&self, name: &EnvironmentName, limit: usize) -> Result<Vec<StoredRun>, StoreError> {
        self.store.list_runs(name, limit)
    }

    fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        self.store.environments()
    }
}
