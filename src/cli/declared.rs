//! The declarations as verbs need them: one environment by name, with everything that is wrong said first.

use std::collections::BTreeMap;

use super::error::CliError;
use super::ui;
use crate::context::DeclaredTree;
use crate::model::EnvironmentName;
use crate::spec::{self, Diagnostic, EnvironmentSpec};

/// How alike two names must be (Jaro-Winkler, 0 to 1) for one to be offered for the other.
const ALIKE_MIN: f64 = 0.75;

/// The environment of this name. Problems of others are mentioned, not fatal.
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
        ui::say(&spec::render(errors, &declared.tree.files));
        let count = match errors.len() {
            1 => "an error".to_owned(),
            count => format!("{count} errors"),
        };
        return Err(CliError::failure(format!("cannot {intent} `{name}`: its declarations have {count}"))
            .hint(format!(
                "correct what stands above; `tidegate validate` shows it again, from {}",
                declared.place
            )));
    }
    Err(unknown(declared, name))
}

/// Every valid environment, or the one that is asked for.
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
            _ => CliError::failure(format!("cannot {intent} anything: every declaration has errors"))
                .hint("`tidegate validate` shows them, with their places"),
        });
    }
    Ok(declared.environments().iter().collect())
}

/// Mentions warnings of `about` and errors that hold others back.
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
        ui::say(&spec::render(&warnings, &declared.tree.files));
    }
    for name in declared.declarations.broken.keys() {
        ui::say(&format!("warning: `{name}` is held back by errors: see `tidegate validate`\n"));
    }
    for link in &declared.tree.links {
        ui::say(&format!("warning: the symbolic link {link} is not followed\n"));
    }
}

/// Nothing is declared where we looked.
pub(super) fn none(declared: &DeclaredTree) -> CliError {
    CliError::failure(format!("no environments are declared in {}", declared.place))
        .hint("name the place with `--repo` or `--dir`, the folder of environments inside it with `--path`")
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
    let error = CliError::failure(format!("no environment is called `{name}`"))
        .because_of(format!("{} declares {list}", declared.place));
    match likely {
        Some((_, likely)) => error.hint(format!("did you mean `{likely}`?")),
        None => error.hint("name one of them, or another place with `--repo` or `--dir`"),
    }
}
