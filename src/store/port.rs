//! The port: what every store can do, whatever it keeps its lines and values in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::StoreError;
use super::journal::line::{Log, Mark, RawLine};
use super::journal::{Checkpoint, LedgerCache};
use super::lease::{Lease, LeaseHolder};
use crate::model::{EnvironmentName, Instant, RunId, StoreId};

/// How many runs of an environment are kept: some years of releases, some megabytes.
pub const RUNS_KEPT_MAX: usize = 1_000;

/// A run as it was saved.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// Sorts by age: a newer run has a greater id.
    pub id: RunId,
    /// The run as JSON; the store does not read it.
    pub value: Value,
}

/// Keeps what must outlive the process. Several processes may use one store at a time.
///
/// Every method fails with a [`StoreError`] when the place cannot be read or written, or holds something that no
/// store writes. Reading something that was never written gives nothing, not an error.
pub trait Store: Send + Sync {
    /// The identity of this store: made at its first use and never changed. A store that is opened for reading
    /// and does not exist yet answers with [`no_store`].
    fn id(&self) -> StoreId;

    /// Takes the lease of an environment if it is free; never waits. None: another holder has it, see
    /// [`Store::lease_holder`]. `holder` names the caller for people: `daemon on host-7`.
    fn acquire(
        &self,
        environment: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError>;

    /// The holder of the lease. None: the lease is free.
    fn lease_holder(&self, environment: &EnvironmentName) -> Result<Option<LeaseHolder>, StoreError>;

    /// The whole journal of an environment. Needs no lease.
    fn read_log(&self, environment: &EnvironmentName) -> Result<Log, StoreError>;

    /// Reads the lines behind `after`, oldest first and one at a time, without those before. False: `after` is no
    /// place in this journal, and `each` was not called. Needs no lease.
    fn follow(
        &self,
        environment: &EnvironmentName,
        after: &Mark,
        each: &mut dyn FnMut(RawLine<'_>),
    ) -> Result<bool, StoreError>;

    /// Writes one line to the journal of the lease's environment and returns where it ends; the line is
    /// safe then. Fails with [`StoreError::LeaseLost`] when the lease is lost or is not the newest.
    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError>;

    /// How many lines of a journal lie between two checkpoints.
    fn checkpoint_every(&self) -> u64;

    /// The checkpoints of a journal that can be read, newest first; at most two.
    fn checkpoints(&self, environment: &EnvironmentName) -> Result<Vec<Checkpoint>, StoreError>;

    /// Keeps a checkpoint of a line that was appended, in place of the older of two. Fails with
    /// [`StoreError::LeaseLost`] as [`Store::append`].
    fn keep_checkpoint(&self, lease: &Lease, checkpoint: &Checkpoint) -> Result<(), StoreError>;

    /// The ledgers that were read through this store. Another process, and another opening of the store, has others.
    fn ledgers(&self) -> &LedgerCache;

    /// Writes the record of this kind (`override`, `suspension`), or removes it. One of each kind.
    fn put_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        value: Option<&Value>,
    ) -> Result<(), StoreError>;

    /// Writes the record only if it still is `expected`, and says whether it did. So a caller that has handled
    /// a record can remove it without losing a newer one.
    fn swap_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        expected: Option<&Value>,
        value: Option<&Value>,
    ) -> Result<bool, StoreError>;

    /// The record of this kind.
    fn get_record(&self, environment: &EnvironmentName, kind: &str) -> Result<Option<Value>, StoreError>;

    /// All records of an environment, by kind.
    fn list_records(&self, environment: &EnvironmentName) -> Result<BTreeMap<String, Value>, StoreError>;

    /// Saves a run, or saves it again. The oldest beyond [`RUNS_KEPT_MAX`] go.
    fn save_run(&self, environment: &EnvironmentName, run: &RunId, value: &Value) -> Result<(), StoreError>;

    /// The newest runs, newest first, at most `limit`.
    fn list_runs(&self, environment: &EnvironmentName, limit: usize) -> Result<Vec<StoredRun>, StoreError>;

    /// The environments that have ever left something here.
    fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError>;
}

/// The identity of a store that does not exist yet: no cluster is ever owned by it.
pub fn no_store() -> StoreId {
    StoreId::new(uuid::Uuid::nil().to_string())
}
