//! The deserializer itself: it turns one node of the tree into one value.

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::leaf::{LEAF, ONE_OR_MANY, SHORT_FOR, WRITTEN};
use super::mismatch::Mismatch;
use super::origin::{DecodeNotes, Origin};
use crate::spec::diagnostic::{Code, Diagnostic, Place};
use crate::spec::suggest;
use crate::spec::tree::{Entry, Kind, Node, Scalar, Value};

/// One node, the place of its key, and its path.
#[derive(Clone)]
pub(super) struct NodeDeserializer<'a> {
    pub(super) node: &'a Node,
    pub(super) key: &'a Place,
    pub(super) path: String,
    pub(super) notes: &'a DecodeNotes,
}

impl<'a> NodeDeserializer<'a> {
    fn entry(&self, entry: &'a Entry) -> Self {
        let path = self.way_to(&entry.key);
        Self { node: &entry.value, key: &entry.key_place, path, notes: self.notes }
    }

    fn way_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn item(&self, index: usize, node: &'a Node) -> Self {
        Self { node, key: &node.place, path: format!("{}[{index}]", self.path), notes: self.notes }
    }

    fn origin(&self) -> Origin {
        let (written, plain) = match &self.node.value {
            Value::Scalar(Scalar { written, plain, .. }) => (written.clone(), *plain),
            Value::List(_) | Value::Map(_) => (String::new(), false),
        };
        Origin {
            path: self.path.clone(),
            value: self.node.place.clone(),
            key: self.key.clone(),
            written,
            plain,
        }
    }

    /// Records that this node does not fit.
    fn report(&self, mismatch: Mismatch) {
        let (code, message, hint) = match mismatch {
            Mismatch::Type(expected) => {
                let message = format!("`{}` must be {expected}, but it is {}", self.path, self.found());
                (Code::WrongType, message, self.quoting_hint(&expected))
            }
            Mismatch::Word { found, allowed } => {
                let message = format!("`{}` cannot be `{found}`", self.path);
                (Code::UnknownWord, message, suggest::hint(&found, allowed.iter().copied()))
            }
            Mismatch::Key { found, allowed } => {
                let message = format!("`{}` has no key `{found}`", self.path);
                (Code::UnknownKey, message, suggest::hint(&found, allowed.iter().copied()))
            }
            Mismatch::Other(message) => (Code::WrongType, format!("`{}`: {message}", self.path), None),
        };
        let problem = Diagnostic::error(self.node.place.clone(), code, message);
        self.notes.problems.borrow_mut().push(Diagnostic { hint, ..problem });
    }

    fn found(&self) -> String {
        match &self.node.value {
            Value::Map(_) => "a mapping".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Scalar(Scalar { kind, written, .. }) => match kind {
                Kind::Null => "empty".to_owned(),
                Kind::Bool(_) => format!("the boolean `{written}`"),
                Kind::Unsigned(_) | Kind::Signed(_) | Kind::Float(_) => format!("the number {written}"),
                Kind::Text => format!("the text `{written}`"),
            },
        }
    }

    fn quoting_hint(&self, expected: &str) -> Option<String> {
        match &self.node.value {
            Value::Scalar(Scalar { kind, written, .. }) if expected == "a text" && *kind != Kind::Null => {
                Some(format!("put the value in quotes: `\"{written}\"`"))
            }
            Value::Scalar(Scalar { kind: Kind::Text, plain: false, written })
                if written.parse::<u64>().is_ok() =>
            {
                Some(format!("write the number without quotes: `{written}`"))
            }
            Value::Map(_) if expected == "a text" => {
                Some("if this is a text that begins with `{`, put it in quotes; without quotes, YAML reads a mapping".to_owned())
            }
            _ => None,
        }
    }

    fn unknown_key(&self, entry: &Entry, known: &'static [&'static str]) {
        let parent =
            if self.path.is_empty() { "an environment".to_owned() } else { format!("`{}`", self.path) };
        let message = format!("{parent} has no key `{}`", entry.key);
        let problem = Diagnostic::error(entry.key_place.clone(), Code::UnknownKey, message);
        let hint = suggest::hint(&entry.key, known.iter().copied());
        self.notes.problems.borrow_mut().push(Diagnostic { hint, ..problem });
    }
}

