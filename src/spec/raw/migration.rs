//! `migration:` as it may be written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::{DurationText, TemplateText, VersionText};
use crate::model::Level;
use crate::spec::decode::{HasShortForm, Leaf, ShortFor, Table};

/// The one-off task that changes the database's schema.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Migration", deny_unknown_fields)]
pub(in crate::spec) struct RawMigration {
    /// The entry of `versions` whose change needs a migration.
    #[schemars(required)]
    pub(in crate::spec) follows: Option<Leaf<String>>,
    /// The task-definition family of the migration.
    #[schemars(required)]
    pub(in crate::spec) task: Option<Leaf<String>>,
    /// Container → image, with `{name}` for entries of `versions`.
    pub(in crate::spec) images: Option<Leaf<Table<TemplateText>>>,
    /// The service whose network configuration (subnets, security groups, public address) the task gets.
    #[schemars(required)]
    pub(in crate::spec) network: Option<Leaf<ShortFor<RawNetwork>>>,
    /// Which changes need a migration: `always`, `never`, or a list of `major`, `minor`, `patch`. Your promise.
    #[schemars(extend("default" = "always"))]
    pub(in crate::spec) needed_for: Option<Leaf<RawNeededFor>>,
    /// Your promise that a migration which exits non-zero has changed nothing (one transaction).
    #[schemars(extend("default" = false))]
    pub(in crate::spec) atomic: Option<Leaf<bool>>,
    /// After this long a person is told. A migration is never killed.
    #[schemars(extend("default" = "1h"))]
    pub(in crate::spec) timeout: Option<Leaf<DurationText>>,
    /// The snapshot that is taken before a migration.
    pub(in crate::spec) snapshot: Option<Leaf<RawSnapshot>>,
    /// The wait after a migration (vacuum) before services start.
    #[schemars(extend("default" = "0s"))]
    pub(in crate::spec) settle: Option<Leaf<DurationText>>,
    /// The schema version on which you know the wanted code to run: lets it roll out backwards, without a
    /// migration.
    pub(in crate::spec) allow_schema: Option<Leaf<VersionText>>,
}

/// Where the migration's network configuration is copied from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Network", deny_unknown_fields)]
pub(in crate::spec) struct RawNetwork {
    /// A service of this environment.
    #[schemars(required)]
    pub(in crate::spec) service: Option<Leaf<String>>,
}

impl HasShortForm for RawNetwork {
    const MARKER: &'static str = "$tidegate::short-for:service";
}

/// Snapshots before migrations.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Snapshot", deny_unknown_fields)]
pub(in crate::spec) struct RawSnapshot {
    /// Whether one is taken.
    #[schemars(extend("default" = true))]
    pub(in crate::spec) take: Option<Leaf<bool>>,
    /// How many of tidegate's own snapshots are kept.
    #[schemars(range(min = 1), extend("default" = 5))]
    pub(in crate::spec) keep: Option<Leaf<u32>>,
}

/// `always`, `never`, or levels.
#[derive(Clone, Debug)]
pub(in crate::spec) enum RawNeededFor {
    Always,
    Never,
    Levels(Vec<Leaf<Level>>),
}

impl<'de> Deserialize<'de> for RawNeededFor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NeededForVisitor;

        impl<'de> Visitor<'de> for NeededForVisitor {
            type Value = RawNeededFor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`always`, `never` or a list of `major`, `minor`, `patch`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<RawNeededFor, E> {
                match word {
                    "always" => Ok(RawNeededFor::Always),
                    "never" => Ok(RawNeededFor::Never),
                    other => Err(E::unknown_variant(other, &["always", "never"])),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawNeededFor, A::Error> {
                let mut levels = Vec::new();
                while let Some(level) = list.next_element()? {
                    levels.push(level);
                }
                Ok(RawNeededFor::Levels(levels))
            }
        }

        deserializer.deserialize_any(NeededForVisitor)
    }
}

impl JsonSchema for RawNeededFor {
    fn schema_name() -> Cow<'static, str> {
        "NeededFor".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let level = generator.subschema_for::<Level>();
        json_schema!({ "anyOf": [
            { "type": "string", "enum": ["always", "never"] },
            { "type": "array", "items": level, "minItems": 1 },
        ] })
    }
}
