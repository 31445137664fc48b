//! Texts that must have a certain form. The patterns are for editors; they are never stricter than `validate`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::spec::decode::TextOrScalar;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($inner:ty) $title:literal $pattern:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(transparent)]
        pub(in crate::spec) struct $name(pub(in crate::spec) $inner);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*};
}

texts! {
    /// Twelve digits, in quotes.
    AccountText(TextOrScalar) "Account" "^[0-9]{12}$"
    /// `eu-central-2`
    RegionText(String) "Region" "^[a-z]+(-[a-z]+)+-[0-9]+$"
    /// A version, in quotes if it looks like a number; empty means not deployed.
    VersionText(TextOrScalar) "Version" "^[A-Za-z0-9_.-]{0,128}$"
    /// `{name}` stands for an entry of `versions`.
    TemplateText(String) "Template" "^([^{}]|\\{[^{}]+\\})+$"
    /// `30s`, `5m`, `1h30m`, `2d`
    DurationText(TextOrScalar) "Duration" "^([0-9]+[smhd])+$"
    /// An absolute URL.
    UrlText(String) "Url" "^[Hh][Tt][Tt][Pp][Ss]?://"
    /// A crontab line of five fields.
    CronText(String) "Crontab" "^\\s*\\S+(\\s+\\S+){4}\\s*$"
    /// `2026-12-24` or `2026-12-24..2027-01-03`
    DateText(String) "Dates" "^\\s*\\d{4}-\\d{2}-\\d{2}\\s*(\\.\\.\\s*\\d{4}-\\d{2}-\\d{2}\\s*)?$"
    /// `2026-11-28 09:00..17:00`
    SpanText(String) "HoursOnADay" "^\\s*\\d{4}-\\d{2}-\\d{2}\\s+\\d{2}:\\d{2}\\s*\\.\\.\\s*\\d{2}:\\d{2}\\s*$"
    /// `0 4 * * tue,thu for 2h`, or dates.
    WindowText(String) "Window" " for |^\\s*\\d{4}-\\d{2}-\\d{2}"
    /// `2026-11-24T22:00:00+01:00`
    InstantText(String) "Instant" "^\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?([Zz]|[+-]\\d{2}:\\d{2})$"
}

/// Whether a text has the form of [`DurationText`]: numbers, each with its unit.
pub(in crate::spec) fn is_duration_text(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest.as_bytes().get(digits);
        if digits == 0 || !unit.is_some_and(|unit| b"smhd".contains(unit)) {
            return false;
        }
        rest = &rest[digits + 1..];
    }
    !text.is_empty()
}
