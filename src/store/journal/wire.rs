//! The journal's own format: the words of its lines, apart from the types that the program works with.
//!
//! | format | written | differs |
//! |---|---|---|
//! | 1 | without a `format` member | read leniently: [`Ledger::apply_as_written`](super::Ledger::apply_as_written) |
//! | 2 | since lines carry `format` and `after` | strict: [`Ledger::apply`](super::Ledger::apply); the fingerprints of a declaration rest on the words of the declaration |
//!
//! Both have the same events. A field that an older reader may leave out is added with a default; anything else is a
//! new format. A reader refuses lines of a format that it does not know. Each format has its golden files in
//! `tests/journals`.

mod event;
mod held;
mod ledger;
mod parts;
mod placement;
mod reading;
mod request;
mod writing;

use serde::Deserialize;
use serde_json::Value;

use super::event::Event;
use super::ledger::Ledger;
use event::WireEvent;
use ledger::WireLedger;

/// The `event` member of a line.
pub(super) fn write(event: &Event) -> Value {
    serde_json::to_value(WireEvent::from(event)).expect("wire types hold text, numbers and lists")
}

/// The event of a line, from the whole text of the line.
pub(super) fn read(line: &str) -> Result<Event, serde_json::Error> {
    #[derive(Deserialize)]
    struct Body {
        event: WireEvent,
    }
    serde_json::from_str::<Body>(line).map(|body| body.event.into())
}

/// A ledger in the words of a checkpoint.
pub(super) fn write_ledger(ledger: &Ledger) -> Value {
    serde_json::to_value(WireLedger::from(ledger.clone())).expect("wire types hold text, numbers and lists")
}

/// The way back. None: another version of tidegate wrote it in another form.
pub(super) fn read_ledger(ledger: &Value) -> Option<Ledger> {
    serde_json::from_value::<WireLedger>(ledger.clone()).ok().and_then(WireLedger::ledger)
}
