//! The CloudFront function before tidegate overwrites it: what stands there now, who calls it, and whether it may go.

use crate::gate::ForeignCode;
use crate::observe::{CodeSeen, FunctionSeen};
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::spec::{CloudFrontGate, EnvironmentSpec};

/// Digits of a hash in messages, and at least so many in a declaration.
const DIGITS: usize = 12;

/// The function holds code of someone else that git does not let tidegate overwrite.
pub(super) fn foreign(spec: &EnvironmentSpec, gate: &CloudFrontGate, seen: &FunctionSeen) -> Option<Blocked> {
    let newest = seen.foreign.first().filter(|code| !gate.replaces(&code.sha256))?;
    let name = &gate.function;
    let mut message = format!(
        "CloudFront function `{name}` holds code that tidegate did not write ({}); CloudFront keeps no versions, and closing the gate would overwrite it",
        described(seen)
    );
    if gate.replace.is_some() {
        message.push_str(
            "\n`maintenance.cloudfront.replace` allows other code to be overwritten, not this code",
        );
    }
    if let Some(callers) = callers(seen) {
        message.push_str(&format!("\n{callers}"));
    }
    let digits = &newest.sha256[..DIGITS];
    let stage = newest.stage;
    let hints = [
        format!(
            "give the gate a function of its own: another name in `maintenance.cloudfront.function` of `{}`",
            spec.name
        ),
        format!(
            "or keep a copy (aws cloudfront get-function --name {name} --stage {stage} {name}.js), and let tidegate overwrite it: `maintenance: {{cloudfront: {{replace: \"{digits}\"}}}}`"
        ),
    ];
    Some(blocked(BlockedReason::GateUnsafe, message, hints))
}

/// What the plan overwrites, as notes.
pub(super) fn overwritten(gate: &CloudFrontGate, seen: &FunctionSeen) -> Vec<String> {
    let name = &gate.function;
    let mut notes = Vec::new();
    match seen.foreign.first() {
        Some(newest) => notes.push(format!(
            "CloudFront function `{name}` holds code that tidegate did not write ({}); it is overwritten, as `maintenance.cloudfront.replace` says; keep a copy: aws cloudfront get-function --name {name} --stage {} {name}.js",
            described(seen),
            newest.stage
        )),
        None if seen.code == CodeSeen::Foreign => notes.push(format!(
            "CloudFront function `{name}` holds a handler that only passes requests on; tidegate replaces it with its own"
        )),
        None => {}
    }
    notes.extend(callers(seen));
    notes
}

/// `LIVE: 812 bytes, sha256 3fa2…; comment “SPA rewrite”`.
fn described(seen: &FunctionSeen) -> String {
    let code = |code: &ForeignCode| {
        format!("{}: {} bytes, sha256 {}", code.stage, code.bytes, &code.sha256[..DIGITS])
    };
    let mut parts: Vec<String> = seen.foreign.iter().map(code).collect();
    parts.extend(seen.comment.as_ref().map(|comment| format!("comment: {comment}")));
    parts.join("; ")
}

/// A function has one code for everyone who calls it.
fn callers(seen: &FunctionSeen) -> Option<String> {
    let others = &seen.undeclared_callers;
    let names = others.join(", ");
    match others.len() {
        0 => None,
        1 => Some(format!(
            "distribution {names} calls it, too, and is not declared: the gate closes and opens it as well"
        )),
        _ => Some(format!(
            "distributions {names} call it, too, and are not declared: the gate closes and opens them as well"
        )),
    }
}
