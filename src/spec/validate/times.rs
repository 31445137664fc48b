//! `schedule:`, `override:` and `windows:`. The room `schedule` reads crontab lines and days; here its errors get
//! their place in the file.

use std::time::Duration;

use super::findings::Findings;
use super::{doubts, holidays, limits};
use crate::model::{Instant, State};
use crate::schedule::{
    Crontab, DateRange, Override, Schedule, StateInputs, SyntaxError, TimeSpanOnDay, Tz, Window, WindowState,
    Windows, next_change, state_at, window_at, windows_meet_schedule,
};
use crate::spec::decode::{Leaf, OneOrMany, OriginId};
use crate::spec::diagnostic::Code;
use crate::spec::extends::Files;
use crate::spec::raw::{CronText, InstantText, RawOverride, RawSchedule, RawWindows, WindowText};
use crate::spec::suggest;

/// Crontab lines of one key. More of them are generated ones, and each is asked at every look at the schedule.
const CRONTABS_MAX: usize = 100;

/// Long enough to notice it and to set an override, short enough to cost little.
const GRACE: Duration = Duration::from_secs(15 * 60);

pub(super) fn schedule(
    f: &mut Findings<'_>,
    leaf: &Leaf<RawSchedule>,
    files: &Files,
    now: Instant,
) -> Option<Schedule> {
    let RawSchedule { timezone, start, stop, except, holidays, also, grace: _ } = leaf.get()?;
    let zone = f.required(leaf.at, "timezone", timezone).and_then(|leaf| zone_named(f, leaf));
    let start_leaf = f.required(leaf.at, "start", start);
    let stop_leaf = f.required(leaf.at, "stop", stop);
    let start =
        start_leaf.and_then(|leaf| at_least_one(f, leaf, |text| Crontab::parse(&text.0), Code::BadCron));
    let stop =
        stop_leaf.and_then(|leaf| at_least_one(f, leaf, |text| Crontab::parse(&text.0), Code::BadCron));
    let (except_leaf, also_leaf) = (except, also);
    let except = parsed(f, except, |text| DateRange::parse(&text.0), Code::BadDate);
    let also = parsed(f, also, |text| TimeSpanOnDay::parse(&text.0), Code::BadDate);
    let days = except.iter().flatten().map(|days| days.first);
    doubts::years(f, except_leaf.as_ref(), days.collect());
    let days = also.iter().flatten().map(TimeSpanOnDay::day);
    doubts::years(f, also_leaf.as_ref(), days.collect());
    let holidays = holidays::days(f, holidays.as_ref(), files, zone.unwrap_or(Tz::UTC));
    let has_starts = doubts_about(f, start_leaf, start.as_deref(), zone, now);
    doubts_about(f, stop_leaf, stop.as_deref(), zone, now);
    if !has_starts && let Some(leaf) = start_leaf {
        let message = "the environment would never start: no `start` ever fires";
        let hint = "correct `start`; for an environment that never starts, write `state: stopped`".to_owned();
        f.error(leaf.at, Code::CronNeverFires, message).hint = Some(hint);
        return None;
    }
    let schedule = Schedule {
        timezone: zone?,
        start: start?,
        stop: stop?,
        except: except?,
        holidays: holidays?,
        also: also?,
    };
    let start_leaf = start_leaf?;
    let hint = "choose another minute for `start` or `stop`; for an environment that never starts, write `state: stopped`";
    if never_starts(&schedule, now) {
        let message = "the environment would never start: each `start` has a `stop` at the same minute, and `stop` wins";
        f.error(start_leaf.at, Code::StartIsStop, message).hint = Some(hint.to_owned());
        return None;
    }
    for line in start_leaf.get().into_iter().flat_map(|lines| &lines.0) {
        if lines(stop_leaf).contains(&words(line)) {
            let message = "this `start` has no effect: `stop` has the same line, and `stop` wins";
            f.error(line.at, Code::StartIsStop, message).hint = Some(hint.to_owned());
        }
    }
    Some(schedule)
}

/// Reports doubts about crontab lines. `false`: there are lines, and none ever fires.
fn doubts_about(
    f: &mut Findings<'_>,
    leaf: Option<&Leaf<OneOrMany<CronText>>>,
    lines: Option<&[Crontab]>,
    zone: Option<Tz>,
    now: Instant,
) -> bool {
    let (Some(leaf), Some(lines)) = (leaf, lines) else { return true };
    doubts::crontabs(f, leaf, lines, zone.unwrap_or(Tz::UTC), now)
}

