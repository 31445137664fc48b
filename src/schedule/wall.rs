//! The wall clock of a zone: which instant belongs to a time on it, and the other way round.
//!
//! Two rules define both directions and keep both monotone: minutes that a gap skips happen in order at its end, and
//! a minute that an overlap repeats happens once, the first time. So for every whole second `w` and every
//! instant `t`: `instant_of(w) <= t` exactly if `w <= wall_at(t)`. Nothing else in this room knows about
//! daylight saving.

use chrono::{
    DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike,
};
use chrono_tz::{GapInfo, Tz};

use crate::model::Instant;

/// A local time without a zone, to the second: what a clock on the wall shows.
pub(super) type WallTime = NaiveDateTime;

/// An instant for people, with the zone's name: `Tue 2026-11-24 04:00 CET`; with seconds only if they are not zero.
pub fn in_words(at: Instant, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    let has_seconds = at.timestamp() % 60 != 0;
    at.format(if has_seconds { "%a %Y-%m-%d %H:%M:%S %Z" } else { "%a %Y-%m-%d %H:%M %Z" }).to_string()
}

/// The midnight that begins a day, whether the zone has it or skips it.
pub(super) fn midnight(day: NaiveDate) -> WallTime {
    day.and_time(NaiveTime::MIN)
}

/// The midnight that ends a day.
pub(super) fn midnight_after(day: NaiveDate) -> WallTime {
    midnight(day.succ_opt().unwrap_or(day))
}

/// The first instant at which the wall clock has reached `wall`.
pub(super) fn instant_of(zone: Tz, wall: WallTime) -> Instant {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(only) => only.to_utc(),
        LocalResult::Ambiguous(first, _) => first.to_utc(),
        // The gap begins at the wall-clock time at which the old offset stops: that instant is also its end.
        LocalResult::None => match GapInfo::new(&wall, &zone).and_then(|gap| gap.begin) {
            Some((begin, offset)) => (begin - offset.fix()).and_utc(),
            // Only at the ends of the representable calendar.
            None => wall.and_utc(),
        },
    }
}

/// The first instant after `after` at which the wall clock shows this time of day.
pub fn next_time_of_day(zone: Tz, time: NaiveTime, after: Instant) -> Instant {
    let today = after.with_timezone(&zone).date_naive();
    // A time that an overlap repeats may be over for today, though the clock shows an earlier one.
    let days = std::iter::successors(Some(today), |day| day.succ_opt());
    days.map(|day| instant_of(zone, day.and_time(time))).find(|at| *at > after).unwrap_or(after)
}

/// The latest time that the wall clock has shown until `t`: while an overlap repeats, its last second.
pub(super) fn wall_at(zone: Tz, t: Instant) -> WallTime {
    let t = t.with_nanosecond(0).unwrap_or(t);
    let shown = t.with_timezone(&zone).naive_local();
    match zone.from_local_datetime(&shown) {
        LocalResult::Ambiguous(first, second) if first.to_utc() < t => {
            let turned_back_at = first_with_offset_of(&second, first.to_utc(), t);
            let offset_before = first.offset().fix();
            turned_back_at.with_timezone(&offset_before).naive_local() - TimeDelta::seconds(1)
        }
        _ => shown,
    }
}

/// The first second in `(before, until]` that has the offset of `second`, which `until` has and `before` has
/// not: the instant at which the clock was turned back.
fn first_with_offset_of(second: &DateTime<Tz>, before: Instant, until: Instant) -> Instant {
    let zone = second.timezone();
    let (mut before, mut until) = (before.timestamp(), until.timestamp());
    while until - before > 1 {
        let middle = before + (until - before) / 2;
        let has_it = DateTime::from_timestamp(middle, 0)
            .is_some_and(|t| t.with_timezone(&zone).offset().fix() == second.offset().fix());
        if has_it { until = middle } else { before = middle }
    }
    DateTime::from_timestamp(until, 0).unwrap_or(second.to_utc())
}
