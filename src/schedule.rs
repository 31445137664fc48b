//! Pure functions of time: the state at an instant, the next change, release windows.
//!
//! Nothing here reads a clock, a file or the network: every function takes the instant in question, so a missed
//! tick or a restart gives the same answer as an uninterrupted run. Local time exists only in this room; its
//! callers pass and get instants.
//!
//! How it is built: crontab lines, calendar days and hours are all times on the zone's *wall clock*. `wall` maps
//! these to instants and back, in order (a skipped minute happens when the gap ends, a repeated one happens the
//! first time), and everything else compares wall-clock times.

mod calendar;
mod crontab;
mod effective;
mod holidays;
mod hours;
mod syntax;
mod wall;
mod windows;

#[cfg(test)]
mod tests;

pub use calendar::{DateRange, TimeSpanOnDay};
pub use chrono_tz::Tz;
pub use crontab::{Crontab, CrontabError};
pub use effective::{Because, Change, EffectiveState, Override, StateInputs, changes, next_change, state_at};
pub use holidays::{Holiday, HolidayProblem, Holidays, read_holidays, windows_zone};
pub use hours::Schedule;
pub use syntax::SyntaxError;
pub use wall::{in_words, next_time_of_day};
pub use windows::{
    AppliesTo, Window, WindowState, Windows, window_at, window_with_room, windows_meet_schedule,
};
