//! The file of a new environment: made once, never replaced.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::error::CliError;
use super::super::ui;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::files;
use crate::import::ImportOptions;
use crate::model::EnvironmentName;
use crate::source::Location;
use crate::spec;

/// Where it will be.
pub(super) struct Target {
    folder: PathBuf,
    path: PathBuf,
}

impl Target {
    /// Refuses what exists already, and what is no folder of files.
    pub(super) fn new(settings: &Settings, name: &EnvironmentName) -> Result<Self, CliError> {
        let Location::Dir(dir) = &settings.location else {
            return Err(CliError::usage("`--write` writes plain files, and `--repo` names a repository")
                .hint("name the folder of your working copy with `--dir`"));
        };
        let folder = dir.join(&settings.path);
        let path = folder.join(format!("{name}.yaml"));
        let namesake = folder.join(format!("{name}.yml"));
        match [&path, &namesake].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(taken) => Err(exists(taken)),
            None => Ok(Self { folder, path: path.clone() }),
        }
    }

    /// Writes the file whole or not at all, for everyone whom the umask allows: it is meant for colleagues. Gives its
    /// path for people.
    pub(super) fn write(&self, text: &str) -> Result<String, CliError> {
        let failure = |error: std::io::Error| {
            CliError::failure(format!("cannot write {}", shown(&self.path)))
                .because(&error)
                .hint("check that this user may write there and that the disk has room")
        };
        std::fs::create_dir_all(&self.folder).map_err(failure)?;
        match files::create_atomically(&self.path, text.as_bytes(), files::SHARED) {
            Ok(()) => Ok(shown(&self.path)),
            Err(error) if error.source.kind() == ErrorKind::AlreadyExists => Err(exists(&self.path)),
            Err(error) => Err(failure(error.source)),
        }
    }
}

fn exists(path: &Path) -> CliError {
    CliError::failure(format!("{} exists already", shown(path)))
        .hint("nothing is replaced: choose another name with `--name`, or leave `--write` out and compare")
}

/// `./environments/shop.yaml` is `environments/shop.yaml`.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Reads the text as `validate` would: alone it must be right, beside what is declared already it may claim what belongs
/// to another. Gives what is wrong beside the others, for people.
pub(super) fn check(
    settings: &Settings,
    wishes: &ImportOptions,
    text: &str,
) -> Result<Option<String>, CliError> {
    let (root, now) = (settings.path.trim_start_matches("./").trim_matches('/'), SystemClock.now());
    let name = &wishes.name;
    let file = match root {
        "" | "." => format!("{name}.yaml"),
        root => format!("{root}/{name}.yaml"),
    };
    let alone = BTreeMap::from([(file.clone(), text.as_bytes().to_vec())]);
    let declared = spec::read(&alone, root, now);
    if declared.has_errors() {
        ui::say(&spec::render(&declared.diagnostics, &alone));
        // Of what is written there, only the gate may be in a person's own words.
        return Err(match wishes.secret.is_some() {
            true => CliError::failure("with this gate the declaration would not be valid")
                .hint("correct `--secret`, `--page` or `--bypass-header`"),
            false => CliError::internal("the declaration that was made is not valid")
                .hint("please report this, with what stands above"),
        });
    }
    let Location::Dir(_) = &settings.location else { return Ok(None) };
    // Nothing has to be declared yet, and what cannot be read is the business of `validate`.
    let Ok(others) = context::declare(settings, None, now) else { return Ok(None) };
    let mut files = others.tree.files;
    files.insert(file, text.as_bytes().to_vec());
    let together = spec::read(&files, root, now);
    Ok(together.broken.get(name).map(|problems| spec::render(problems, &files)))
}
