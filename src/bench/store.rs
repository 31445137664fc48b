//! A store that writes and says that it could not: what a disk does whose last sync fails.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::model::{EnvironmentName, Instant, RunId, StoreId};
use crate::store::{
    Checkpoint, Lease, LeaseHolder, LedgerCache, Log, Mark, MemoryStore, RawLine, Store, StoreError,
    StoredRun,
};

/// A memory store whose answers to appends may be lost.
pub(crate) struct FlakyStore {
    store: MemoryStore,
    lost: AtomicU32,
}

impl FlakyStore {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self { store, lost: AtomicU32::new(0) }
    }

    /// The next `times` appends are carried out and reported as failed.
    pub(crate) fn lose_answers(&self, times: u32) {
        self.lost.store(times, Ordering::Relaxed);
    }
}

impl Store for FlakyStore {
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
        self.store.follow(name, after, each)
    }

    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError> {
        let end = self.store.append(lease, at, event)?;
        let lost = self.lost.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        match lost {
            Ok(_) => {
                let source = io::Error::other("the disk says no");
                Err(StoreError::Disk { operation: "write", path: PathBuf::from("journal.jsonl"), source })
            }
            Err(_) => Ok(end),
        }
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
