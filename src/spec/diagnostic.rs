//! A problem in the declarations, with its place.
//!
//! A diagnostic is a plain value: rules create it, it is sorted, and the edge turns it into text or JSON. It never
//! quotes more of a file than the lines around its place.

mod code;
mod render;

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

pub use code::Code;
pub use render::{render, summary};

use crate::model::EnvironmentName;

/// A range of characters in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path inside the repository: `environments/production.yaml`.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// First byte in the file (a byte-order mark not counted).
    pub start: usize,
    /// One byte past the end; equal to `start` for a place between two characters.
    pub end: usize,
}

impl Place {
    /// The beginning of a file, for a problem of the file as a whole.
    pub fn start_of(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1, start: 0, end: 0 }
    }

    /// The bytes that it covers, as `start..end`.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Whether a problem keeps tidegate from applying the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// tidegate does not apply this declaration.
    Error,
    /// tidegate applies the declaration; a person should look at the warning.
    Warning,
}

impl Severity {
    /// The word used in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One problem, with its place and a hint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where it is written.
    pub place: Place,
    /// Whether it is an error or a warning.
    pub severity: Severity,
    /// The rule that is broken. Stable, so that tools may match on it.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do, in one sentence.
    pub hint: Option<String>,
    /// The environments that read the file: several for a shared file, none for a file that no environment uses.
    pub environments: Vec<EnvironmentName>,
}

impl Diagnostic {
    /// An error; [`Diagnostic::with_hint`] adds a hint.
    pub fn error(place: Place, code: Code, message: impl Into<String>) -> Self {
        let (severity, message) = (Severity::Error, message.into());
        Self { place, severity, code, message, hint: None, environments: Vec::new() }
    }

    /// A warning; [`Diagnostic::with_hint`] adds a hint.
    pub fn warning(place: Place, code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, code, message) }
    }

    /// The same problem with a hint.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The JSON of `validate --output json`. Separate from [`Diagnostic`], which may change freely.
#[derive(Debug, Serialize)]
struct Wire<'a> {
    diagnostics: Vec<WireDiagnostic<'a>>,
}

#[derive(Debug, Serialize)]
struct WireDiagnostic<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    severity: Severity,
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

/// The diagnostics as JSON: `{"diagnostics":[{"file","line","column","severity","code","message","hint"}]}`
pub fn to_json(diagnostics: &[Diagnostic]) -> serde_json::Value {
    let diagnostics = diagnostics
        .iter()
        .map(|diagnostic| WireDiagnostic {
            file: &diagnostic.place.file,
            line: diagnostic.place.line,
            column: diagnostic.place.column,
            severity: diagnostic.severity,
            code: diagnostic.code.as_str(),
            message: &diagnostic.message,
            hint: diagnostic.hint.as_deref(),
        })
        .collect();
    serde_json::to_value(Wire { diagnostics }).expect("text and numbers always become JSON")
}

/// Sorted by place, each problem once: environments that share a file have the same problem.
pub(super) fn collected(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort();
    let mut unique: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        match unique.last_mut() {
            Some(last) if last.same_problem(&diagnostic) => {
                for name in diagnostic.environments {
                    if !last.environments.contains(&name) {
                        last.environments.push(name);
                    }
                }
            }
            _ => unique.push(diagnostic),
        }
    }
    unique
}

impl Diagnostic {
    fn same_problem(&self, other: &Diagnostic) -> bool {
        let Diagnostic { place, severity, code, message, hint, environments: _ } = self;
        (place, severity, code, message, hint)
            == (&other.place, &other.severity, &other.code, &other.message, &other.hint)
    }
}
