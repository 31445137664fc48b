//! One setting, looked up in one layer after the other: flags, variables, file.

use std::path::PathBuf;

use super::error::Origin;
use super::file::ConfigFile;
use super::flags::Flags;
use super::raw_value::RawValue;

/// The places of settings, the strongest first.
pub(super) struct Layers<'a> {
    pub(super) flags: &'a Flags,
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) file: Option<&'a ConfigFile>,
}

impl Layers<'_> {
    /// The setting `name`, written like its flag: `poll-interval`.
    pub(super) fn get(&self, name: &str) -> Option<RawValue> {
        if let Some(text) = self.flags.get(name) {
            return Some(RawValue { text: text.to_owned(), origin: Origin::Flag(name.to_owned()) });
        }
        let variable = format!("TIDEGATE_{}", name.to_uppercase().replace('-', "_"));
        if let Some(text) = self.variable(&variable) {
            return Some(RawValue { text, origin: Origin::Variable(variable) });
        }
        self.file?.setting(name)
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|text| !text.is_empty())
    }

    /// The folder that a relative path starts from: the file's folder, else the working directory.
    pub(super) fn base(&self, value: &RawValue) -> PathBuf {
        match (&value.origin, self.file) {
            (Origin::File { .. }, Some(file)) => file.folder(),
            _ => PathBuf::new(),
        }
    }
}
