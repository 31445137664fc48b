//! The journal's events, and what they fold to. Pure: no files, no clock.
//!
//! The journal holds what reality cannot be asked for: intents of one-shot actions before they are sent,
//! their outcomes, what a person decided, and what was borrowed and must be given back. Everything else is
//! read from the cloud on each pass.
//!
//! [`Ledger::apply`] is the one total transition function. It is used when an event is appended and when the
//! journal is read again, so that a journal that was written can always be read.

mod attempt;
mod event;
mod ledger;

pub use attempt::{Attempt, AttemptStatus, LISTING_DELAY_MAX};
pub use event::{
    CONTEST_WINDOW_MINUTES, Event, GateParts, Line, OperatorCommand, OperatorRequest, Outcome, Recorded,
};
pub use ledger::{Converged, Correction, FailedStart, IllegalEvent, Ledger, Release, SnapshotRecord};
