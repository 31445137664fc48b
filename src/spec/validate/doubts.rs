//! Times that are valid and probably not what their author means: zones without summer time, crontab lines that fire on
//! more days than they seem to, or never.

use chrono::{Datelike as _, NaiveDate};

use super::findings::Findings;
use crate::model::Instant;
use crate::schedule::{Crontab, Tz, windows_zone};
use crate::spec::decode::{Leaf, OneOrMany, OriginId};
use crate::spec::diagnostic::Code;

/// Days that a warning names.
const DAYS_NAMED: usize = 6;

/// Names of zones without summer time that stand for a place with summer time, and that place.
const FIXED: &[(&str, &str)] = &[
    ("EST", "America/New_York"),
    ("MST", "America/Denver"),
    ("HST", "Pacific/Honolulu"),
    ("GMT", "Europe/London"),
];

/// Abbreviations that are no names of zones.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("CEST", "Europe/Berlin"),
    ("MEZ", "Europe/Berlin"),
    ("MESZ", "Europe/Berlin"),
    ("BST", "Europe/London"),
    ("WEST", "Europe/Lisbon"),
    ("EEST", "Europe/Helsinki"),
    ("MSK", "Europe/Moscow"),
    ("EDT", "America/New_York"),
    ("ET", "America/New_York"),
    ("CDT", "America/Chicago"),
    ("CST", "America/Chicago"),
    ("CT", "America/Chicago"),
    ("MDT", "America/Denver"),
    ("MT", "America/Denver"),
    ("PDT", "America/Los_Angeles"),
    ("PST", "America/Los_Angeles"),
    ("PT", "America/Los_Angeles"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("AEST", "Australia/Sydney"),
    ("AEDT", "Australia/Sydney"),
];

/// A place whose standard time is so many hours ahead of UTC.
fn place_at(hours: i32) -> Option<&'static str> {
    Some(match hours {
        -10 => "Pacific/Honolulu",
        -9 => "America/Anchorage",
        -8 => "America/Los_Angeles",
        -7 => "America/Denver",
        -6 => "America/Chicago",
        -5 => "America/New_York",
        -4 => "America/Halifax",
        -3 => "America/Sao_Paulo",
        -1 => "Atlantic/Azores",
        0 => "Europe/London",
        1 => "Europe/Berlin",
        2 => "Europe/Helsinki",
        3 => "Europe/Istanbul",
        4 => "Asia/Dubai",
        5 => "Asia/Karachi",
        6 => "Asia/Dhaka",
        7 => "Asia/Bangkok",
        8 => "Asia/Singapore",
        9 => "Asia/Tokyo",
        10 => "Australia/Sydney",
        12 => "Pacific/Auckland",
        _ => return None,
    })
}

/// The zone that an unknown name probably means: Windows' name of it, an abbreviation, or an offset.
pub(super) fn meant_zone(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(zone) = windows_zone(text) {
        return Some(format!("did you mean `{}`?", zone.name()));
    }
    if let Some((_, zone)) = ABBREVIATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(format!("did you mean `{zone}`? Abbreviations mean several zones, or half a year only"));
    }
    let upper = text.to_ascii_uppercase();
    let offset = upper.trim_start_matches("UTC").trim_start_matches("GMT");
    let hours = offset.split(':').next()?.trim();
    let is_offset = offset.starts_with(['+', '-']) && hours.len() <= 3;
    let hours: i32 = hours.parse().ok().filter(|_| is_offset)?;
    let advice = "an offset has no summer time: write the IANA name of the zone";
    Some(match place_at(hours) {
        Some(place) => format!("{advice}, such as `{place}`"),
        None => advice.to_owned(),
    })
}

/// Warns of a zone without summer time whose name does not stand for a place.
pub(super) fn zone(f: &mut Findings<'_>, at: OriginId, zone: Tz) {
    let name = zone.name();
    if let Some((_, place)) = FIXED.iter().find(|(fixed, _)| *fixed == name) {
        let message = format!("`{name}` has no summer time: its offset from UTC is the same all year");
        f.warning(at, Code::NoSummerTime, message).hint = Some(format!("did you mean `{place}`?"));
        return;
    }
    // The sign is that of POSIX: `Etc/GMT+1` is one hour *behind* UTC.
    let Some(reversed) = name.strip_prefix("Etc/GMT").and_then(|sign| sign.parse::<i32>().ok()) else {
        return;
    };
    let (hours, is_plus) = (reversed.abs(), reversed > 0);
    if hours == 0 {
        return;
    }
    let side = if is_plus { "behind" } else { "ahead of" };
    let unit = if hours == 1 { "hour" } else { "hours" };
    let message = format!(
        "`{name}` is {hours} {unit} {side} UTC (the sign of such names is reversed), and has no summer time"
    );
    let (looks_like, is) = (place_at(reversed), place_at(-reversed));
    let hint = match (looks_like, is) {
        (Some(looks_like), Some(is)) => {
            Some(format!("did you mean `{looks_like}`? {hours} {unit} {side} UTC is `{is}`"))
        }
        (Some(only), None) | (None, Some(only)) => Some(format!("did you mean `{only}`?")),
        (None, None) => None,
    };
    f.warning(at, Code::NoSummerTime, message).hint = hint;
}

/// Warns of a line that fires on more days than it seems to. Returns whether it ever fires; where it does not, that is
/// reported.
pub(super) fn crontab(f: &mut Findings<'_>, at: OriginId, line: &Crontab, zone: Tz, now: Instant) -> bool {
    if let Some(why) = line.never_fires() {
        let message = format!("this line never fires: {why}");
        let hint = "correct the day or the month; `28-31` is the end of every month".to_owned();
        f.warning(at, Code::CronNeverFires, message).hint = Some(hint);
        return false;
    }
    if line.fires_on_either_day() {
        let today = now.with_timezone(&zone).date_naive();
        let days = line.days_from(today, DAYS_NAMED);
        let days: Vec<String> = days.iter().map(|day| day.format("%a %-d %b").to_string()).collect();
        let message =
            format!("either day field is enough, so this line fires on {} and so on", days.join(", "));
        let hint =
            "write `*` in one of the two day fields; a crontab cannot say `the first Thursday`".to_owned();
        f.warning(at, Code::EitherDay, message).hint = Some(hint);
    }
    true
}

/// Warns of days after the last year that crontab lines are known for.
pub(super) fn years<T>(f: &mut Findings<'_>, leaf: Option<&Leaf<OneOrMany<T>>>, days: Vec<NaiveDate>) {
    let leaves = leaf.and_then(Leaf::get).into_iter().flat_map(|items| &items.0);
    for (leaf, day) in leaves.zip(days).filter(|(_, day)| !(1970..=2100).contains(&day.year())) {
        let message = format!("the year {} has no effect: schedules are known from 1970 to 2100", day.year());
        f.warning(leaf.at, Code::YearOutOfRange, message).hint = Some("correct the year".to_owned());
    }
}

/// Reports every doubt about some lines. `false`: none of them ever fires.
pub(super) fn crontabs<T>(
    f: &mut Findings<'_>,
    leaf: &Leaf<OneOrMany<T>>,
    parsed: &[Crontab],
    zone: Tz,
    now: Instant,
) -> bool {
    let leaves = leaf.get().into_iter().flat_map(|lines| &lines.0);
    let fires: Vec<bool> =
        leaves.zip(parsed).map(|(leaf, line)| crontab(f, leaf.at, line, zone, now)).collect();
    fires.is_empty() || fires.contains(&true)
}
