//! A world with its declarations, and what can be done to either at any time.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_yaml::Value;
use tidegate::model::{Instant, Version};
use tidegate::reconcile::RunOutcome;
use tidegate::sim::{Age, CrashPoint};
use tidegate::spec::{self, EnvironmentSpec};
use tidegate::store::journal::OperatorCommand;

use super::{person, show};
use crate::rig::{Rig, a_tuesday};

const SHOP: &str = include_str!("../../cases/plan/shop.yaml");

/// A world and its declarations.
pub struct Scene {
    pub rig: Rig,
    /// `shop`, or an environment of the repository itself.
    name: String,
    yaml: Mutex<Value>,
}

/// `given STATE …`: a world in that state, brought there by tidegate unless it is untouched.
pub fn given(state: &str, rest: &[&str], overlay: &str) -> Option<Scene> {
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

pub fn length_of(text: &str) -> Option<chrono::TimeDelta> {
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

    pub fn world(&self) -> Vec<String> {
        let spec = self.rig.repository.spec();
        self.rig.cloud.with(|world| show::world(world, &spec))
    }

    /// What can be done at any time, in the middle of a run, too.
    pub fn act(&self, words: &[&str], yaml: &str) -> Option<Vec<String>> {
        let rig = &self.rig;
        let spec = rig.repository.spec();
        let with = |act: &dyn Fn(&mut tidegate::sim::World) -> Option<()>| rig.cloud.with(|world| act(world));
        match words {
            ["commit", "nothing"] => rig.repository.remove(),
            ["commit", edits @ ..] => return self.commit(edits, yaml),
            ["plan"] => {
                return Some(match rig.try_preview() {
                    Some(preview) => show::plan(&preview.plan),
                    None => vec!["no longer declared: there is no plan".to_owned()],
                });
            }
            ["world"] => return Some(self.world()),
            ["wait", length] => rig.clock.advance(humantime::parse_duration(length).ok()?),
            ["at", time] => {
                let to: Instant = time.parse().ok()?;
                rig.clock.advance((to - rig.now()).to_std().ok()?);
            }
            ["retry"] => rig.ask(OperatorCommand::Retry),
            ["abort", version] => rig.ask(OperatorCommand::Abort { version: Version::from(*version) }),
            ["stop-migration", attempt] => {
                rig.ask(OperatorCommand::StopMigration { attempt: attempt.parse().ok()? })
            }
            ["record-schema", version] => {
                rig.ask(OperatorCommand::RecordSchema { version: Version::from(*version) })
            }
            ["ignore-window"] => rig.ask(OperatorCommand::IgnoreWindow),
            ["take-over"] => rig.ask(OperatorCommand::TakeOver),
            ["poke"] => rig.repository.set_poked(true),
            ["override", "off"] => rig.people().set_override(None),
            ["override", state, "until", time] => {
                let state = serde_yaml::from_str(state).ok()?;
                rig.people().set_override(Some((state, time.parse().ok()?)));
            }
            ["kill"] => rig.restart(Some(CrashPoint::At(rig.now()))),
            ["person", rest @ ..] => with(&|world| person::person(world, &spec, rest))?,
            ["terraform", "applies", rest @ ..] => with(&|world| person::terraform(world, &spec, rest))?,
            ["aws", rest @ ..] => person::aws(&rig.cloud, &spec, rest)?,
            ["migration", rest @ ..] => with(&|world| person::migration(world, rest))?,
            ["beside", rest @ ..] => with(&|world| person::beside(world, spec.name.as_str(), rest))?,
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
