//! The places of the elements in a document: enough to change one element and no other byte.

use std::ops::Range;

use xmlparser::{ElementEnd, Token, Tokenizer};

/// No configuration is deeper.
const DEPTH_MAX: usize = 64;

/// An element and its place in the text.
#[derive(Debug)]
pub(super) struct Element<'t> {
    pub(super) name: &'t str,
    /// From `<` to `>`.
    pub(super) whole: Range<usize>,
    /// Between its two tags; `None` for `<Element/>`.
    pub(super) inside: Option<Range<usize>>,
    pub(super) children: Vec<Element<'t>>,
}

impl Element<'_> {
    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text between its tags.
    pub(super) fn text<'t>(&self, document: &'t str) -> &'t str {
        self.inside.clone().and_then(|inside| document.get(inside)).unwrap_or_default()
    }
}

/// The root element.
pub(super) fn parse(text: &str) -> Result<Element<'_>, String> {
    let mut open: Vec<Element<'_>> = Vec::new();
    for token in Tokenizer::from(text) {
        match token.map_err(|error| format!("the configuration is not XML: {error}"))? {
            Token::ElementStart { local, span, .. } => {
                if open.len() == DEPTH_MAX {
                    return Err("the configuration is nested too deeply".to_owned());
                }
                let whole = span.start()..span.end();
                open.push(Element { name: local.as_str(), whole, inside: None, children: Vec::new() });
            }
            Token::ElementEnd { end, span } => {
                let Some(element) = open.last_mut() else {
                    return Err("the configuration has a closing tag too many".to_owned());
                };
                match end {
                    ElementEnd::Open => {
                        element.inside = Some(span.end()..span.end());
                        continue;
                    }
                    ElementEnd::Close(_, name) if name.as_str() == element.name => {
                        let start = element.inside.as_ref().map_or(span.start(), |inside| inside.start);
                        element.inside = Some(start..span.start());
                    }
                    ElementEnd::Close(_, name) => {
                        return Err(format!("the configuration has a closing tag `{name}` too many"));
                    }
                    ElementEnd::Empty => {}
                }
                element.whole.end = span.end();
                let done = open.pop().expect("it was the last one");
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            _ => {}
        }
    }
    Err("the configuration ends too early".to_owned())
}
