//! The building blocks of the types in `raw`. serde sees them as newtypes with special names, which tell the
//! deserializer what to do; `toml` implements its `Spanned` the same way.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

pub(super) const LEAF: &str = "$tidegate::leaf";
pub(super) const WRITTEN: &str = "$tidegate::written";
pub(super) const ONE_OR_MANY: &str = "$tidegate::one-or-many";
pub(super) const SHORT_FOR: &str = "$tidegate::short-for:";

/// The number of a leaf's [`Origin`](super::Origin).
#[derive(Clone, Copy, Debug)]
pub(in crate::spec) struct OriginId(usize);

impl OriginId {
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// A value with its place. `None` if the value was wrong; then that was reported.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Leaf<T> {
    pub(in crate::spec) at: OriginId,
    pub(in crate::spec) value: Option<T>,
}

impl<T> Leaf<T> {
    pub(in crate::spec) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Leaf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LeafVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for LeafVisitor<T> {
            type Value = Leaf<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of a tree")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Leaf<T>, A::Error> {
                let at = parts.next_element()?.expect("the first part is the origin's number");
                Ok(Leaf { at: OriginId(at), value: parts.next_element()? })
            }
        }

        deserializer.deserialize_newtype_struct(LEAF, LeafVisitor(PhantomData))
    }
}

/// A text, or another scalar where a text belongs (`1.10`, `592217263685`): the rule that needs quotes reports it.
#[derive(Clone, Debug)]
pub(in crate::spec) enum TextOrScalar {
    Text(String),
    /// A number, a boolean: the origin has its text.
    OtherScalar,
}

impl<'de> Deserialize<'de> for TextOrScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WrittenVisitor;

        impl<'de> Visitor<'de> for WrittenVisitor {
            type Value = TextOrScalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<TextOrScalar, E> {
                Ok(TextOrScalar::Text(text.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<TextOrScalar, E> {
                Ok(TextOrScalar::OtherScalar)
            }
        }

        deserializer.deserialize_newtype_struct(WRITTEN, WrittenVisitor)
    }
}

/// A list. A single value counts as a list of one.
#[derive(Clone, Debug)]
pub(in crate::spec) struct OneOrMany<T>(pub(in crate::spec) Vec<Leaf<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemsVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemsVisitor<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(OneOrMany(items))
            }
        }

        deserializer.deserialize_newtype_struct(ONE_OR_MANY, ItemsVisitor(PhantomData))
    }
}

/// A mapping that may be written as the value of its most important key: `network: graasp`.
#[derive(Clone, Debug)]
pub(in crate::spec) struct ShortFor<T>(pub(in crate::spec) T);

/// A type whose short form stands for one of its keys.
pub(in crate::spec) trait HasShortForm {
    /// `$tidegate::short-for:` and the key.
    const MARKER: &'static str;
}

impl<'de, T: Deserialize<'de> + HasShortForm> Deserialize<'de> for ShortFor<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LongVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for LongVisitor<T> {
            type Value = ShortFor<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a mapping")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<ShortFor<T>, D::Error> {
                T::deserialize(inner).map(ShortFor)
            }
        }

        deserializer.deserialize_newtype_struct(T::MARKER, LongVisitor(PhantomData))
    }
}

/// A mapping with keys of the user's choice, in the order of the file.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Table<T>(pub(in crate::spec) Vec<(String, Leaf<T>)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TableVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Table(entries))
            }
        }

        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

/// The schema of a leaf is that of its value.
impl<T: JsonSchema> JsonSchema for Leaf<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
    }
}

impl<T: JsonSchema> JsonSchema for ShortFor<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ShortFor_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "type": "string" }, long] })
    }
}

impl<T: JsonSchema> JsonSchema for Table<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Table_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}
