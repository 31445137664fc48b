//! The progress of a run: bars on a terminal, plain lines elsewhere. Times are those of the cloud's clock, which is
//! not the real time in a simulated cloud.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::ui;
use crate::clock::Clock;
use crate::execute::{ActionOutcome, ActionResult, Progress};
use crate::plan::{Action, BlockedReason, Plan, Step};
use crate::report::{labels, time_format};
use crate::schedule::Tz;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// How many plans in a row see nothing before a line says so.
const SAID_AT: u32 = 2;

/// The function that a finished line is given to.
pub(super) type Sink = Box<dyn Fn(&str) + Send + Sync>;

/// Prints the progress of a run.
pub(super) struct ProgressLines {
    clock: Arc<dyn Clock>,
    zone: Tz,
    sink: Sink,
    bars: Option<MultiProgress>,
    state: Mutex<ProgressState>,
}

#[derive(Default)]
struct ProgressState {
    /// Whether the zone of the times was printed.
    has_zone: bool,
    /// The step whose title was printed last.
    step: Option<Step>,
    /// How many plans in a row could see nothing.
    blind_plans: u32,
    /// The actions that are running, by id.
    actions: BTreeMap<String, ActionRow>,
}

struct ActionRow {
    label: String,
    /// The progress that was printed last, so that the same text is not printed twice.
    last: String,
    /// On a terminal only.
    bar: Option<ProgressBar>,
}

impl ProgressLines {
    /// Prints to `sink`, with bars on standard error if that is a terminal and `bars` is true.
    pub(super) fn new(clock: Arc<dyn Clock>, zone: Tz, sink: Sink, bars: bool) -> Self {
        let bars = (bars && console_is_terminal()).then(MultiProgress::new);
        Self { clock, zone, sink, bars, state: Mutex::default() }
    }

    /// On standard error.
    pub(super) fn on_stderr(clock: Arc<dyn Clock>, zone: Tz) -> Self {
        Self::new(clock, zone, Box::new(ui::say), true)
    }

    fn line(&self, text: &str) {
        let at = self.clock.now().with_timezone(&self.zone).format("%H:%M:%S");
        // The zone's name changes with the season; its place does not.
        let has_zone = std::mem::replace(&mut self.state().has_zone, true);
        let zone =
            if has_zone { String::new() } else { format!("{DIM}times: {}{DIM:#}\n", self.zone.name()) };
        let line = format!("{zone}{DIM}{at}{DIM:#}  {text}\n");
        match &self.bars {
            Some(bars) => bars.suspend(|| (self.sink)(&line)),
            None => (self.sink)(&line),
        }
    }

    fn state(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }

    fn bar(&self, label: &str) -> Option<ProgressBar> {
        let bars = self.bars.as_ref()?;
        let bar = bars.add(ProgressBar::new_spinner());
        let style =
            ProgressStyle::with_template("          {spinner} {prefix}  {msg}").expect("a fixed template");
        bar.set_style(style);
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Some(bar)
    }
}

fn console_is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}

/// The text without the time at its end: a time that changes with every observation is not worth a line.
fn gist(text: &str) -> &str {
    text.rsplit_once(", ").map_or(text, |(gist, _)| gist)
}

impl Progress for ProgressLines {
    fn plan_ready(&self, plan: &Plan) {
        self.state().step = None;
        // While AWS cannot be read, a run waits without a step: a person must not look at an empty screen. A run that
        // ends at once says why itself.
        let unread = plan.blocked.iter().find(|blocked| blocked.reason == BlockedReason::Unreadable);
        let waits = {
            let mut state = self.state();
            state.blind_plans = if unread.is_some() { state.blind_plans.saturating_add(1) } else { 0 };
            state.blind_plans == SAID_AT
        };
        if let Some(blocked) = unread.filter(|_| waits) {
            let why = &blocked.message;
            self.line(&format!("{YELLOW}AWS could not be read{YELLOW:#}, and tidegate tries again: {why}"));
        }
    }

    fn step_started(&self, step: Step, _actions: &[Action]) {
        if self.state().step.replace(step) != Some(step) {
            self.line(&format!("{BOLD}{}{BOLD:#}", labels::title(step)));
        }
    }

    fn action_started(&self, action: &Action) {
        let label = format!("{:<9}  {:<18}", labels::noun(&action.kind), labels::resource(action));
        self.line(&format!("  {} {label}  {}", labels::Sign::of(action).glyph(), labels::change(action)));
        let bar = self.bar(&label);
        self.state().actions.insert(action.id.clone(), ActionRow { label, last: String::new(), bar });
    }

    fn action_progress(&self, id: &str, text: &str) {
        let line = {
            let mut state = self.state();
            let Some(row) = state.actions.get_mut(id) else { return };
            if let Some(bar) = &row.bar {
                bar.set_message(text.to_owned());
                return;
            }
            if row.last == gist(text) {
                return;
            }
            gist(text).clone_into(&mut row.last);
            format!("    {}  {}", row.label, row.last)
        };
        self.line(&format!("{DIM}{line}{DIM:#}"));
    }

    fn action_finished(&self, action: &Action, outcome: &ActionOutcome) {
        let Some(row) = self.state().actions.remove(&action.id) else { return };
        if let Some(bar) = row.bar {
            bar.finish_and_clear();
        }
        let took = time_format::length(outcome.finished_at - outcome.started_at);
        let result = match &outcome.result {
            ActionResult::Done => format!("{GREEN}done{GREEN:#} in {took}"),
            ActionResult::Again { why } => format!("{YELLOW}will be retried{YELLOW:#} after {took}: {why}"),
            ActionResult::Unfinished { what } => {
                format!("{YELLOW}continues in AWS{YELLOW:#} after {took}: {what}")
            }
            ActionResult::Failed { why } => format!("{RED}failed{RED:#} after {took}: {why}"),
        };
        self.line(&format!("    {}  {result}", row.label));
    }
}
