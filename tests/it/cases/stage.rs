//! What the commands of a case do. A command that is misspelt ends the test and says where.
//!
//! `given STATE [untouched] [of ENVIRONMENT] [at TIME]`, `commit KEY=VALUE … | nothing`, `plan`, `apply [for LENGTH | quietly | silently]`,
//! `world`, `wait LENGTH`, `at TIME`, `retry`, `abort VERSION`, `record-schema VERSION`, `ignore-window`,
//! `take-over`, `poke`, `override STATE until TIME | off`, `another store`, `before STEP COMMAND`, `during
//! STEP COMMAND` and `when STEP says WORD, COMMAND` for the next `apply`, `kill` inside those, and what people, Terraform and AWS do (`person.rs`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_yaml::Value;
use tidegate::execute::Progress;
use tidegate::model::{Instant, StoreId, Version};
use tidegate::plan::{Action, Plan, Step};
use tidegate::reconcile::RunOutcome;
use tidegate::schedule::Override;
use tidegate::sim::{Actor, Age, CrashPoint, PASSWORD};
use tidegate::spec::{self, EnvironmentSpec};
use tidegate::store::MemoryStore;
use tidegate::store::journal::Wish;

use super::names::Names;
use super::script::Command;
use super::{person, show};
use crate::rig::{Rig, a_tuesday};

const SHOP: &str = include_str!("../../cases/plan/shop.yaml");

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

/// A world and its declarations.
struct Scene {
    rig: Rig,
    /// `shop`, or an environment of the repository itself.
    name: String,
    yaml: Mutex<Value>,
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

/// `given STATE …`: a world in that state, brought there by tidegate unless it is untouched.
fn given(state: &str, rest: &[&str], overlay: &str) -> Option<Scene> {
    let mut now = a_tuesday();
    let (mut is_untouched, mut rest, mut name) = (false, rest, "shop");
    loop {
        rest = match rest {
            [] => break,
            ["untouched", tail @ ..] => {
                is_untouched = true;
                tail
            }
            ["at", time, tail @ ..] => {
                now = time.parse().ok()?;
                tail
            }
            ["of", environment, tail @ ..] => {
                name = environment;
                tail
            }
            _ => return None,
        };
    }
    let text = match name {
        "shop" => SHOP.to_owned(),
        other => {
            let file = format!("{}/environments/{other}.yaml", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"))
        }
    };
    let mut yaml: Value = serde_yaml::from_str(&text).expect("an environment is YAML");
    merge(&mut yaml, serde_yaml::from_str(overlay).expect("the overlay is YAML"));
    let spec = read(name, &yaml, now).unwrap_or_else(|said| panic!("{}", said.join("\n")));
    let rig = Rig::new(&spec, &Age::UpToDate, 1, now);
    let scene = Scene { rig, name: name.to_owned(), yaml: Mutex::new(yaml) };
    if !is_untouched {
        scene.converge("running")?;
        if state != "running" {
            scene.converge(state)?;
        }
    }
    if is_untouched || state != "running" {
        scene.set(&["state"], state);
        scene.rig.repository.commit(scene.read().ok()?);
    }
    Some(scene)
}

fn read(name: &str, yaml: &Value, now: Instant) -> Result<EnvironmentSpec, Vec<String>> {
    let text = serde_yaml::to_string(yaml).expect("it was YAML");
    let platform = include_bytes!("../../../environments/platforms/graasp.yaml");
    let files = BTreeMap::from([
        (format!("environments/{name}.yaml"), text.into_bytes()),
        ("environments/platforms/graasp.yaml".to_owned(), platform.to_vec()),
    ]);
    let declared = spec::read(&files, "environments", now);
    declared.environments.get(name).cloned().ok_or_else(|| {
        declared
            .diagnostics
            .iter()
            .map(|diagnostic| format!("{}: {}", diagnostic.code.as_str(), diagnostic.message))
            .collect()
    })
}

/// Maps merge, everything else replaces, `~` removes.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Mapping(into), Value::Mapping(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    _ if value.is_null() => drop(into.remove(&key)),
                    Some(found) => merge(found, value),
                    None => drop(into.insert(key, value)),
                }
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from,
    }
}

fn length_of(text: &str) -> Option<chrono::TimeDelta> {
    chrono::TimeDelta::from_std(humantime::parse_duration(text).ok()?).ok()
}

