//! Collects the problems that rules find, each with its place in the file.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::spec::decode::{Leaf, Origin, OriginId, Origins};
use crate::spec::diagnostic::{Code, Diagnostic, Place};
use crate::spec::suggest;

pub(super) struct Findings<'a> {
    origins: &'a Origins,
    problems: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(origins: &'a Origins, problems: Vec<Diagnostic>) -> Self {
        Self { origins, problems }
    }

    pub(super) fn into_problems(self) -> Vec<Diagnostic> {
        self.problems
    }

    pub(super) fn origin(&self, at: OriginId) -> &'a Origin {
        self.origins.get(at)
    }

    /// The path of a leaf, for messages: `services.graasp.count`.
    pub(super) fn path(&self, at: OriginId) -> &'a str {
        &self.origin(at).path
    }

    /// An error at a value; the caller sets its hint.
    pub(super) fn error(&mut self, at: OriginId, code: Code, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::error(self.origin(at).value.clone(), code, message))
    }

    /// An error at a key: it should not exist, or has a wrong name.
    pub(super) fn error_at_key(
        &mut self,
        at: OriginId,
        code: Code,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::error(self.origin(at).key.clone(), code, message))
    }

    /// An error at some bytes of a text.
    pub(super) fn error_within(
        &mut self,
        at: OriginId,
        bytes: Range<usize>,
        code: Code,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::error(within(self.origin(at), bytes), code, message))
    }

    pub(super) fn warning(
        &mut self,
        at: OriginId,
        code: Code,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::warning(self.origin(at).value.clone(), code, message))
    }

    pub(super) fn warning_at_key(
        &mut self,
        at: OriginId,
        code: Code,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::warning(self.origin(at).key.clone(), code, message))
    }

    /// A problem in another file.
    pub(super) fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    fn push(&mut self, problem: Diagnostic) -> &mut Diagnostic {
        self.problems.push(problem);
        self.problems.last_mut().expect("just pushed")
    }

    /// A required key of a block; reports it if it is missing.
    pub(super) fn required<'r, T>(
        &mut self,
        block: OriginId,
        key: &str,
        value: &'r Option<Leaf<T>>,
    ) -> Option<&'r Leaf<T>> {
        if value.is_none() {
            let path = self.path(block);
            let owner = if path.is_empty() { "this environment".to_owned() } else { format!("`{path}`") };
            let dot = if path.is_empty() { "" } else { "." };
            let hint = format!("add `{path}{dot}{key}`");
            self.error_at_key(block, Code::MissingKey, format!("{owner} has no `{key}`")).hint = Some(hint);
        }
        value.as_ref()
    }

    /// Reports a list without entries.
    pub(super) fn not_empty<T>(&mut self, at: OriginId, items: &[T], hint: &str) {
        if items.is_empty() {
            let message = format!("`{}` is empty", self.path(at));
            self.error_at_key(at, Code::EmptyList, message).hint = Some(hint.to_owned());
        }
    }

    /// Whether a name is one of `known`; reports it otherwise, with a message that begins with `missing`.
    pub(super) fn reference<'k>(
        &mut self,
        at: OriginId,
        name: &str,
        missing: &str,
        code: Code,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> bool {
        let exists = known.clone().into_iter().any(|candidate| candidate == name);
        if !exists {
            self.error(at, code, format!("{missing} `{name}`")).hint = suggest::hint(name, known);
        }
        exists
    }

    /// The values of a list, each once; warns about repeated ones.
    pub(super) fn distinct<'r, T: Ord + std::fmt::Display>(
        &mut self,
        items: impl IntoIterator<Item = (OriginId, &'r T)>,
    ) -> BTreeSet<&'r T> {
        let mut seen = BTreeSet::new();
        for (at, item) in items {
            if !seen.insert(item) {
                let message = format!("`{item}` is listed twice");
                self.warning(at, Code::ListedTwice, message).hint = Some("remove one of the two".to_owned());
            }
        }
        seen
    }
}

/// The place of some bytes inside a text, if the file has the text unchanged (no escapes, one line); else the place
/// of the whole text.
fn within(origin: &Origin, bytes: Range<usize>) -> Place {
    let Origin { value, written, plain, .. } = origin;
    let quote = usize::from(!plain);
    let as_written = value.end - value.start == written.len() + 2 * quote;
    let (Some(before), Some(_)) = (written.get(..bytes.start), written.get(bytes.clone())) else {
        return value.clone();
    };
    if !as_written {
        return value.clone();
    }
    Place {
        file: value.file.clone(),
        line: value.line,
        column: value.column + quote + before.chars().count(),
        start: value.start + quote + bytes.start,
        end: value.start + quote + bytes.end,
    }
}
