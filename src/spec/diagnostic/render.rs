//! Diagnostics as text: the message, the lines around the place with a marker, the hint.
//!
//! miette draws the excerpt; the words around it are ours, so that every tidegate error looks the same. There is no
//! colour: the text is the same in a pipe, a pull request and a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::{Diagnostic, Severity};

/// Every problem in order, then the summary, in lines of `width` columns; an excerpt of a file may need more. `sources`
/// are the files by path. Empty if there is no problem.
pub fn render(diagnostics: &[Diagnostic], sources: &BTreeMap<String, Vec<u8>>, width: usize) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&one(diagnostic, sources, width));
        text.push('\n');
    }
    if !diagnostics.is_empty() {
        text.push_str(&summary(diagnostics));
        text.push('\n');
    }
    text
}

/// `3 errors, 1 warning in 2 files`; `no problems` for none.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let files: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| &*diagnostic.place.file).collect();
    let counts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| plural(count, noun))
        .collect();
    if counts.is_empty() {
        return "no problems".to_owned();
    }
    format!("{} in {}", counts.join(", "), plural(files.len(), "file"))
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn one(diagnostic: &Diagnostic, sources: &BTreeMap<String, Vec<u8>>, width: usize) -> String {
    let Diagnostic { place, severity, code, message, hint, environments } = diagnostic;
    let mut text = wrapped(&format!("{severity}[{code}]: ", severity = severity.as_str()), message, width);
    // In the environment's own file, its name is in the path already.
    let elsewhere = environments.iter().any(|name| !is_file_of(&place.file, name.as_str()));
    let concerned = if elsewhere {
        let names: Vec<&str> = environments.iter().map(|name| name.as_str()).collect();
        format!("   (read by {})", names.join(", "))
    } else {
        String::new()
    };
    text.push_str(&format!("  at {place}{concerned}\n"));
    let source = sources.get(&*place.file).and_then(|bytes| std::str::from_utf8(bytes).ok());
    if let Some(source) = source {
        text.push_str(&excerpt(diagnostic, &masked(source.trim_start_matches('\u{feff}')), width));
    }
    if let Some(hint) = hint {
        text.push_str(&wrapped("hint: ", hint, width));
    }
    text
}

fn is_file_of(file: &str, environment: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) == Some(environment)
}

/// Wraps at spaces; continuation lines stand below the first word of the text.
fn wrapped(lead: &str, words: &str, width: usize) -> String {
    let indent = if lead == "hint: " { lead.len() } else { 2 };
    let mut lines = vec![lead.to_owned()];
    let mut empty = true;
    for word in words.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("{}{word}", " ".repeat(indent)));
            continue;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Credentials inside URLs as asterisks, of the same length so that places stay true.
fn masked(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        text.push_str(before);
        let authority =
            after.find(|c: char| "/\"',}]".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        let credentials = after[..authority].rfind('@').unwrap_or(0);
        text.push_str(&"*".repeat(credentials));
        rest = &after[credentials..];
    }
    text + rest
}

/// The lines around the place, drawn by miette, without its own header and footer.
fn excerpt(diagnostic: &Diagnostic, source: &str, width: usize) -> String {
    let drawing = Excerpt {
        source: source.to_owned(),
        label: LabeledSpan::new_primary_with_span(None, clamped(diagnostic.place.span(), source)),
        severity: diagnostic.severity,
    };
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(width)
        .with_context_lines(1)
        .with_links(false)
        .render_report(&mut text, &drawing)
        .expect("writing to a String cannot fail");
    // miette always writes a header line with the (empty) message first.
    let body: Vec<&str> = text.lines().skip_while(|line| !line.contains('╭')).map(str::trim_end).collect();
    if body.is_empty() { String::new() } else { body.join("\n") + "\n" }
}

/// At least one character, never past the end, never across lines: a marker under a whole block does not help.
fn clamped(span: std::ops::Range<usize>, source: &str) -> std::ops::Range<usize> {
    let mut start = span.start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let line_end = source[start..].find('\n').map_or(source.len(), |length| start + length);
    let mut end = span.end.clamp(start, line_end);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    if end == start {
        end += source[start..line_end].chars().next().map_or(0, char::len_utf8);
    }
    start..end
}

#[derive(Debug)]
struct Excerpt {
    /// Without a name: the line above the drawing says where this is, in a form that tools can follow.
    source: String,
    label: LabeledSpan,
    severity: Severity,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl miette::Diagnostic for Excerpt {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}
