//! `migration:` as a person may write it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::{DurationText, RawRunOn, TemplateText, VersionText};
use crate::model::Level;
use crate::spec::OnFailure;
use crate::spec::decode::{HasShortForm, Leaf, ShortFor, Table};

/// The one-off task that changes the database's schema.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Migration", deny_unknown_fields)]
pub(in crate::spec) struct RawMigration {
    /// The entry of `versions` whose changes need a migration, such as `core`.
    #[schemars(required)]
    pub(in crate::spec) follows: Option<Leaf<String>>,
    /// The task-definition family of the migration task, such as `migrate`.
    #[schemars(required)]
    pub(in crate::spec) task: Option<Leaf<String>>,
    /// Entries of `versions` that go live together with `follows`, such as `[client]`. While a release of `follows` waits,
    /// is blocked, held or given up, they stay at the version that runs; without such a release they roll by
    /// themselves. Default: none.
    pub(in crate::spec) together: Option<Leaf<Vec<Leaf<String>>>>,
    /// The image of each container of the task: `migrate: graasp:migrate-{core}`, where `{core}` is an entry of
    /// `versions`.
    pub(in crate::spec) images: Option<Leaf<Table<TemplateText>>>,
    /// The service whose network configuration (subnets, security groups, public address) the task uses.
    #[schemars(required)]
    pub(in crate::spec) network: Option<Leaf<ShortFor<RawNetwork>>>,
    /// Where the task is placed: `auto`, `fargate`, or `{capacity_providers: [NAME]}` with capacity providers of the
    /// cluster. `auto` is what the task-definition family and the `network` service allow: on-demand Fargate where the
    /// family allows Fargate. Default: `auto`.
    #[schemars(extend("default" = "auto"))]
    pub(in crate::spec) run_on: Option<Leaf<RawRunOn>>,
    /// Which version changes need a migration: `always`, `never`, or a list such as `[major, minor]`. tidegate trusts
    /// this: other changes roll out without a migration. Default: `always`.
    #[schemars(extend("default" = "always"))]
    pub(in crate::spec) needed_for: Option<Leaf<RawNeededFor>>,
    /// Whether a migration that exits with an error has changed nothing, because it runs in one transaction. tidegate
    /// trusts this: set it only if it is true. Default: `false`.
    #[schemars(extend("default" = false))]
    pub(in crate::spec) atomic: Option<Leaf<bool>>,
    /// What follows when a migration has failed by itself: `hold` keeps the gate closed until an operator decides;
    /// `revert`, which needs `atomic: true`, brings the old version back. Default: `hold`.
    #[schemars(extend("default" = "hold"))]
    pub(in crate::spec) on_failure: Option<Leaf<OnFailure>>,
    /// How long a migration may run before tidegate reports it as overdue, such as `30m`. tidegate does not kill it.
    /// Default: `1h`.
    #[schemars(extend("default" = "1h"))]
    pub(in crate::spec) timeout: Option<Leaf<DurationText>>,
    /// The database snapshot before a migration.
    pub(in crate::spec) snapshot: Option<Leaf<RawSnapshot>>,
    /// How long tidegate waits after a migration before it starts services, for a vacuum or a warm-up: `10m`.
    /// Default: `0s`.
    #[schemars(extend("default" = "0s"))]
    pub(in crate::spec) settle: Option<Leaf<DurationText>>,
    /// The schema version that the declared code is known to work with, such as `v2.24.0`. It lets tidegate roll back
    /// to an older version without a migration. Default: none.
    pub(in crate::spec) allow_schema: Option<Leaf<VersionText>>,
}

/// Where tidegate copies the migration's network configuration from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Network", deny_unknown_fields)]
pub(in crate::spec) struct RawNetwork {
    /// A service of this environment, such as `graasp`.
    #[schemars(required)]
    pub(in crate::spec) service: Option<Leaf<String>>,
}

impl HasShortForm for RawNetwork {
    const MARKER: &'static str = "$tidegate::short-for:service";
}

/// Database snapshots before migrations.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Snapshot", deny_unknown_fields)]
pub(in crate::spec) struct RawSnapshot {
    /// Whether tidegate takes a snapshot before each migration. Default: `true`.
    #[schemars(extend("default" = true))]
    pub(in crate::spec) take: Option<Leaf<bool>>,
    /// How many of its own snapshots tidegate keeps; it deletes older ones. 1 to 100. Default: 5.
    #[schemars(range(min = 1, max = 100), extend("default" = 5))]
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
