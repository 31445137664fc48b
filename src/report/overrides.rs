//! Overrides and suspensions that operators have set, and services that someone started while the environment sleeps:
//! as JSON for every document, as words for every text.

use serde::Serialize;
use serde_json::Value;

use super::{OverrideView, json, time_format};
use crate::model::{Instant, State};
use crate::plan::{Awake, Plan};
use crate::reconcile::ActiveOverrides;
use crate::schedule::{Override, Tz};

/// `override --output json`
#[derive(Serialize)]
struct WireOverrides<'a> {
    schema: &'static str,
    environment: &'a str,
    #[serde(rename = "override")]
    override_: Option<WireOverride<'a>>,
}

/// The override that holds, as JSON.
pub fn override_json(view: &OverrideView) -> Value {
    let OverrideView { spec, overrides, now, zone, page: _ } = view;
    json::value(&WireOverrides {
        schema: json::SCHEMA,
        environment: spec.name.as_str(),
        override_: override_(overrides, spec.override_.as_ref(), *now, *zone),
    })
}

/// The override that holds, as text: one or two lines.
pub fn override_text(view: &OverrideView) -> String {
    let OverrideView { spec, overrides, now, zone, page: _ } = view;
    let in_git = spec.override_.as_ref();
    let (name, zone) = (&spec.name, *zone);
    let holds = overrides.runtime_override().or_else(|| in_git.filter(|set| *now < set.until).cloned());
    match (holds, override_in_words(overrides, in_git, *now)) {
        (Some(set), Some(words)) => {
            let left = time_format::length(set.until - *now);
            format!(
                "{name}  {} until {} ({left} left)\n  {words}\n",
                set.state,
                time_format::local(set.until, zone)
            )
        }
        _ => format!("{name}  no override\n"),
    }
}

/// The override that holds, in every document.
#[derive(Serialize)]
pub(super) struct WireOverride<'a> {
    source: &'static str,
    state: State,
    until: String,
    reason: &'a str,
    who: Option<&'a str>,
    since: Option<String>,
}

/// A suspension, in every document.
#[derive(Serialize)]
pub(super) struct WireSuspension<'a> {
    who: &'a str,
    reason: &'a str,
    since: String,
    until: Option<String>,
}

/// A resource that runs while the environment sleeps, in every document.
#[derive(Serialize)]
pub(super) struct WireAwake<'a> {
    resource: &'a str,
    since: Option<String>,
    left_until: Option<String>,
}

/// The override that holds at `now`: the one set at run time before the one in git.
pub(super) fn override_<'a>(
    overrides: &'a ActiveOverrides,
    in_git: Option<&'a Override>,
    now: Instant,
    zone: Tz,
) -> Option<WireOverride<'a>> {
    if let Some(set) = &overrides.override_ {
        return Some(WireOverride {
            source: "run-time",
            state: set.state,
            until: json::instant(set.until, zone),
            reason: &set.reason,
            who: Some(&set.who),
            since: Some(json::instant(set.since, zone)),
        });
    }
    in_git.filter(|set| now < set.until).map(|set| WireOverride {
        source: "git",
        state: set.state,
        until: json::instant(set.until, zone),
        reason: &set.reason,
        who: None,
        since: None,
    })
}

/// The suspension, if the environment is suspended.
pub(super) fn suspension(overrides: &ActiveOverrides, zone: Tz) -> Option<WireSuspension<'_>> {
    overrides.suspension.as_ref().map(|set| WireSuspension {
        who: &set.who,
        reason: &set.reason,
        since: json::instant(set.since, zone),
        until: set.until.map(|until| json::instant(until, zone)),
    })
}

/// The resources that run while the environment sleeps.
pub(super) fn awake(plan: &Plan, zone: Tz) -> Vec<WireAwake<'_>> {
    fn wire(awake: &Awake, zone: Tz) -> WireAwake<'_> {
        let Awake { part: _, resource, since, left_until } = awake;
        let shown = |at: &Option<Instant>| at.map(|at| json::instant(at, zone));
        WireAwake { resource, since: shown(since), left_until: shown(left_until) }
    }
    plan.awake.iter().map(|awake| wire(awake, zone)).collect()
}

/// Which override holds, in words: `set at run time by ann@laptop: load test`.
pub(super) fn override_in_words(
    overrides: &ActiveOverrides,
    in_git: Option<&Override>,
    now: Instant,
) -> Option<String> {
    if let Some(set) = &overrides.override_ {
        return Some(format!("set at run time by {}: {}", set.who, set.reason));
    }
    in_git.filter(|set| now < set.until).map(|set| match set.reason.as_str() {
        "" => "set in git".to_owned(),
        reason => format!("set in git: {reason}"),
    })
}

/// Who suspended the environment, since when, until when and why.
pub(super) fn suspension_in_words(overrides: &ActiveOverrides, zone: Tz) -> Option<String> {
    let set = overrides.suspension.as_ref()?;
    let until = set.until.map(|until| format!(" until {}", time_format::local(until, zone)));
    let until = until.unwrap_or_else(|| ", until an operator resumes it".to_owned());
    Some(format!("by {} since {}{until}: {}", set.who, time_format::local(set.since, zone), set.reason))
}
