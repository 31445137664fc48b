//! How an environment is: one value, then JSON or text of it.

mod gate;
mod text;
mod wire;

use crate::model::Instant;
use crate::observe::Snapshot;
use crate::plan::Plan;
use crate::reconcile::{ActiveOverrides, Run};
use crate::schedule::{Change, Tz};
use crate::spec::EnvironmentSpec;
use crate::store::LeaseHolder;
use crate::store::journal::Ledger;

pub use text::text;
pub use wire::json;

/// Everything that says how an environment is.
#[derive(Clone, Copy, Debug)]
pub struct StatusView<'a> {
    /// What is declared.
    pub spec: &'a EnvironmentSpec,
    /// What would be done.
    pub plan: &'a Plan,
    /// What is.
    pub snapshot: &'a Snapshot,
    /// What was begun.
    pub ledger: &'a Ledger,
    /// The newest run that did something, whoever acts now left aside.
    pub last_run: Option<&'a Run>,
    /// Who acts on it now.
    pub holder: Option<&'a LeaseHolder>,
    /// The next change by schedule, calendar or override.
    pub next_change: Option<Change>,
    /// What people have set for a while.
    pub standing: &'a ActiveOverrides,
    /// When it was looked at.
    pub now: Instant,
    /// The zone in which its people think.
    pub zone: Tz,
}
