//! From the types in `raw` to a spec that is valid by construction. Every rule runs, whatever the others found.
//!
//! A wrong value is reported and replaced by its default, so that later rules can run; a spec is returned only if no
//! rule found an error. The rules of one block are in the file of that block. None of them reads a clock: the present
//! instant is a parameter.

mod claims;
mod doubts;
mod environment;
mod findings;
mod holidays;
mod limits;
mod maintenance;
mod migration;
mod names;
mod scalars;
mod services;
mod sites;
mod times;
mod versions;

use super::EnvironmentSpec;
use super::decode::{self, Leaf};
use super::diagnostic::{Code, Diagnostic};
use super::extends::Files;
use super::raw::RawEnvironment;
use super::tree::Node;
use crate::model::Instant;
pub use holidays::ListedHoliday;

use crate::schedule::Tz;
use claims::Claim;
pub(super) use claims::{Claimant, compare};
use findings::Findings;

/// One environment, checked without regard to the others.
pub(super) struct CheckedEnvironment {
    /// `None` if there is an error.
    pub(super) spec: Option<EnvironmentSpec>,
    /// Its errors and warnings.
    pub(super) problems: Vec<Diagnostic>,
    /// The AWS resources that it claims; known even if there are errors.
    pub(super) claims: Vec<Claim>,
}

/// Checks a whole environment. `stem` is its file's name without `.yaml`.
pub(super) fn validate(node: &Node, stem: &str, files: &Files, now: Instant) -> CheckedEnvironment {
    let (raw, origins, problems): (Leaf<RawEnvironment>, _, _) = decode::decode(node);
    let mut findings = Findings::new(&origins, problems);
    let spec = environment::environment(&mut findings, &raw, stem, files, now);
    let problems = findings.into_problems();
    let spec = spec.filter(|_| !problems.iter().any(Diagnostic::is_error));
    CheckedEnvironment { spec, problems, claims: claims::of(&raw, &origins) }
}

/// The holidays of an environment, with the calendars and lines that they come from. Problems are not reported again.
pub(super) fn holidays(node: &Node, files: &Files) -> Vec<ListedHoliday> {
    let (raw, origins, problems): (Leaf<RawEnvironment>, _, _) = decode::decode(node);
    let mut findings = Findings::new(&origins, problems);
    let schedule = raw.get().and_then(|raw| raw.schedule.as_ref()).and_then(Leaf::get);
    let Some(schedule) = schedule else { return Vec::new() };
    let zone = schedule.timezone.as_ref().and_then(Leaf::get).and_then(|name| name.parse().ok());
    holidays::listed(&mut findings, schedule.holidays.as_ref(), files, zone.unwrap_or(Tz::UTC))
}

/// Checks keys and types only: for a file whose base is missing, where names may be declared in the base.
pub(super) fn shapes(node: &Node) -> Vec<Diagnostic> {
    let (_, _, mut problems): (Leaf<RawEnvironment>, _, _) = decode::decode(node);
    // The missing base may set what an empty value removes.
    problems.retain(|problem| problem.code != Code::RemovesNothing);
    problems
}
