//! Every write of the port, with every refusal of AWS that does not pass by itself: which check of the preflight asks
//! for it before a release touches anything, or why nothing can ask, and the way out for the operator.
//!
//! The table is data. The preflight is held to it by tests; a step that fails says the way out of its row.
//!
//! Source of the codes: the error models of the AWS SDK and the API references. Codes that a model lists stand in
//! exactly one of three lists of their operation ([`WriteOperation`]).

mod cloudfront;
mod ecs;
mod elb;
mod rds;
mod s3;
mod scaling;

#[cfg(test)]
mod tests;

use super::{CloudError, Kind};

/// One operation of AWS that tidegate sends and that may change something.
#[derive(Clone, Copy, Debug)]
pub struct WriteOperation {
    /// As IAM writes it: `rds:CreateDBSnapshot`.
    pub name: &'static str,
    /// The method of `CloudWrite` that sends it.
    pub method: &'static str,
    /// Refusals that need an operator.
    pub refusals: &'static [Refusal],
    /// Codes that pass by themselves, or that tidegate resolves by another read: it tries again.
    pub passing: &'static [&'static str],
    /// Codes that AWS lists for the operation and that a request of tidegate cannot cause.
    pub never: &'static [&'static str],
}

/// Codes that need an operator, for one reason.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// AWS's error codes.
    pub codes: &'static [&'static str],
    /// Whether tidegate knows before it sends the request.
    pub foreseen: Foreseen,
    /// What the operator can do, as a sentence without a full stop; commands have no environment in them.
    pub way_out: &'static str,
}

/// Whether a refusal is known before the request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreseen {
    /// This check of the preflight asks for it.
    Asked(&'static str),
    /// Nothing can ask for it, for this reason.
    CannotBeAsked(&'static str),
}

/// Denials: their way out is the same for every operation, and no row names them.
pub const DENIALS: [&str; 2] = ["AccessDenied", "AccessDeniedException"];

/// The tables of all services.
pub const TABLES: [&[WriteOperation]; 6] = [
    ecs::OPERATIONS,
    scaling::OPERATIONS,
    rds::OPERATIONS,
    elb::OPERATIONS,
    cloudfront::OPERATIONS,
    s3::OPERATIONS,
];

/// Every operation of the table.
pub fn operations() -> impl Iterator<Item = &'static WriteOperation> {
    TABLES.iter().copied().flatten()
}

/// What an operator can do about a refusal; `None` = it passes by itself, or the table does not know it.
pub fn way_out(error: &CloudError) -> Option<String> {
    let row = operations().find(|operation| operation.name == error.operation);
    let known = row.zip(error.code.as_deref()).and_then(|(row, code)| row.refusal(code));
    match known {
        Some(refusal) => Some(refusal.way_out.to_owned()),
        None if error.kind == Kind::AccessDenied => Some(format!(
            "allow `{}` to the role of tidegate (the policies in `systemd/iam` have the statement), and look for a service control policy or a permissions boundary that denies it",
            error.operation
        )),
        None => None,
    }
}

impl WriteOperation {
    /// The refusal with this code, as the services write it: with or without `Fault` or `Exception` at its end.
    pub fn refusal(&self, code: &str) -> Option<&'static Refusal> {
        self.refusals.iter().find(|refusal| refusal.codes.iter().any(|known| bare(known) == bare(code)))
    }
}

/// A code without the ending that some services add and others do not.
fn bare(code: &str) -> &str {
    code.strip_suffix("Fault").or_else(|| code.strip_suffix("Exception")).unwrap_or(code)
}

/// A refusal that a check of the preflight asks for.
const fn asked(codes: &'static [&'static str], check: &'static str, way_out: &'static str) -> Refusal {
    Refusal { codes, foreseen: Foreseen::Asked(check), way_out }
}

/// A refusal that nothing can ask for.
const fn unasked(codes: &'static [&'static str], why: &'static str, way_out: &'static str) -> Refusal {
    Refusal { codes, foreseen: Foreseen::CannotBeAsked(why), way_out }
}
