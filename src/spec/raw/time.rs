//! `schedule:`, `override:` and `windows:` as they may be written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CronText, DateText, DurationText, InstantText, SpanText, WindowText};
use crate::model::State;
use crate::schedule::AppliesTo;
use crate::spec::decode::{Leaf, OneOrMany};

/// The hours in which an environment is up. At any instant exactly one of the two holds: a missed start or
/// stop heals itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Schedule", deny_unknown_fields)]
pub(in crate::spec) struct RawSchedule {
    /// The IANA zone of all times here, such as `Europe/Zurich`.
    #[schemars(required)]
    pub(in crate::spec) timezone: Option<Leaf<String>>,
    /// When it starts: one crontab line of five fields, or a list of them.
    #[schemars(required)]
    pub(in crate::spec) start: Option<Leaf<OneOrMany<CronText>>>,
    /// When it stops, written alike. At the same minute, stop wins.
    #[schemars(required)]
    pub(in crate::spec) stop: Option<Leaf<OneOrMany<CronText>>>,
    /// Days on which it stays stopped: `2026-12-24`, or `2026-12-24..2027-01-03` with both ends included.
    pub(in crate::spec) except: Option<Leaf<OneOrMany<DateText>>>,
    /// Calendars of days on which it stays stopped: iCalendar files of this repository, as paths from this file's
    /// folder: `holidays.ics`. Whole days count, also those that come again.
    pub(in crate::spec) holidays: Option<Leaf<OneOrMany<String>>>,
    /// Hours in which it is up all the same: `2026-11-28 09:00..17:00`. Stronger than `except`.
    pub(in crate::spec) also: Option<Leaf<OneOrMany<SpanText>>>,
    /// For how long what a person starts while it sleeps is left alone before it is stopped.
    #[schemars(extend("default" = "15m"))]
    pub(in crate::spec) grace: Option<Leaf<DurationText>>,
}

/// A state for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Override", deny_unknown_fields)]
pub(in crate::spec) struct RawOverride {
    /// The state.
    #[schemars(required)]
    pub(in crate::spec) state: Option<Leaf<State>>,
    /// Its end, with an offset: `2026-11-24T22:00:00+01:00`.
    #[schemars(required)]
    pub(in crate::spec) until: Option<Leaf<InstantText>>,
    /// Why, for those who meet it.
    pub(in crate::spec) reason: Option<Leaf<String>>,
}

/// When a release that closes the gate may begin. Never holds back a `state:` edit or a recovery.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Windows", deny_unknown_fields)]
pub(in crate::spec) struct RawWindows {
    /// The IANA zone of all times here, such as `Europe/Zurich`.
    #[schemars(required)]
    pub(in crate::spec) timezone: Option<Leaf<String>>,
    /// When they are open: `0 4 * * tue,thu for 2h`, or days: `2026-12-24..2027-01-03`. Absent = always.
    pub(in crate::spec) allow: Option<Leaf<OneOrMany<WindowText>>>,
    /// When they are closed, written alike; wins over `allow`.
    pub(in crate::spec) deny: Option<Leaf<OneOrMany<WindowText>>>,
    /// What waits for them: `gated` releases, or `all` changes, rolling updates and sites included.
    #[schemars(extend("default" = "gated"))]
    pub(in crate::spec) applies_to: Option<Leaf<AppliesTo>>,
}
