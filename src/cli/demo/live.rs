//! A run of the demo while it is in progress: a line for each action that has ended. On a terminal, the lines below
//! show the actions that are running, the time in the simulated cloud, and whether users get through.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::stage::Stage;
use super::users::{UserAccess, Users};
use crate::cli::ui;
use crate::clock::Clock as _;
use crate::execute::{ActionOutcome, ActionResult, Progress};
use crate::model::Instant;
use crate::plan::{Action, ActionKind, Step};
use crate::report::{labels, time_format};
use crate::schedule::Tz;
use crate::sim::SimClock;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// The column of an action's sign: after the time and the title of the step.
const INDENT: usize = 37;

/// Prints a run of the demo while it is in progress.
pub(super) struct LiveView {
    clock: SimClock,
    zone: Tz,
    users: Arc<Users>,
    screen: Option<Screen>,
    state: Mutex<LiveState>,
}

/// The part of a terminal that changes in place.
#[derive(Clone)]
struct Screen {
    bars: MultiProgress,
    world: ProgressBar,
}

struct LiveState {
    /// The step whose title was printed last.
    step: Option<Step>,
    /// What was printed last about users.
    users_get_through: bool,
    /// The bars of running actions, by the action's id.
    bars: BTreeMap<String, ProgressBar>,
}

impl LiveView {
    pub(super) fn of(stage: &Stage) -> Self {
        let zone = time_format::zone_of(stage.spec());
        let screen = std::io::stderr().is_terminal().then(Screen::new);
        if let Some(Screen { world, .. }) = screen.clone() {
            stage.watch(move |now, access| world.set_message(world_line(now, zone, &access)));
        }
        let users_get_through = stage.users.get_through();
        let state = Mutex::new(LiveState { step: None, users_get_through, bars: BTreeMap::new() });
        Self { clock: stage.clock.clone(), zone, users: stage.users.clone(), screen, state }
    }

    /// Removes the part of the screen that changes; the printed lines stay.
    pub(super) fn end(&self, stage: &Stage) {
        if let Some(screen) = &self.screen {
            stage.watch(|_, _| {});
            screen.world.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        let print = || {
            // If standard output is broken, the next text of the demo reports it.
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

    fn state(&self) -> MutexGuard<'_, LiveState> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }

    /// Prints a line when users are locked out, and when they get through again.
    fn print_user_access(&self) {
        let gets_through = self.users.get_through();
        if std::mem::replace(&mut self.state().users_get_through, gets_through) == gets_through {
            return;
        }
        let text = if gets_through {
            let locked_out = self
                .users
                .access()
                .locked_out_since
                .map(|since| time_format::length(self.clock.now() - since));
            let after = locked_out.map(|length| format!(", after {length}")).unwrap_or_default();
            format!("{GREEN}users get through again{after}{GREEN:#}")
        } else {
            format!("{YELLOW}from now on users see the maintenance page{YELLOW:#}")
        };
        self.line(&format!("{:INDENT$}{text}", ""));
    }
}

impl Progress for LiveView {
    fn action_started(&self, action: &Action) {
        let Some(screen) = &self.screen else { return };
        let bar = screen.bar();
        let what = format!("{} {}", labels::noun(&action.kind), labels::resource(action));
        bar.set_prefix(format!("{:<25} {what:<28}", labels::title(action.step)));
        self.state().bars.insert(action.id.clone(), bar);
    }

    fn action_progress(&self, id: &str, text: &str) {
        if let Some(bar) = self.state().bars.get(id) {
            bar.set_message(text.to_owned());
        }
    }

    fn action_finished(&self, action: &Action, outcome: &ActionOutcome) {
        if let Some(bar) = self.state().bars.remove(&action.id) {
            bar.finish_and_clear();
        }
        let is_new = self.state().step.replace(action.step) != Some(action.step);
        let title = if is_new { labels::title(action.step) } else { "" };
        let took = time_format::length(outcome.finished_at - outcome.started_at);
        let (style, ended, why) = match &outcome.result {
            ActionResult::Done => (GREEN, took, None),
            ActionResult::Again { why } => (YELLOW, "will be retried".to_owned(), Some(why)),
            ActionResult::Unfinished { what } => (YELLOW, "continues in AWS".to_owned(), Some(what)),
            ActionResult::Failed { why } => (RED, "failed".to_owned(), Some(why)),
        };
        let sign = labels::Sign::of(action).glyph();
        let (resource, change) = (labels::resource(action), change(action));
        let line = format!("{sign} {resource:<18} {change:<28}  {style}{ended}{style:#}");
        self.line(&format!("{DIM}{}{DIM:#}  {BOLD}{title:<25}{BOLD:#}  {line}", self.time()));
        if let Some(why) = why {
            let why = ui::page().paragraph(&" ".repeat(INDENT), why);
            self.line(&format!("{style}{}{style:#}", why.trim_end()));
        }
        self.print_user_access();
    }
}

/// The change in few words: only the new version of a service, because the plan above shows the old one.
fn change(action: &Action) -> String {
    match action.kind {
        ActionKind::StartService(_) => action.after.clone(),
        _ => labels::change(action),
    }
}

/// `04:07:31  users: maintenance page for 1 min 26 s`
fn world_line(now: Instant, zone: Tz, access: &UserAccess) -> String {
    let at = now.with_timezone(&zone).format("%H:%M:%S");
    match access.locked_out_since {
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

    /// A row for a running action, above the line with time and users.
    fn bar(&self) -> ProgressBar {
        let bar = self.bars.insert_before(&self.world, ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("  {spinner:.cyan}       {prefix} {wide_msg:.dim}");
        bar.set_style(style.expect("a fixed template"));
        bar.enable_steady_tick(Duration::from_millis(80));
        bar
    }
}
