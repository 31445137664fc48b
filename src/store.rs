//! What must outlive the process: the lease, the journal, run history, run-time records.
//!
//! Everything else is derived from the cloud on each pass. This room keeps lines and values for others and
//! does not know what they mean: the journal's events and their fold are `journal`'s, plain functions over
//! what [`Store::read_log`] returns.
//!
//! Architecture Invariant: nothing is appended without a valid lease, every line carries its fencing number,
//! and a line is on the disk before [`Store::append`] returns. Records (overrides, suspensions, requests)
//! need no lease: people write them while the daemon holds it.
//!
//! The port is blocking: its calls take milliseconds, and a caller must not go on before the line is safe.

mod error;
pub mod journal;
mod lease;
mod line;
mod local;
mod memory;
mod name;
mod overrides;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::StoreError;
pub use lease::{Lease, LeaseHolder};
pub use local::LocalStore;
pub use memory::MemoryStore;
pub use overrides::{EndedBy, OVERRIDE, RuntimeOverride, SUSPENSION, Suspension, TakenBack};

use crate::model::{EnvironmentName, Instant, RunId, StoreId};

/// How many runs of an environment are kept: some years of releases, some megabytes.
pub const RUNS_KEPT_MAX: usize = 1_000;

/// One line of an environment's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
    /// Counts from 1 without gaps.
    pub sequence: u64,
    /// The lease under which it was written. Never falls.
    pub fencing: u64,
    /// When, by the writer's clock.
    pub at: Instant,
    /// What, in the journal's own terms.
    pub event: Value,
}

/// An environment's journal, oldest line first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The lines that were written completely.
    pub lines: Vec<JournalLine>,
    /// What a crash left behind after them. Worth a warning; the next append removes it.
    pub torn: Option<TornTail>,
}

/// The beginning of a line whose writing was cut off. Nobody was told that it is safe, so nobody acted on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The journal.
    pub file: String,
    /// The line that is not complete, counted from 1.
    pub line: usize,
    /// How much of it is there.
    pub bytes: usize,
}

/// A run as it was saved.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// Its identity.
    pub id: RunId,
    /// Whatever the executor saved.
    pub value: Value,
}

/// Keeps what must outlive the process. Several processes may use one store at a time.
///
/// Every method fails with a [`StoreError`] when the place cannot be read or written, or holds what no store
/// writes. Reading something that was never written gives nothing, not an error.
pub trait Store: Send + Sync {
    /// The identity of this store: made at its first use, kept for ever. A store that is only read and does
    /// not exist yet answers with [`no_store`].
    fn id(&self) -> StoreId;

    /// Takes the lease of an environment if it is free; never waits. None: somebody holds it, see
    /// [`Store::lease_holder`]. `holder` says who asks, for people: `daemon on host-7`.
    fn acquire(
        &self,
        environment: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError>;

    /// Who holds the lease now, if anybody.
    fn lease_holder(&self, environment: &EnvironmentName) -> Result<Option<LeaseHolder>, StoreError>;

    /// The journal of an environment. Needs no lease.
    fn read_log(&self, environment: &EnvironmentName) -> Result<Log, StoreError>;

    /// Writes one line to the journal of the lease's environment and returns its sequence number; the line is
    /// safe then. Refused with [`StoreError::LeaseLost`] when the lease is held no more or is not the newest.
    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<u64, StoreError>;

    /// Writes the record of this kind (`override`, `suspension`), or removes it. One of each kind.
    fn put_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        value: Option<&Value>,
    ) -> Result<(), StoreError>;

    /// Writes the record only if it still is `expected`, and says whether it did: whoever has dealt with a
    /// record can remove it without losing the one that came meanwhile.
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

impl fmt::Display for TornTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, bytes } = self;
        write!(f, "{file}:{line}: the last line was cut off after {bytes} bytes and is left out")
    }
}