/// How long tidegate waits before it stops something that a person started outside the hours.
pub(super) fn grace(f: &mut Findings<'_>, leaf: Option<&Leaf<RawSchedule>>) -> Duration {
    let written = leaf.and_then(Leaf::get).and_then(|schedule| schedule.grace.as_ref());
    f.duration_within(&written.cloned(), GRACE, &limits::GRACE)
}

/// The fields of crontab lines, without differences of spaces and case.
fn lines(leaf: Option<&Leaf<OneOrMany<CronText>>>) -> Vec<Vec<String>> {
    leaf.and_then(Leaf::get).into_iter().flat_map(|lines| &lines.0).map(words).collect()
}

fn words(line: &Leaf<CronText>) -> Vec<String> {
    let text = line.get().map_or("", |text| &text.0);
    text.split_whitespace().map(str::to_lowercase).collect()
}

/// Whether every start has a stop at the same minute, without regard to `except`, `holidays` and `also`.
fn never_starts(schedule: &Schedule, now: Instant) -> bool {
    let bare = Schedule { except: Vec::new(), holidays: Vec::new(), also: Vec::new(), ..schedule.clone() };
    let inputs = StateInputs {
        state: State::Running,
        schedule: Some(&bare),
        git_override: None,
        runtime_override: None,
    };
    state_at(now, &inputs).state == State::Stopped && next_change(now, &inputs).is_none()
}

pub(super) fn git_override(f: &mut Findings<'_>, leaf: &Leaf<RawOverride>, now: Instant) -> Option<Override> {
    let RawOverride { state, until, reason } = leaf.get()?;
    let state = f.required(leaf.at, "state", state).and_then(Leaf::get).copied();
    let until = f.required(leaf.at, "until", until).and_then(|leaf| Some((leaf.at, instant(f, leaf)?)));
    let reason_text = reason.as_ref().and_then(Leaf::get).map_or("", |text| text.trim());
    if reason.as_ref().is_none_or(|leaf| leaf.value.is_some()) && reason_text.is_empty() {
        let message = "this override has no `reason`";
        let hint = "tell other operators why it exists: `reason: load test`".to_owned();
        f.warning_at_key(leaf.at, Code::MissingKey, message).hint = Some(hint);
    }
    let (until_at, until) = until?;
    if until <= now {
        let message = "this override has ended and has no effect";
        f.warning(until_at, Code::OverrideExpired, message).hint = Some("delete `override`".to_owned());
    }
    Some(Override { state: state?, until, reason: reason_text.to_owned() })
}

pub(super) fn windows(
    f: &mut Findings<'_>,
    leaf: &Leaf<RawWindows>,
    schedule: Option<&Schedule>,
    now: Instant,
) -> Option<Windows> {
    let RawWindows { timezone, allow, deny, applies_to } = leaf.get()?;
    let zone = f.required(leaf.at, "timezone", timezone).and_then(|leaf| zone_named(f, leaf));
    let parse = |text: &WindowText| Window::parse(&text.0);
    if let Some((at, OneOrMany(items))) = allow.as_ref().and_then(|leaf| Some((leaf.at, leaf.get()?))) {
        f.not_empty(at, items, "delete the key if releases may begin at any time");
    }
    let allow = parsed(f, allow, parse, Code::BadWindow);
    let deny = parsed(f, deny, parse, Code::BadWindow);
    let applies_to = f.value_or(applies_to, Default::default());
    let written = leaf.get().into_iter().flat_map(|raw| [&raw.allow, &raw.deny]).map(Option::as_ref);
    for (leaf, windows) in written.zip([allow.as_deref(), deny.as_deref()]) {
        let (Some(leaf), Some(windows)) = (leaf, windows) else { continue };
        for (leaf, window) in leaf.get().into_iter().flat_map(|items| &items.0).zip(windows) {
            if let Window::Cron { cron, length: _ } = window {
                doubts::crontab(f, leaf.at, cron, zone.unwrap_or(Tz::UTC), now);
            }
        }
    }
    let windows = Windows { timezone: zone?, allow: allow?, deny: deny?, applies_to };
    let message = match schedule {
        Some(schedule) if !windows_meet_schedule(&windows, schedule, now) => {
            "no window opens inside the hours of `schedule`, so no release would begin"
        }
        None if window_at(now, &windows) == (WindowState::Closed { opens_at: None }) => {
            "these windows never open, so no release would begin"
        }
        _ => return Some(windows),
    };
    let hint = "widen `allow`, or move its windows into the hours in which the environment is up".to_owned();
    f.warning_at_key(leaf.at, Code::WindowsMissSchedule, message).hint = Some(hint);
    Some(windows)
}

