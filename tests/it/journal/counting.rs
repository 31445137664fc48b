//! A store that counts the lines that are read from it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tidegate::model::{EnvironmentName, Instant, RunId, StoreId};
use tidegate::store::{
    Checkpoint, Lease, LeaseHolder, LedgerCache, LocalStore, Log, Mark, RawLine, Store, StoreError, StoredRun,
};

pub(super) struct CountingStore {
    store: LocalStore,
    lines: AtomicU64,
}

impl CountingStore {
    /// The store in this folder, opened as another process would.
    pub(super) fn open(root: &Path) -> Self {
        Self { store: LocalStore::open(root).unwrap(), lines: AtomicU64::new(0) }
    }

    /// The lines that were read since the last call.
    pub(super) fn lines(&self) -> u64 {
        self.lines.swap(0, Ordering::Relaxed)
    }
}

impl Store for CountingStore {
    fn id(&self) -> StoreId {
        self.store.id()
    }

    fn acquire(
        &self,
        name: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError> {
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
        self.store.follow(name, after, &mut |line| {
            self.lines.fetch_add(1, Ordering::Relaxed);
            each(line);
        })
    }

    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError> {
        self.store.append(lease, at, event)
    }

    fn checkpoint_every(&self) -> u64 {
        self.store.checkpoint_every()
    }

    fn checkpoints(&self, name: &EnvironmentName) -> Result<Vec<Checkpoint>, StoreError> {
        self.store.checkpoints(name)
    }

    fn keep_checkpoint(&self, lease: &Lease, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.store.keep_checkpoint(lease, checkpoint)
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
        self.store.put_record(name, kind, value)
    }

    fn swap_record(
        &self,
        name: &EnvironmentName,
        kind: &str,
        expected: Option<&Value>,
        value: Option<&Value>,
    ) -> Result<bool, StoreError> {
        self.store.swap_record(name, kind, expected, value)
    }

    fn get_record(&self, name: &EnvironmentName, kind: &str) -> Result<Option<Value>, StoreError> {
        self.store.get_record(name, kind)
    }

    fn list_records(&self, name: &EnvironmentName) -> Result<BTreeMap<String, Value>, StoreError> {
        self.store.list_records(name)
    }

    fn save_run(&self, name: &EnvironmentName, run: &RunId, value: &Value) -> Result<(), StoreError> {
        self.store.save_run(name, run, value)
    }

    fn list_runs(&self, name: &EnvironmentName, limit: usize) -> Result<Vec<StoredRun>, StoreError> {
        self.store.list_runs(name, limit)
    }

    fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        self.store.environments()
    }
}
