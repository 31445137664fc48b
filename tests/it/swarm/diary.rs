//! What happened in a scenario, for the person who finds out why it ended badly. Closed, it costs nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tidegate::clock::Clock as _;
use tidegate::execute::{ActionOutcome, Progress};
use tidegate::plan::{Action, BlockedReason, Plan};
use tidegate::sim::SimClock;

/// How often what has happened, in all scenarios together.
pub type Tally = Arc<Mutex<BTreeMap<String, u64>>>;

/// Lines, if it is open. Clones write into the same.
#[derive(Clone)]
pub struct Diary {
    lines: Option<Arc<Mutex<Vec<String>>>>,
    tally: Tally,
}

impl Diary {
    pub fn closed(tally: &Tally) -> Self {
        Diary { lines: None, tally: tally.clone() }
    }

    pub fn open() -> Self {
        Diary { lines: Some(Arc::default()), tally: Arc::default() }
    }

    pub fn write(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            lines.lock().unwrap().push(line());
        }
    }

    pub fn count(&self, what: String) {
        *self.tally.lock().unwrap().entry(what).or_default() += 1;
    }

    pub fn text(&self) -> String {
        self.lines.as_ref().map(|lines| lines.lock().unwrap().join("\n")).unwrap_or_default()
    }

    /// Writes down what a run does.
    pub fn reader(&self, clock: &SimClock) -> Reader {
        Reader { diary: self.clone(), clock: clock.clone(), unsafe_plan: Mutex::default() }
    }
}

/// Watches runs for a diary.
pub struct Reader {
    diary: Diary,
    clock: SimClock,
    unsafe_plan: Mutex<Option<String>>,
}

impl Reader {
    /// A plan that broke a rule of its own: never, whatever happens.
    pub fn unsafe_plan(&self) -> Option<String> {
        self.unsafe_plan.lock().unwrap().clone()
    }

    fn write(&self, line: impl FnOnce() -> String) {
        self.diary.write(|| format!("  {} {}", self.clock.now().format("%d %H:%M:%S"), line()));
    }
}

impl Progress for Reader {
    fn plan_ready(&self, plan: &Plan) {
        for blocked in &plan.blocked {
            self.diary.count(format!("blocked {:?}", blocked.reason));
            if blocked.reason == BlockedReason::UnsafePlan {
                *self.unsafe_plan.lock().unwrap() = Some(blocked.message.clone());
            }
        }
        for waiting in &plan.waiting {
            self.diary.count(format!("waiting {:?}", waiting.reason));
        }
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
        let word = outcome.result.to_string();
        let word = word.split(':').next().unwrap_or_default();
        self.diary.count(format!("action {} {word}", action.kind.as_str()));
        self.write(|| format!("  {} {}", action.id, outcome.result));
    }
}