impl Scene {
    fn converge(&self, state: &str) -> Option<()> {
        self.set(&["state"], state);
        self.rig.repository.commit(self.read().ok()?);
        let run = self.rig.apply();
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "given {state}: {run:#?}");
        Some(())
    }

    fn set(&self, path: &[&str], value: &str) {
        let mut change: Value = serde_yaml::from_str(value).expect("a YAML value");
        for key in path.iter().rev() {
            change = Value::Mapping(std::iter::once((Value::from(*key), change)).collect());
        }
        merge(&mut self.yaml.lock().unwrap(), change);
    }

    fn read(&self) -> Result<EnvironmentSpec, Vec<String>> {
        read(&self.name, &self.yaml.lock().unwrap(), self.rig.now())
    }

    fn world(&self) -> Vec<String> {
        let spec = self.rig.repository.spec();
        self.rig.cloud.with(|world| show::world(world, &spec))
    }

    /// What can be done at any time, in the middle of a run, too.
    fn act(&self, words: &[&str], yaml: &str) -> Option<Vec<String>> {
        let rig = &self.rig;
        let spec = rig.repository.spec();
        let with = |act: &dyn Fn(&mut tidegate::sim::World) -> Option<()>| rig.cloud.with(|world| act(world));
        match words {
            ["commit", "nothing"] => rig.repository.remove(),
            ["commit", edits @ ..] => return self.commit(edits, yaml),
            ["plan"] => {
                return Some(match rig.try_preview() {
                    Some(preview) => show::plan(&preview.plan),
                    None => vec!["not declared any more: nothing is planned".to_owned()],
                });
            }
            ["world"] => return Some(self.world()),
            ["wait", length] => rig.clock.advance(humantime::parse_duration(length).ok()?),
            ["at", time] => {
                let to: Instant = time.parse().ok()?;
                rig.clock.advance((to - rig.now()).to_std().ok()?);
            }
            ["retry"] => rig.ask(Wish::Retry),
            ["abort", version] => rig.ask(Wish::Abort { version: Version::from(*version) }),
            ["record-schema", version] => rig.ask(Wish::RecordSchema { version: Version::from(*version) }),
            ["ignore-window"] => rig.ask(Wish::IgnoreWindow),
            ["take-over"] => rig.ask(Wish::TakeOver),
            ["poke"] => rig.repository.set_poked(true),
            ["override", "off"] => rig.repository.set_override(None),
            ["override", state, "until", time] => {
                let state = serde_yaml::from_str(state).ok()?;
                let reason = "load test".to_owned();
                rig.repository.set_override(Some(Override { state, until: time.parse().ok()?, reason }));
            }
            ["kill"] => rig.restart(Some(CrashPoint::At(rig.now()))),
            ["person", rest @ ..] => with(&|world| person::person(world, &spec, rest))?,
            ["terraform", "applies", rest @ ..] => with(&|world| person::terraform(world, &spec, rest))?,
            ["aws", rest @ ..] => person::aws(&rig.cloud, &spec, rest)?,
            ["migration", rest @ ..] => with(&|world| person::migration(world, rest))?,
            ["image", rest @ ..] => with(&|world| person::image(world, rest))?,
            ["url", url, "answers", status] => {
                let status = status.parse().ok()?;
                rig.cloud.with(|world| world.script.answers.insert((*url).to_owned(), status));
            }
            ["url", url, "recovers"] => {
                rig.cloud.with(|world| world.script.answers.remove(*url))?;
            }
            ["world", rest @ ..] => with(&|world| person::world(world, &spec, rest))?,
            _ => return None,
        }
        Some(Vec::new())
    }

    /// A new commit; what is wrong with it, if it is refused.
    fn commit(&self, edits: &[&str], overlay: &str) -> Option<Vec<String>> {
        let before = self.yaml.lock().unwrap().clone();
        for edit in edits {
            let (path, value) = edit.split_once('=')?;
            self.set(&path.split('.').collect::<Vec<_>>(), value);
        }
        merge(&mut self.yaml.lock().unwrap(), serde_yaml::from_str(overlay).ok()?);
        match self.read() {
            Ok(spec) => {
                self.rig.commit(&spec);
                Some(Vec::new())
            }
            Err(said) => {
                *self.yaml.lock().unwrap() = before;
                Some(said.into_iter().map(|line| format!("refused {line}")).collect())
            }
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

const STEPS: [&str; 18] = [
    "claim",
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
];
