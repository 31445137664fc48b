//! The declarations as verbs need them: one environment by name, or all. Warnings and errors are printed first.

use std::collections::BTreeMap;

use super::error::CliError;
use super::ui;
use crate::context::DeclaredTree;
use crate::model::EnvironmentName;
use crate::spec::{self, Diagnostic, EnvironmentSpec};

/// How alike two names must be (Jaro-Winkler, 0 to 1) for one to be offered for the other.
const ALIKE_MIN: f64 = 0.75;

/// The environment of this name. Errors of other environments are printed as warnings.
pub(super) fn environment<'a>(
    declared: &'a DeclaredTree,
    name: &str,
    intent: &str,
) -> Result<&'a EnvironmentSpec, CliError> {
    if let Some(spec) = declared.environments().get(name) {
        warn(declared, Some(name));
        return Ok(spec);
    }
    if let Some(errors) = declared.declarations.broken.get(name) {
        ui::say_as_it_is(&rendered(errors, &declared.tree.files));
        let count = match errors.len() {
            1 => "an error".to_owned(),
            count => format!("{count} errors"),
        };
        return Err(CliError::failure(format!("cannot {intent} `{name}`: its declaration has {count}"))
            .hint(format!(
                "correct the errors above in {}, then check again: tidegate validate",
                declared.place
            )));
    }
    Err(unknown(declared, name))
}

/// The environment of this name, or all valid ones if there is no name.
pub(super) fn environments<'a>(
    declared: &'a DeclaredTree,
    name: Option<&str>,
    intent: &str,
) -> Result<BTreeMap<&'a EnvironmentName, &'a EnvironmentSpec>, CliError> {
    if let Some(name) = name {
        let spec = environment(declared, name, intent)?;
        return Ok(BTreeMap::from([(&spec.name, spec)]));
    }
    warn(declared, None);
    if declared.environments().is_empty() {
        return Err(match declared.declarations.broken.len() {
            0 => none(declared),
            _ => CliError::failure(format!("cannot {intent} any environment: every declaration has errors"))
                .hint("see the errors with their places: tidegate validate"),
        });
    }
    Ok(declared.environments().iter().collect())
}

/// Diagnostics as text for people.
pub(super) fn rendered(diagnostics: &[Diagnostic], files: &BTreeMap<String, Vec<u8>>) -> String {
    ui::page().addressed(&spec::render(diagnostics, files, ui::page().width()))
}

/// Prints the warnings of `about`, or of all, and names the environments that have errors.
fn warn(declared: &DeclaredTree, about: Option<&str>) {
    let warnings: Vec<Diagnostic> = declared
        .declarations
        .diagnostics
        .iter()
        .filter(|diagnostic| !diagnostic.is_error())
        .filter(|diagnostic| {
            about.is_none_or(|about| diagnostic.environments.iter().any(|name| name.as_str() == about))
        })
        .cloned()
        .collect();
    if !warnings.is_empty() {
        ui::say_as_it_is(&rendered(&warnings, &declared.tree.files));
    }
    for name in declared.declarations.broken.keys() {
        ui::say(&format!("warning: `{name}` has errors; to see them: tidegate validate\n"));
    }
    for link in &declared.tree.links {
        ui::say(&format!("warning: tidegate does not follow the symbolic link {link}\n"));
    }
}

/// The error for a place without declarations.
pub(super) fn none(declared: &DeclaredTree) -> CliError {
    CliError::failure(format!("no environments are declared in {}", declared.place))
        .hint("give the place with `--repo` or `--dir`, and the folder of environments in it with `--path`")
}

fn unknown(declared: &DeclaredTree, name: &str) -> CliError {
    let declarations = &declared.declarations;
    let all = declarations.environments.keys().chain(declarations.broken.keys());
    let known: Vec<&str> = all.map(|name| name.as_str()).collect();
    if known.is_empty() {
        return none(declared);
    }
    let likely = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let error = CliError::failure(format!("there is no environment `{name}`"))
        .because_of(format!("{} declares {list}", declared.place));
    match likely {
        Some((_, likely)) => error.hint(format!("did you mean `{likely}`?")),
        None => error.hint("use one of these names, or give another place with `--repo` or `--dir`"),
    }
}