fn zone_named(f: &mut Findings<'_>, leaf: &Leaf<String>) -> Option<Tz> {
    let text = leaf.get()?;
    if let Ok(zone) = text.parse() {
        doubts::zone(f, leaf.at, zone);
        return Some(zone);
    }
    let names = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let is_city = |name: &&str| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(text));
    let near = suggest::nearest(text, names()).or_else(|| names().find(is_city));
    let hint = doubts::meant_zone(text).unwrap_or_else(|| {
        near.map_or_else(
            || "write the IANA name of the zone, such as `Europe/Zurich`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        )
    });
    f.error(leaf.at, Code::UnknownTimezone, format!("there is no time zone `{text}`")).hint = Some(hint);
    None
}

/// A time in RFC 3339 with an offset: without one, a local time means two instants once a year.
fn instant(f: &mut Findings<'_>, leaf: &Leaf<InstantText>) -> Option<Instant> {
    let InstantText(text) = leaf.get()?;
    match chrono::DateTime::parse_from_rfc3339(text) {
        // chrono also takes the typographic minus.
        Ok(at) if text.is_ascii() => Some(at.to_utc()),
        _ => {
            let message = format!("`{text}` is not a date and time with an offset");
            let hint = "write the date, the time and the offset: `2026-11-24T22:00:00+01:00`".to_owned();
            f.error(leaf.at, Code::BadTime, message).hint = Some(hint);
            None
        }
    }
}

fn at_least_one<T, R>(
    f: &mut Findings<'_>,
    leaf: &Leaf<OneOrMany<T>>,
    parse: impl Fn(&T) -> Result<R, SyntaxError>,
    code: Code,
) -> Option<Vec<R>> {
    let OneOrMany(items) = leaf.get()?;
    f.not_empty(leaf.at, items, "write one crontab line of five fields: `0 7 * * mon-fri`");
    if items.len() > CRONTABS_MAX {
        let message = format!("{} crontab lines are too many: at most {CRONTABS_MAX} are read", items.len());
        let hint = "join lines with lists and ranges: `0 7,9 * * mon-fri`".to_owned();
        f.error(leaf.at, Code::TooManyCrontabs, message).hint = Some(hint);
        return None;
    }
    all_of(f, items, parse, code)
}

fn parsed<T, R>(
    f: &mut Findings<'_>,
    leaf: &Option<Leaf<OneOrMany<T>>>,
    parse: impl Fn(&T) -> Result<R, SyntaxError>,
    code: Code,
) -> Option<Vec<R>> {
    let Some(leaf) = leaf else { return Some(Vec::new()) };
    all_of(f, &leaf.get()?.0, parse, code)
}

/// Every item, or `None` if one of them cannot be read; then each such item was reported.
fn all_of<T, R>(
    f: &mut Findings<'_>,
    items: &[Leaf<T>],
    parse: impl Fn(&T) -> Result<R, SyntaxError>,
    code: Code,
) -> Option<Vec<R>> {
    let read: Vec<Option<R>> = items
        .iter()
        .map(|leaf| parse(leaf.get()?).map_err(|error| syntax(f, leaf.at, error, code)).ok())
        .collect();
    read.into_iter().collect()
}

/// Reports an error of the room `schedule` at its place in the file: the word that begins at its column.
fn syntax(f: &mut Findings<'_>, at: OriginId, error: SyntaxError, code: Code) {
    let SyntaxError { message, column, hint } = error;
    let written = &f.origin(at).written;
    let start = written.char_indices().nth(column.saturating_sub(1)).map_or(written.len(), |(byte, _)| byte);
    let rest = &written[start..];
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    f.error_within(at, start..start + length, code, message).hint = hint;
}
