//! A file as a tree of values, each with the place where it is written.
//!
//! The values come from serde_yaml, the places from [`places`](super::places); both read the same text, and this file
//! joins them. It also unfolds aliases and YAML's own merge key `<<`. It does not know what keys mean.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::diagnostic::{Code, Diagnostic, Place};
use super::foreign;
use super::places::{self, Outline, Shape};

/// A value and its place. A list or mapping that has a key takes the place of the key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A single value. `written` is its text before YAML interpreted it: `1.10`, not 1.1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    pub(super) kind: Kind,
    pub(super) written: String,
    pub(super) plain: bool,
}

/// How YAML interprets a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(Scalar { kind: Kind::Null, .. }))
    }

    /// The text of a text scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Scalar { kind: Kind::Text, written, .. }) => Some(written),
            _ => None,
        }
    }
}

/// Reads one file. `None` if nothing of it can be used; then there is at least one error.
pub(super) fn parse(file: &str, bytes: &[u8]) -> (Option<Node>, Vec<Diagnostic>) {
    if let Some(problem) = foreign::problem(file, bytes) {
        return (None, vec![problem]);
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return (None, vec![not_utf8(file, bytes, error.valid_up_to())]),
    };
    let positions = places::TextPositions::new(file, text);
    let (outline, mut problems) = places::outline(&positions);
    let Some(outline) = outline else {
        if problems.is_empty() {
            problems.push(empty(file));
        }
        return (None, problems);
    };
    let values = match serde_yaml::from_str::<UnplacedValue>(text) {
        Ok(values) => values,
        Err(error) => {
            let place = error
                .location()
                .map_or(Place::start_of(file), |at| positions.at_line(at.line(), at.column()));
            // A tag was reported already; serde_yaml's message would only repeat that.
            if problems.is_empty() {
                problems.extend(places::syntax_problems(&positions, place, &error.to_string()));
            }
            return (None, problems);
        }
    };
    let node = join(&outline, outline.root, values, &mut problems);
    match node.filter(|node| !node.is_null()) {
        None if problems.is_empty() => (None, vec![empty(file)]),
        node => (node, problems),
    }
}

fn empty(file: &str) -> Diagnostic {
    Diagnostic::error(Place::start_of(file), Code::EmptyFile, "this file is empty")
        .with_hint("delete the file, or add at least `name`, `aws`, `cluster` and `services`")
}

fn not_utf8(file: &str, bytes: &[u8], valid_up_to: usize) -> Diagnostic {
    let valid = std::str::from_utf8(&bytes[..valid_up_to]).expect("valid up to here");
    let line = valid.matches('\n').count() + 1;
    let column = valid.rsplit('\n').next().unwrap_or(valid).chars().count() + 1;
    let place = Place { file: file.into(), line, column, start: valid_up_to, end: valid_up_to };
    Diagnostic::error(place, Code::NotUtf8, "this file is not UTF-8: the byte here is invalid")
        .with_hint("save the file as UTF-8")
}

/// Gives every value its place. `None` if the two readers disagree on this part; then that was reported.
fn join(outline: &Outline, id: usize, value: UnplacedValue, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let node = &outline.nodes[id];
    let place = node.place.clone();
    let value = match (&node.shape, value) {
        (Shape::Scalar { written, plain }, UnplacedValue::Scalar(kind, text)) => {
            let written = text.unwrap_or_else(|| written.clone());
            Value::Scalar(Scalar { kind, written, plain: *plain })
        }
        (Shape::List(ids), UnplacedValue::List(values)) if ids.len() == values.len() => Value::List(
            ids.iter().zip(values).filter_map(|(id, value)| join(outline, *id, value, problems)).collect(),
        ),
        (Shape::Map(ids), UnplacedValue::Map(pairs)) if ids.len() == pairs.len() => {
            let mut entries = Vec::with_capacity(pairs.len());
            for ((key_id, value_id), (key, value)) in ids.iter().zip(pairs) {
                entries.extend(entry(outline, *key_id, *value_id, key, value, problems));
            }
            Value::Map(with_merge_keys(entries, problems))
        }
        _ => {
            let message = "this YAML is ambiguous: two YAML readers understand it differently";
            let hint = "put the value in quotes, or write it in block style";
            problems.push(Diagnostic::error(place, Code::YamlSyntax, message).with_hint(hint));
            return None;
        }
    };
    Some(Node { place, value })
}

fn entry(
    outline: &Outline,
    key_id: usize,
    value_id: usize,
    key: UnplacedValue,
    value: UnplacedValue,
    problems: &mut Vec<Diagnostic>,
) -> Option<Entry> {
    let key_place = outline.nodes[key_id].place.clone();
    let UnplacedValue::Scalar(Kind::Text, Some(key)) = key else {
        let problem = Diagnostic::error(key_place, Code::WrongType, "a key must be a text");
        problems.push(problem.with_hint("put the key in quotes"));
        return None;
    };
    let mut value = join(outline, value_id, value, problems)?;
    // For a reader, a list or mapping begins at its key; an empty value has no place at all.
    if !matches!(value.value, Value::Scalar(_)) || value.is_null() {
        value.place = key_place.clone();
    }
    Some(Entry { key, key_place, value })
}

/// Resolves `<<: *base`: keys written here win, and earlier bases win over later ones.
fn with_merge_keys(entries: Vec<Entry>, problems: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let (merges, mut entries): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.key == "<<");
    for merge in merges {
        let bases = match merge.value.value {
            Value::List(items) => items,
            _ => vec![merge.value],
        };
        for base in bases {
            let Value::Map(inherited) = base.value else {
                let message = "the value of `<<` must be a mapping or a list of mappings";
                let problem = Diagnostic::error(merge.key_place.clone(), Code::WrongType, message);
                problems.push(problem.with_hint("write `<<: *name`, where `&name` marks a mapping"));
                continue;
            };
            for entry in inherited {
                if entries.iter().all(|own| own.key != entry.key) {
                    entries.push(entry);
                }
            }
        }
    }
    entries
}

/// A value as serde_yaml reads it, without places. Repeated keys are kept: the outline reports them, and the other
/// problems of the file should be found, too.
enum UnplacedValue {
    Scalar(Kind, Option<String>),
    List(Vec<UnplacedValue>),
    Map(Vec<(UnplacedValue, UnplacedValue)>),
}

impl<'de> Deserialize<'de> for UnplacedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnplacedValueVisitor)
    }
}

struct UnplacedValueVisitor;

impl<'de> Visitor<'de> for UnplacedValueVisitor {
    type Value = UnplacedValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Null, None))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Bool(value), None))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Unsigned(value), None))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Signed(value), None))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Float(value as f64), None))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Float(value as f64), None))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Float(value), None))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<UnplacedValue, E> {
        Ok(UnplacedValue::Scalar(Kind::Text, Some(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<UnplacedValue, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(UnplacedValue::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UnplacedValue, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(UnplacedValue::Map(pairs))
    }
}
