//! What must outlive the process: the lease, the journal, run history, run-time records.
//!
//! Everything else is derived from the cloud on each pass. The port [`Store`] keeps lines and values and does
//! not know what they mean; the events behind the lines are those of [`journal`].
//!
//! Architecture Invariant: nothing is appended without a valid lease, every line carries its fencing number,
//! and a line is on the disk before [`Store::append`] returns. Records (overrides, suspensions, requests)
//! need no lease: operators write them while the daemon holds it.
//!
//! The port is blocking: its calls take milliseconds, and a caller must not continue before the line is safe.

mod error;
pub mod journal;
mod lease;
mod local;
mod memory;
mod name;
mod overrides;
mod port;

pub use error::StoreError;
pub use journal::line::{JournalLine, Log, Mark, RawLine, UnfinishedLine};
pub use journal::{Checkpoint, LedgerCache};
pub use lease::{Lease, LeaseHolder};
pub use local::LocalStore;
pub use memory::MemoryStore;
pub use overrides::{EndReason, OVERRIDE, RuntimeOverride, SUSPENSION, Suspension, Withdrawal};
pub use port::{RUNS_KEPT_MAX, Store, StoredRun, no_store};
