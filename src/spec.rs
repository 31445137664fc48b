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
mod foreign;
mod places;
mod raw;
mod schema;
mod suggest;
mod tree;
mod validate;

use std::collections::BTreeMap;

pub use diagnostic::{Code, Diagnostic, Place, Severity, render, summary, to_json};
pub use environment::{
    AdoptRevision, Autoscaling, Bypass, Check, CloudFrontGate, DatabaseSpec, DatabaseTarget, EnvironmentSpec,
    ListenerTarget, Maintenance, MigrationSpec, NeededFor, RunOn, SecretSource, ServiceSpec, SiteSpec,
    SnapshotPolicy, Template, WHOLE,
};
pub use schema::schema;

use crate::model::{EnvironmentName, Instant};
use extends::FileLoader;
use validate::{CheckedEnvironment, Claimant};

/// What one revision of the repository declares.
#[derive(Clone, Debug)]
pub struct Declarations {
    /// Environments without an error.
    pub environments: BTreeMap<EnvironmentName, EnvironmentSpec>,
    /// Environments with errors, and these errors. They are *not* deleted: that they are missing in `environments`
    /// does not mean that the repository no longer has them.
    pub broken: BTreeMap<EnvironmentName, Vec<Diagnostic>>,
    /// Every problem of every file, warnings included, sorted by place. A problem of a shared file is listed once.
    pub diagnostics: Vec<Diagnostic>,
}

impl Declarations {
    /// Whether any environment has an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads the files of a repository, given by path. Environments are the `.yaml` and `.yml` files directly in `root`
/// (`environments`; empty or `.` for the repository itself). Other files count only where an environment extends
/// them.
///
/// An environment with errors does not hold back the others. One exception: two environments that claim the same
/// cluster, database, listener, bucket, distribution or function hold back each other.
pub fn read(files: &BTreeMap<String, Vec<u8>>, root: &str, now: Instant) -> Declarations {
    let root = root.trim_start_matches("./").trim_matches('/');
    let prefix = if root.is_empty() || root == "." { String::new() } else { format!("{root}/") };
    let mut loader = FileLoader::new(files);
    let mut checked: Vec<(EnvironmentName, &str, CheckedEnvironment)> = Vec::new();
    for path in files.keys() {
        let Some(stem) = path.strip_prefix(&prefix).and_then(stem) else { continue };
        checked.push((EnvironmentName::new(stem), path, check(&mut loader, path, stem, now)));
    }
    find_namesakes(&mut checked);
    find_conflicts(&mut checked);
    collect(checked)
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

fn collect(checked: Vec<(EnvironmentName, &str, CheckedEnvironment)>) -> Declarations {
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
    Declarations { environments, broken, diagnostics: diagnostic::collected(diagnostics) }
}
