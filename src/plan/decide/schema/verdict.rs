//! What the schema allows the code to do.

use crate::model::Version;
use crate::plan::report::Blocked;
use crate::store::journal::{Attempt, Recorded};

/// The judgement about the schema, and its consequences for the code.
#[derive(Debug)]
pub(in crate::plan::decide) struct SchemaView {
    /// The schema version, as recorded or as about to be recorded.
    pub recorded: Option<Version>,
    /// Record this first.
    pub record: Option<(Version, Recorded)>,
    /// Write off this attempt first: AWS no longer lists its task, and its result is unknown.
    pub lost: Option<Attempt>,
    /// Stands in the way of the next migration, but not of this verdict.
    pub doubt: Option<Blocked>,
    /// What may happen to the code that follows it.
    pub verdict: Verdict,
}

/// What may happen to the code that follows the schema.
#[derive(Debug)]
pub(in crate::plan::decide) enum Verdict {
    /// The declared code fits the schema.
    Fits,
    /// A migration must run first. `doubt` = an earlier one ended badly, and the schema that it left is unknown:
    /// until this one runs, everything is held.
    Due { from: Version, to: Version, attempt: u32, doubt: Option<Blocked> },
    /// A migration runs: watch it to its end.
    InFlight(Box<OpenAttempt>),
    /// The release has failed before its point of no return: it is given up, and the old version comes back.
    GiveUp(GiveUp),
    /// The declared code must wait; the code that runs may keep running, and may be started.
    KeepCode(Blocked),
    /// It is unknown whether any code fits: services that follow the schema are not started.
    Forbidden(Blocked),
    /// The point of no return is passed without a good end, or tidegate cannot see whether it is.
    Hold(Blocked),
}

/// A release that is about to be given up.
#[derive(Clone, Debug)]
pub(in crate::plan) struct GiveUp {
    /// The recorded schema version, which stays.
    pub from: Version,
    /// The version that the release led to.
    pub to: Version,
    /// What failed, and AWS's own words.
    pub why: String,
}

/// An attempt without an outcome.
#[derive(Debug)]
pub(in crate::plan) struct OpenAttempt {
    pub attempt: Attempt,
    /// The task, if one is known.
    pub task: Option<String>,
}

impl SchemaView {
    pub(super) fn new(recorded: Option<Version>, verdict: Verdict) -> Self {
        SchemaView { recorded, record: None, lost: None, doubt: None, verdict }
    }
}
