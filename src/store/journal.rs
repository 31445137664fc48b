//! The journal: its events, the lines that hold them, the one writer, and the ledger that they fold to.
//!
//! The journal holds what AWS cannot be asked for: the intents of one-shot actions before they are sent, their
//! outcomes, the decisions of operators, and what was borrowed and must be given back. Everything else is read
//! from the cloud on each pass.
//!
//! [`Ledger::apply`] is the one transition function. The writer uses it before it appends an event, and a reader
//! uses it when it reads the journal again. So every journal that was written can be read.
//!
//! | file | |
//! |---|---|
//! | `event`, `operator` | what is written down; pure |
//! | `ledger`, `records`, `attempt`, `outcome` | what the events add up to; pure |
//! | `line` | the text of a line, with its checksum; pure |
//! | `wire` | the words of an event in a line, apart from the types of the program; pure |
//! | `read`, `writer` | from a store to events, and back |
//! | `checkpoint`, `cache` | what was added up before: on the disk, and in this process |

mod attempt;
pub(super) mod cache;
pub(super) mod checkpoint;
mod error;
mod event;
mod ledger;
pub(super) mod line;
pub(super) mod operator;
mod outcome;
mod read;
mod records;
mod wire;
mod writer;

pub use attempt::{Attempt, AttemptStatus, LISTING_DELAY_MAX};
pub use cache::LedgerCache;
pub use checkpoint::Checkpoint;
pub use error::{IllegalEvent, JournalError};
pub use event::{CONTEST_WINDOW_MINUTES, Event, GateParts, Line, Outcome, Recorded};
pub use ledger::Ledger;
pub use ledger::allowed::ReleasePhase;
pub use operator::{OperatorCommand, OperatorRequest};
pub use read::{read_events, read_events_since, read_ledger, read_whole_ledger};
pub use records::{Converged, Correction, FailedStart, FailedStep, GivenUp, Release, SnapshotRecord};
pub use writer::Journal;
