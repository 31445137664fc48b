//! From the mirror to a spec that is valid by construction. Every rule runs, whatever the others found.
//!
//! A value that is wrong is reported and replaced by its default, so that later rules have something to look
//! at; a spec is handed out only when no rule of any part found an error. Rules that concern one block stand
//! in a file of that block, and none of them reads a clock: the present instant is a parameter.

mod claims;
mod environment;
mod findings;
mod holidays;
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
use claims::Claim;
pub(super) use claims::{Claimant, compare};
use findings::Findings;

/// One environment, checked alone.
pub(super) struct CheckedEnvironment {
    /// `None` when there is an error.
    pub(super) spec: Option<EnvironmentSpec>,
    /// What is wrong with it.
    pub(super) problems: Vec<Diagnostic>,
    /// What it claims for itself; known even when other things are wrong.
    pub(super) claims: Vec<Claim>,
}

/// Checks a whole environment; `stem` is its file's name without `.yaml`.
pub(super) fn validate(node: &Node, stem: &str, files: &Files, now: Instant) -> CheckedEnvironment {
    let (raw, origins, problems): (Leaf<RawEnvironment>, _, _) = decode::decode(node);
    let mut findings = Findings::new(&origins, problems);
    let spec = environment::environment(&mut findings, &raw, stem, files, now);
    let problems = findings.into_problems();
    let spec = spec.filter(|_| !problems.iter().any(Diagnostic::is_error));
    CheckedEnvironment { spec, problems, claims: claims::of(&raw, &origins) }
}

/// Checks only the shapes: for a file whose base is missing, where names may well exist.
pub(super) fn shapes(node: &Node) -> Vec<Diagnostic> {
    let (_, _, mut problems): (Leaf<RawEnvironment>, _, _) = decode::decode(node);
    // What an empty value removes may stand in the base that is missing.
    problems.retain(|problem| problem.code != Code::RemovesNothing);
    problems
}
