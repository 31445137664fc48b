//! Where each value of a YAML file is written: the file's outline, read from the parser's events.
//!
//! serde_yaml decides what values are, but it forgets their places, stops at the first problem and accepts a key
//! that is written twice. The events of saphyr-parser have places, quoting and duplicates. Aliases are not unfolded
//! here, so the cost of a hostile file is bounded by its length.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::diagnostic::{Code, Diagnostic, Place};

/// The deepest nesting. Declarations need less than a third of it.
pub(super) const MAX_DEPTH: usize = 32;

/// The most values after unfolding aliases. A platform of a hundred services has about two thousand.
pub(super) const MAX_VALUES: usize = 20_000;

/// A file's nodes by number. An alias has the number of the value that it repeats.
pub(super) struct Outline {
    pub(super) nodes: Vec<OutlineNode>,
    pub(super) root: usize,
}

/// One value with its place. The place of a container is its beginning.
pub(super) struct OutlineNode {
    pub(super) place: Place,
    pub(super) shape: Shape,
}

pub(super) enum Shape {
    Scalar { written: String, plain: bool },
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
}

/// Turns the parser's marks into places of one file.
pub(super) struct TextPositions<'a> {
    file: Arc<str>,
    text: &'a str,
    /// Byte offset of each character: the parser counts characters.
    bytes: Vec<usize>,
    line_starts: Vec<usize>,
}

impl<'a> TextPositions<'a> {
    pub(super) fn new(file: &str, text: &'a str) -> Self {
        let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let line_starts = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file: file.into(), text, bytes, line_starts }
    }

    pub(super) fn between(&self, start: usize, end: usize) -> Place {
        let line = self.line_starts.partition_point(|&line_start| line_start <= start);
        let column = self.text[self.line_starts[line - 1]..start].chars().count() + 1;
        Place { file: self.file.clone(), line, column, start, end }
    }

    /// Line and column as serde_yaml counts them, from 1.
    pub(super) fn at_line(&self, line: usize, column: usize) -> Place {
        let line_start = self.line_starts[line.clamp(1, self.line_starts.len()) - 1];
        let rest = &self.text[line_start..];
        let start =
            rest.char_indices().nth(column.max(1) - 1).map_or(self.text.len(), |(at, _)| line_start + at);
        self.between(start, start)
    }

    fn of(&self, span: Span) -> Place {
        let byte = |index: usize| self.bytes[index.min(self.bytes.len() - 1)];
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        // A plain scalar's span may reach over the blanks behind it.
        let end = start + self.text.get(start..end).map_or(0, |covered| covered.trim_end().len());
        self.between(start, end)
    }
}

/// The outline of a file, or `None` if it has no value or a fatal problem; and every problem found.
pub(super) fn outline(positions: &TextPositions<'_>) -> (Option<Outline>, Vec<Diagnostic>) {
    let mut builder = OutlineBuilder {
        positions,
        nodes: Vec::new(),
        sizes: Vec::new(),
        open: Vec::new(),
        root: None,
        anchors: BTreeMap::new(),
        documents: 0,
        problems: Vec::new(),
    };
    let mut parser = Parser::new_from_str(positions.text);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let index = error.marker().index().min(positions.bytes.len() - 1);
                let place = positions.between(positions.bytes[index], positions.bytes[index]);
                builder.problems.extend(syntax_problems(positions, place, error.info()));
                return (None, builder.problems);
            }
        };
        if let Err(fatal) = step {
            builder.problems.push(*fatal);
            return (None, builder.problems);
        }
    }
    let OutlineBuilder { nodes, root, problems, .. } = builder;
    (root.map(|root| Outline { nodes, root }), problems)
}

/// The problems of a text that is not YAML: its tabs if it is indented with tabs, else the parser's own message.
pub(super) fn syntax_problems(positions: &TextPositions<'_>, place: Place, words: &str) -> Vec<Diagnostic> {
    let tabs: Vec<Diagnostic> =
        positions.line_starts.iter().filter_map(|&start| indented_with_tab(positions, start)).collect();
    if !tabs.is_empty() {
        return tabs;
    }
    let hint = "check the quotes and the indentation: a text that contains `{`, `}`, `: ` or ` #`, or begins with \
                `*`, `&`, `!`, `%` or `@`, needs quotes";
    vec![Diagnostic::error(place, Code::YamlSyntax, format!("this is not YAML: {words}")).with_hint(hint)]
}

fn indented_with_tab(positions: &TextPositions<'_>, line_start: usize) -> Option<Diagnostic> {
    let line = positions.text[line_start..].lines().next()?;
    let indent = &line[..line.len() - line.trim_start().len()];
    let tab = line_start + indent.find('\t')?;
    let rest = line.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return None;
    }
    let message = "this line is indented with a tab, which YAML does not allow";
    let place = positions.between(tab, tab + 1);
    Some(Diagnostic::error(place, Code::Tab, message).with_hint("indent each level with two spaces"))
}

