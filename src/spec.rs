//! The declarations: reads YAML, returns specs that are valid by construction, and reports every problem with its
//! place.
//!
//! The steps for one file: `places` reads its outline and `tree` its values, `extends` merges it with the files that
//! it extends, `decode` fills the types in `raw`, `validate` runs every rule, and `diagnostic` reports the problems.
//! In an [`EnvironmentSpec`], every name that is referred to exists.
//!
//! Nothing here reads files, the clock or the network: [`read`] is a function of its arguments.

mod decode;
mod diagnostic;
mod environment;
mod extends;
mod files;
mod foreign;
mod places;
mod raw;
mod schema;
mod suggest;
mod tree;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use diagnostic::{Code, Diagnostic, Place, Severity, render, summary, to_json};
pub use environment::{
    AdoptRevision, Autoscaling, Bypass, Check, CloudFrontGate, DatabaseSpec, DatabaseTarget, DeclaredThen,
    EnvironmentSpec, ListenerTarget, Maintenance, MigrationSpec, NeededFor, OnFailure, RunOn, SecretSource,
    ServiceSpec, SiteSpec, SnapshotPolicy, Template,
};
pub use schema::schema;
pub use validate::ListedHoliday;

use crate::model::{EnvironmentName, FileFault, InputsId, Instant};
use extends::FileLoader;
use files::Files;
use validate::{CheckedEnvironment, Claimant};

/// What one revision of the repository declares.
#[derive(Clone, Debug)]
pub struct Declarations {
    /// Environments without an error.
    pub environments: BTreeMap<EnvironmentName, EnvironmentSpec>,
    /// Environments with errors, and these errors. They are *not* deleted: that they are missing in `environments`
    /// does not mean that the repository no longer has them.
    pub broken: BTreeMap<EnvironmentName, Vec<Diagnostic>>,
    /// What each environment in `environments` is made of.
    pub inputs: BTreeMap<EnvironmentName, Inputs>,
    /// Every problem of every file, warnings included, sorted by place. A problem of a shared file is listed once.
    pub diagnostics: Vec<Diagnostic>,
}

impl Declarations {
    /// Whether any environment has an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// What one declaration is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// Changes with the files, and only with them.
    pub id: InputsId,
    /// Their paths.
    pub files: BTreeSet<String>,
}

/// Reads the files of a repository, given by path. Environments are the `.yaml` and `.yml` files directly in `root`
/// (`environments`; empty or `.` for the repository itself). Other files count only where an environment extends
/// them.
///
/// An environment with errors does not hold back the others. One exception: two environments that claim the same
/// cluster, database, listener, bucket, distribution or function hold back each other.
pub fn read(files: &BTreeMap<String, Vec<u8>>, root: &str, now: Instant) -> Declarations {
    read_tree(files, &BTreeMap::new(), root, now)
}

/// The same for files of which some exist and cannot be used. A fault of a folder counts for everything below it.
pub fn read_tree(
    files: &BTreeMap<String, Vec<u8>>,
    faults: &BTreeMap<String, FileFault>,
    root: &str,
    now: Instant,
) -> Declarations {
    let prefix = prefix_of(root);
    let known = Files::new(files, faults);
    let mut loader = FileLoader::new(&known);
    let mut checked: Vec<(EnvironmentName, &str, CheckedEnvironment)> = Vec::new();
    let mut inputs = BTreeMap::new();
    let paths: BTreeSet<&String> = files.keys().chain(faults.keys()).collect();
    for path in paths {
        let Some(stem) = path.strip_prefix(&prefix).and_then(stem) else { continue };
        let environment = guarded(path, || check(&mut loader, path, stem, now));
        inputs.insert(EnvironmentName::new(stem), known.take_used());
        checked.push((EnvironmentName::new(stem), path, environment));
    }
    find_namesakes(&mut checked);
    find_conflicts(&mut checked);
    collect(checked, inputs)
}

/// A file that makes the reader panic is a problem of the environments that use it: all others are read.
fn guarded(path: &str, check: impl FnOnce() -> CheckedEnvironment) -> CheckedEnvironment {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|_| {
        let message = "tidegate failed to read this file or one that it uses; this is a defect of tidegate";
        let problem = Diagnostic::error(Place::start_of(path), Code::Unreadable, message);
        let problem = problem
            .with_hint("report the defect with these files; to continue, undo the last change of them");
        CheckedEnvironment { spec: None, problems: vec![problem], claims: Vec::new() }
    })
}

