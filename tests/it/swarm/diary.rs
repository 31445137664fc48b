//! What happened in a life, for whoever has to find out why it ended badly. Closed, it costs nothing.

use std::sync::{Arc, Mutex};

use tidegate::clock::Clock as _;
use tidegate::execute::{ActionOutcome, Progress};
use tidegate::plan::{Action, Plan};
use tidegate::sim::SimClock;

/// Lines, if it is open. Clones write into the same.
#[derive(Clone)]
pub struct Diary(Option<Arc<Mutex<Vec<String>>>>);

impl Diary {
    pub fn closed() -> Self {
        Diary(None)
    }

    pub fn open() -> Self {
        Diary(Some(Arc::default()))
    }

    pub fn write(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.0 {
            lines.lock().unwrap().push(line());
        }
    }

    pub fn text(&self) -> String {
        self.0.as_ref().map(|lines| lines.lock().unwrap().join("\n")).unwrap_or_default()
    }

    /// Writes down what a run does.
    pub fn reader(&self, clock: &SimClock) -> Reader {
        Reader { diary: self.clone(), clock: clock.clone() }
    }
}

/// Watches runs for a diary.
pub struct Reader {
    diary: Diary,
    clock: SimClock,
}

impl Reader {
    fn write(&self, line: impl FnOnce() -> String) {
        self.diary.write(|| format!("  {} {}", self.clock.now().format("%d %H:%M:%S"), line()));
    }
}

impl Progress for Reader {
    fn plan_ready(&self, plan: &Plan) {
        self.write(|| {
            let blocked: Vec<_> =
                plan.blocked.iter().map(|b| format!("{:?} {}", b.reason, b.message)).collect();
            let waiting: Vec<_> = plan.waiting.iter().map(|waiting| &waiting.message).collect();
            let actions: Vec<_> = plan.actions.iter().map(|action| action.id.as_str()).collect();
            format!("plan for {}: {actions:?} blocked {blocked:?} waiting {waiting:?}", plan.state.effective)
        });
    }

    fn action_started(&self, action: &Action) {
        self.write(|| format!("  {}: {} -> {}", action.id, action.before, action.after));
    }

    fn action_finished(&self, action: &Action, outcome: &ActionOutcome) {
        self.write(|| format!("  {} {}", action.id, outcome.result));
    }
}
