//! A schedule on the wall clock: whether an environment should be up at a time, and when that may change. There are
//! no instants here and no overrides, and *which* state "up" means is decided by the caller.

use chrono::Timelike;

use chrono_tz::Tz;

use super::calendar::{DateRange, TimeSpanOnDay};
use super::crontab::{Crontab, MinutesOfDay};
use super::wall::{WallTime, midnight_after};

/// The hours in which an environment is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The zone of all times below.
    pub timezone: Tz,
    /// When the environment starts.
    pub start: Vec<Crontab>,
    /// When the environment stops; at the same minute, stop wins.
    pub stop: Vec<Crontab>,
    /// Days on which the environment stays stopped; they win over the crontab lines.
    pub except: Vec<DateRange>,
    /// Days of its calendars; the same as `except`.
    pub holidays: Vec<DateRange>,
    /// Hours in which the environment is up; they win over all the rest.
    pub also: Vec<TimeSpanOnDay>,
}

/// Whether a schedule has the environment up at a time, and which part of it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScheduleVerdict {
    /// Up, because of a span in `also`.
    AlsoUp,
    /// Stopped, because of a day in `except`.
    ExceptStopped,
    /// The last crontab event was a start.
    Up,
    /// The last crontab event was a stop.
    Stopped,
    /// No crontab has fired yet.
    Nothing,
}

impl Schedule {
    /// The verdict when the clock shows `wall`.
    pub(super) fn verdict_at(&self, wall: WallTime) -> ScheduleVerdict {
        if self.also.iter().any(|span| contains(span.span(), wall)) {
            return ScheduleVerdict::AlsoUp;
        }
        if self.days_off().any(|days| contains(days.span(), wall)) {
            return ScheduleVerdict::ExceptStopped;
        }
        self.verdict_of_crontabs(wall)
    }

    /// The first time after `wall` at which the verdict may change. Not every edge changes it, but it never changes
    /// between edges. `None` if it never changes again.
    pub(super) fn next_edge(&self, wall: WallTime) -> Option<WallTime> {
        let ends = |spans: &mut dyn Iterator<Item = (WallTime, WallTime)>| {
            spans.filter(|&span| contains(span, wall)).map(|(_, end)| end).min()
        };
        let starts = |spans: &mut dyn Iterator<Item = (WallTime, WallTime)>| {
            spans.map(|(start, _)| start).filter(|&start| start > wall).min()
        };
        let also = || self.also.iter().map(TimeSpanOnDay::span);
        let except = || self.days_off().map(DateRange::span);

        // What is weaker than what holds cannot change it: a year of `except` is one step, not a walk over it.
        if let Some(end) = ends(&mut also()) {
            return Some(end);
        }
        let next_also = starts(&mut also());
        if let Some(end) = ends(&mut except()) {
            return earliest([Some(end), next_also]);
        }
        let next_crontab = match self.verdict_of_crontabs(wall) {
            ScheduleVerdict::Stopped => self.next_start_that_holds(wall),
            _ => next_after(&self.stop, wall),
        };
        earliest([next_crontab, next_also, starts(&mut except())])
    }

    fn days_off(&self) -> impl Iterator<Item = &DateRange> {
        self.except.iter().chain(&self.holidays)
    }

    fn verdict_of_crontabs(&self, wall: WallTime) -> ScheduleVerdict {
        let last = |crontabs: &[Crontab]| crontabs.iter().filter_map(|line| line.last_until(wall)).max();
        match (last(&self.start), last(&self.stop)) {
            (None, None) => ScheduleVerdict::Nothing,
            // No start at all is earlier than any stop.
            (start, stop) if start > stop => ScheduleVerdict::Up,
            _ => ScheduleVerdict::Stopped,
        }
    }

    /// The next start that no stop of the same minute undoes.
    fn next_start_that_holds(&self, wall: WallTime) -> Option<WallTime> {
        let mut from = wall;
        loop {
            let start = next_after(&self.start, from)?;
            if !self.stop.iter().any(|line| line.fires_at(start)) {
                return Some(start);
            }
            // The common mistake, a start that some stop always undoes, is seen without a walk.
            if self.start.iter().all(|start| self.stop.iter().any(|stop| stop.fires_whenever(start))) {
                return None;
            }
            // What only several stops undo together could be a walk of years, minute by minute: the rest of
            // such a day is compared at once.
            let mut free = minutes_of(&self.start, start);
            for (free, stops) in free.iter_mut().zip(minutes_of(&self.stop, start)) {
                *free &= !stops;
            }
            match first_after(&free, start) {
                Some(start) => return Some(start),
                None => from = midnight_after(start.date()) - chrono::TimeDelta::seconds(1),
            }
        }
    }
}

fn contains((start, end): (WallTime, WallTime), wall: WallTime) -> bool {
    start <= wall && wall < end
}

fn earliest<const N: usize>(times: [Option<WallTime>; N]) -> Option<WallTime> {
    times.into_iter().flatten().min()
}

fn next_after(crontabs: &[Crontab], wall: WallTime) -> Option<WallTime> {
    crontabs.iter().filter_map(|line| line.next_after(wall)).min()
}

fn minutes_of(crontabs: &[Crontab], on: WallTime) -> MinutesOfDay {
    let mut minutes = MinutesOfDay::default();
    for line in crontabs {
        line.add_minutes_of(on.date(), &mut minutes);
    }
    minutes
}

/// The first of `minutes` after `wall`, on the same day.
fn first_after(minutes: &MinutesOfDay, wall: WallTime) -> Option<WallTime> {
    (wall.hour()..24).find_map(|hour| {
        let mut of_hour = minutes[hour as usize];
        if hour == wall.hour() {
            of_hour &= !0 << (wall.minute() + 1);
        }
        if of_hour == 0 { None } else { wall.date().and_hms_opt(hour, of_hour.trailing_zeros(), 0) }
    })
}
