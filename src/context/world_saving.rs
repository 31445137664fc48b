//! A store beside a simulated world: the world is saved before a journal line about it is written.
//!
//! On AWS an effect is durable before tidegate can write about it. A simulated world must promise the same. Otherwise a
//! process that is killed would leave a journal that knows more than the world: a migration that has ended in the
//! journal and still runs in the world.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{EnvironmentName, Instant, RunId, StoreId};
use crate::sim::SimCloud;
use crate::store::{
    Checkpoint, Lease, LeaseHolder, LedgerCache, LocalStore, Log, Mark, RawLine, Store, StoreError, StoredRun,
};

/// The local store, with a world that is never older than its journal and its history.
pub(super) struct WorldSavingStore {
    store: LocalStore,
    cloud: SimCloud,
}

impl WorldSavingStore {
    pub(super) fn new(store: LocalStore, cloud: SimCloud) -> Self {
        Self { store, cloud }
    }

    fn save_world(&self) -> Result<(), StoreError> {
        let path = self.store.root().join("sim");
        self.cloud.save().map_err(|source| StoreError::Disk { operation: "save the world in", path, source })
    }
}

impl Store for WorldSavingStore {
    fn id(&self) -> StoreId {
        self.store.id()
    }

    fn acquire(
        &self,
        environment: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError> {
        self.store.acquire(environment, holder, at)
    }

    fn lease_holder(&self, environment: &EnvironmentName) -> Result<Option<LeaseHolder>, StoreError> {
        self.store.lease_holder(environment)
    }

    fn read_log(&self, environment: &EnvironmentName) -> Result<Log, StoreError> {
        self.store.read_log(environment)
    }

    fn follow(
        &self,
        environment: &EnvironmentName,
        after: &Mark,
        each: &mut dyn FnMut(RawLine<'_>),
    ) -> Result<bool, StoreError> {
        self.store.follow(environment, after, each)
    }

    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError> {
        self.save_world()?;
        self.store.append(lease, at, event)
    }

    fn checkpoint_every(&self) -> u64 {
        self.store.checkpoint_every()
    }

    fn checkpoints(&self, environment: &EnvironmentName) -> Result<Vec<Checkpoint>, StoreError> {
        self.store.checkpoints(environment)
    }

    fn keep_checkpoint(&self, lease: &Lease, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.store.keep_checkpoint(lease, checkpoint)
    }

    fn ledgers(&self) -> &LedgerCache {
        self.store.ledgers()
    }

    fn put_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        value: Option<&Value>,
    ) -> Result<(), StoreError> {
        self.store.put_record(environment, kind, value)
    }

    fn swap_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        expected: Option<&Value>,
        value: Option<&Value>,
    ) -> Result<bool, StoreError> {
        self.store.swap_record(environment, kind, expected, value)
    }

    fn get_record(&self, environment: &EnvironmentName, kind: &str) -> Result<Option<Value>, StoreError> {
        self.store.get_record(environment, kind)
    }

    fn list_records(&self, environment: &EnvironmentName) -> Result<BTreeMap<String, Value>, StoreError> {
        self.store.list_records(environment)
    }

    fn save_run(&self, environment: &EnvironmentName, run: &RunId, value: &Value) -> Result<(), StoreError> {
        self.save_world()?;
        self.store.save_run(environment, run, value)
    }

    fn list_runs(&self, environment: &EnvironmentName, limit: usize) -> Result<Vec<StoredRun>, StoreError> {
        self.store.list_runs(environment, limit)
    }

    fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        self.store.environments()
    }
}
