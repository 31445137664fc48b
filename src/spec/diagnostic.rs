//! What is wrong in the declarations, and where.
//!
//! A diagnostic is a value: it is made far from any terminal, sorted, and turned into text or JSON at the
//! end. It never quotes more of a file than the lines around its place.

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
    /// The beginning of a file: for what is wrong with it as a whole.
    pub fn start_of(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1, start: 0, end: 0 }
    }

    /// The bytes it covers.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Whether a problem holds an environment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The environment is not acted on.
    Error,
    /// Worth a look; nothing is held back.
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

/// One problem, with its place and a way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// Which rule: stable, so that tools may match on it.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The environments it concerns; several when a shared file is wrong, none when nothing uses the file.
    pub environments: Vec<EnvironmentName>,
}

impl Diagnostic {
    /// An error without a hint.
    pub fn error(place: Place, code: Code, message: impl Into<String>) -> Self {
        let (severity, message) = (Severity::Error, message.into());
        Self { place, severity, code, message, hint: None, environments: Vec::new() }
    }

    /// A warning without a hint.
    pub fn warning(place: Place, code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, code, message) }
    }

    /// The same with a hint.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Whether it holds its environments back.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The JSON shape of `validate --output json`. Apart from [`Diagnostic`], so that one may change freely.
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

/// `{"diagnostics":[{"file","line","column","severity","code","message","hint"}]}`
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

/// Sorted by place, each problem once: environments that share a file meet the same problem.
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
