//! Declarations, read once from wherever the settings say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ContextError;
use crate::config::Settings;
use crate::model::{EnvironmentName, Instant};
use crate::schedule;
use crate::source::{self, Poll, Tree};
use crate::spec::{self, Declarations, EnvironmentSpec};

/// What a revision declares, with the files it stands in.
#[derive(Clone, Debug)]
pub struct DeclaredTree {
    /// The files.
    pub tree: Tree,
    /// What they say.
    pub declarations: Declarations,
    /// Where they come from, for people.
    pub place: String,
}

impl DeclaredTree {
    /// Reads a tree.
    pub fn read(tree: Tree, path: &str, place: String, now: Instant) -> Self {
        let declarations = spec::read(&tree.files, path, now);
        Self { tree, declarations, place }
    }

    /// The valid environments.
    pub fn environments(&self) -> &BTreeMap<EnvironmentName, EnvironmentSpec> {
        &self.declarations.environments
    }
}

/// Reads the declarations once. `clones` keeps clones of remotes; none: a temporary one.
///
/// # Errors
/// When the place cannot be reached or read. What is wrong *in* the files is in the value.
pub fn declare(
    settings: &Settings,
    clones: Option<PathBuf>,
    now: Instant,
) -> Result<DeclaredTree, ContextError> {
    let mut source = source::open(settings.source(clones))?;
    let place = place(source.describe(), &settings.path);
    let tree = match source.poll()? {
        Poll::Changed(tree) | Poll::Rewritten { tree, .. } => tree,
        Poll::Unchanged => unreachable!("the first poll always answers with a tree"),
    };
    Ok(DeclaredTree::read(tree, &settings.path, place, now))
}

/// A source and the folder of environments in it, for people.
pub fn place(source: String, path: &str) -> String {
    match path {
        "" | "." => source,
        path => format!("{source} (folder `{path}`)"),
    }
}

/// Everything that has a say in the state of an environment.
pub fn says<'a>(
    spec: &'a EnvironmentSpec,
    runtime_override: Option<&'a schedule::Override>,
) -> schedule::StateInputs<'a> {
    schedule::StateInputs {
        state: spec.state,
        schedule: spec.schedule.as_ref(),
        git_override: spec.override_.as_ref(),
        runtime_override,
    }
}
