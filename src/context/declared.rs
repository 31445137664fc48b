//! Declarations, read once from the place that the settings name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ContextError;
use crate::config::Settings;
use crate::model::{EnvironmentName, Instant};
use crate::reconcile::DeclaredEnvironment;
use crate::schedule;
use crate::source::{self, Poll, Tree};
use crate::spec::{self, Declarations, EnvironmentSpec};

/// The declarations of one revision, with the files that they come from.
#[derive(Clone, Debug)]
pub struct DeclaredTree {
    /// The files at that revision.
    pub tree: Tree,
    /// The environments that the files declare, and their problems.
    pub declarations: Declarations,
    /// Where the files come from, for an operator to read.
    pub place: String,
}

impl DeclaredTree {
    /// Reads the declarations of a tree.
    pub fn read(tree: Tree, path: &str, place: String, now: Instant) -> Self {
        let declarations = spec::read_tree(&tree.files, &tree.faults, path, now);
        Self { tree, declarations, place }
    }

    /// One of the valid environments, as a run works towards it.
    ///
    /// # Panics
    /// When `spec` is not one of them.
    pub fn wanted(&self, spec: &EnvironmentSpec) -> DeclaredEnvironment {
        let inputs = self.declarations.inputs[&spec.name].id.clone();
        DeclaredEnvironment { spec: spec.clone(), revision: self.tree.revision.clone(), inputs }
    }

    /// The valid environments.
    pub fn environments(&self) -> &BTreeMap<EnvironmentName, EnvironmentSpec> {
        &self.declarations.environments
    }
}

/// Reads the declarations once. `clones` keeps clones of remotes; none: a temporary one.
///
/// # Errors
/// When the place cannot be reached or read. Problems *in* the files are part of the value.
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

/// A source and its folder of environments, for an operator to read.
pub fn place(source: String, path: &str) -> String {
    match path {
        "" | "." => source,
        path => format!("{source} (folder `{path}`)"),
    }
}

/// Everything that decides about the state of an environment.
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