struct OutlineBuilder<'a> {
    positions: &'a TextPositions<'a>,
    nodes: Vec<OutlineNode>,
    /// Depth and number of values of each finished node, aliases unfolded.
    sizes: Vec<UnfoldedSize>,
    open: Vec<OpenContainer>,
    root: Option<usize>,
    anchors: BTreeMap<usize, usize>,
    documents: usize,
    problems: Vec<Diagnostic>,
}

#[derive(Clone, Copy)]
struct UnfoldedSize {
    depth: usize,
    values: usize,
}

/// A container whose end has not come yet.
struct OpenContainer {
    place: Place,
    anchor: usize,
    is_map: bool,
    children: Vec<usize>,
    size: UnfoldedSize,
}

type Step = Result<(), Box<Diagnostic>>;

impl OutlineBuilder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(written, style, anchor, tag) => {
                self.tagged(tag.is_some(), span);
                let plain = style == ScalarStyle::Plain;
                let shape = Shape::Scalar { written: written.into_owned(), plain };
                let node =
                    self.add(self.positions.of(span), shape, anchor, UnfoldedSize { depth: 1, values: 1 });
                self.attach(node, self.positions.of(span))
            }
            Event::SequenceStart(anchor, tag) => self.begin(span, anchor, tag.is_some(), false),
            Event::MappingStart(anchor, tag) => self.begin(span, anchor, tag.is_some(), true),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
        }
    }

    fn document(&mut self, span: Span) -> Step {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let message = "a second YAML document begins here; a file must hold only one";
        let hint = "remove the `---`, or move the second document to its own file";
        Err(Box::new(
            Diagnostic::error(self.positions.of(span), Code::SeveralDocuments, message).with_hint(hint),
        ))
    }

    fn tagged(&mut self, tagged: bool, span: Span) {
        if tagged {
            let message = "YAML tags (`!…`) are not supported";
            let problem = Diagnostic::error(self.positions.of(span), Code::YamlTag, message);
            self.problems.push(problem.with_hint("remove the tag; to make a value a text, put it in quotes"));
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        let place = self.positions.of(span);
        match self.anchors.get(&anchor) {
            Some(&node) => self.attach(node, place),
            None => {
                let message = "this alias is inside the value that it repeats";
                Err(Box::new(Diagnostic::error(place, Code::YamlSyntax, message)))
            }
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, tagged: bool, is_map: bool) -> Step {
        self.tagged(tagged, span);
        let place = self.positions.of(span);
        if self.open.len() >= MAX_DEPTH {
            return Err(Box::new(too_deep(place)));
        }
        self.open.push(OpenContainer {
            place,
            anchor,
            is_map,
            children: Vec::new(),
            size: UnfoldedSize { depth: 1, values: 1 },
        });
        Ok(())
    }

    fn end(&mut self) -> Step {
        let OpenContainer { place, anchor, is_map, children, size } =
            self.open.pop().expect("ends match beginnings");
        let shape = if is_map {
            let pairs: Vec<(usize, usize)> =
                children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            self.find_duplicates(&pairs);
            Shape::Map(pairs)
        } else {
            Shape::List(children)
        };
        let node = self.add(place.clone(), shape, anchor, size);
        self.attach(node, place)
    }

    fn find_duplicates(&mut self, pairs: &[(usize, usize)]) {
        let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
        for (key, _) in pairs {
            let OutlineNode { place, shape: Shape::Scalar { written, .. } } = &self.nodes[*key] else {
                continue;
            };
            if let Some(first) = seen.get(written.as_str()) {
                let message = format!(
                    "key `{written}` is written twice in this mapping; the first is in line {}",
                    first.line
                );
                let problem = Diagnostic::error(place.clone(), Code::DuplicateKey, message);
                self.problems.push(problem.with_hint("remove one of the two"));
            } else {
                seen.insert(written, place);
            }
        }
    }

    fn add(&mut self, place: Place, shape: Shape, anchor: usize, size: UnfoldedSize) -> usize {
        let node = self.nodes.len();
        self.nodes.push(OutlineNode { place, shape });
        self.sizes.push(size);
        if anchor > 0 {
            self.anchors.insert(anchor, node);
        }
        node
    }

    fn attach(&mut self, node: usize, place: Place) -> Step {
        let UnfoldedSize { depth, values } = self.sizes[node];
        if self.open.len() + depth > MAX_DEPTH {
            return Err(Box::new(too_deep(place)));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.children.push(node);
        parent.size.depth = parent.size.depth.max(depth + 1);
        parent.size.values = parent.size.values.saturating_add(values);
        if parent.size.values > MAX_VALUES {
            let message =
                format!("this file has more than {MAX_VALUES} values once its aliases are unfolded");
            let hint = "write the values out, or use fewer aliases (`*name`)";
            return Err(Box::new(Diagnostic::error(place, Code::TooManyAliases, message).with_hint(hint)));
        }
        Ok(())
    }
}

fn too_deep(place: Place) -> Diagnostic {
    let message = format!("this value is nested more than {MAX_DEPTH} levels deep");
    Diagnostic::error(place, Code::TooDeep, message).with_hint("a declaration needs fewer than ten levels")
}
