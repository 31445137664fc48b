//! Checkpoints: what a journal added up to at one of its lines, so that readers begin there and not at its beginning.
//!
//! A checkpoint says nothing that the journal does not say. One that is damaged, or that another version wrote in
//! another form, is left out, and the one before it or the whole journal is read. A sound one whose line the journal
//! does not have is an error: lines are missing, and a migration that they tell of could run twice.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ledger::Ledger;
use super::line::{self, Mark};
use super::wire;
use crate::model::Instant;

/// A ledger as it was behind one line of its journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The line.
    pub mark: Mark,
    /// When the line was written.
    pub at: Instant,
    /// The ledger, in the words of `wire`.
    ledger: Value,
}

#[derive(Serialize, Deserialize)]
struct Body {
    mark: Mark,
    at: Instant,
    ledger: Value,
}

impl Checkpoint {
    /// The ledger as it is behind the line at `mark`.
    pub(super) fn new(mark: Mark, at: Instant, ledger: &Ledger) -> Self {
        Self { mark, at, ledger: wire::write_ledger(ledger) }
    }

    /// The ledger. None: another version of tidegate wrote it in another form.
    pub(super) fn ledger(&self) -> Option<Ledger> {
        wire::read_ledger(&self.ledger)
    }

    /// As text: one JSON object, the last member its checksum.
    pub fn encode(&self) -> String {
        let body = Body { mark: self.mark.clone(), at: self.at, ledger: self.ledger.clone() };
        line::seal(serde_json::to_string(&body).expect("a mark and JSON are always JSON")).0
    }

    /// From its text. None: it is damaged.
    pub(in crate::store) fn decode(text: &[u8]) -> Option<Self> {
        let (text, _) = line::checked(text).ok()?;
        let Body { mark, at, ledger } = serde_json::from_str(text).ok()?;
        Some(Self { mark, at, ledger })
    }
}