/// The holidays of one environment, by day, with the calendars and lines that they come from. Empty if it has none or
/// cannot be read.
pub fn holidays(
    files: &BTreeMap<String, Vec<u8>>,
    root: &str,
    environment: &EnvironmentName,
) -> Vec<ListedHoliday> {
    let prefix = prefix_of(root);
    let is_it = |path: &&String| path.strip_prefix(&prefix).and_then(stem) == Some(environment.as_str());
    let Some(path) = files.keys().find(is_it) else { return Vec::new() };
    let faults = BTreeMap::new();
    let known = Files::new(files, &faults);
    let mut loader = FileLoader::new(&known);
    let loaded = loader.load(path, &mut Vec::new());
    validate::holidays(&loaded.node, loader.files())
}

/// What the path of a file in `root` begins with.
fn prefix_of(root: &str) -> String {
    let root = root.trim_start_matches("./").trim_matches('/');
    if root.is_empty() || root == "." { String::new() } else { format!("{root}/") }
}

/// `production` for `production.yaml`; `None` for files that declare no environment.
fn stem(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
    // Dot files belong to editors and tools.
    (!stem.contains('/') && !stem.starts_with('.')).then_some(stem)
}

fn check(loader: &mut FileLoader<'_>, path: &str, stem: &str, now: Instant) -> CheckedEnvironment {
    let mut problems = Vec::new();
    let loaded = loader.load(path, &mut problems);
    let mut checked = if loaded.complete {
        validate::validate(&loaded.node, stem, loader.files(), now)
    } else {
        CheckedEnvironment { spec: None, problems: validate::shapes(&loaded.node), claims: Vec::new() }
    };
    problems.append(&mut checked.problems);
    if problems.iter().any(Diagnostic::is_error) {
        checked.spec = None;
    }
    CheckedEnvironment { problems, ..checked }
}

/// `a.yaml` beside `a.yml`: neither is the environment `a`.
fn find_namesakes(checked: &mut [(EnvironmentName, &str, CheckedEnvironment)]) {
    for index in 1..checked.len() {
        let (before, after) = checked.split_at_mut(index);
        let (first_name, first_path, first) = before.last_mut().expect("the index starts at 1");
        let (name, path, second) = &mut after[0];
        if first_name != name {
            continue;
        }
        let message = format!("environment `{name}` is declared twice, in `{first_path}` and in `{path}`");
        for (path, checked) in [(*first_path, first), (*path, second)] {
            let problem = Diagnostic::error(Place::start_of(path), Code::ClaimedTwice, message.clone());
            checked.problems.push(problem.with_hint("delete one of the two files"));
            checked.spec = None;
        }
    }
}

fn find_conflicts(checked: &mut [(EnvironmentName, &str, CheckedEnvironment)]) {
    let claimants: Vec<Claimant<'_>> = checked
        .iter()
        .map(|(name, _, checked)| Claimant { name, valid: checked.spec.is_some(), claims: &checked.claims })
        .collect();
    for (held_back, problem) in validate::compare(&claimants) {
        for (_, _, checked) in checked.iter_mut().filter(|(name, _, _)| *name == held_back) {
            checked.problems.push(problem.clone());
            checked.spec = None;
        }
    }
}

fn collect(
    checked: Vec<(EnvironmentName, &str, CheckedEnvironment)>,
    mut inputs: BTreeMap<EnvironmentName, Inputs>,
) -> Declarations {
    let mut environments = BTreeMap::new();
    let mut broken: BTreeMap<EnvironmentName, Vec<Diagnostic>> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for (name, _, CheckedEnvironment { spec, mut problems, claims: _ }) in checked {
        for problem in &mut problems {
            problem.environments = vec![name.clone()];
        }
        match spec {
            Some(spec) => {
                environments.insert(name, spec);
            }
            None => {
                let errors = problems.iter().filter(|problem| problem.is_error()).cloned();
                broken.entry(name).or_default().extend(errors);
            }
        }
        diagnostics.append(&mut problems);
    }
    for errors in broken.values_mut() {
        *errors = diagnostic::collected(std::mem::take(errors));
    }
    inputs.retain(|name, _| environments.contains_key(name));
    Declarations { environments, broken, inputs, diagnostics: diagnostic::collected(diagnostics) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_reader_is_a_problem_of_that_file() {
        let checked =
            guarded("environments/dev.yaml", || std::panic::resume_unwind(Box::new("out of bounds")));
        assert!(checked.spec.is_none());
        assert_eq!(checked.problems.len(), 1);
        assert_eq!(
            (&*checked.problems[0].place.file, checked.problems[0].code),
            ("environments/dev.yaml", Code::Unreadable)
        );
    }
}