impl<'a> NodeDeserializer<'a> {
    /// The entries that have a value. `key: ~` removes an inherited key, and the merge did so already; one that is
    /// still here removed nothing.
    fn with_values<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> Vec<&'e Entry> {
        let (empty, kept): (Vec<&Entry>, Vec<&Entry>) = entries.partition(|entry| entry.value.is_null());
        for entry in empty {
            let message = format!(
                "`{}` is empty, which removes an inherited value, but there is none",
                self.way_to(&entry.key)
            );
            let problem = Diagnostic::warning(entry.key_place.clone(), Code::RemovesNothing, message);
            let hint = "delete the line, or give the key a value; `{}` means: use all defaults";
            self.notes.problems.borrow_mut().push(problem.with_hint(hint));
        }
        kept
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.node.value {
            Value::Scalar(Scalar { kind, written, .. }) => match *kind {
                Kind::Null => visitor.visit_unit(),
                Kind::Bool(value) => visitor.visit_bool(value),
                Kind::Unsigned(value) => visitor.visit_u64(value),
                Kind::Signed(value) => visitor.visit_i64(value),
                Kind::Float(value) => visitor.visit_f64(value),
                Kind::Text => visitor.visit_str(written),
            },
            Value::List(items) => visitor.visit_seq(Items { parent: &self, items: items.iter().enumerate() }),
            Value::Map(entries) => {
                visitor.visit_map(Entries { parent: &self, entries: entries.iter(), value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        // An absent key never comes here, and `key: ~` was taken out by the merge.
        visitor.visit_some(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let Value::Map(entries) = &self.node.value else { return self.deserialize_any(visitor) };
        let entries = self.with_values(entries.iter()).into_iter();
        visitor.visit_map(Entries { parent: &self, entries, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let Value::Map(entries) = &self.node.value else {
            return Err(Mismatch::invalid_type(Unexpected::Other("no mapping"), &visitor));
        };
        let (known, unknown): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| fields.contains(&entry.key.as_str()));
        for entry in unknown {
            self.unknown_key(entry, fields);
        }
        let entries = self.with_values(known.into_iter()).into_iter();
        visitor.visit_map(Entries { parent: &self, entries, value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.node.text() {
            Some(text) => visitor.visit_enum(text.into_deserializer()),
            None => Err(Mismatch::Type(format!("one of `{}`", words.join("`, `")))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match name {
            LEAF => {
                let mut origins = self.notes.origins.borrow_mut();
                let at = origins.len();
                origins.push(self.origin());
                drop(origins);
                visitor.visit_seq(LeafParts { node: self, at: Some(at) })
            }
            WRITTEN => match &self.node.value {
                Value::Scalar(Scalar { kind: Kind::Text, written, .. }) => visitor.visit_str(written),
                Value::Scalar(Scalar { kind, .. }) if *kind != Kind::Null => visitor.visit_unit(),
                _ => Err(Mismatch::Type("a text".to_owned())),
            },
            ONE_OR_MANY => match &self.node.value {
                Value::List(_) => self.deserialize_any(visitor),
                Value::Scalar(_) => visitor.visit_seq(Single(Some(self))),
                Value::Map(_) => Err(Mismatch::invalid_type(Unexpected::Map, &visitor)),
            },
            _ => match name.strip_prefix(SHORT_FOR) {
                Some(key) if self.node.text().is_some() => {
                    let place = self.node.place.clone();
                    let entry =
                        Entry { key: key.to_owned(), key_place: place.clone(), value: self.node.clone() };
                    let long = Node { place, value: Value::Map(vec![entry]) };
                    visitor.visit_newtype_struct(NodeDeserializer { node: &long, ..self.clone() })
                }
                Some(_) if !matches!(self.node.value, Value::Map(_)) => {
                    Err(Mismatch::invalid_type(Unexpected::Other("neither"), &visitor))
                }
                _ => visitor.visit_newtype_struct(self),
            },
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct identifier ignored_any
    }
}

/// First the number of the origin, then the value. A value that does not fit is reported and skipped.
struct LeafParts<'a> {
    node: NodeDeserializer<'a>,
    at: Option<usize>,
}

impl<'de> SeqAccess<'de> for LeafParts<'_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        if let Some(at) = self.at.take() {
            let number: UsizeDeserializer<Mismatch> = at.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        match seed.deserialize(self.node.clone()) {
            Ok(value) => Ok(Some(value)),
            Err(mismatch) => {
                self.node.report(mismatch);
                Ok(None)
            }
        }
    }
}

struct Items<'p, 'a, I> {
    parent: &'p NodeDeserializer<'a>,
    items: I,
}

impl<'de, 'a, I: Iterator<Item = (usize, &'a Node)>> SeqAccess<'de> for Items<'_, 'a, I> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.parent.item(index, node)).map(Some)
    }
}

struct Single<'a>(Option<NodeDeserializer<'a>>);

impl<'de> SeqAccess<'de> for Single<'_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        self.0.take().map(|node| seed.deserialize(node)).transpose()
    }
}

struct Entries<'p, 'a, I> {
    parent: &'p NodeDeserializer<'a>,
    entries: I,
    value: Option<&'a Entry>,
}

impl<'de, 'a, I: Iterator<Item = &'a Entry>> MapAccess<'de> for Entries<'_, 'a, I> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        self.value = self.entries.next();
        let Some(entry) = self.value else { return Ok(None) };
        let key: StrDeserializer<'_, Mismatch> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let entry = self.value.take().expect("serde asks for a key before its value");
        seed.deserialize(self.parent.entry(entry))
    }
}
