//! `migration.run_on` as a person may write it: a word, or the names of capacity providers.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::spec::decode::Leaf;

/// The words of `run_on`.
const WORDS: &[&str] = &["auto", "fargate"];

/// `auto`, `fargate`, or capacity providers.
#[derive(Clone, Debug)]
pub(in crate::spec) enum RawRunOn {
    Auto,
    Fargate,
    Providers(RawCapacityProviders),
}

/// Capacity providers of the cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CapacityProviders")]
pub(in crate::spec) struct RawCapacityProviders {
    /// The names of capacity providers that the cluster has, the preferred one first: `[graasp-ec2]`.
    #[schemars(required, length(min = 1, max = 20))]
    pub(in crate::spec) capacity_providers: Option<Leaf<Vec<Leaf<String>>>>,
}

impl<'de> Deserialize<'de> for RawRunOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RunOnVisitor;

        impl<'de> Visitor<'de> for RunOnVisitor {
            type Value = RawRunOn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, `fargate` or `{capacity_providers: [NAME]}`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<RawRunOn, E> {
                match word {
                    "auto" => Ok(RawRunOn::Auto),
                    "fargate" => Ok(RawRunOn::Fargate),
                    other => Err(E::unknown_variant(other, WORDS)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawRunOn, A::Error> {
                RawCapacityProviders::deserialize(MapAccessDeserializer::new(map)).map(RawRunOn::Providers)
            }
        }

        deserializer.deserialize_any(RunOnVisitor)
    }
}

impl JsonSchema for RawRunOn {
    fn schema_name() -> Cow<'static, str> {
        "RunOn".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let providers = generator.subschema_for::<RawCapacityProviders>();
        json_schema!({ "anyOf": [{ "type": "string", "enum": WORDS }, providers] })
    }
}
