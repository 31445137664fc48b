//! A run while it goes on, for people who watch: a line for what has ended, and below it, on a terminal, what
//! goes on now, the time in the simulated world, and what users meet.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::stage::Stage;
use super::users::{Met, Users};
use crate::cli::ui;
use crate::clock::Clock as _;
use crate::execute::{ActionOutcome, ActionResult, Progress};
use crate::model::Instant;
use crate::plan::{Action, ActionKind, Step};
use crate::report::table::paragraph;
use crate::report::{labels, time_format};
use crate::schedule::Tz;
use crate::sim::SimClock;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Where what an action is done to begins: after the time and the title of the step.
const INDENT: usize = 37;

/// Somebody watches.
pub(super) struct Live {
    clock: SimClock,
    zone: Tz,
    users: Arc<Users>,
    screen: Option<Screen>,
    seen: Mutex<Seen>,
}

/// The part of a terminal that changes in place.
#[derive(Clone)]
struct Screen {
    bars: MultiProgress,
    world: ProgressBar,
}

struct Seen {
    /// The step whose title was printed last.
    step: Option<Step>,
    users_get_through: bool,
    bars: BTreeMap<String, ProgressBar>,
}

impl Live {
    pub(super) fn of(stage: &Stage) -> Self {
        let zone = time_format::zone_of(stage.spec());
        let screen = std::io::stderr().is_terminal().then(Screen::new);
        if let Some(Screen { world, .. }) = screen.clone() {
            stage.watch(move |now, met| world.set_message(world_line(now, zone, &met)));
        }
        let users_get_through = stage.users.get_through();
        let seen = Seen { step: None, users_get_through, bars: BTreeMap::new() };
        Self { clock: stage.clock.clone(), zone, users: stage.users.clone(), screen, seen: Mutex::new(seen) }
    }

    /// Nothing more happens: the screen is left with its lines alone.
    pub(super) fn end(&self, stage: &Stage) {
        if let Some(screen) = &self.screen {
            stage.watch(|_, _| {});
            screen.world.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        let print = || {
            // What cannot be written here cannot be written a moment later either, and is said then.
            let _ = ui::print(&format!("{}\n", text.trim_end()));
        };
        match &self.screen {
            Some(screen) => screen.bars.suspend(print),
            None => print(),
        }
    }

    fn time(&self) -> String {
        self.clock.now().with_timezone(&self.zone).format("%H:%M:%S").to_string()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nothing panics while it holds this lock")
    }

    /// Says what users meet, when that has changed.
    fn tell_users(&self) {
        let gets_through = self.users.get_through();
        if std::mem::replace(&mut self.seen().users_get_through, gets_through) == gets_through {
            return;
        }
        let told = if gets_through {
            let locked_out =
                self.users.met().locked_out_since.map(|since| time_format::length(self.clock.now() - since));
            let after = locked_out.map(|length| format!(", after {length}")).unwrap_or_default();
            format!("{GREEN}users get through again{after}{GREEN:#}")
        } else {
            format!("{YELLOW}users see the maintenance page from here on{YELLOW:#}")
        };
        self.line(&format!("{:INDENT$}{told}", ""));
    }
}

impl Progress for Live {
    fn action_started(&self, action: &Action) {
        let Some(screen) = &self.screen else { return };
        let bar = screen.bar();
        let what = format!("{} {}", labels::noun(&action.kind), labels::resource(action));
        bar.set_prefix(format!("{:<25} {what:<28}", labels::title(action.step)));
        self.seen().bars.insert(action.id.clone(), bar);
    }

    fn action_progress(&self, id: &str, text: &str) {
        if let Some(bar) = self.seen().bars.get(id) {
            bar.set_message(text.to_owned());
        }
    }

    fn action_finished(&self, action: &Action, outcome: &ActionOutcome) {
        if let Some(bar) = self.seen().bars.remove(&action.id) {
            bar.finish_and_clear();
        }
        let is_new = self.seen().step.replace(action.step) != Some(action.step);
        let title = if is_new { labels::title(action.step) } else { "" };
        let took = time_format::length(outcome.finished_at - outcome.started_at);
        let (style, ended, why) = match &outcome.result {
            ActionResult::Done => (GREEN, took, None),
            ActionResult::Again { why } => (YELLOW, "tried again".to_owned(), Some(why)),
            ActionResult::Unfinished { what } => (YELLOW, "left".to_owned(), Some(what)),
            ActionResult::Failed { why } => (RED, "failed".to_owned(), Some(why)),
        };
        let sign = labels::Sign::of(action).glyph();
        let (resource, change) = (labels::resource(action), change(action));
        let line = format!("{sign} {resource:<18} {change:<28}  {style}{ended}{style:#}");
        self.line(&format!("{DIM}{}{DIM:#}  {BOLD}{title:<25}{BOLD:#}  {line}", self.time()));
        if let Some(why) = why {
            let why = paragraph(&" ".repeat(INDENT), why);
            self.line(&format!("{style}{}{style:#}", why.trim_end()));
        }
        self.tell_users();
    }
}

/// The change in few words: what a service is to be, not what it was, which stands in the plan.
fn change(action: &Action) -> String {
    match action.kind {
        ActionKind::StartService(_) => action.after.clone(),
        _ => labels::change(action),
    }
}

/// `04:07:31  users: maintenance page for 1 min 26 s`
fn world_line(now: Instant, zone: Tz, met: &Met) -> String {
    let at = now.with_timezone(&zone).format("%H:%M:%S");
    match met.locked_out_since {
        Some(since) => format!("{at}  users: maintenance page for {}", time_format::length(now - since)),
        None => format!("{at}  users: get through"),
    }
}

impl Screen {
    fn new() -> Self {
        let bars = MultiProgress::new();
        let world = bars.add(ProgressBar::new_spinner());
        world.set_style(ProgressStyle::with_template("{msg:.cyan}").expect("a fixed template"));
        Self { bars, world }
    }

    /// A row for something that goes on, above the line of the world.
    fn bar(&self) -> ProgressBar {
        let bar = self.bars.insert_before(&self.world, ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("  {spinner:.cyan}       {prefix} {wide_msg:.dim}");
        bar.set_style(style.expect("a fixed template"));
        bar.enable_steady_tick(Duration::from_millis(80));
        bar
    }
}
