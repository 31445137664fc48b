//! `schedule:`, `override:` and `windows:` as a person may write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CronText, DateText, DurationText, InstantText, SpanText, WindowText};
use crate::model::State;
use crate::schedule::AppliesTo;
use crate::spec::decode::{Leaf, OneOrMany};

/// The hours in which an environment is up; outside them it is `stopped`. tidegate derives the state from the
/// present time, so that it makes up for a start or a stop that it missed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Schedule", deny_unknown_fields)]
pub(in crate::spec) struct RawSchedule {
    /// The time zone of all times here, by its IANA name: `Europe/Zurich`.
    #[schemars(required)]
    pub(in crate::spec) timezone: Option<Leaf<String>>,
    /// When the environment starts: one crontab line of five fields, or a list of them: `0 7 * * mon-fri`.
    #[schemars(required)]
    pub(in crate::spec) start: Option<Leaf<OneOrMany<CronText>>>,
    /// When the environment stops, written like `start`. If both name the same minute, it stops.
    #[schemars(required)]
    pub(in crate::spec) stop: Option<Leaf<OneOrMany<CronText>>>,
    /// Days on which the environment stays stopped: `2026-12-24`, or `2026-12-24..2027-01-03` with both ends included.
    /// Default: none.
    pub(in crate::spec) except: Option<Leaf<OneOrMany<DateText>>>,
    /// Calendars of days on which the environment stays stopped: iCalendar files of this repository, as paths from
    /// this file's folder, such as `holidays.ics`. Only whole days count, recurring ones included. Default: none.
    pub(in crate::spec) holidays: Option<Leaf<OneOrMany<String>>>,
    /// Additional hours in which the environment is up: `2026-11-28 09:00..17:00`. They win over `except` and
    /// `holidays`. Default: none.
    pub(in crate::spec) also: Option<Leaf<OneOrMany<SpanText>>>,
    /// How long tidegate waits before it stops something that a person started outside the hours: `1h`. Default: `15m`.
    #[schemars(extend("default" = "15m"))]
    pub(in crate::spec) grace: Option<Leaf<DurationText>>,
}

/// A temporary state, kept in git.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Override", deny_unknown_fields)]
pub(in crate::spec) struct RawOverride {
    /// The state to keep the environment in.
    #[schemars(required)]
    pub(in crate::spec) state: Option<Leaf<State>>,
    /// When the override ends: date, time and offset, such as `2026-11-24T22:00:00+01:00`.
    #[schemars(required)]
    pub(in crate::spec) until: Option<Leaf<InstantText>>,
    /// Why the override exists, for other operators: `load test`.
    pub(in crate::spec) reason: Option<Leaf<String>>,
}

/// When a release that closes the gate may begin. An edit of `state` and the recovery after a failure do not wait
/// for a window.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Windows", deny_unknown_fields)]
pub(in crate::spec) struct RawWindows {
    /// The time zone of all times here, by its IANA name: `Europe/Zurich`.
    #[schemars(required)]
    pub(in crate::spec) timezone: Option<Leaf<String>>,
    /// When releases may begin: `0 4 * * tue,thu for 2h`, or whole days: `2026-12-24..2027-01-03`. Default: at any time.
    pub(in crate::spec) allow: Option<Leaf<OneOrMany<WindowText>>>,
    /// When releases may not begin, written like `allow`. It wins over `allow`. Default: never.
    pub(in crate::spec) deny: Option<Leaf<OneOrMany<WindowText>>>,
    /// What waits for a window: `gated` means releases that close the gate, `all` means every version change, sites
    /// included. Default: `gated`.
    #[schemars(extend("default" = "gated"))]
    pub(in crate::spec) applies_to: Option<Leaf<AppliesTo>>,
}
