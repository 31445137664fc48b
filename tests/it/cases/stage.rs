//! What the commands of a case do. A command that is misspelt ends the test and says where.
//!
//! `given STATE [untouched] [of ENVIRONMENT] [at TIME]`, `commit KEY=VALUE … | nothing`, `plan`, `apply [for LENGTH | quietly | silently]`,
//! `world`, `wait LENGTH`, `at TIME`, `retry`, `abort VERSION`, `stop-migration ATTEMPT`, `record-schema VERSION`,
//! `ignore-window`, `take-over`, `poke`, `override STATE until TIME | off`, `another store`, `before STEP COMMAND`, `during
//! STEP COMMAND` and `when STEP says WORD, COMMAND` for the next `apply`, `kill` inside those, and what people, Terraform and AWS do (`person.rs`).

use std::sync::{Arc, Mutex};

use tidegate::execute::Progress;
use tidegate::model::StoreId;
use tidegate::plan::{Action, Plan, Step};
use tidegate::reconcile::RunOutcome;
use tidegate::sim::{Actor, PASSWORD};
use tidegate::store::MemoryStore;

use super::names::Names;
use super::scene::{Scene, given, length_of};
use super::script::Command;
use super::show;

/// Nothing in a case takes longer.
const APPLY_MAX: chrono::TimeDelta = chrono::TimeDelta::hours(60);

/// One case on its way.
pub struct Stage {
    at: String,
    world: Option<Scene>,
    interjections: Vec<Interjection>,
    /// Who breaks promises in this case, by way of introduction.
    expected: Option<Actor>,
    names: Names,
    /// What no case may come to; said at the end, so that the text can be read all the same.
    problems: Vec<String>,
}

/// How much of a run is shown.
enum Shows {
    All,
    Run,
    Outcome,
}

/// A command for the middle of a run.
#[derive(Clone)]
struct Interjection {
    step: String,
    /// At the first progress of the step that says so; `None` = before it.
    says: Option<String>,
    command: Command,
}

impl Stage {
    pub fn new(at: &str) -> Self {
        Stage {
            at: at.to_owned(),
            world: None,
            interjections: Vec::new(),
            expected: None,
            names: Names::default(),
            problems: Vec::new(),
        }
    }

    /// Performs a command; what it says.
    pub fn perform(&mut self, command: &Command) -> Vec<String> {
        let place = format!("{}, line {}: `{}`", self.at, command.line, command.words);
        let words: Vec<&str> = command.words.split_whitespace().collect();
        let said = self.top_level(&words, command, &place).or_else(|| {
            let scene = self.world.as_ref().unwrap_or_else(|| panic!("{place}: nothing is given yet"));
            scene.act(&words, &command.yaml)
        });
        let said = said.unwrap_or_else(|| panic!("{place}: there is no such command"));
        self.look_for_secrets(&said, &place);
        let said: Vec<String> = said.iter().map(|line| self.names.readable(line)).collect();
        if said.iter().any(|line| line.contains("unsafe-plan")) {
            self.problems.push(format!("{place}: the plan breaks a rule of its own"));
        }
        said
    }

    fn top_level(&mut self, words: &[&str], command: &Command, place: &str) -> Option<Vec<String>> {
        match words {
            ["given", state, rest @ ..] => {
                assert!(self.world.is_none(), "{place}: one world a case");
                self.world = Some(given(state, rest, &command.yaml)?);
                Some(Vec::new())
            }
            ["expects", "violations", "by", "person"] => {
                self.expected = Some(Actor::Person);
                Some(Vec::new())
            }
            ["expects", "violations", "by", "aws"] => {
                self.expected = Some(Actor::Aws);
                Some(Vec::new())
            }
            ["before", step, rest @ ..] => self.interject(step, None, rest, command, place),
            ["during", step, rest @ ..] => self.interject(step, Some(""), rest, command, place),
            ["when", step, "says", said, rest @ ..] => {
                self.interject(step, Some(said.trim_end_matches(',')), rest, command, place)
            }
            ["another", "store"] => {
                let scene = self.world.as_mut()?;
                let id = StoreId::new("6f1c1f5e-0000-4000-8000-000000000002");
                scene.rig.store = Arc::new(MemoryStore::new(id));
                Some(Vec::new())
            }
            ["apply", rest @ ..] => self.apply(rest, place),
            _ => None,
        }
    }

    fn interject(
        &mut self,
        step: &str,
        says: Option<&str>,
        rest: &[&str],
        command: &Command,
        place: &str,
    ) -> Option<Vec<String>> {
        assert!(STEPS.contains(&step), "{place}: there is no step `{step}`");
        self.interjections.push(Interjection {
            step: step.to_owned(),
            says: says.map(str::to_owned),
            command: Command { words: rest.join(" "), ..command.clone() },
        });
        Some(Vec::new())
    }

