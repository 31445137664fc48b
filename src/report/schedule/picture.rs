//! The picture: hours × days, the state of each half hour, why it holds, and a mark at the present.

use anstyle::{AnsiColor, Style};
use chrono::{Datelike, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike};

use super::stretch::{self, awake};
use crate::model::{Instant, State};
use crate::report::{ScheduleView, time_format};
use crate::schedule::{self, Because, Tz};

const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// A longer picture would not fit on a screen.
const PICTURE_DAYS_MAX: u32 = 35;
/// The letters of a day: one for each half hour.
const LETTERS: u32 = 48;
/// The width of the label before the letters: `  Mon 23 Nov  `.
const LABEL: usize = 14;

/// The state of one half hour, and why it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Up,
    UpByOverride,
    UpByCalendar,
    Restricted,
    DbOnly,
    Asleep,
    AsleepByCalendar,
    AsleepByOverride,
    /// The clock skips this time because it is set forward.
    Missing,
}

impl Cell {
    const ALL: [Cell; 9] = [
        Cell::Up,
        Cell::UpByOverride,
        Cell::UpByCalendar,
        Cell::Restricted,
        Cell::DbOnly,
        Cell::Asleep,
        Cell::AsleepByCalendar,
        Cell::AsleepByOverride,
        Cell::Missing,
    ];

    fn of(state: State, because: Because) -> Self {
        match (state, because) {
            (State::Running, Because::Override) => Cell::UpByOverride,
            (State::Running, Because::Calendar) => Cell::UpByCalendar,
            (State::Running, _) => Cell::Up,
            (State::Restricted, _) => Cell::Restricted,
            (State::DbOnly, _) => Cell::DbOnly,
            (State::Stopped, Because::Override) => Cell::AsleepByOverride,
            (State::Stopped, Because::Calendar) => Cell::AsleepByCalendar,
            (State::Stopped, _) => Cell::Asleep,
        }
    }

    /// Letter, style and meaning for the legend.
    fn appearance(self) -> (char, Style, &'static str) {
        match self {
            Cell::Up => ('█', GREEN, "up"),
            Cell::UpByOverride => ('▓', CYAN, "up by override"),
            Cell::UpByCalendar => ('▒', GREEN, "up by calendar"),
            Cell::Restricted => ('R', YELLOW, "restricted"),
            Cell::DbOnly => ('D', YELLOW, "db-only"),
            Cell::Asleep => ('·', DIM, "asleep"),
            Cell::AsleepByCalendar => ('-', YELLOW, "holiday"),
            Cell::AsleepByOverride => ('x', CYAN, "asleep by override"),
            Cell::Missing => (' ', DIM, ""),
        }
    }
}

/// The picture with its legend.
pub(super) fn text(view: &ScheduleView) -> String {
    let mut text = format!("{:LABEL$}", "");
    text.push_str(&(0..8).map(|eighth| format!("{:02}    ", eighth * 3)).collect::<String>());
    text.push_str("  up\n");
    let mut used = Vec::new();
    let first = view.from.with_timezone(&view.zone).date_naive();
    let days = u32::try_from((view.to - view.from).num_days()).unwrap_or(u32::MAX).max(1);
    for day in first.iter_days().take(days.min(PICTURE_DAYS_MAX) as usize) {
        let cells: Vec<Cell> = (0..LETTERS).map(|index| cell(view, day, index)).collect();
        text.push_str(&row(view, day, &cells));
        used.extend(cells);
    }
    if days > PICTURE_DAYS_MAX {
        text.push_str(&format!("  … and {} more days\n", days - PICTURE_DAYS_MAX));
    }
    let legend = Cell::ALL.iter().filter(|cell| used.contains(cell) && **cell != Cell::Missing);
    let legend = legend.map(|cell| {
        let (letter, style, meaning) = cell.appearance();
        format!("{style}{letter}{style:#} {meaning}")
    });
    text.push_str(&format!("\n  {}\n", legend.collect::<Vec<_>>().join("   ")));
    text
}

fn row(view: &ScheduleView, day: NaiveDate, cells: &[Cell]) -> String {
    let mut text = format!("  {:10}  ", day.format("%a %d %b").to_string());
    for same in cells.chunk_by(|one, other| one == other) {
        let (letter, style, _) = same[0].appearance();
        text.push_str(&format!("{style}{}{style:#}", letter.to_string().repeat(same.len())));
    }
    let midnight = |day: NaiveDate| first_instant(view.zone, day, NaiveTime::MIN);
    let up = awake(&stretch::between(view, midnight(day), midnight(day.succ_opt().unwrap_or(day))));
    let up = if up.is_zero() { "–".to_owned() } else { time_format::length(up) };
    text.push_str(&format!("  {up}\n"));
    let now = view.now.with_timezone(&view.zone);
    if now.date_naive() == day {
        let at = (now.hour() * 2 + now.minute() / 30) as usize;
        text.push_str(&format!("{:1$}{CYAN}^ now, {2}{CYAN:#}\n", "", LABEL + at, now.format("%H:%M")));
    }
    text
}

fn cell(view: &ScheduleView, day: NaiveDate, index: u32) -> Cell {
    let time = NaiveTime::MIN + TimeDelta::minutes(i64::from(index) * 30);
    if matches!(view.zone.from_local_datetime(&day.and_time(time)), LocalResult::None) {
        return Cell::Missing;
    }
    let at = first_instant(view.zone, day, time);
    let holds = schedule::state_at(at, &view.inputs_at(at));
    Cell::of(holds.state, holds.because)
}

/// The first instant at which the clock shows this time, or the first after the time that it skips.
fn first_instant(zone: Tz, day: NaiveDate, time: NaiveTime) -> Instant {
    let mut wall = day.and_time(time);
    // No clock is set forward by more than one day.
    for _ in 0..LETTERS {
        if let Some(at) = zone.from_local_datetime(&wall).earliest() {
            return at.to_utc();
        }
        wall += TimeDelta::minutes(30);
    }
    debug_assert!(day.year() > 9_999, "a clock that skips a whole day");
    wall.and_utc()
}
