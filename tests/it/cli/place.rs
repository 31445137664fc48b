//! A store with a simulated world of its own, in which it is always the same day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidegate::model::Instant;
use tidegate::sim::{World, WorldFolder};
use tidegate::spec::{self, EnvironmentSpec};

use super::{Ended, Machine};
use crate::spec::files_below;

/// A Tuesday in winter, when production's window has just opened: later than any clock that runs these tests.
/// A simulated world never goes back, so that time stands there until a command lets some pass.
pub(crate) const WINDOW: &str = "2032-11-23T03:00:00Z";
/// The same day at noon.
pub(crate) const NOON: &str = "2032-11-23T11:00:00Z";
/// The Saturday after it.
pub(crate) const SATURDAY: &str = "2032-11-27T11:00:00Z";

/// The identity of the store: a new one would make worlds differ.
const STORE: &str = r#"{"schema": "tidegate-store/v1", "id": "6f1c1f5e-0000-4000-8000-000000000001"}"#;

/// Declarations, and a store for them.
pub(crate) struct Place {
    pub(crate) machine: Machine,
    dir: String,
}

impl Place {
    /// The declarations of a folder of this repository; their world, at `now`.
    pub(crate) fn new(dir: &str, now: &str) -> Self {
        let place = Self { machine: Machine::new(), dir: dir.to_owned() };
        place.machine.write("store/store.json", STORE);
        let now: Instant = now.parse().unwrap();
        place.folder().open(&place.specs(), 1, now).unwrap();
        place
    }

    /// Its store.
    pub(crate) fn store(&self) -> PathBuf {
        self.machine.home().join("store")
    }

    fn folder(&self) -> WorldFolder {
        WorldFolder::new(self.store().join("sim"))
    }

    fn specs(&self) -> Vec<EnvironmentSpec> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(&self.dir).join("environments");
        let named = files_below(&root).into_iter().map(|(name, text)| (format!("environments/{name}"), text));
        let files: BTreeMap<String, Vec<u8>> = named.collect();
        spec::read(&files, "environments", WINDOW.parse().unwrap()).environments.into_values().collect()
    }

    /// The world as it is now.
    pub(crate) fn world(&self) -> World {
        self.folder().look(&self.specs(), 1, WINDOW.parse().unwrap()).unwrap()
    }

    /// Changes the world, as its script or as a person.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut World)) {
        let mut world = self.world();
        change(&mut world);
        self.folder().save(&world).unwrap();
    }

    /// The arguments that name this place, after those of the verb.
    pub(crate) fn args(&self, args: &[&str]) -> Vec<String> {
        let store = self.store().display().to_string();
        let place = ["--dir", &self.dir, "--cloud", "sim", "--store", &store];
        args.iter().chain(&place).map(|text| (*text).to_owned()).collect()
    }

    /// Runs a verb here to its end. Variables name the place, so that printed commands are the same on every machine.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        let mut command = self.machine.command(args);
        command.env("TIDEGATE_DIR", &self.dir).env("TIDEGATE_STORE", self.store());
        self.machine.ended(command.output().unwrap())
    }

    /// The same with flags that name the place, on a page of this width.
    pub(crate) fn run_with_flags(&self, args: &[&str], width: usize) -> Ended {
        let args = self.args(args);
        let mut command = self.machine.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
        self.machine.ended(command.env("COLUMNS", width.to_string()).output().unwrap())
    }

    /// Runs a verb that prints JSON and ends with `code`.
    pub(crate) fn json(&self, args: &[&str], code: i32) -> Value {
        let ended = self.run(&[args, &["--output", "json"]].concat());
        assert_eq!(ended.code, code, "{args:?}: {}{}", ended.out, ended.err);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.out))
    }

    /// Commands and what they said, as a transcript.
    pub(crate) fn transcript(&self, commands: &[&[&str]]) -> String {
        let mut text = String::new();
        for args in commands {
            let Ended { code, out, err } = self.run(args);
            text.push_str(&format!("$ tidegate {}\n{out}{err}[exit {code}]\n\n", args.join(" ")));
        }
        text
    }
}