    fn apply(&mut self, rest: &[&str], place: &str) -> Option<Vec<String>> {
        let scene = self.world.as_ref()?;
        let rig = &scene.rig;
        let (deadline, shows) = match rest {
            [] => (None, Shows::All),
            ["quietly"] => (None, Shows::Run),
            ["silently"] => (None, Shows::Outcome),
            ["for", length] => (Some(rig.now() + length_of(length)?), Shows::All),
            _ => return None,
        };
        rig.clock.set_limit(rig.now() + APPLY_MAX);
        let watch = Watch {
            scene,
            place,
            waiting: Mutex::new(std::mem::take(&mut self.interjections)),
            step: Mutex::default(),
            last: Mutex::default(),
        };
        let ended = rig.try_apply(&watch, deadline);
        let left: Vec<String> =
            watch.waiting.into_inner().unwrap().into_iter().map(|one| one.command.words).collect();
        if !left.is_empty() {
            self.problems.push(format!("{place}: never came to {left:?}"));
        }
        let last = watch.last.into_inner().unwrap();
        // A poke is for one run.
        rig.repository.set_poked(false);
        let mut said = match ended {
            Err(interrupted) => {
                rig.restart(None);
                vec![interrupted.to_string()]
            }
            Ok(Err(error)) => vec![format!("error: {error}")],
            Ok(Ok(run)) => {
                if run.outcome == Some(RunOutcome::Converged) {
                    let plan = rig.plan();
                    if !(plan.actions.is_empty() && plan.blocked.is_empty()) {
                        let left = show::plan(&plan).join("\n");
                        self.problems.push(format!("{place}: something is left to do:\n{left}"));
                    }
                }
                show::run(&run, last.as_ref())
            }
        };
        match shows {
            Shows::All => said.extend(scene.world()),
            Shows::Run => {}
            Shows::Outcome => said.truncate(1),
        }
        Some(said)
    }

    /// What every case demands at its end.
    pub fn end(&self) -> Vec<String> {
        let Some(scene) = &self.world else { panic!("{}: nothing is given", self.at) };
        let mut problems = self.problems.clone();
        assert!(self.interjections.is_empty(), "{}: nothing was applied any more", self.at);
        let violations = scene.rig.cloud.with(|world| world.violations.clone());
        let (expected, others): (Vec<_>, Vec<_>) =
            violations.into_iter().partition(|violation| Some(violation.by) == self.expected);
        if !others.is_empty() {
            problems.push(format!("{}: promises were broken: {others:#?}", self.at));
        }
        if expected.is_empty() == self.expected.is_some() {
            problems.push(format!("{}: {:?} was expected to break a promise", self.at, self.expected));
        }
        problems
    }

    fn look_for_secrets(&mut self, said: &[String], place: &str) {
        let Some(scene) = &self.world else { return };
        let mut secrets: Vec<String> = scene
            .rig
            .cloud
            .with(|world| world.regions.iter().flat_map(|region| region.secrets.values().cloned()).collect());
        secrets.push(PASSWORD.to_owned());
        secrets.retain(|secret| secret.len() > 8);
        for line in said.iter().filter(|line| secrets.iter().any(|secret| line.contains(secret))) {
            self.problems.push(format!("{place}: shows a secret: {line}"));
        }
    }
}

/// Watches a run, and interjects.
struct Watch<'a> {
    scene: &'a Scene,
    place: &'a str,
    waiting: Mutex<Vec<Interjection>>,
    step: Mutex<&'static str>,
    last: Mutex<Option<Plan>>,
}

impl Watch<'_> {
    /// `said` = the progress of the step in hand; `None` = it begins.
    fn interject(&self, said: Option<&str>) {
        let step = *self.step.lock().unwrap();
        let due: Vec<Interjection> = {
            let mut waiting = self.waiting.lock().unwrap();
            let is_due = |one: &Interjection| match (&one.says, said) {
                (None, None) => true,
                (Some(says), Some(said)) => said.contains(says.as_str()),
                _ => false,
            };
            let (due, rest) = waiting.drain(..).partition(|one| one.step == step && is_due(one));
            *waiting = rest;
            due
        };
        for one in due {
            let words: Vec<&str> = one.command.words.split_whitespace().collect();
            let said = self.scene.act(&words, &one.command.yaml);
            let said =
                said.unwrap_or_else(|| panic!("{}: `{}` is no command", self.place, one.command.words));
            assert!(said.is_empty(), "{}: {said:?}", self.place);
        }
    }
}

impl Progress for Watch<'_> {
    fn plan_ready(&self, plan: &Plan) {
        *self.last.lock().unwrap() = Some(plan.clone());
    }

    fn step_started(&self, step: Step, _actions: &[Action]) {
        *self.step.lock().unwrap() = step.as_str();
        self.interject(None);
    }

    fn action_progress(&self, _id: &str, text: &str) {
        self.interject(Some(text));
    }
}

const STEPS: [&str; 20] = [
    "claim",
    "give-up",
    "associate",
    "stage-sites",
    "begin",
    "close-gate",
    "drain",
    "stop-services",
    "start-database",
    "snapshot",
    "migrate",
    "record",
    "settle",
    "start-services",
    "switch-sites",
    "check",
    "open-gate",
    "tidy",
    "stop-database",
    "invalidate",
];
