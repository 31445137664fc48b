//! The file of a new environment: created once, never overwritten.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::declared::rendered;
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

/// A file that does not exist yet.
pub(super) struct NewFile {
    folder: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// Refuses a file that exists, and a repository that is not a folder of files.
    pub(super) fn new(settings: &Settings, name: &EnvironmentName) -> Result<Self, CliError> {
        let Location::Dir(dir) = &settings.location else {
            return Err(CliError::usage("`--write` needs plain files, but `--repo` is a repository")
                .hint("give the folder of your working copy with `--dir`"));
        };
        let folder = dir.join(&settings.path);
        let path = folder.join(format!("{name}.yaml"));
        let namesake = folder.join(format!("{name}.yml"));
        match [&path, &namesake].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => Err(exists(path)),
            None => Ok(Self { folder, path: path.clone() }),
        }
    }

    /// Writes the whole file or nothing, readable for everyone whom the umask allows: it is meant for colleagues. Returns its
    /// path for people.
    pub(super) fn write(&self, text: &str) -> Result<String, CliError> {
        let failure = |error: std::io::Error| {
            CliError::failure(format!("cannot write {}", shown(&self.path)))
                .because(&error)
                .hint("check that this user can write there and that the disk is not full")
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
    CliError::failure(format!("{} already exists", shown(path))).hint(
        "import never overwrites a file: give another name with `--name`, or leave `--write` out and compare",
    )
}

/// `./environments/shop.yaml` is `environments/shop.yaml`.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Reads the text as `validate` does. Alone it must be valid; beside the existing declarations it may conflict with one
/// of them. Returns those conflicts, for people.
pub(super) fn check(
    settings: &Settings,
    options: &ImportOptions,
    text: &str,
) -> Result<Option<String>, CliError> {
    let (root, now) = (settings.path.trim_start_matches("./").trim_matches('/'), SystemClock.now());
    let name = &options.name;
    let file = match root {
        "" | "." => format!("{name}.yaml"),
        root => format!("{root}/{name}.yaml"),
    };
    let alone = BTreeMap::from([(file.clone(), text.as_bytes().to_vec())]);
    let declared = spec::read(&alone, root, now);
    if declared.has_errors() {
        ui::say_as_it_is(&rendered(&declared.diagnostics, &alone));
        // Only the gate contains text from a person's own arguments.
        return Err(match options.secret.is_some() {
            true => CliError::failure("with this gate the declaration is not valid")
                .hint("correct `--secret`, `--page` or `--bypass-header`"),
            false => CliError::internal("import made a declaration that is not valid")
                .hint("please report this bug, with the lines above"),
        });
    }
    let Location::Dir(_) = &settings.location else { return Ok(None) };
    // There may be no declarations yet; if they cannot be read, `validate` reports that.
    let Ok(others) = context::declare(settings, None, now) else { return Ok(None) };
    let mut files = others.tree.files;
    files.insert(file, text.as_bytes().to_vec());
    let together = spec::read(&files, root, now);
    Ok(together.broken.get(name).map(|problems| rendered(problems, &files)))
}
